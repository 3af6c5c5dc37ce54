"""Offsets with the side of the source in their sign, whatever the headers hold."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def side_of_source(traces: xr.DataArray | xr.Dataset) -> Floats:
    """Receiver minus source position [m], shape (trace, 2); the header's offset without them."""
    names = ("receiver_x", "source_x", "receiver_y", "source_y")
    if all(name in traces.coords or name in getattr(traces, "data_vars", ()) for name in names):
        rx, sx, ry, sy = (np.asarray(traces[name].values, dtype=float) for name in names)
        if np.hypot(rx - sx, ry - sy).max(initial=0) > 0:
            return np.column_stack([rx - sx, ry - sy])
    header = np.asarray(traces["offset"].values, dtype=float)
    return np.column_stack([header, np.zeros_like(header)])


def common_axis(away_m: Floats) -> Floats:
    """Side of the source, -1 or 1, along the direction in which the spread is longest, (trace,).

    Many files hold offsets without a sign, also for shots inside their spread. East is positive,
    and north on a line that runs to the north, so that all shots of a line agree.
    """
    axis = np.linalg.svd(away_m, full_matrices=False)[2][0]
    axis = axis * (np.sign(axis[np.abs(axis).argmax()]) or 1.0)
    return np.where(away_m @ axis < 0, -1.0, 1.0)


def signed_offset_m(traces: xr.DataArray | xr.Dataset) -> Floats:
    """Distance of the traces of one shot from it, negative on one side [m], shape (trace,)."""
    away_m = side_of_source(traces)
    return np.abs(np.asarray(traces["offset"].values, dtype=float)) * common_axis(away_m)
