"""Pictures of (depth, distance) sections: velocity with edges beside the trend, and the spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.products.style import (
    HAIRLINE,
    INK,
    PAGE_WIDTH_IN,
    PICKED,
    PREDICTION,
    SPREAD_COLOURS,
    TREND,
    VELOCITY_COLOURS,
    length_unit,
    new_figure,
    open_frame,
    style_axes,
)

Floats = NDArray[np.floating]
SIDE_BY_SIDE_BELOW = 2.6
"""Sections shorter than this many times their depth stand beside each other."""
EXAGGERATIONS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)


@dataclass(frozen=True, eq=False)
class Spread:
    """Positions drawn along the top of a section.

    Attributes:
        source_distance_m: Sources along the line [m].
        receiver_distance_m: Receivers along the line [m].
    """

    source_distance_m: Floats
    receiver_distance_m: Floats


def vertical_exaggeration(length_m: float, depth_m: float, width_in: float) -> float:
    """Smallest round exaggeration that gives a section at least 1.6 inches of height."""
    height_in = width_in * depth_m / max(length_m, 1e-9)
    for factor in EXAGGERATIONS:
        if height_in * factor >= 1.6:
            return factor
    return EXAGGERATIONS[-1]


def velocity_figure(
    section: xr.Dataset, trend_m_s: Floats | None = None, spread: Spread | None = None
) -> Figure:
    """Velocity with edges, and the trend on the same colour scale.

    Args:
        section: ``velocity`` [m/s] and, if there, ``edges`` over (depth, distance),
            coordinates in metres.
        trend_m_s: Velocity of the trend at each depth [m/s], shape (depth,).
        spread: Sources and receivers to mark at the top.

    Raises:
        ShapeError: If the section has no velocity over (depth, distance).
    """
    if "velocity" not in section or section["velocity"].dims != ("depth", "distance"):
        raise ShapeError("A picture needs a variable 'velocity' of dims (depth, distance).")
    velocity = section["velocity"].to_numpy()
    depth, distance = _axes_of(section)
    low, high = velocity_limits(velocity, trend_m_s)
    panels = [("Predicted velocity", velocity)]
    if trend_m_s is not None:
        panels.append(("Starting trend", np.repeat(trend_m_s[:, None], len(distance), axis=1)))
    figure, all_axes, scale = _panels(depth, distance, len(panels))
    for axes, (title, values) in zip(all_axes, panels, strict=True):
        image = _draw_section(axes, values, depth, distance, VELOCITY_COLOURS, low, high)
        _mark_spread(axes, spread, distance)
        _label(axes, title, depth, distance, scale)
    if "edges" in section:
        crests = np.where(section["edges"].to_numpy() > 0, 1.0, np.nan)
        _draw_section(all_axes[0], crests, depth, distance, "Greys_r", 0.0, 1.0)
    _hide_inner_labels(all_axes)
    _colour_bar(figure, image, all_axes, "Velocity [m/s]")
    return figure


def spread_figure(section: xr.Dataset) -> Figure:
    """Standard deviation of the velocity, absolute and as a share of the velocity.

    Args:
        section: ``velocity`` and ``velocity_std`` [m/s] over (depth, distance).
    """
    depth, distance = _axes_of(section)
    deviation = section["velocity_std"].to_numpy()
    share = 100 * deviation / section["velocity"].to_numpy()
    figure, all_axes, scale = _panels(depth, distance, 2)
    for axes, values, title, label in (
        (all_axes[0], deviation, "Spread, one standard deviation", "[m/s]"),
        (all_axes[1], share, "Spread as a share of the velocity", "[%]"),
    ):
        high = _quantile(values, 0.995)
        image = _draw_section(axes, values, depth, distance, SPREAD_COLOURS, 0.0, high)
        _label(axes, title, depth, distance, scale)
        _colour_bar(figure, image, [axes], label)
    _hide_inner_labels(all_axes)
    return figure


def sections_figure(sections: Mapping[str, Floats], depth: Floats, distance: Floats) -> Figure:
    """Several velocities of one line on one colour scale, two a row where the line is short.

    Args:
        sections: Title -> velocity [m/s], shape (depth, distance).
        depth: [m], shape (depth,).
        distance: Along the line [m], shape (distance,).
    """
    low, high = velocity_limits(np.concatenate([values.ravel() for values in sections.values()]))
    length, height = float(np.ptp(distance)) or 1.0, float(np.ptp(depth)) or 1.0
    n_columns = min(2 if length / height < 2 * SIDE_BY_SIDE_BELOW else 1, len(sections))
    n_rows = -(-len(sections) // n_columns)
    width_in = (PAGE_WIDTH_IN - 1.8) / n_columns
    scale = vertical_exaggeration(length, height, width_in)
    figure = new_figure((width_in * scale * height / length + 0.75) * n_rows)
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel().tolist()
    for axes, (title, values) in zip(grid, sections.items(), strict=False):
        image = _draw_section(axes, values, depth, distance, VELOCITY_COLOURS, low, high)
        _label(axes, title, depth, distance, scale)
    for axes in grid[len(sections) :]:
        axes.remove()
    used = grid[: len(sections)]
    if len(sections) % n_columns == 0:
        _hide_inner_labels(used)
    _colour_bar(figure, image, used, "Velocity [m/s]")
    return figure


def profile_figure(
    section: xr.Dataset, trend_m_s: Floats | None = None, n_profiles: int = 4
) -> Figure:
    """Velocity against depth at a few places along the line, with its interval and the trend.

    Args:
        section: ``velocity`` and, if there, ``velocity_lower`` and ``velocity_upper`` [m/s].
        trend_m_s: Velocity of the trend at each depth [m/s], shape (depth,).
        n_profiles: Places, evenly spread.
    """
    depth, distance = _axes_of(section)
    columns = np.linspace(0, len(distance) - 1, n_profiles + 2).round().astype(int)[1:-1]
    figure = new_figure(3.4)
    all_axes = figure.subplots(1, len(columns), sharey=True, sharex=True, squeeze=False)[0]
    for axes, column in zip(all_axes, columns, strict=True):
        if {"velocity_lower", "velocity_upper"} <= set(section.data_vars):
            level = section.attrs.get("interval_percent", 80)
            axes.fill_betweenx(
                depth,
                section["velocity_lower"].to_numpy()[:, column],
                section["velocity_upper"].to_numpy()[:, column],
                color=PREDICTION,
                alpha=0.18,
                lw=0,
                label=f"{level:g} % interval",
            )
        if trend_m_s is not None:
            axes.plot(trend_m_s, depth, color=TREND, lw=1.4, ls="--", label="Starting trend")
        velocity = section["velocity"].to_numpy()[:, column]
        axes.plot(velocity, depth, color=PREDICTION, lw=1.8, label="Prediction")
        axes.grid(color=HAIRLINE, lw=0.6)
        style_axes(axes, f"At {distance[column]:,.0f} m", "Velocity [m/s]", "")
        open_frame(axes)
    all_axes[0].set_ylim(depth[-1], depth[0])
    all_axes[0].set_ylabel("Depth [m]", fontsize=9, color=INK)
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def velocity_limits(velocity: Floats, trend_m_s: Floats | None = None) -> tuple[float, float]:
    """Round limits of a colour scale that holds the velocity and the trend [m/s]."""
    finite = velocity[np.isfinite(velocity)]
    # Single odd cells must not flatten the colours of all others.
    ends = np.quantile(finite, [0.002, 0.998]) if finite.size else np.empty(0)
    if trend_m_s is not None:
        ends = np.append(ends, trend_m_s)
    low = np.floor(ends.min() / 100) * 100
    high = np.ceil(ends.max() / 100) * 100
    return float(low), float(max(high, low + 100))


def _axes_of(section: xr.Dataset) -> tuple[Floats, Floats]:
    return section["depth"].to_numpy(), section["distance"].to_numpy()


def _panels(depth: Floats, distance: Floats, count: int) -> tuple[Figure, list[Axes], float]:
    """Figure and axes for ``count`` sections, and their vertical exaggeration."""
    length, height = float(np.ptp(distance)) or 1.0, float(np.ptp(depth)) or 1.0
    beside = length / height < SIDE_BY_SIDE_BELOW
    width_in = (PAGE_WIDTH_IN - 1.8) / (count if beside else 1)
    scale = vertical_exaggeration(length, height, width_in)
    height_in = width_in * scale * height / length + 0.95
    figure = new_figure(height_in * (1 if beside else count))
    grid = figure.subplots(1 if beside else count, count if beside else 1, squeeze=False)
    return figure, grid.ravel().tolist(), scale


def _draw_section(
    axes: Axes,
    values: Floats,
    depth: Floats,
    distance: Floats,
    colours: str,
    low: float,
    high: float,
) -> AxesImage:
    half_x, half_z = _half_step(distance), _half_step(depth)
    factor, _ = length_unit(float(np.ptp(distance)))
    axes.set_facecolor("#eceff2")  # a gap between windows shows as grey, not as a velocity
    return axes.imshow(
        np.ma.masked_invalid(values),
        cmap=colours,
        vmin=low,
        vmax=high,
        aspect="auto",
        interpolation="nearest",
        extent=(
            factor * (distance[0] - half_x),
            factor * (distance[-1] + half_x),
            depth[-1] + half_z,
            depth[0] - half_z,
        ),
    )


def _mark_spread(axes: Axes, spread: Spread | None, distance: Floats) -> None:
    if spread is None:
        return
    factor, _ = length_unit(float(np.ptp(distance)))
    top = axes.get_ylim()[1]
    for positions, marker, size, colour in (
        (spread.receiver_distance_m, "|", 4, INK),
        (spread.source_distance_m, "v", 5, PICKED),
    ):
        places = factor * np.unique(np.round(positions, 1))
        axes.plot(
            places,
            np.full(places.size, top),
            marker,
            ms=size,
            color=colour,
            clip_on=False,
            mew=0.6 if marker == "|" else 0,
            zorder=5,
        )


def _label(axes: Axes, title: str, depth: Floats, distance: Floats, scale: float) -> None:
    _, unit = length_unit(float(np.ptp(distance)))
    note = "equal axes" if scale == 1 else f"vertical exaggeration {scale:g}"
    style_axes(axes, f"{title} · {note}", f"Distance along line [{unit}]", "Depth [m]")


def _hide_inner_labels(all_axes: Sequence[Axes]) -> None:
    for axes in all_axes:
        axes.label_outer()


def _colour_bar(figure: Figure, image: AxesImage, all_axes: list[Axes], label: str) -> None:
    bar = figure.colorbar(image, ax=all_axes, fraction=0.035, pad=0.015, aspect=24)
    bar.set_label(label, fontsize=9, color=INK)
    bar.ax.tick_params(labelsize=8, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.5)


def _half_step(positions: Floats) -> float:
    return float(positions[1] - positions[0]) / 2 if len(positions) > 1 else 0.5


def _quantile(values: Floats, share: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, share)) if finite.size else 1.0
