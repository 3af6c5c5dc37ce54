"""Bytes of a log file as text: byte order marks, UTF-16, UTF-8, else Windows-1252."""

from __future__ import annotations

import codecs
from pathlib import Path

from geoml.errors import FileFormatError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {b"\x89HDF": "HDF5", b"PK\x03\x04": "a ZIP archive", b"%PDF": "a PDF", b"LASF": "LiDAR"}
_PROBE_BYTES = 4096
# DEL and the control characters but for tab, line ends, form feed and the end mark of DOS.
_CONTROL = bytes(sorted({*range(32), 127} - {9, 10, 12, 13, 26}))
_MOST_CONTROL = 0.02


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """Text with plain line ends, and the encoding it was in.

    Args:
        content: The whole file.
        name: The file, for the message.

    Raises:
        FileFormatError: If the bytes are no text.
    """
    encoding = _encoding(content)
    if encoding is None:
        what = next((w for mark, w in _BINARY.items() if content.startswith(mark)), "binary data")
        raise FileFormatError(f"{name}: {what}, not a text file; a log in text form is needed.")
    text = content.decode(encoding, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "\n"), encoding


def read_bytes(path: str | Path) -> bytes:
    """A whole file.

    Raises:
        FileFormatError: If it cannot be read or is empty.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileFormatError(f"{path.name}: cannot be read ({reason}).") from None
    if not content.strip():
        raise FileFormatError(f"{path.name}: an empty file.")
    return content


def _encoding(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    probe = content[:_PROBE_BYTES]
    half = max(1, len(probe) // 2)
    # Latin letters in UTF-16 have every second byte zero.
    if probe[1::2].count(0) > 0.6 * half:
        return "utf-16-le"
    if probe[0::2].count(0) > 0.6 * half:
        return "utf-16-be"
    if sum(probe.count(byte) for byte in _CONTROL) > _MOST_CONTROL * len(probe):
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
