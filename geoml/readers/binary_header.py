"""The 400-byte binary header of SEG-Y: its byte order and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from geoml.errors import FileFormatError, OptionError
from geoml.survey.sample_format import REFUSED_FORMATS, SAMPLE_FORMATS
from geoml.survey.trace_header import ByteOrder

TEXT_BYTES = 3200
BINARY_BYTES = 400
_ENDIAN_MARK = 16909060  # 0x01020304, bytes 3297-3300 of revision 2


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
        """Major revision of the standard, 0 where it names none."""
        number = int(self.at(3501, "u2"))
        # 0x0100 is revision 1.0; many writers put 1.
        return number >> 8 if number >= 0x100 else number

    @property
    def n_samples(self) -> int:
        """Samples a trace, 0 where it does not say."""
        extended = int(self.at(3269, "u4")) if self.revision >= 2 else 0
        return extended or int(self.at(3221, "u2"))

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
        """Additional 240-byte headers a trace (revision 2)."""
        return int(self.at(3507, "i4")) if self.revision >= 2 else 0


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
    big, little = BinaryHeader(raw, "big"), BinaryHeader(raw, "little")
    for header in (big, little):
        if int(header.at(3297, "u4")) == _ENDIAN_MARK:
            return header
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
