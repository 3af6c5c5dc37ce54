"""Which receiver of which shot looks at the middle of which column."""

from __future__ import annotations

import numpy as np

from geoml.survey.acquisition import Acquisition


def midpoint_order(acquisition: Acquisition) -> tuple[tuple[int, ...], ...]:
    """Receivers in the order of their midpoints with the source, on columns over the section.

    Args:
        acquisition: Positions of the window; the columns, as many as receivers, spread evenly from
            its first to its last grid column.

    Returns:
        Index of the receiver whose midpoint is nearest to each column and within half the larger
        of column and midpoint interval, -1 where there is none; shape (shot, receiver).
    """
    n_columns = acquisition.n_receivers
    column_m = np.linspace(0, acquisition.distance_m[-1], n_columns)
    midpoint_m = (acquisition.source_distance_m[:, None] + acquisition.receiver_distance_m) / 2
    gap_m = np.abs(midpoint_m[:, None, :] - column_m[None, :, None])
    nearest = gap_m.argmin(axis=2)  # (shot, column)
    intervals_m = np.diff(np.sort(midpoint_m, axis=1), axis=1)
    reach_m = max(column_m[1], float(np.median(intervals_m))) / 2 + 1e-6
    near = gap_m.min(axis=2) <= reach_m
    return tuple(tuple(row) for row in np.where(near, nearest, -1).tolist())
