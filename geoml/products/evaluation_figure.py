"""An evaluation in one picture: calibration, risk over coverage, error over depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoml.products.style import HAIRLINE, INK, MUTED, new_figure, open_frame, style_axes

Row = Mapping[str, Any]

_COLOURS = ("#0b62a4", "#d9771e", "#2a8c57", "#c2185b", "#6a51a3", "#8c6d31")
_TRIVIAL_STYLES = ("--", ":", "-.")


def evaluation_figure(rows: Sequence[Row], depth_m: NDArray[np.floating]) -> Figure:
    """Curves of every row that has them.

    Args:
        rows: Of an evaluation, networks first.
        depth_m: Depth of the sections' rows [m], shape (depth,).
    """
    figure = new_figure(4.1)
    calibration, risk, depth = figure.subplots(1, 3)
    networks = [row for row in rows if row["kind"] in ("network", "mixture")]
    for row, colour in zip(networks, _cycle(len(networks)), strict=True):
        if "calibration_curve" in row:
            _draw_calibration(calibration, row, colour)
            curve = row["risk_curve"]
            kept = 100 * np.asarray(curve["coverage"])
            risk.plot(kept, curve["risk_m_s"], color=colour, lw=1.6)
        depth.plot(row["mae_by_depth_m_s"], depth_m, color=colour, lw=1.6, label=row["name"])
    trivial = [row for row in rows if row["kind"] == "trivial" and "mae_by_depth_m_s" in row]
    for row, line in zip(trivial, _TRIVIAL_STYLES, strict=False):
        depth.plot(row["mae_by_depth_m_s"], depth_m, line, color=MUTED, lw=1.1, label=row["name"])
    calibration.plot([0, 100], [0, 100], color=HAIRLINE, lw=4, zorder=0)
    calibration.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    _say_if_empty(calibration)
    _say_if_empty(risk)
    style_axes(
        calibration, "Cells inside the interval", "Promised [%]", "Found [%]  (thin: unscaled)"
    )
    style_axes(risk, "Error of the surest cells", "Cells kept [%]", "MAE of those [m/s]")
    risk.set_xlim(0, 100)
    risk.set_ylim(bottom=0)
    style_axes(depth, "Error over depth", "MAE [m/s]", "Depth [m]")
    depth.set_xlim(left=0)
    depth.set_ylim(depth_m[-1], depth_m[0])
    for axes in (calibration, risk, depth):
        open_frame(axes)
    handles, labels = depth.get_legend_handles_labels()
    columns = 2 if max(map(len, labels)) > 30 else 3
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, fontsize=8, frameon=False
    )
    return figure


def _draw_calibration(axes: Axes, row: Row, colour: str) -> None:
    curve = row["calibration_curve"]
    nominal = 100 * np.asarray(curve["nominal"])
    axes.plot(nominal, 100 * np.asarray(curve["observed"]), color=colour, lw=1.8)
    axes.plot(nominal, 100 * np.asarray(curve["observed_unscaled"]), color=colour, lw=0.8)


def _say_if_empty(axes: Axes) -> None:
    if not any(line.get_linewidth() < 4 for line in axes.lines):
        axes.text(0.5, 0.5, "no spread predicted", ha="center", color=INK, transform=axes.transAxes)


def _cycle(count: int) -> list[str]:
    return [_COLOURS[i % len(_COLOURS)] for i in range(count)]
