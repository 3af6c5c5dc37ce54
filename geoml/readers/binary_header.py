"""The 400-byte binary header of SEG-Y: its byte order and its numbers.

References:
    SEG (2017), SEG-Y revision 2.0 data exchange format, table 2; SEG (2023), revision 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from geoml.errors import FileFormatError, OptionError
from geoml.survey.sample_format import REFUSED_FORMATS, SAMPLE_FORMATS
from geoml.survey.trace_header import ByteOrder

TEXT_BYTES = 3200
BINARY_BYTES = 400
# Bytes 3297-3300 of revision 2 as they stand in a file of each byte order.
_MARKS: dict[bytes, ByteOrder] = {
    b"\x01\x02\x03\x04": "big",
    b"\x04\x03\x02\x01": "little",
}
_SWAPPED_PAIRS = (b"\x02\x01\x04\x03", b"\x03\x04\x01\x02")
_NEWEST_REVISION = 2
_REVISION = 3501 - 1 - TEXT_BYTES


@dataclass(frozen=True)
class BinaryHeader:
    """The binary header and the byte order to read it in.

    Attributes:
        raw: Its 400 bytes.
        byte_order: Byte order of the file.
    """

    raw: bytes
    byte_order: ByteOrder

    def at(self, byte: int, kind: str) -> float:
        """The number at a byte of the file, counted from 1 as in the standard."""
        order = ">" if self.byte_order == "big" else "<"
        return np.frombuffer(self.raw, order + kind, count=1, offset=byte - 1 - TEXT_BYTES)[
            0
        ].item()

    @property
    def sample_format(self) -> int:
        """Code of the sample format."""
        return int(self.at(3225, "u2"))

    @property
    def revision(self) -> int:
        """Major revision of the standard, 0 where it names none that exists."""
        major, minor = self.raw[_REVISION : _REVISION + 2]
        # The standard's first byte is the major number. Many writers put a 16-bit 1 or 2, of
        # which a big-endian file holds the digit in the second byte.
        number = major or minor
        return number if number <= _NEWEST_REVISION else 0

    @property
    def revision_number(self) -> float:
        """Revision with its minor number, such as 2.1; whole ones are whole."""
        major, minor = self.raw[_REVISION : _REVISION + 2]
        if major == self.revision and 0 < minor < 10:
            return major + minor / 10
        return self.revision

    @property
    def sample_counts(self) -> list[int]:
        """Samples a trace by each field that says something, the one that counts most first."""
        extended = int(self.at(3269, "u4")) if self.revision >= 2 else 0
        return [count for count in (extended, int(self.at(3221, "u2"))) if count]

    @property
    def dt_us(self) -> float:
        """Sample interval [microseconds]; 0 or less where it does not say."""
        extended = self.at(3273, "f8") if self.revision >= 2 else 0.0
        usable = np.isfinite(extended) and 1e-3 < extended < 1e9
        return float(extended) if usable else float(self.at(3217, "i2"))

    @property
    def measurement_system(self) -> int:
        """1 metres, 2 feet, anything else unsaid."""
        return int(self.at(3255, "u2"))

    @property
    def n_extended_texts(self) -> int:
        """Extended text headers; -1 means as many as it takes to reach the end stanza."""
        return int(self.at(3505, "i2"))

    @property
    def n_extra_trace_headers(self) -> int:
        """Additional 240-byte headers a trace, at most (revision 2)."""
        return int(self.at(3507, "i4")) if self.revision >= 2 else 0

    @property
    def n_traces(self) -> int:
        """Traces in the file, 0 where it does not say (revision 2)."""
        return int(self.at(3513, "u8")) if self.revision >= 2 else 0

    @property
    def first_trace_byte(self) -> int:
        """Offset of the first trace [bytes], 0 where it does not say (revision 2)."""
        return int(self.at(3521, "u8")) if self.revision >= 2 else 0

    @property
    def n_trailer_records(self) -> int:
        """3200-byte records after the traces; -1 means an unknown number (revision 2)."""
        return int(self.at(3529, "i4")) if self.revision >= 2 else 0


def read_binary_header(
    raw: bytes, name: str, byte_order: ByteOrder | None = None, sample_format: int | None = None
) -> BinaryHeader:
    """The header in the byte order in which its sample format makes sense.

    Args:
        raw: Its 400 bytes.
        name: The file, for messages.
        byte_order: The user's choice, or None to find out.
        sample_format: The user's choice of format code, or None.

    Raises:
        OptionError: If the chosen order is none.
        FileFormatError: If neither order makes sense.
    """
    if byte_order is not None:
        if byte_order not in get_args(ByteOrder):
            raise OptionError(f"Byte order '{byte_order}' is unknown; 'big' or 'little' is needed.")
        return BinaryHeader(raw, byte_order)
    mark = raw[3297 - 1 - TEXT_BYTES : 3300 - TEXT_BYTES]
    if mark in _SWAPPED_PAIRS:
        raise FileFormatError(
            f"{name}: its byte order mark says that pairs of bytes are swapped; big- or "
            "little-endian is needed. Swap them back first, for example with 'dd conv=swab'."
        )
    if mark in _MARKS:
        return BinaryHeader(raw, _MARKS[mark])
    big, little = BinaryHeader(raw, "big"), BinaryHeader(raw, "little")
    # A code is below 256, so that at most one order gives a known one.
    known = set(SAMPLE_FORMATS) | set(REFUSED_FORMATS)
    for header in (big, little):
        if header.sample_format in known:
            return header
    if sample_format is not None and (big.dt_us or little.dt_us):
        # Intervals are below 10 ms more often than not: the smaller reading is the right one.
        return min(big, little, key=lambda header: abs(header.dt_us))
    raise FileFormatError(
        f"{name}: sample format {big.sample_format} (big-endian) or {little.sample_format} "
        "(little-endian), neither in the standard. Is it SEG-Y? If so, pass --sample-format."
    )
