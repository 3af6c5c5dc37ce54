"""A wavelet or sweep in a CSV file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError

Floats = NDArray[np.float64]


def read_wavelet(path: Path) -> tuple[Floats, Floats]:
    """Times [s] and amplitudes of a CSV file with the columns time_s, amplitude; (time,) each.

    Raises:
        FileFormatError: If it is not two columns of numbers at a regular, rising time.
    """
    try:
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        table = np.array([[float(cell) for cell in row.split(",")] for row in rows], ndmin=2)
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, UnicodeDecodeError):
        table = np.empty((0, 0))
    if table.shape[0] < 3 or table.shape[1] != 2 or not np.isfinite(table).all():
        raise FileFormatError(
            f"{path.name}: a wavelet is CSV with a line 'time_s,amplitude' and at least three "
            "lines of two numbers."
        )
    steps = np.diff(table[:, 0])
    if steps.min() <= 0 or np.ptp(steps) > 1e-3 * steps.mean():
        raise FileFormatError(f"{path.name}: the times of a wavelet rise by one constant interval.")
    return table[:, 0], table[:, 1]
