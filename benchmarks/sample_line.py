"""The inverted sample line against the section that its shots were modelled in.

    make demo && .venv/bin/python benchmarks/sample_line.py

Prints the mean absolute error of prediction and starting trend, and the share of cells inside the
80 % interval.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import segyio
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import load_checkpoint
from geoml.physics.trend import VelocityTrend
from geoml.survey.velocity import open_section

ROOT = Path(__file__).resolve().parents[1]


def true_velocity(section: xr.Dataset) -> NDArray[np.float64]:
    """The known section [m/s] at the cells of a prediction, nearest trace and sample."""
    path = ROOT / "sample_data" / "marine_line_velocity.sgy"
    with segyio.open(path, ignore_geometry=True) as file:
        truth = file.trace.raw[:].T.astype(np.float64)  # (depth, distance)
        header = [file.header[i] for i in range(file.tracecount)]
        step_m = file.bin[segyio.BinField.Interval] / 1000
    scalar = header[0][segyio.TraceField.SourceGroupScalar]
    factor = 1 / abs(scalar) if scalar < 0 else max(scalar, 1)
    x = factor * np.array([row[segyio.TraceField.CDP_X] for row in header])
    y = factor * np.array([row[segyio.TraceField.CDP_Y] for row in header])
    places = zip(section["cdp_x"].values, section["cdp_y"].values, strict=True)
    column = [int(np.hypot(x - a, y - b).argmin()) for a, b in places]
    row = np.round(section["depth"].values / step_m).astype(int)
    return truth[np.ix_(np.minimum(row, len(truth) - 1), column)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--section", default=ROOT / "runs" / "sample_line" / "velocity.zarr")
    section = open_section(parser.parse_args().section)
    truth = true_velocity(section)
    stated = load_checkpoint("marine_sample").trend
    assert stated is not None, "the shipped checkpoint has a trend"
    trend = VelocityTrend.from_dict(stated)(section["depth"].values)[:, None]
    inside = (truth >= section["velocity_lower"]) & (truth <= section["velocity_upper"])
    print(f"prediction      MAE {np.abs(section['velocity'].values - truth).mean():6.1f} m/s")
    print(f"starting trend  MAE {np.abs(trend - truth).mean():6.1f} m/s")
    print(f"inside the 80 % interval {100 * float(inside.mean()):.0f} %")


if __name__ == "__main__":
    main()
