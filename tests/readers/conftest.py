"""A SEG-Y writer that knows nothing of geoml: every byte placed by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SegyMaker = Callable[..., Path]
CODES = {1: "u4", 2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8"} | {
    code: f"u{width}" for code, width in ((10, 4), (11, 2), (12, 8), (16, 1))
}


@pytest.fixture
def make_segy(tmp_path: Path) -> SegyMaker:
    """Writes a file and gives its path.

    ``binary`` and ``trace`` map a byte position (from 1) to (struct code, value or values).
    ``samples`` may be traces of unequal length; ``additional`` are bytes of more trace headers,
    for all traces or for each.
    """

    def make(
        samples: Any = None,
        *,
        sample_format: int = 5,
        order: str = ">",
        binary: dict[int, tuple[str, Any]] | None = None,
        trace: dict[int, tuple[str, Any]] | None = None,
        text: bytes = b"\x40" * 3200,
        extended: bytes = b"",
        additional: bytes | list[bytes] = b"",
        trailer: bytes = b"",
        name: str = "line.sgy",
    ) -> Path:
        data = np.arange(12.0).reshape(3, 4) if samples is None else samples
        data = [np.asarray(values) for values in data]
        fixed = bytearray(400)
        numbers: dict[int, tuple[str, Any]] = {
            3217: ("h", 4000),
            3221: ("H", data[0].size),
            3225: ("h", sample_format),
            **(binary or {}),
        }
        for byte, (code, value) in numbers.items():
            struct.pack_into(order + code, fixed, byte - 3201, value)
        content = text + bytes(fixed) + extended
        for row, values in enumerate(data):
            header = bytearray(240)
            for byte, (code, value) in (trace or {}).items():
                one = value[row] if isinstance(value, list | tuple) else value
                struct.pack_into(order + code, header, byte - 1, one)
            more = additional[row] if isinstance(additional, list) else additional
            stored = values.astype(order + CODES[sample_format])
            content += bytes(header) + more + stored.tobytes()
        path = tmp_path / name
        path.write_bytes(content + trailer)
        return path

    return make
