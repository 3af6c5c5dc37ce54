"""The numbers of a SEG-Y trace header, read from and written to ``header_bytes``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError

ByteOrder = Literal["big", "little"]
HEADER_BYTES = 240


@dataclass(frozen=True)
class HeaderField:
    """Where a number stands in a trace header.

    Attributes:
        byte: Position of its first byte, counted from 1 as in the standard.
        kind: NumPy integer code without byte order, such as ``i4``.
    """

    byte: int
    kind: str


FIELDS: dict[str, HeaderField] = {
    "field_record": HeaderField(9, "i4"),
    "trace_in_record": HeaderField(13, "i4"),
    "cdp": HeaderField(21, "i4"),
    "trace_kind": HeaderField(29, "i2"),
    "offset": HeaderField(37, "i4"),
    "receiver_elevation": HeaderField(41, "i4"),
    "source_elevation": HeaderField(45, "i4"),
    "source_depth": HeaderField(49, "i4"),
    "elevation_scalar": HeaderField(69, "i2"),
    "coordinate_scalar": HeaderField(71, "i2"),
    "source_x": HeaderField(73, "i4"),
    "source_y": HeaderField(77, "i4"),
    "receiver_x": HeaderField(81, "i4"),
    "receiver_y": HeaderField(85, "i4"),
    "coordinate_units": HeaderField(89, "i2"),
    "delay_ms": HeaderField(109, "i2"),
    "n_samples": HeaderField(115, "u2"),
    "dt_us": HeaderField(117, "i2"),
    "cdp_x": HeaderField(181, "i4"),
    "cdp_y": HeaderField(185, "i4"),
    "inline": HeaderField(189, "i4"),
    "crossline": HeaderField(193, "i4"),
    "time_scalar": HeaderField(215, "i2"),
}
"""The numbers that geoml reads; every other byte travels untouched in ``header_bytes``.

References:
    SEG (2017), SEG-Y revision 2.0 data exchange format, table 3.
"""


class HeaderTable:
    """Every trace header of a file.

    Attributes:
        header_bytes: The headers as they stand in the file, shape (trace, 240).
        byte_order: Byte order of their numbers.
    """

    def __init__(self, header_bytes: NDArray[np.uint8], byte_order: ByteOrder) -> None:
        self.header_bytes = header_bytes
        self.byte_order: ByteOrder = byte_order

    def __len__(self) -> int:
        return int(self.header_bytes.shape[0])

    def column(self, name: str) -> NDArray[np.int64]:
        """One number of every trace, shape (trace,)."""
        return self.narrow(name).astype(np.int64)

    def narrow(self, name: str) -> NDArray[Any]:
        """One number of every trace in the file's own width and byte order, shape (trace,)."""
        field = FIELDS[name]
        first = field.byte - 1
        raw = self.header_bytes[:, first : first + int(field.kind[1])]
        order = ">" if self.byte_order == "big" else "<"
        return np.ascontiguousarray(raw).view(order + field.kind)[:, 0]

    def with_column(self, name: str, values: NDArray[np.int64] | int) -> HeaderTable:
        """A copy with one number of every trace replaced.

        Args:
            name: A key of ``FIELDS``.
            values: One number, or one a trace, shape (trace,).

        Raises:
            FileFormatError: If a value does not fit the field.
        """
        field = FIELDS[name]
        limits = np.iinfo(field.kind)
        wanted = np.broadcast_to(np.asarray(values, dtype=np.int64), (len(self),))
        if wanted.size and not (limits.min <= wanted.min() and wanted.max() <= limits.max):
            raise FileFormatError(
                f"The trace header field '{name}' holds {limits.min} to {limits.max}; found "
                f"{wanted.min()} to {wanted.max()}."
            )
        first = field.byte - 1
        width = int(field.kind[1])
        order = ">" if self.byte_order == "big" else "<"
        changed = self.header_bytes.copy()
        stored = wanted.astype(order + field.kind)
        changed[:, first : first + width] = stored.view(np.uint8).reshape(-1, width)
        return HeaderTable(changed, self.byte_order)
