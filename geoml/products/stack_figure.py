"""Pictures of stacked traces and crooked lines: a section, and a map with distances."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.products.gather_figure import AMPLITUDE_COLOURS
from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PREDICTION,
    length_unit,
    new_figure,
    style_axes,
)
from geoml.survey.cdp_position import cdp_positions
from geoml.survey.cube import crossline, inline
from geoml.survey.line_distance import line_distance, survey_path
from geoml.survey.line_path import LinePath

Floats = NDArray[np.float64]

_MOST_TRACES = 2000
_MOST_DOTS = 20_000
_CLIP_QUANTILE = 0.98
_ROUND_STEPS = (1, 2, 5)
_LABELS = 8


def stack_figures(survey: xr.Dataset) -> dict[str, Figure]:
    """Section and map of stacked traces; of a cube, its middle inline and crossline.

    Args:
        survey: Survey of stacked traces; only those that are drawn are read.

    Returns:
        Name -> figure.
    """
    figure = new_figure(4.2)
    try:
        sections = _cube_sections(survey)
    except GeometryError:
        sections = [_line_section(survey)]
    for axes, section in zip(
        np.atleast_1d(figure.subplots(1, len(sections))), sections, strict=True
    ):
        _draw_section(axes, section)
    return {"section": figure, "map": path_figure(survey)}


def path_figure(survey: xr.Dataset) -> Figure:
    """Map of midpoints or CDPs, and the path through them with distances along it.

    Args:
        survey: Survey with positions; of a 3-D stack only the bins are drawn.
    """
    x, y = cdp_positions(survey)
    every = slice(None, None, max(1, x.size // _MOST_DOTS))
    corner = np.floor(np.array([x.min(), y.min()]) / 1000) * 1000
    factor, unit = length_unit(float(max(np.ptp(x), np.ptp(y))))
    figure = new_figure(4.2, 5.2)
    axes = figure.subplots()
    axes.plot(
        factor * (x[every] - corner[0]), factor * (y[every] - corner[1]), ".", ms=2.5, color=MUTED
    )
    title = "Bins"
    with suppress(GeometryError):
        _draw_path(axes, survey_path(survey), corner, factor)
        title = "Midpoints and distance along the line"
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(color=HAIRLINE, lw=0.6)
    axes.set_axisbelow(True)
    names = (f"{name} − {low:,.0f} m [{unit}]" for name, low in zip("xy", corner, strict=True))
    style_axes(axes, title, *names)
    return figure


def _draw_path(axes: Axes, path: LinePath, corner: Floats, factor: float) -> None:
    axes.plot(*(factor * (path.vertices - corner)).T, color=PREDICTION, lw=1.4)
    step_m = _round_step(path.length_m / _LABELS)
    marks = np.arange(0, path.length_m + 1e-6, step_m)
    x, y = path.xy_of(marks)
    axes.plot(factor * (x - corner[0]), factor * (y - corner[1]), "o", ms=4, color=PREDICTION)
    for mark, east, north in zip(marks, x, y, strict=True):
        axes.annotate(
            f"{mark:,.0f} m",
            (factor * (east - corner[0]), factor * (north - corner[1])),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )


def _round_step(length_m: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(length_m))
    return float(next((n * power for n in _ROUND_STEPS if n * power >= length_m), 10 * power))


def _cube_sections(survey: xr.Dataset) -> list[xr.DataArray]:
    numbers = [np.unique(survey[axis].values) for axis in ("inline", "crossline")]
    if min(axis.size for axis in numbers) < 2:
        raise GeometryError("One inline or crossline is no cube.")
    middle = [int(axis[axis.size // 2]) for axis in numbers]
    return [
        inline(survey, middle[0]).assign_attrs(title=f"Inline {middle[0]}"),
        crossline(survey, middle[1]).assign_attrs(title=f"Crossline {middle[1]}"),
    ]


def _line_section(survey: xr.Dataset) -> xr.DataArray:
    """Traces by distance along the line, or in file order where there is none."""
    try:
        along, what = line_distance(survey).cdp_distance_m, "distance [m]"
    except GeometryError:
        along, what = np.arange(1.0, survey.sizes["trace"] + 1), "trace"
    order = np.argsort(along, kind="stable")
    order = order[:: max(1, -(-order.size // _MOST_TRACES))]
    amplitude = survey["amplitude"].isel(trace=np.sort(order))
    # Read in file order, drawn along the line.
    values = amplitude.values[np.argsort(np.argsort(order))]
    return xr.DataArray(
        values,
        dims=(what, "time"),
        coords={what: along[order], "time": survey["time"].values},
        attrs={"title": "Section"},
    )


def _draw_section(axes: Axes, section: xr.DataArray) -> None:
    values = np.asarray(section.values, dtype=np.float32)
    across, time_s = section[section.dims[0]].values, section["time"].values
    live = np.abs(values[np.isfinite(values)])
    # Pixels are centred on their trace.
    half = (float(across[-1]) - float(across[0])) / max(1, across.size - 1) / 2 or 0.5
    limit = float(np.quantile(live, _CLIP_QUANTILE)) if live.size else 0.0
    axes.imshow(
        values.T,
        aspect="auto",
        cmap=AMPLITUDE_COLOURS,
        vmin=-(limit or 1.0),
        vmax=limit or 1.0,
        extent=(
            float(across[0]) - half,
            float(across[-1]) + half,
            float(time_s[-1]),
            float(time_s[0]),
        ),
        interpolation="bilinear",
    )
    name = str(section.dims[0])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    style_axes(axes, str(section.attrs["title"]), name.capitalize(), "Time [s]")
