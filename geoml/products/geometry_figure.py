"""Picture of a survey's geometry: map, fold, offsets, headers against coordinates, elevations."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from geoml.products.geometry_facts import GeometryFacts, geometry_facts
from geoml.products.geometry_table import geometry_rows, table_text
from geoml.products.line_figure import MOST_DOTS, draw_map, draw_stacking_chart
from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PICKED,
    PREDICTION,
    TREND,
    length_unit,
    new_figure,
    open_frame,
    png_bytes,
    style_axes,
    write_whole,
)
from geoml.survey.midpoint_cdp import station_interval

Floats = NDArray[np.float64]

_BARS = 48
_MESSAGE_COLUMNS = 44


def geometry_figure(survey: xr.Dataset) -> Figure:
    """Geometry of a survey on one page; a panel that has nothing to show says why.

    Args:
        survey: Dims (trace, time); only its trace variables are read.
    """
    return _drawn(survey, geometry_facts(survey))


def save_geometry_qc(survey: xr.Dataset, path: str | Path) -> str:
    """Write ``geometry_figure`` as PNG, and give the table of the same facts as text.

    Args:
        survey: Dims (trace, time); only its trace variables are read.
        path: The picture, renamed into place when complete.
    """
    facts = geometry_facts(survey)
    write_whole(path, png_bytes(_drawn(survey, facts)))
    return table_text(geometry_rows(survey, facts))


def _drawn(survey: xr.Dataset, facts: GeometryFacts) -> Figure:
    figure = new_figure(6.6, 12.5)
    panels = figure.subplot_mosaic([["map", "fold", "offset"], ["chart", "elevation", "check"]])
    _draw_positions(panels["map"], facts)
    _draw_chart(panels["chart"], facts)
    _draw_fold(panels["fold"], facts)
    _draw_offsets(panels["offset"], facts)
    _draw_check(panels["check"], facts)
    _draw_elevations(panels["elevation"], survey, facts)
    name = survey.attrs.get("source_file", "")
    figure.suptitle(
        f"Geometry{f' of {name}' if isinstance(name, str) and name else ''}",
        x=0.01,
        ha="left",
        fontsize=12,
        color=INK,
    )
    return figure


def _draw_positions(axes: Axes, facts: GeometryFacts) -> None:
    if facts.kind == "none":
        _say(axes, "Map", f"{facts.problem}\nIngest with --geometry to give them.")
        return
    if facts.kind == "stacked":
        _draw_cdps(axes, facts)
        return
    draw_map(axes, *facts.sources.T, *facts.receivers.T)
    if facts.kind == "unlike":
        axes.set_title(
            "Map: positions make no line", loc="left", fontsize=10, color=PICKED, fontweight="bold"
        )


def _draw_cdps(axes: Axes, facts: GeometryFacts) -> None:
    corner = np.floor(facts.sources.min(axis=0) / 1000) * 1000
    away = facts.sources - corner
    factor, unit = length_unit(float(np.ptp(away, axis=0).max()))
    axes.plot(*(factor * away.T), ".", ms=3, color=PREDICTION, mew=0)
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(color=HAIRLINE, lw=0.6)
    names = [f"{axis} − {low:,.0f} m [{unit}]" for axis, low in zip("xy", corner, strict=True)]
    style_axes(axes, f"Map: {len(away):,} CDP positions of stacked traces", *names)


def _draw_chart(axes: Axes, facts: GeometryFacts) -> None:
    title = "Sources and receivers along the line"
    if facts.kind == "stacked":
        _say(axes, title, "Stacked traces have neither.")
    elif not facts.source_distance_m.size:
        _say(axes, title, "No line to draw them on.")
    else:
        draw_stacking_chart(axes, facts.source_distance_m, facts.receiver_distance_m)
        _, unit = length_unit(float(np.ptp(facts.receiver_distance_m)))
        axes.set_xlabel(f"Receiver at [{unit}]", fontsize=9, color=INK)


def _draw_fold(axes: Axes, facts: GeometryFacts) -> None:
    if facts.kind == "stacked":
        _draw_spacing(axes, facts)
        return
    if not facts.fold.size:
        _say(axes, "Fold", "No CDP numbers, and no line of midpoints.")
        return
    if facts.bin_m:
        factor, unit = length_unit(float(np.ptp(facts.fold_at)))
        title, label = f"Fold in {facts.bin_m:.3g} m midpoint bins", f"Along the line [{unit}]"
    else:
        factor, title, label = 1.0, "Fold by CDP number", "CDP"
    at = factor * facts.fold_at
    axes.fill_between(at, facts.fold, step="mid", color=MUTED, alpha=0.45, lw=0)
    axes.step(at, facts.fold, where="mid", color=INK, lw=0.8)
    axes.set_ylim(0, max(1.0, 1.15 * float(facts.fold.max())))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    style_axes(axes, title, label, "Traces")
    open_frame(axes)


def _draw_spacing(axes: Axes, facts: GeometryFacts) -> None:
    """Steps from CDP to CDP: a hole or a doubled trace stands out."""
    if facts.source_distance_m.size < 2:
        _say(axes, "Step from CDP to CDP", facts.problem or "One position.")
        return
    factor, unit = length_unit(float(np.ptp(facts.source_distance_m)))
    at = np.sort(facts.source_distance_m)
    axes.plot(factor * at[1:], np.diff(at), ".", ms=3, color=INK, mew=0)
    axes.set_ylim(0, max(1.0, 1.3 * float(np.diff(at).max())))
    style_axes(axes, "Step from CDP to CDP", f"Along the line [{unit}]", "Step [m]")
    open_frame(axes)


def _draw_offsets(axes: Axes, facts: GeometryFacts) -> None:
    title = "Offsets"
    if facts.kind == "stacked":
        _say(axes, title, "Stacked traces have no offsets.")
        return
    if not facts.offset_m.any():
        _say(axes, title, "Every offset is 0.")
        return
    # Bars of whole station steps: others would beat with the steps and show a comb.
    step = station_interval(facts.offset_m)
    low, high = float(facts.offset_m.min()) - step / 2, float(facts.offset_m.max())
    width = step * max(1, np.ceil((high - low) / step / _BARS))
    bars, edges = np.histogram(facts.offset_m, bins=np.arange(low, high + 1.001 * width, width))
    axes.stairs(bars, edges, fill=True, color=PREDICTION, alpha=0.55)
    axes.stairs(bars, edges, color=PREDICTION, lw=0.9)
    origin = "by coordinates" if facts.coordinate_offset_m.size else "in the headers"
    style_axes(axes, f"{title} {origin}", "Offset [m]", "Traces")
    axes.set_ylim(0, 1.1 * bars.max())
    open_frame(axes)


def _draw_check(axes: Axes, facts: GeometryFacts) -> None:
    title = "Header against coordinate offset"
    if not facts.coordinate_offset_m.size or not facts.header_offset_m.any():
        reason = "No header holds an offset." if facts.coordinate_offset_m.size else "No positions."
        _say(axes, title, "Stacked traces have no offsets." if facts.kind == "stacked" else reason)
        return
    wrong = facts.contradictory
    top = 1.05 * max(float(facts.header_offset_m.max()), float(facts.coordinate_offset_m.max()))
    axes.plot([0, top], [0, top], color=MUTED, lw=0.8, zorder=1)
    for chosen, colour, label in ((~wrong, PREDICTION, "agree"), (wrong, PICKED, "contradict")):
        every = max(1, int(chosen.sum()) // MOST_DOTS)
        if chosen.any():
            axes.plot(
                facts.coordinate_offset_m[chosen][::every],
                facts.header_offset_m[chosen][::every],
                ".",
                ms=4,
                mew=0,
                color=colour,
                label=f"{int(chosen.sum()):,} {label}",
                rasterized=True,
            )
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    style_axes(axes, title, "By coordinates [m]", "In the header [m]")
    open_frame(axes)


def _draw_elevations(axes: Axes, survey: xr.Dataset, facts: GeometryFacts) -> None:
    title = "Elevations along the line"
    surface, depth, receiver = (
        survey[name].values for name in ("source_elevation", "source_depth", "receiver_elevation")
    )
    if not facts.source_distance_m.size:
        _say(axes, title, "No line to draw them on.")
        return
    if not any(values.any() for values in (surface, depth, receiver)):
        _say(axes, title, "Every elevation and depth is 0.")
        return
    factor, unit = length_unit(float(np.ptp(facts.receiver_distance_m)))
    for distance, height, mark, colour, label in (
        (facts.receiver_distance_m, receiver, "v", PREDICTION, "receivers"),
        (facts.source_distance_m, surface, "_", TREND, "surface at sources"),
        (facts.source_distance_m, surface - depth, "*", PICKED, "sources"),
    ):
        points = _thinned(np.column_stack([factor * distance, height]))
        size = 6 if mark == "*" else 4
        axes.plot(
            *points.T, mark, ms=size, mew=0 if mark != "_" else 1.2, color=colour, label=label
        )
    axes.margins(y=0.25)
    axes.legend(fontsize=8, frameon=False, loc="best")
    style_axes(axes, title, f"Along the line [{unit}]", "Elevation [m]")
    open_frame(axes)


def _thinned(points: Floats) -> Floats:
    points = np.unique(np.round(points, 3), axis=0)
    return points[:: max(1, len(points) // MOST_DOTS)]


def _say(axes: Axes, title: str, message: str) -> None:
    """An empty panel with the reason."""
    style_axes(axes, title)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(HAIRLINE)
    axes.text(
        0.5,
        0.5,
        "\n".join(textwrap.fill(line, _MESSAGE_COLUMNS) for line in message.splitlines()),
        ha="center",
        va="center",
        fontsize=9,
        color=MUTED,
        transform=axes.transAxes,
    )
