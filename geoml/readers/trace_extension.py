"""Trace header extension 1 of SEG-Y revision 2: positions in double precision, long counts.

References:
    SEG (2017), SEG-Y revision 2.0 data exchange format, table 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.survey.trace_header import ByteOrder, HeaderField

NAME = "SEG00001"
_NAME_AT = 232

EXTENSION_FIELDS: dict[str, HeaderField] = {
    "field_record": HeaderField(17, "i8"),
    "cdp": HeaderField(25, "i8"),
    "receiver_elevation": HeaderField(33, "f8"),
    "source_elevation": HeaderField(49, "f8"),
    "source_depth": HeaderField(57, "f8"),
    "source_x": HeaderField(97, "f8"),
    "source_y": HeaderField(105, "f8"),
    "receiver_x": HeaderField(113, "f8"),
    "receiver_y": HeaderField(121, "f8"),
    "offset": HeaderField(129, "f8"),
    "n_samples": HeaderField(137, "u4"),
    "n_headers": HeaderField(157, "u2"),
    "cdp_x": HeaderField(161, "f8"),
    "cdp_y": HeaderField(169, "f8"),
}
"""Numbers of the extension, bytes counted from 1 at its own start.

They replace the standard header's number of the same name where they are not 0. Scalars do not
apply to them.
"""


class SegExtension:
    """The first additional header of some traces, as far as it is the standard's.

    Attributes:
        named: Whether a trace's first additional header is named ``SEG00001``, shape (trace,).

    Args:
        raw: The first additional header of each trace, shape (trace, 240).
        byte_order: Byte order of its numbers.
    """

    def __init__(self, raw: NDArray[np.uint8], byte_order: ByteOrder) -> None:
        self._raw = raw
        self._order = ">" if byte_order == "big" else "<"
        names = raw[:, _NAME_AT:]
        self.named: NDArray[np.bool_] = np.zeros(len(raw), dtype=np.bool_)
        for encoding in ("ascii", "cp037"):
            letters = np.frombuffer(NAME.encode(encoding), dtype=np.uint8)
            self.named |= (names == letters).all(axis=1)

    def column(self, name: str) -> NDArray[Any]:
        """One number of every trace, 0 where the header is another one or holds no number."""
        field = EXTENSION_FIELDS[name]
        first = field.byte - 1
        raw = np.ascontiguousarray(self._raw[:, first : first + int(field.kind[1])])
        kind = np.dtype(field.kind)
        values = raw.view(self._order + field.kind)[:, 0].astype(kind)
        usable = self.named & np.isfinite(values)
        return np.where(usable, values, kind.type(0))
