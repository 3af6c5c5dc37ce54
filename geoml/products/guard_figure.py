"""The guard's picture: each measure of the survey's windows against the training's quantiles."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PICKED,
    PREDICTION,
    new_figure,
    open_frame,
    style_axes,
)

Panel = Mapping[str, Any]
COLUMNS = 3
_FAINTEST = -45.0


def guard_figure(panels: Sequence[Panel]) -> Figure:
    """Parts of every measure, then the distance of every measure from training.

    Args:
        panels: ``attrs["guard"]`` of a section.
    """
    drawn = [panel for panel in panels if "training" in panel and len(panel["places"]) > 1]
    far = [panel for panel in panels if "distance" in panel]
    count = len(drawn) + bool(far)
    n_rows = -(-count // COLUMNS)
    figure = new_figure(2.35 * n_rows + 0.35)
    all_axes = figure.subplots(n_rows, COLUMNS, squeeze=False).ravel().tolist()
    for axes, panel in zip(all_axes, drawn, strict=False):
        _draw_parts(axes, panel)
    if far:
        _draw_distances(all_axes[len(drawn)], far)
    for axes in all_axes[count:]:
        axes.remove()
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    return figure


def _draw_parts(axes: Axes, panel: Panel) -> None:
    """Training's range and middle as bands, the survey's windows as a line with its ends."""
    training, field = np.asarray(panel["training"]), np.asarray(panel["field"])
    places = np.asarray(panel["places"])
    # Two kinds of arrivals share the receivers: each is a run of its own.
    starts = [0, *(np.flatnonzero(np.diff(places) < 0) + 1).tolist(), places.size]
    for first, last in itertools.pairwise(starts):
        part = slice(first, last)
        named = first == 0
        axes.fill_between(
            places[part],
            training[0, part],
            training[-1, part],
            color=MUTED,
            alpha=0.18,
            lw=0,
            label="Training, 99 %" if named else None,
        )
        axes.fill_between(
            places[part],
            training[1, part],
            training[-2, part],
            color=MUTED,
            alpha=0.28,
            lw=0,
            label="Training, 90 %" if named else None,
        )
        middle = field[1, part]
        reach = np.stack([middle - field[0, part], field[2, part] - middle])
        axes.errorbar(
            places[part],
            middle,
            yerr=np.maximum(reach, 0),
            color=PICKED if panel["outside"] else PREDICTION,
            lw=1.4,
            marker="o",
            ms=3,
            elinewidth=0.8,
            label="This survey, median and range" if named else None,
        )
    if panel["unit"] == "dB":
        axes.set_ylim(bottom=max(_FAINTEST, axes.get_ylim()[0]))
    title = str(panel["title"])
    style_axes(axes, title[0].upper() + title[1:], panel["axis"], f"[{panel['unit']}]")
    if panel["measure"] == "amplitude_db":
        axes.set_xticks(places, ["quiet", "middle", "loud"])
        axes.set_xlabel("Traces", fontsize=9, color=INK)
    axes.grid(color=HAIRLINE, lw=0.5)
    open_frame(axes)


def _draw_distances(axes: Axes, panels: Sequence[Panel]) -> None:
    """Distances from training a measure: a bar for what training keeps, the survey as a line."""
    for row, panel in enumerate(panels):
        training, field = panel["distance"]["training"], panel["distance"]["field"]
        colour = PICKED if panel["outside"] else PREDICTION
        axes.barh(row, training[-1], 0.62, color=MUTED, alpha=0.18)
        axes.barh(row, training[-2], 0.62, color=MUTED, alpha=0.28)
        axes.plot([field[0], field[2]], [row, row], color=colour, lw=1.6)
        axes.plot(field[1], row, "o", color=colour, ms=5)
    axes.axvline(1, color=INK, lw=0.8, ls=":")
    names = [str(panel["title"]).removeprefix("the features of the network's ") for panel in panels]
    axes.set_yticks(np.arange(len(panels)), names)
    axes.set_ylim(len(panels) - 0.5, -0.5)
    farthest = max(panel["distance"]["field"][2] for panel in panels)
    if farthest > 5:
        axes.set_xscale("symlog", linthresh=2)
    axes.set_xlim(left=0)
    style_axes(axes, "Distance from training", "Times that of 99 % of training", "")
    open_frame(axes)
