"""Is an acquisition its own mirror image, and which trace goes where when it is flipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.survey.acquisition import Acquisition


@dataclass(frozen=True, eq=False)
class MirrorOrder:
    """Where the traces of the mirrored gathers come from.

    Attributes:
        shot: Shot to read for each shot of the mirrored window, shape (shot,).
        receiver: Receiver of that shot to read, shape (shot, receiver).
    """

    shot: NDArray[np.int64]
    receiver: NDArray[np.int64]


def mirror_order(acquisition: Acquisition, tolerance_m: float = 1.0) -> MirrorOrder | None:
    """The order of traces that flips a window, or None where flipping would give other positions.

    Flipping the arrays alone is wrong unless the flipped positions are positions of the same
    acquisition: every source must have a partner at the mirrored distance and the same depth, and
    every receiver of the one a partner among the receivers of the other.

    Args:
        acquisition: Positions within the window; it is mirrored about the middle of its grid.
        tolerance_m: Largest distance between a mirrored position and its partner [m].
    """
    width_m = (acquisition.n_distance - 1) * acquisition.spacing_m
    shot = _partners(
        width_m - acquisition.source_distance_m,
        acquisition.source_depth_m,
        acquisition.source_distance_m,
        acquisition.source_depth_m,
        tolerance_m,
    )
    if shot is None:
        return None
    receiver = np.empty(acquisition.receiver_distance_m.shape, dtype=np.int64)
    for here, there in enumerate(shot):
        partners = _partners(
            width_m - acquisition.receiver_distance_m[here],
            acquisition.receiver_depth_m[here],
            acquisition.receiver_distance_m[there],
            acquisition.receiver_depth_m[there],
            tolerance_m,
        )
        if partners is None:
            return None
        receiver[here] = partners
    return MirrorOrder(shot, receiver)


def _partners(
    distance_m: NDArray[np.float64],
    depth_m: NDArray[np.float64],
    other_distance_m: NDArray[np.float64],
    other_depth_m: NDArray[np.float64],
    tolerance_m: float,
) -> NDArray[np.int64] | None:
    """For each position the index of the other that coincides with it, each used once, or None."""
    away = np.hypot(
        distance_m[:, None] - other_distance_m[None], depth_m[:, None] - other_depth_m[None]
    )
    nearest = away.argmin(axis=1)
    if away[np.arange(nearest.size), nearest].max(initial=0) > tolerance_m:
        return None
    return nearest if np.unique(nearest).size == nearest.size else None
