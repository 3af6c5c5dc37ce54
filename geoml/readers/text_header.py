"""SEG-Y text headers: EBCDIC or ASCII to lines of text."""

from __future__ import annotations

from geoml.errors import FileFormatError
from geoml.readers.binary_header import BINARY_BYTES, TEXT_BYTES

FIXED_BYTES = TEXT_BYTES + BINARY_BYTES
_COLUMNS = 80
_END_STANZA = "((SEG:ENDTEXT))"
_MOST_EXTENDED = 1000


def decode_text(raw: bytes) -> str:
    """A text header as lines without trailing blanks; unprintable characters become blanks.

    Args:
        raw: A multiple of 80 bytes.
    """
    encoding = "cp037" if _is_ebcdic(raw) else "latin-1"
    text = raw.decode(encoding)
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    lines = [shown[at : at + _COLUMNS].rstrip() for at in range(0, len(shown), _COLUMNS)]
    return "\n".join(lines).rstrip()


def count_extended(stated: int, after_fixed: bytes, name: str) -> int:
    """How many extended text headers stand before the traces.

    Args:
        stated: What the binary header says; -1 means up to and with the end stanza.
        after_fixed: The file's bytes after the binary header, as far as they may be text.
        name: The file, for messages.

    Raises:
        FileFormatError: If the count is senseless or the end stanza is missing.
    """
    if stated >= 0:
        if stated * TEXT_BYTES > len(after_fixed):
            raise FileFormatError(
                f"{name}: the binary header announces {stated} extended text headers, the file "
                f"ends after {len(after_fixed)} bytes. Copy the file again."
            )
        return stated
    for n_read in range(len(after_fixed) // TEXT_BYTES):
        block = after_fixed[n_read * TEXT_BYTES : (n_read + 1) * TEXT_BYTES]
        if _END_STANZA in decode_text(block).upper().replace(" ", ""):
            return n_read + 1
    raise FileFormatError(
        f"{name}: the binary header announces extended text headers up to {_END_STANZA}, which "
        "is not there. Copy the file again."
    )


def extended_limit(stated: int) -> int:
    """Bytes after the binary header that ``count_extended`` must see."""
    return TEXT_BYTES * (stated if stated >= 0 else _MOST_EXTENDED)


def _is_ebcdic(raw: bytes) -> bool:
    # Blanks are the commonest character of either: 0x40 in EBCDIC, 0x20 in ASCII.
    return raw.count(b"\x40") > raw.count(b"\x20")
