"""Time reads of an MDIO store of shot gathers: python mdio_read.py STORE, then lines of JSON.

A line is ``["shot", k]``, ``["traces", shots, channels]`` or ``["pass"]``; the answer is a line
with the seconds it took and the sum of the magnitudes of the samples.
"""

from __future__ import annotations

import json
import sys
import time

import mdio
import numpy as np
import xarray as xr


def main() -> None:
    amplitude = mdio.open_mdio(sys.argv[1], chunks=None)["amplitude"]
    shots_a_chunk = amplitude.encoding["chunks"][0]
    print("ready", flush=True)
    for line in sys.stdin:
        what, *where = json.loads(line)
        start = time.perf_counter()
        if what == "shot":
            parts = [amplitude[where[0]].values]
        elif what == "traces":
            shots, channels = (xr.DataArray(numbers, dims="trace") for numbers in where)
            parts = [amplitude.isel(shot_point=shots, channel=channels).values]
        else:
            parts = [
                amplitude[first : first + shots_a_chunk].values
                for first in range(0, amplitude.shape[0], shots_a_chunk)
            ]
        seconds = time.perf_counter() - start
        total = sum(float(np.abs(part).sum(dtype=np.float64)) for part in parts)
        print(json.dumps([seconds, total]), flush=True)


if __name__ == "__main__":
    main()
