"""Ingest a SEG-Y file with a plain loop of segyio and zarr: python segyio_ingest.py FILE OUT."""

from __future__ import annotations

import sys

import numpy as np
import segyio
import zarr

if __name__ == "__main__":
    with segyio.open(sys.argv[1], ignore_geometry=True) as file:
        records, counts = np.unique(file.attributes(9)[:], return_counts=True)
        shape = (file.tracecount, len(file.samples))
        chunk = int(counts[0])
        group = zarr.open_group(sys.argv[2], mode="w")
        amplitude = group.create_array(
            "amplitude",
            shape=shape,
            chunks=(chunk, shape[1]),
            shards=(16 * chunk, shape[1]),
            dtype="float32",
            compressors=[zarr.codecs.ZstdCodec(level=5)],
        )
        for name, byte in {"offset": 37, "source_x": 73, "receiver_x": 81}.items():
            group.create_array(name, data=file.attributes(byte)[:])
        for start in range(0, shape[0], 16 * chunk):
            stop = min(start + 16 * chunk, shape[0])
            amplitude[start:stop] = file.trace.raw[start:stop]
