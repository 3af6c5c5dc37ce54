"""Pictures of fits that go on in rounds: the misfit of each, rung by rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from geoml.products.ladder_figure import rung_name
from geoml.products.style import HAIRLINE, PREDICTION, new_figure, open_frame, style_axes

_COLUMNS = 3


class MisfitCurve(NamedTuple):
    """The misfit of one fit.

    Attributes:
        rung: Name of the rung.
        misfit: Of each round: [s] of first arrivals, else [1].
        part: Band of each round, counted from 0; between two of them the misfit starts anew.
    """

    rung: str
    misfit: Sequence[float]
    part: Sequence[int]


def misfit_curves(attrs: Mapping[str, Any]) -> list[MisfitCurve]:
    """What a section's ``ladder`` holds, or the ``fwi`` of one that has no ladder.

    Args:
        attrs: Of the section.
    """
    found = [
        MisfitCurve(row["rung"], row["curve"], row.get("curve_part", []))
        for row in attrs.get("ladder", ())
    ]
    if not found and "fwi" in attrs:
        alone = attrs["fwi"]
        found = [MisfitCurve("fwi", alone["curve_misfit"], alone["curve_band"])]
    return [
        curve._replace(part=curve.part or [0] * len(curve.misfit))
        for curve in found
        if len(curve.misfit) > 1
    ]


def misfit_curves_figure(curves: Sequence[MisfitCurve]) -> Figure:
    """Misfit over the rounds, a panel a fit, a line a band.

    Args:
        curves: At least one.
    """
    n_rows = -(-len(curves) // _COLUMNS)
    figure = new_figure(2.9 * n_rows)
    panels = figure.subplots(n_rows, _COLUMNS, squeeze=False).ravel()
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    for axes, curve in zip(panels, curves, strict=False):
        timed = curve.rung.startswith("first_arrivals")
        misfit, part = (1e3 if timed else 1.0) * np.asarray(curve.misfit), np.asarray(curve.part)
        for number in np.unique(part):
            rounds = np.flatnonzero(part == number)
            axes.plot(rounds, misfit[rounds], "o-", color=PREDICTION, lw=1.4, ms=3)
        unit = "RMS [ms]" if timed else "Misfit [1]"
        style_axes(axes, rung_name(curve.rung), "Round", unit)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(0, 1.1 * misfit.max())
        axes.grid(axis="y", color=HAIRLINE, lw=0.6)
        open_frame(axes)
    return figure
