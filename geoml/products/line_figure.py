"""Where a line was shot: a map of its sources and receivers, and the fold along it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PICKED,
    PREDICTION,
    length_unit,
    new_figure,
    open_frame,
    style_axes,
)
from geoml.survey.geometry import unique_points
from geoml.survey.midpoint_cdp import station_interval as receiver_interval

Floats = NDArray[np.floating]
MOST_DOTS = 50_000


def map_figure(
    source_x: Floats, source_y: Floats, receiver_x: Floats, receiver_y: Floats
) -> Figure:
    """Map of sources and receivers on equal axes.

    Args:
        source_x: Source easting of each trace [m], shape (trace,).
        source_y: Source northing [m], shape (trace,).
        receiver_x: Receiver easting [m], shape (trace,).
        receiver_y: Receiver northing [m], shape (trace,).
    """
    figure = new_figure(4.2, 5.2)
    draw_map(figure.subplots(), source_x, source_y, receiver_x, receiver_y)
    return figure


def fold_figure(source_distance_m: Floats, receiver_distance_m: Floats) -> Figure:
    """Traces a midpoint bin along the line.

    Args:
        source_distance_m: Source position of each trace along the line [m], shape (trace,).
        receiver_distance_m: Receiver position [m], shape (trace,).
    """
    figure = new_figure(3.0, 6.5)
    draw_fold(figure.subplots(), source_distance_m, receiver_distance_m)
    return figure


def line_figure(
    xy: tuple[Floats, Floats, Floats, Floats],
    source_distance_m: Floats,
    receiver_distance_m: Floats,
) -> Figure:
    """Map, fold and stacking chart of a line side by side.

    Args:
        xy: Source x, source y, receiver x, receiver y of each trace [m].
        source_distance_m: Source position of each trace along the line [m], shape (trace,).
        receiver_distance_m: Receiver position [m], shape (trace,).
    """
    figure = new_figure(3.9)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    draw_map(left, *xy)
    chart, fold = right.get_subplotspec().subgridspec(2, 1, height_ratios=(1.5, 1)).subplots()
    right.remove()
    draw_stacking_chart(chart, source_distance_m, receiver_distance_m)
    draw_fold(fold, source_distance_m, receiver_distance_m)
    fold.sharex(chart)
    return figure


def draw_map(axes: Axes, source_x: Floats, source_y: Floats, rx: Floats, ry: Floats) -> None:
    """Sources over receivers, coordinates counted from a round corner to keep labels short."""
    corner_x = _round_corner(np.concatenate([source_x, rx]))
    corner_y = _round_corner(np.concatenate([source_y, ry]))
    receivers = unique_points(np.column_stack([rx, ry])) - (corner_x, corner_y)
    sources = unique_points(np.column_stack([source_x, source_y])) - (corner_x, corner_y)
    span = max(np.ptp(np.vstack([receivers, sources]), axis=0).max(), 1.0)
    factor, unit = length_unit(span)
    axes.plot(
        *(factor * _thinned(receivers).T),
        "v",
        ms=3.5,
        color=PREDICTION,
        alpha=0.55,
        mew=0,
        label=f"{len(receivers):,} receiver positions",
    )
    axes.plot(
        *(factor * _thinned(sources).T),
        "*",
        ms=8,
        color=PICKED,
        mew=0,
        alpha=0.9,
        label=f"{len(sources):,} source positions",
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(color=HAIRLINE, lw=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor=HAIRLINE, loc="best")
    style_axes(
        axes,
        "Map (equal axes, y up)",
        _axis_name("x", corner_x, unit),
        _axis_name("y", corner_y, unit),
    )


def draw_stacking_chart(axes: Axes, source_distance_m: Floats, receiver_distance_m: Floats) -> None:
    """Each trace as a dot at its receiver and source positions."""
    factor, unit = length_unit(float(np.ptp(receiver_distance_m)))
    # A picture has far fewer dots than a large survey has traces.
    every = slice(None, None, max(1, len(receiver_distance_m) // MOST_DOTS))
    source_distance_m, receiver_distance_m = source_distance_m[every], receiver_distance_m[every]
    axes.plot(
        factor * receiver_distance_m,
        factor * source_distance_m,
        ".",
        ms=2.2,
        color=PREDICTION,
        alpha=0.6,
        mew=0,
        rasterized=True,
    )
    axes.plot(
        factor * source_distance_m, factor * source_distance_m, "*", ms=6, color=PICKED, mew=0
    )
    style_axes(axes, "Sources and receivers along the line", "", f"Source at [{unit}]")
    open_frame(axes)


def draw_fold(axes: Axes, source_distance_m: Floats, receiver_distance_m: Floats) -> None:
    """Traces a midpoint bin, the bin half a receiver interval wide."""
    midpoint = (np.asarray(source_distance_m) + np.asarray(receiver_distance_m)) / 2
    bin_m = receiver_interval(receiver_distance_m) / 2
    first = np.floor(midpoint.min() / bin_m)
    fold = np.bincount((np.floor(midpoint / bin_m + 1e-6) - first).astype(int))
    factor, unit = length_unit(float(np.ptp(receiver_distance_m)))
    edges = factor * bin_m * (first + np.arange(len(fold) + 1))
    axes.stairs(fold, edges, fill=True, color=MUTED, alpha=0.45)
    axes.stairs(fold, edges, color=INK, lw=0.8)
    axes.set_ylim(0, max(fold.max() * 1.15, 1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    style_axes(
        axes, f"Fold in {bin_m:.3g} m midpoint bins", f"Distance along line [{unit}]", "Traces"
    )
    open_frame(axes)


def _thinned(points: Floats) -> Floats:
    """At most MOST_DOTS or so of them: a picture has far fewer dots than a survey has traces."""
    return points[:: max(1, len(points) // MOST_DOTS)]


def _axis_name(name: str, corner_m: float, unit: str) -> str:
    return f"{name} [{unit}]" if corner_m == 0 else f"{name} − {corner_m:,.0f} m [{unit}]"


def _round_corner(values: Floats) -> float:
    """Lower corner, cut to thousands unless the numbers are small anyway."""
    low = float(np.min(values))
    return 0.0 if low >= 0 and np.max(values) < 100_000 else float(np.floor(low / 1000)) * 1000
