"""Gaps of curves filled from the other curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.tasks.log_regression import LogRegression
from geoml.tasks.log_task import Answers

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Imputation(LogRegression):
    """Predict a curve only where it is missing; measured values stay untouched.

    It is learned as a regression is, and judged on pieces of measured curves that were hidden: a
    split by ``depth_block``, beside a straight line across the piece. A fill joins the measured
    values beside its gap: what the prediction misses there goes on into the gap and dies away.

    Attributes:
        join_m: Length over which it dies away [m]; 0 for a fill that is the prediction.
    """

    join_m: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.join_m < 0:
            raise OptionError(f"join_m is {self.join_m:g}; it must be at least 0.")

    def filled(
        self, measured: Answers, predicted: Answers, depth_m: NDArray[np.float64]
    ) -> Answers:
        """Measured values with fills in their gaps, shape (row, target).

        Args:
            measured: NaN in the gaps, shape (row, target).
            predicted: Same shape; where it is NaN too a gap stays.
            depth_m: Increasing [m], shape (row,).
        """
        whole = np.array(measured, np.float64)
        for column, name in enumerate(self.targets):
            known, guess = whole[:, column], np.asarray(predicted[:, column], np.float64)
            if name in self.log10:
                with np.errstate(divide="ignore", invalid="ignore"):
                    joined = 10 ** _joined(np.log10(known), np.log10(guess), depth_m, self.join_m)
            else:
                joined = _joined(known, guess, depth_m, self.join_m)
            whole[:, column] = np.where(np.isfinite(known), known, joined)
        return whole

    def straight_line(self, measured: Answers, depth_m: NDArray[np.float64]) -> Answers:
        """The trivial row: gaps bridged by straight lines from their last to their next value.

        Args:
            measured: NaN in the gaps, shape (row, target).
            depth_m: Increasing [m], shape (row,).
        """
        bridged = np.full(measured.shape, np.nan)
        for column, values in enumerate(np.asarray(measured, np.float64).T):
            known = np.isfinite(values)
            if known.any():
                bridged[:, column] = np.interp(depth_m, depth_m[known], values[known])
        return bridged


def _joined(measured: Column, predicted: Column, depth_m: Column, length_m: float) -> Column:
    """The prediction plus what it misses beside each gap, weighed by the distance.

    The residual is taken for a process with an exponential covariance; the weights are those of
    simple kriging from the two rows beside the gap.

    References:
        Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, appendix B.
    """
    sure = np.flatnonzero(np.isfinite(measured) & np.isfinite(predicted))
    if length_m == 0 or sure.size == 0:
        return predicted
    residual = measured[sure] - predicted[sure]
    place = np.searchsorted(sure, np.arange(depth_m.size))
    above, below = np.clip(place - 1, 0, None), np.clip(place, None, sure.size - 1)
    up = np.where(place > 0, depth_m - depth_m[sure[above]], np.inf) / length_m
    down = np.where(place < sure.size, depth_m[sure[below]] - depth_m, np.inf) / length_m
    # Weights sinh(down) / sinh(up + down) and its mirror, written so that they never overflow.
    whole = -np.expm1(-2 * np.maximum(up + down, 1e-9))
    share_above = np.exp(-up) * -np.expm1(-2 * down) / whole
    share_below = np.exp(-down) * -np.expm1(-2 * up) / whole
    return predicted + share_above * residual[above] + share_below * residual[below]
