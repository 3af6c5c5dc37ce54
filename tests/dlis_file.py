"""Writes small DLIS files byte by byte, after RP66 version 1."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

IDENT, OBNAME, ASCII, UVARI, USHORT, FDOUBL, ULONG = 19, 23, 20, 18, 15, 7, 17


def write_dlis(
    path: Path,
    well: str,
    frames: dict[str, list[tuple[str, str, np.ndarray]]],
    index_type: str = "BOREHOLE-DEPTH",
) -> None:
    """A file of one logical file.

    Args:
        path: Where it goes.
        well: Name of the well.
        frames: Frame -> channels of name, unit and float64 values; the first is the index.
        index_type: What the index is.
    """
    channels = [(c, f) for f, listed in frames.items() for c in listed]
    segments = [
        _segment(0, _set("FILE-HEADER", ["SEQUENCE-NUMBER", "ID"], [
            ("N", [(ASCII, ["1".rjust(10)]), (ASCII, ["test".ljust(65)])])])),
        _segment(1, _set("ORIGIN", ["FILE-ID", "WELL-NAME", "FIELD-NAME"], [
            ("DEF", [(ASCII, ["test"]), (ASCII, [well]), (ASCII, ["Troll"])])])),
        _segment(3, _set("CHANNEL", ["LONG-NAME", "REPRESENTATION-CODE", "UNITS", "DIMENSION",
                                     "ELEMENT-LIMIT"], [
            (name, [(ASCII, [f"long {name}"]), (USHORT, [FDOUBL]), (IDENT, [unit]),
                    (UVARI, [_width(values)]), (UVARI, [_width(values)])])
            for (name, unit, values), _ in channels])),
        _segment(4, _set("FRAME", ["CHANNELS", "INDEX-TYPE"], [
            (frame, [(OBNAME, [name for name, _, _ in listed]), (IDENT, [index_type])])
            for frame, listed in frames.items()])),
    ]  # fmt: skip
    for frame, listed in frames.items():
        for row in range(len(listed[0][2])):
            values = np.concatenate([np.ravel(v[row]) for _, _, v in listed])
            body = _obname(frame) + _uvari(row + 1) + values.astype(">f8").tobytes()
            segments.append(_segment(0, body, explicit=False))
    label = b"   1V1.00RECORD 8192" + b"test".ljust(60)
    visible = [struct.pack(">HBB", len(s) + 4, 0xFF, 1) + s for s in segments]
    path.write_bytes(label + b"".join(visible))


def _width(values: np.ndarray) -> int:
    return int(np.prod(values.shape[1:], dtype=int))


def _segment(kind: int, body: bytes, *, explicit: bool = True) -> bytes:
    size = len(body) + 4
    attributes = 0x80 if explicit else 0
    pad = max(0, 16 - size)
    pad += (size + pad) % 2
    if pad:
        attributes |= 1
        body += bytes(pad - 1) + bytes([pad])
    return struct.pack(">HBB", len(body) + 4, attributes, kind) + body


def _set(kind: str, labels: Sequence[str], objects: Sequence[tuple[str, list]]) -> bytes:
    out = b"\xf0" + _ident(kind) + b"".join(b"\x30" + _ident(label) for label in labels)
    for name, attributes in objects:
        out += b"\x70" + _obname(name)
        for code, values in attributes:
            # Count, representation code and value: 001 0 1 1 0 1.
            out += b"\x2d" + _uvari(len(values)) + bytes([code])
            out += b"".join(_value(code, value) for value in values)
    return out


def _value(code: int, value: object) -> bytes:
    if code in (IDENT,):
        return _ident(str(value))
    if code == OBNAME:
        return _obname(str(value))
    if code == ASCII:
        text = str(value).encode()
        return _uvari(len(text)) + text
    if code == UVARI:
        return _uvari(int(str(value)))
    return bytes([int(str(value))])


def _ident(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _obname(name: str) -> bytes:
    return _uvari(1) + b"\x00" + _ident(name)


def _uvari(number: int) -> bytes:
    return bytes([number]) if number < 128 else struct.pack(">H", 0x8000 | number)
