"""Gaps of curves filled from the other curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.tasks.log_regression import LogRegression
from geoml.tasks.log_task import Answers


@dataclass(frozen=True)
class Imputation(LogRegression):
    """Predict a curve only where it is missing; measured values stay untouched.

    It is learned as a regression is, and judged on depths whose truth was hidden on purpose: split
    by ``depth_block``, and compare with a straight line across the block.
    """

    def filled(self, measured: Answers, predicted: Answers) -> Answers:
        """Measured values with the predicted ones in their gaps, shape (row, target)."""
        return np.where(np.isfinite(measured), measured, predicted)

    def straight_line(self, measured: Answers) -> Answers:
        """The trivial row: gaps bridged by straight lines from their last to their next value.

        Args:
            measured: NaN in the gaps, shape (row, target).
        """
        row = np.arange(len(measured))
        bridged = np.full(measured.shape, np.nan)
        for column, values in enumerate(np.asarray(measured, np.float64).T):
            known = np.isfinite(values)
            if known.any():
                bridged[:, column] = np.interp(row, row[known], values[known])
        return bridged
