"""Order of the traces along each gather, so that a step knows which are neighbours."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_ALONG = ("offset", "trace_in_record")  # the last one decides, the others break ties


def line_order(gathers: xr.DataArray, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions that sort the traces gather by gather, along the spread in each, shape (trace,).

    Along the spread means by trace number in the record, then by signed offset, then as they
    lie in the file; what the gathers do not have or what is equal everywhere says nothing.

    Args:
        gathers: Dims (trace, time), with trace variables as coordinates.
        labels: Gather of each trace, shape (trace,).
    """
    keys = [np.asarray(gathers.coords[name].values) for name in _ALONG if name in gathers.coords]
    return np.lexsort((*keys, labels))
