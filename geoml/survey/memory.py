"""Memory that the C library keeps after large arrays are gone."""

from __future__ import annotations

import ctypes
import sys


def release_memory() -> None:
    """Hand freed memory back to the system, where the C library offers it (glibc).

    Arrays of a few megabytes leave holes in the heap that stay with the process otherwise; Dask
    recommends the same for its workers.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
