"""Headers in the other byte order: every number turned round in its own width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Numbers = Sequence[tuple[int, int, int]]
"""First byte (from 1), bytes a number, how many numbers."""

_BOTH: _Numbers = ((1, 4, 7), (29, 2, 4), (37, 4, 8), (69, 2, 2), (73, 4, 4), (89, 2, 46))
# Bytes 233-240 are a name in revision 2 and unassigned before.
_SEGY: _Numbers = ((181, 4, 5), (201, 2, 2), (205, 4, 1), (209, 2, 8), (225, 4, 1), (229, 2, 2))
_SU: _Numbers = ((181, 4, 7), (209, 2, 16))
_BINARY: _Numbers = ((3201, 4, 3), (3213, 2, 24), (3503, 2, 2))
_BINARY_REVISION_1: _Numbers = ((3501, 2, 1),)
# Here the revision is two numbers of one byte.
_BINARY_REVISION_2: _Numbers = (
    *((3261, 4, 3), (3273, 8, 2), (3289, 4, 3)),
    *((3507, 4, 1), (3511, 2, 1), (3513, 8, 2), (3529, 4, 1)),
)


def swapped_trace_headers(headers: NDArray[np.uint8], *, su: bool) -> NDArray[np.uint8]:
    """Trace headers in the other byte order, shape (trace, 240).

    Args:
        headers: The headers, shape (trace, 240).
        su: Whether bytes 181-240 are those of Seismic Unix.

    References:
        SEG (2017), SEG-Y revision 2.0, table 3; CWP (2022), Seismic Unix, segy.h.
    """
    return _swapped(headers, (*_BOTH, *(_SU if su else _SEGY)), 1)


def swapped_binary_header(binary: bytes, revision: int) -> bytes:
    """The 400 bytes of a binary header in the other byte order.

    Args:
        binary: The header.
        revision: Major revision of the standard that it follows.

    References:
        SEG (2017), SEG-Y revision 2.0, table 2.
    """
    later = _BINARY_REVISION_2 if revision >= 2 else _BINARY_REVISION_1
    rows = np.frombuffer(binary, dtype=np.uint8).reshape(1, -1)
    return _swapped(rows, (*_BINARY, *later), 3201).tobytes()


def swapped_words(raw: NDArray[np.uint8], n_bytes: int) -> NDArray[np.uint8]:
    """Samples of some bytes each in the other byte order, shape (trace, byte)."""
    return np.ascontiguousarray(raw.reshape(len(raw), -1, n_bytes)[:, :, ::-1]).reshape(raw.shape)


def _swapped(rows: NDArray[np.uint8], numbers: _Numbers, first_byte: int) -> NDArray[np.uint8]:
    turned = rows.copy()
    for byte, width, count in numbers:
        part = slice(byte - first_byte, byte - first_byte + width * count)
        turned[:, part] = swapped_words(rows[:, part], width)
    return turned
