"""Scores of models on logs as lines of text: all rows, every well, every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from geoml.objectives.facies_score import confusion
from geoml.samples.log_table import LogTable
from geoml.tasks import LogTask
from geoml.tasks.log_task import Answers


def score_table(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """One line a row, one column a score; a dash where a row has none."""
    names = list(dict.fromkeys(name for scores in rows.values() for name in scores))
    width = max(map(len, rows)) + 2
    columns = [max(len(name), 10) + 2 for name in names]
    head = "".join(name.rjust(size) for name, size in zip(names, columns, strict=True))
    lines = [" " * width + head]
    for label, scores in rows.items():
        cells = [f"{scores[name]:.4g}" if name in scores else "-" for name in names]
        lines.append(
            label.ljust(width) + "".join(c.rjust(s) for c, s in zip(cells, columns, strict=True))
        )
    return lines


def well_table(task: LogTask, tables: Sequence[LogTable], values: Sequence[Answers]) -> list[str]:
    """Scores of every well, and for facies the confusion of all wells together."""
    rows: dict[str, dict[str, float]] = {}
    for table, answer in zip(tables, values, strict=True):
        if (np.isfinite(table.targets) & np.isfinite(answer)).any():
            name = table.well if table.well not in rows else f"{table.well} ({len(rows)})"
            rows[name] = task.score([table], [answer])
    lines = score_table(rows)
    return [*lines, "", *confusion_table(tables, values)] if task.is_classification else lines


def confusion_table(tables: Sequence[LogTable], values: Sequence[Answers]) -> list[str]:
    """Counts of rows, a line a true class, a column an answer."""
    true = np.concatenate([table.targets[:, 0] for table in tables])
    answer = np.concatenate([value[:, 0] for value in values])
    known = np.isfinite(true) & np.isfinite(answer)
    codes = np.unique(np.concatenate([true[known], answer[known]]))
    counts = confusion(
        np.searchsorted(codes, true[known]), np.searchsorted(codes, answer[known]), len(codes)
    )
    lines = ["true \\ answer".ljust(14) + "".join(f"{code:g}".rjust(8) for code in codes)]
    for code, row in zip(codes, counts, strict=True):
        lines.append(f"{code:g}".ljust(14) + "".join(f"{count}".rjust(8) for count in row))
    return lines
