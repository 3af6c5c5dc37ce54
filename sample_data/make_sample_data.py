"""Write the sample line, its true section and a well; the same seed gives the same files.

    python sample_data/make_sample_data.py

One machine writes the same bytes every time; another processor may differ in the last bits of a
sample. No foreign data went into the files.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import faulted_section as earth
import numpy as np
import segyio
from marine_line import Line, air_gun, record, spoil, write_line
from well_log import well_log, write_las

SEED = 20240611
FOLDER = Path(__file__).resolve().parent
WELL_DISTANCE_M = 1700.0
SECTION_SPACING_M = 10.0


def write_velocity(path: Path, line: Line) -> None:
    """The true section as SEG-Y: one trace a column, the sample interval in millimetres."""
    n_depth, n_distance = 121, 401
    velocity = earth.section(n_depth, n_distance, SECTION_SPACING_M).astype(np.float32)
    distance_m = np.arange(n_distance) * SECTION_SPACING_M
    east_m, north_m = line.east_north_m(distance_m)
    interval = round(1000 * SECTION_SPACING_M)
    spec = segyio.spec()
    spec.format = 5
    spec.samples = np.arange(n_depth) * SECTION_SPACING_M
    spec.tracecount = n_distance
    text = {
        1: "GEOML SAMPLE LINE, TRUE P VELOCITY IN M/S, NOT FIELD DATA",
        2: f"DEPTH STEP {SECTION_SPACING_M:g} M, WRITTEN AS MILLIMETRES; DATUM SEA LEVEL",
        3: "CDP X, Y BYTES 181, 185 IN CENTIMETRES",
        39: "SEG Y REV1",
        40: "END TEXTUAL HEADER",
    }
    with segyio.create(str(path), spec) as file:
        file.text[0] = segyio.tools.create_text_header(text)
        file.bin.update(
            {
                segyio.BinField.Interval: interval,
                segyio.BinField.Samples: n_depth,
                segyio.BinField.Format: 5,
                segyio.BinField.MeasurementSystem: 1,
                segyio.BinField.SEGYRevision: 1,
                segyio.BinField.TraceFlag: 1,
            }
        )
        for column in range(n_distance):
            file.header[column] = {
                segyio.TraceField.TRACE_SEQUENCE_LINE: column + 1,
                segyio.TraceField.TRACE_SEQUENCE_FILE: column + 1,
                segyio.TraceField.CDP: column + 1,
                segyio.TraceField.TraceIdentificationCode: 1,
                segyio.TraceField.SourceGroupScalar: -100,
                segyio.TraceField.CDP_X: round(100 * east_m[column]),
                segyio.TraceField.CDP_Y: round(100 * north_m[column]),
                segyio.TraceField.TRACE_SAMPLE_COUNT: n_depth,
                segyio.TraceField.TRACE_SAMPLE_INTERVAL: interval,
            }
            file.trace[column] = np.ascontiguousarray(velocity[:, column])


def write_signature(path: Path, line: Line) -> None:
    """The source signature, as a contractor delivers it: CSV of time [s] and amplitude."""
    amplitude = air_gun(line.dt_s)
    rows = [f"{i * line.dt_s:.3f},{value:.6f}" for i, value in enumerate(amplitude)]
    path.write_text("\n".join(["time_s,amplitude", *rows]) + "\n", encoding="ascii")


def replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the target and rename when complete."""
    unfinished = path.with_name(path.name + ".tmp")
    write(unfinished)
    os.replace(unfinished, path)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def main(folder: Path, line: Line, seed: int) -> None:
    """All files of the sample data."""
    line_rng, well_rng = (np.random.default_rng([seed, part]) for part in range(2))
    folder.mkdir(parents=True, exist_ok=True)
    logs = well_log(WELL_DISTANCE_M, well_rng)
    east_m, north_m = line.east_north_m(np.array(WELL_DISTANCE_M))
    replace(folder / "well_1.las", lambda path: write_las(path, logs, east_m, north_m))
    replace(folder / "marine_line_velocity.sgy", lambda path: write_velocity(path, line))
    replace(folder / "air_gun_signature.csv", lambda path: write_signature(path, line))
    gathers = spoil(record(line), line.dt_s, line_rng)
    replace(folder / "marine_line.sgy", lambda path: write_line(path, line, gathers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--shots", type=int, default=Line.n_shots, help="fewer for a quick look")
    arguments = parser.parse_args()
    main(arguments.out, Line(n_shots=arguments.shots), arguments.seed)
