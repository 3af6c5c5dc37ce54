"""Pictures of gathers: wiggles or shades, with arrival times drawn on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.products.style import INK, MUTED, PAGE_WIDTH_IN, new_figure, style_axes

Floats = NDArray[np.floating]
MOST_WIGGLES = 64
AMPLITUDE_COLOURS = LinearSegmentedColormap.from_list("amplitude", ["#6f9cc6", "white", INK])
"""Troughs, zero and peaks; zero is white, so that quiet parts stay as light as the page."""
CLIP_RMS = 3.0
"""A trace is clipped at this many times its own root mean square."""


@dataclass(frozen=True, eq=False)
class ArrivalCurve:
    """Arrival times to draw over a gather.

    Attributes:
        label: Name in the legend.
        time_s: One time a trace [s], NaN where none, shape (trace,).
        colour: Matplotlib colour.
        marker: Matplotlib marker, or an empty string for a line.
    """

    label: str
    time_s: Floats
    colour: str
    marker: str = ""


@dataclass(frozen=True, eq=False)
class GatherPanel:
    """One gather of a figure.

    Attributes:
        title: Title above the panel.
        amplitude: Amplitude, shape (trace, time).
        time_s: Time of the samples [s], shape (time,).
        offset_m: Signed offset [m], shape (trace,); traces are drawn in its order.
        curves: Arrival times over the traces.
    """

    title: str
    amplitude: Floats
    time_s: Floats
    offset_m: Floats
    curves: tuple[ArrivalCurve, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.offset_m), len(self.time_s))
        if self.amplitude.shape != shape:
            raise ShapeError(
                f"Gather '{self.title}' has shape {self.amplitude.shape}; "
                f"its offsets and times need (trace, time) = {shape}."
            )


def gathers_figure(
    rows: Sequence[Sequence[GatherPanel]],
    *,
    end_s: float | None = None,
    row_height_in: float = 3.7,
) -> Figure:
    """Gathers side by side, every trace scaled to its own root mean square.

    Args:
        rows: Panels of each row.
        end_s: Last time drawn [s]; by default the longest gather's end.
        row_height_in: Height of a row [inch].
    """
    columns = max(len(row) for row in rows)
    wide = min(PAGE_WIDTH_IN, 3.6 * max(columns, 2))
    figure = new_figure(row_height_in * len(rows), wide)
    grid = figure.subplots(len(rows), columns, squeeze=False, sharey=True)
    for row, row_axes in zip(rows, grid, strict=True):
        for number, axes in enumerate(row_axes):
            if number >= len(row):
                axes.set_visible(False)
                continue
            draw_gather(axes, row[number], end_s)
            if number:
                axes.set_ylabel("")
    _share_legend(figure, grid.ravel().tolist())
    return figure


def draw_gather(axes: Axes, panel: GatherPanel, end_s: float | None = None) -> None:
    """Draw one gather: wiggles with filled peaks, or shades when they would not fit."""
    order = np.argsort(panel.offset_m, kind="stable")
    traces = _display_scaled(np.asarray(panel.amplitude, dtype=np.float64)[order])
    places = np.arange(len(order))
    if len(order) <= MOST_WIGGLES:
        _draw_wiggles(axes, traces, panel.time_s)
    else:
        _draw_shades(axes, traces, panel.time_s)
    size = 3.6 if len(order) <= MOST_WIGGLES else 1.8
    for curve in panel.curves:
        times = np.asarray(curve.time_s, dtype=np.float64)[order]
        # Lines lie over dots: a dot a trace would hide them.
        above = 3 if curve.marker else 4
        axes.plot(
            places,
            times,
            marker=curve.marker,
            ls="" if curve.marker else "-",
            ms=size,
            mew=0,
            lw=1.3,
            color=curve.colour,
            label=curve.label,
            zorder=above,
        )
    _offset_ticks(axes, np.asarray(panel.offset_m, dtype=np.float64)[order])
    axes.set_xlim(-1, len(order))
    axes.set_ylim(panel.time_s[-1] if end_s is None else end_s, min(0.0, float(panel.time_s[0])))
    style_axes(axes, panel.title, "Offset [m]", "Time [s]")


def _display_scaled(traces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Traces in units of their own RMS, clipped; a dead or non-finite trace becomes zero."""
    traces = np.where(np.isfinite(traces), traces, 0.0)
    rms = np.sqrt(np.mean(traces**2, axis=1, keepdims=True))
    return np.clip(traces / np.where(rms > 0, rms, 1.0), -CLIP_RMS, CLIP_RMS)


def _draw_wiggles(axes: Axes, traces: NDArray[np.float64], time_s: Floats) -> None:
    reach = 0.95 / CLIP_RMS
    for place, trace in enumerate(traces):
        curve = place + reach * trace
        axes.fill_betweenx(time_s, place, curve, where=trace > 0, color=INK, lw=0, alpha=0.75)
        axes.plot(curve, time_s, color=INK, lw=0.35)


def _draw_shades(axes: Axes, traces: NDArray[np.float64], time_s: Floats) -> None:
    half = (time_s[1] - time_s[0]) / 2 if len(time_s) > 1 else 0.5
    extent = (-0.5, len(traces) - 0.5, time_s[-1] + half, time_s[0] - half)
    axes.imshow(
        traces.T,
        cmap=AMPLITUDE_COLOURS,
        vmin=-CLIP_RMS,
        vmax=CLIP_RMS,
        aspect="auto",
        extent=extent,
        interpolation="bilinear",
    )


def _offset_ticks(axes: Axes, offset_m: NDArray[np.float64]) -> None:
    """Ticks at whole traces, labelled with their offsets."""
    wanted = min(5, len(offset_m))
    places = np.unique(np.linspace(0, len(offset_m) - 1, wanted).round().astype(int))
    axes.set_xticks(places, [f"{offset_m[p]:.0f}" for p in places])
    labels = axes.get_xticklabels()
    if len(labels) > 1:  # keep clear of the labels of the panels beside
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")


def _share_legend(figure: Figure, all_axes: list[Axes]) -> None:
    """One legend for all panels, under them."""
    entries: dict[str, Artist] = {}
    for axes in all_axes:
        handles, labels = axes.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    if entries:
        figure.legend(
            list(entries.values()),
            list(entries),
            loc="outside lower center",
            ncols=len(entries),
            fontsize=9,
            frameon=False,
            labelcolor=MUTED,
            markerscale=1.6,
        )
