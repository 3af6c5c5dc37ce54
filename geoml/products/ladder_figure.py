"""Pictures of the ladder: misfit rung by rung, fitted and held-out traces apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PREDICTION,
    TREND,
    new_figure,
    open_frame,
    style_axes,
)

Row = Mapping[str, Any]
RUNG_NAMES = {
    "network": "Network",
    "mirror": "Mirror",
    "ensemble": "Ensemble",
    "consistency": "Consistency",
    "first_arrivals": "First arrivals",
    "fwi": "FWI",
}


def rung_name(name: str) -> str:
    """What a reader calls a rung; ``fwi_2`` is the second one of its kind."""
    if name in RUNG_NAMES:
        return RUNG_NAMES[name]
    head, _, number = name.rpartition("_")
    if head in RUNG_NAMES and number.isdigit():
        return f"{RUNG_NAMES[head]} {number}"
    return name


def ladder_figure(rows: Sequence[Row]) -> Figure:
    """First-arrival and waveform misfit of each rung.

    Args:
        rows: ``attrs["ladder"]`` of a section.
    """
    timed = any(row["first_arrival_rms_s"] is not None for row in rows)
    figure = new_figure(3.0, PAGE_WIDTH_IN if timed else PAGE_WIDTH_IN / 2)
    all_axes = figure.subplots(1, 2 if timed else 1, squeeze=False)[0]
    if timed:
        _draw(all_axes[0], rows, "first_arrival_rms_s", 1e3)
        style_axes(all_axes[0], "First arrivals", "", "RMS [ms]")
    _draw(all_axes[-1], rows, "data_misfit", 1.0)
    style_axes(all_axes[-1], "Waveforms (1 = nothing explained)", "", "Normalised misfit")
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _draw(axes: Axes, rows: Sequence[Row], misfit: str, factor: float) -> None:
    """Fitted and held-out misfit against the rung, the kept one ringed."""
    places = np.arange(len(rows))
    for prefix, colour, label in (
        ("", PREDICTION, "Fitted traces"),
        ("held_out_", TREND, "Held-out traces"),
    ):
        values = np.array(
            [np.nan if row[prefix + misfit] is None else row[prefix + misfit] for row in rows]
        )
        if not np.isfinite(values).any():
            continue
        axes.plot(places, factor * values, "o-", color=colour, lw=1.6, ms=5, label=label)
        kept = next(place for place, row in enumerate(rows) if row["kept"])
        axes.plot(
            kept,
            factor * values[kept],
            "o",
            ms=11,
            mfc="none",
            mec=INK,
            label="Kept" if not prefix else None,
        )
    for place, row in enumerate(rows):
        if row["verdict"] == "worse":
            axes.axvspan(place - 0.35, place + 0.35, color=HAIRLINE, alpha=0.6, lw=0, zorder=0)
    names = [
        rung_name(row["rung"]) + ("\nworse" if row["verdict"] == "worse" else "") for row in rows
    ]
    axes.set_xticks(places, names)
    axes.set_xlim(-0.5, len(rows) - 0.5)
    measured = [row[name] for row in rows for name in (misfit, f"held_out_{misfit}")]
    # A line of dead traces alone has no misfit, and its report is still to be written.
    highest = max((value for value in measured if value is not None), default=1.0)
    axes.set_ylim(0, 1.1 * factor * highest)
    axes.grid(axis="y", color=HAIRLINE, lw=0.6)
    axes.tick_params(colors=MUTED)
    open_frame(axes)
