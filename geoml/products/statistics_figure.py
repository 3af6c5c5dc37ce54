"""Populations of velocity models side by side: examples and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from geoml.physics.model_statistics import ModelStatistics
from geoml.products.style import (
    HAIRLINE,
    MUTED,
    PREDICTION,
    TREND,
    VELOCITY_COLOURS,
    new_figure,
    open_frame,
    style_axes,
)

_COLOURS = (TREND, PREDICTION, MUTED)
_STYLES = ("-", "--", ":")
_SILENT = 1e-3  # power of what is rounding [m2/s2]


def statistics_figure(populations: Mapping[str, ModelStatistics], title: str = "") -> Figure:
    """Six panels of statistics, one curve a population: up to three.

    Args:
        populations: Name -> statistics, on one grid.
        title: Heading.
    """
    figure = new_figure(6.2)
    axes = figure.subplots(2, 3)
    for place, (name, found) in enumerate(populations.items()):
        look = {"color": _COLOURS[place], "ls": _STYLES[place], "lw": 1.6, "label": name}
        _draw_population(list(axes.flat), found, look)
    names = (
        ("Velocity", "Velocity [m/s]", "Share of cells a bin [%]"),
        ("Layers down a column", "Layers", "Share of columns [%]"),
        ("Edge cells of a model", "Share of cells [%]", "Models below [%]"),
        ("Velocity by depth: quantiles 0.1, 0.5, 0.9", "Velocity [m/s]", "Depth [cells]"),
        ("Variation down columns", "Cycles in the height", "Power [m²/s²]"),
        ("Variation along rows", "Cycles in the width", "Power [m²/s²]"),
    )
    for panel, (heading, xlabel, ylabel) in zip(axes.flat, names, strict=True):
        panel.grid(color=HAIRLINE, lw=0.6)
        panel.set_axisbelow(True)
        style_axes(panel, heading, xlabel, ylabel)
        open_frame(panel)
    silent = [
        name for name, found in populations.items() if found.horizontal_power.max() <= _SILENT
    ]
    if silent:
        axes[1, 2].text(
            0.97, 0.95, "none in level layers:\n" + ", ".join(silent),
            transform=axes[1, 2].transAxes, ha="right", va="top", fontsize=8,
        )  # fmt: skip
    axes[0, 1].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[1, 0].invert_yaxis()
    if title:
        figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def mosaic_figure(
    rows: Mapping[str, Sequence[NDArray[np.floating]]],
    limits_m_s: tuple[float, float] = (1500.0, 4500.0),
) -> Figure:
    """Models of several populations, one row of pictures each, on one colour scale.

    Args:
        rows: Name -> models [m/s], each (depth, distance); as many in every row.
        limits_m_s: Range of the colours [m/s].
    """
    columns = len(next(iter(rows.values())))
    figure = new_figure(0.95 * len(rows) + 0.2)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, models) in zip(axes, rows.items(), strict=True):
        for panel, model in zip(line, models, strict=True):
            panel.imshow(
                model, cmap=VELOCITY_COLOURS, vmin=limits_m_s[0], vmax=limits_m_s[1],
                interpolation="nearest",
            )  # fmt: skip
            panel.set_xticks([])
            panel.set_yticks([])
        line[0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
    colours = ScalarMappable(Normalize(*limits_m_s), VELOCITY_COLOURS)
    bar = figure.colorbar(colours, ax=axes, shrink=0.8, pad=0.01)
    bar.set_label("Velocity [m/s]", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    return figure


def _draw_population(axes: Sequence[Axes], found: ModelStatistics, look: Mapping[str, Any]) -> None:
    velocity, layers, edges, depth, vertical, horizontal = axes
    middle = (found.bin_m_s[1:] + found.bin_m_s[:-1]) / 2
    velocity.plot(middle, 100 * found.histogram, **look)
    counts = np.bincount(found.n_layers)
    layers.plot(
        np.arange(1, counts.size), 100 * counts[1:] / counts.sum(), marker="o", ms=3, **look
    )
    share = np.arange(1, found.n_models + 1) / found.n_models
    edges.plot(100 * np.sort(found.edge_density), 100 * share, **look)
    for quantile in found.depth_quantiles:
        depth.plot(quantile, np.arange(quantile.size), **look)
    _draw_spectrum(vertical, found.vertical_power, look)
    _draw_spectrum(horizontal, found.horizontal_power, look)


def _draw_spectrum(axes: Axes, power: NDArray[np.float64], look: Mapping[str, Any]) -> None:
    # Level layers have no variation along rows but rounding.
    if power.max() > _SILENT:
        axes.loglog(np.arange(1, power.size + 1), power, **look)
