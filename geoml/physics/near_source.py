"""Traces too near to their source for their amplitudes to be compared with modelled ones.

The field of a point source in two dimensions rises without end towards it, as the logarithm of
the distance. A grid cuts that off at about half a cell: on a receiver at its source, cells of 10 m
give three quarters of the amplitude that cells of 3.3 m give, and another shape, from one cell on
they agree to 1 %. Modelled gathers are compared with observed ones from one cell of offset on, or
the grid is compared and not the ground.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.physics.acoustic import AcquisitionLike

_ONE_CELL = 0.999


def far_traces(acquisition: AcquisitionLike, cell_m: float) -> NDArray[np.bool_]:
    """Which traces lie a cell or more from their source, shape (shot, receiver).

    Args:
        acquisition: Positions of sources and receivers.
        cell_m: Cell size, the coarsest of what made the gathers that are compared [m].
    """
    a = acquisition
    along_m = np.asarray(a.receiver_distance_m) - np.asarray(a.source_distance_m)[:, None]
    down_m = np.asarray(a.receiver_depth_m) - np.asarray(a.source_depth_m)[:, None]
    return np.asarray(np.hypot(along_m, down_m) > _ONE_CELL * cell_m)
