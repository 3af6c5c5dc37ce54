"""Where a velocity model has an interface: the target of the edge head, and its threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError, ShapeError

EDGE_THRESHOLD = 0.02
"""Normal-incidence reflection coefficient at constant density above which neighbours differ."""


def velocity_edges(velocity: ArrayLike, threshold: float = EDGE_THRESHOLD) -> NDArray[np.bool_]:
    """Cells whose lower or right neighbour differs by more than a reflection coefficient.

    A cell is marked where ``|v1 - v2| / (v1 + v2) > threshold`` between it and the cell below
    or the cell to the right. An interface is so one cell thick and sits on its upper or left
    side; the last row is marked only by its right neighbours, the last column by those below.

    Args:
        velocity: [m/s], > 0, shape (..., depth, distance).
        threshold: Relative contrast [1], >= 0.

    Returns:
        True on edges, shape of ``velocity``.

    Raises:
        ShapeError: If ``velocity`` has fewer than two dimensions.
        PhysicsError: If a velocity is not finite and above 0.
    """
    v = np.asarray(velocity, dtype=np.float64)
    if v.ndim < 2:
        raise ShapeError(f"Velocity has shape {v.shape}; edges need (..., depth, distance).")
    if not (np.isfinite(v).all() and (v > 0).all()):
        raise PhysicsError("Velocity holds values not above 0 m/s; edges need absolute m/s.")
    edges = np.zeros(v.shape, dtype=bool)
    above, below = v[..., :-1, :], v[..., 1:, :]
    left, right = v[..., :, :-1], v[..., :, 1:]
    edges[..., :-1, :] |= np.abs(below - above) > threshold * (below + above)
    edges[..., :, :-1] |= np.abs(right - left) > threshold * (right + left)
    return edges
