"""SEG-Y text headers: EBCDIC, ASCII or UTF-8 to lines of text, and where extended ones end."""

from __future__ import annotations

import codecs

from geoml.errors import FileFormatError
from geoml.readers.binary_header import BINARY_BYTES, TEXT_BYTES
from geoml.readers.source_file import SourceFile

FIXED_BYTES = TEXT_BYTES + BINARY_BYTES
_COLUMNS = 80
_END_STANZA = "((SEG:ENDTEXT))"

MOST_EXTENDED = 1000
"""Extended text headers that are read, at most."""


def decode_text(raw: bytes) -> str:
    """A text header as lines without trailing blanks; unprintable characters become blanks.

    Args:
        raw: Cards of 80 bytes, in EBCDIC (code page 37), ASCII or UTF-8; what is none of them is
            shown as Latin-1.
    """
    decoder = codecs.getincrementaldecoder(_encoding(raw))()
    # A card may end within a letter of several bytes: the decoder gives it to the next card.
    cards = [decoder.decode(raw[at : at + _COLUMNS]) for at in range(0, len(raw), _COLUMNS)]
    lines = [
        "".join(letter if letter.isprintable() else " " for letter in card).rstrip()
        for card in cards
    ]
    return "\n".join(lines).rstrip()


def n_extended_texts(stated: int, source: SourceFile) -> int:
    """How many extended text headers stand before the traces.

    Args:
        stated: What the binary header says; -1 means up to and with the end stanza.
        source: The file.

    Raises:
        FileFormatError: If the count is senseless, or the end stanza is missing.
    """
    room = source.n_bytes - FIXED_BYTES
    if stated > MOST_EXTENDED or stated * TEXT_BYTES > room:
        raise FileFormatError(
            f"{source.name}: the binary header announces {stated} extended text headers; the file "
            f"has room for {room // TEXT_BYTES} of at most {MOST_EXTENDED}. Copy the file again, "
            "or correct bytes 3505-3506."
        )
    if stated >= 0:
        return stated
    n_readable = min(room // TEXT_BYTES, MOST_EXTENDED)
    after = source.read(FIXED_BYTES, FIXED_BYTES + TEXT_BYTES * n_readable)
    for n_read, block in enumerate(after.reshape(n_readable, TEXT_BYTES)):
        if _END_STANZA in decode_text(block.tobytes()).upper().replace(" ", ""):
            return n_read + 1
    raise FileFormatError(
        f"{source.name}: the binary header announces extended text headers up to {_END_STANZA}, "
        "which is not there. Copy the file again, or correct bytes 3505-3506."
    )


def _encoding(raw: bytes) -> str:
    # Blanks are the commonest character of either: 0x40 in EBCDIC, 0x20 in ASCII.
    if raw.count(b"\x40") > raw.count(b"\x20"):
        return "cp037"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
