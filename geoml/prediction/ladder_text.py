"""The rungs of a ladder as lines and as a table, in plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
HEADINGS = (
    "rung",
    "first arrivals [ms]",
    "held out",
    "waveform",
    "held out",
    "seconds",
    "passes",
    "solves",
    "score",
    "verdict",
)
_NOT_MEASURED = "waveform misfit not measured"
_TOLD = {
    "worse": "; WORSE than the best rung before it",
    "unchanged": "; the section is as before",
    "not judged": "; nothing to judge it by",
}


def ladder_line(row: Row) -> str:
    """A rung in one line: misfits, cost and verdict."""
    parts = []
    if row["first_arrival_rms_s"] is not None:
        parts.append(f"first arrivals {1e3 * row['first_arrival_rms_s']:.1f} ms RMS")
    measured = row["data_misfit"] is not None
    parts.append(f"waveform misfit {row['data_misfit']:.3f}" if measured else _NOT_MEASURED)
    if row["held_out_data_misfit"] is not None:
        held = f"{row['held_out_data_misfit']:.3f}"
        if row["held_out_first_arrival_rms_s"] is not None:
            held = f"{1e3 * row['held_out_first_arrival_rms_s']:.1f} ms, {held}"
        parts.append(f"held out {held}")
    cost = [f"{row['seconds']:.1f} s"]
    if row["windows"]:
        cost.append(f"{row['windows']} network passes")
    if row["solves"]:
        cost.append(f"{row['solves']} solves")
    text = f"{row['rung']}: {', '.join(parts)}; {', '.join(cost)}"
    text += _TOLD.get(row["verdict"], "")
    return text + (f" ({row['note']})" if row["note"] else "")


def ladder_table(rows: Sequence[Row]) -> str:
    """A line a rung under one of headings; what was not measured is a dash.

    Args:
        rows: ``attrs["ladder"]`` of a section.
    """
    cells = [list(HEADINGS), *(ladder_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    last = len(HEADINGS) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def ladder_cells(row: Row) -> list[str]:
    """The cells of one rung, as ``HEADINGS`` names them."""
    return [
        row["rung"],
        _milliseconds(row["first_arrival_rms_s"]),
        _milliseconds(row["held_out_first_arrival_rms_s"]),
        _share(row["data_misfit"]),
        _share(row["held_out_data_misfit"]),
        f"{row['seconds']:.1f}",
        str(row["windows"] or "-"),
        str(row["solves"] or "-"),
        _share(row.get("score")),
        row["verdict"] + (", kept" if row["kept"] else ""),
    ]


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{1e3 * value:.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
