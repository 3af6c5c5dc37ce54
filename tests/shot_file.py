"""A small SEG-Y line of many shards, and the bytes of a store: what the tests of ingest share."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

TRACES_A_SHARD = 256  # 16 gathers of 16 traces


def write_shots(
    path: Path, n_shots: int = 160, n_samples: int = 50, seed: int = 0, *, doubles: bool = False
) -> Path:
    """A marine line of 16 channels in IEEE floats, noise for samples; 16 shots are one shard.

    Doubles do not fit the store's floats, so that their bytes are kept as well, and the file ends
    in half a trace.
    """
    rng = np.random.default_rng(seed)
    shot, channel = np.divmod(np.arange(16 * n_shots), 16)
    table = np.zeros(
        shot.size,
        dtype=[("header", "u1", 240), ("samples", ">f8" if doubles else ">f4", n_samples)],
    )
    header = table["header"]
    fields = {9: shot + 1, 13: channel + 1, 37: -100 - 25 * channel, 73: 25 * shot + 5000}
    fields |= {81: 25 * shot + 4900 - 25 * channel}
    for byte, values in fields.items():
        header[:, byte - 1 : byte + 3] = values.astype(">i4").view("u1").reshape(-1, 4)
    for byte, value in {29: 1, 115: n_samples, 117: 4000}.items():
        header[:, byte - 1 : byte + 1] = list(struct.pack(">h", value))
    table["samples"] = rng.normal(size=table["samples"].shape)
    binary = bytearray(400)
    for byte, value in {3217: 4000, 3221: n_samples, 3225: 6 if doubles else 5, 3255: 1}.items():
        struct.pack_into(">h", binary, byte - 3201, value)
    cut = table[:1].tobytes()[:300] if doubles else b""
    path.write_bytes(b"\x40" * 3200 + bytes(binary) + table.tobytes() + cut)
    return path


def stored_bytes(store: Path) -> dict[str, bytes]:
    """Every file of a store, by its name below it."""
    return {
        str(file.relative_to(store)): file.read_bytes()
        for file in sorted(store.rglob("*"))
        if file.is_file()
    }
