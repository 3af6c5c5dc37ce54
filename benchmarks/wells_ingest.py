"""Two thousand generated LAS wells into one store: seconds and memory on two cores.

    .venv/bin/python benchmarks/wells_ingest.py [--count 2000] [--folder FOLDER]

Wells have 1,000 to 5,000 depths and nine curves; every fourth is in feet, every fifth decreases,
and every tenth is wrapped. The store is read back, well by well, and compared with what was drawn.
Aim: 60 s of wall time and 1 GB of memory of all processes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from process_cost import run_command

from geoml.survey.wells import wells

CURVES = (
    ("GR", "GAPI", 75, 30),
    ("CALI", "IN", 8.5, 0.3),
    ("ILD", "OHMM", 5, 2),
    ("ILM", "OHMM", 5, 2),
    ("SFLU", "OHMM", 5, 2),
    ("RHOB", "K/M3", 2450, 120),
    ("NPHI", "V/V", 0.22, 0.08),
    ("DT", "US/F", 90, 15),
    ("PEF", "B/E", 3, 0.8),
)
STANDARD_GR = "GR"


def write_well(path: Path, number: int) -> None:
    """One LAS 2.0 file, the same for the same number."""
    rng = np.random.default_rng((7, number))
    n = int(rng.integers(1000, 5001))
    unit, step = ("FT", 0.5) if number % 4 == 0 else ("M", 0.1524)
    depth = 500.0 + step * np.arange(n)
    if number % 5 == 0:
        depth, step = depth[::-1], -step
    values = np.stack([middle + spread * rng.normal(size=n) for *_, middle, spread in CURVES], 1)
    values[rng.random(values.shape) < 0.02] = -999.25
    wrapped = number % 10 == 3
    pattern = "%.4f" + ("\n" if wrapped else "") + " %.4f" * len(CURVES)
    table = np.column_stack([depth, values])
    body = ("\n".join([pattern] * n)) % tuple(table.ravel().tolist())
    curves = "\n".join(f"{name}.{unit_} : {name}" for name, unit_, *_ in CURVES)
    path.write_text(
        f"~Version\nVERS. 2.0 :\nWRAP. {'YES' if wrapped else 'NO'} :\n~Well\n"
        f"STRT.{unit} {depth[0]:.4f} :\nSTOP.{unit} {depth[-1]:.4f} :\nSTEP.{unit} {step} :\n"
        f"NULL. -999.25 :\nWELL. well {number} :\nFLD. field {number % 20} :\n"
        f"~Curve\nDEPT.{unit} :\n{curves}\n~Ascii\n{body}\n"
    )


def gamma_ray(number: int) -> np.ndarray:
    """The gamma ray that a file should give, downwards, NaN where missing."""
    rng = np.random.default_rng((7, number))
    n = int(rng.integers(1000, 5001))
    values = np.stack([middle + spread * rng.normal(size=n) for *_, middle, spread in CURVES], 1)
    values[rng.random(values.shape) < 0.02] = np.nan
    column = values[:, 0]
    return column[::-1] if number % 5 == 0 else column


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where the files are kept between runs")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="geoml-wells-"))
    las = folder / "las"
    las.mkdir(parents=True, exist_ok=True)
    for number in range(chosen.count):
        path = las / f"w{number:05d}.las"
        if not path.exists():
            write_well(path, number)
    size = sum(path.stat().st_size for path in las.glob("*.las"))
    store = folder / "wells.zarr"
    shutil.rmtree(store, ignore_errors=True)
    program = Path(sys.executable).with_name("geoml")
    cost = run_command([str(program), "wells", "ingest", str(las), str(store)])
    print(f"{chosen.count} files, {size / 1e6:.0f} MB, {len(os.sched_getaffinity(0))} cores")
    print(f"ingest {cost.wall_s:.1f} s, {cost.cpu_s:.1f} CPU s, {cost.anonymous_mb:.0f} MB")
    start, worst, n_wells = time.perf_counter(), 0.0, 0
    for number, (name, well) in enumerate(wells(store)):
        assert name == f"well {number}"
        found, drawn = well[STANDARD_GR].values, gamma_ray(number)
        assert (np.isnan(found) == np.isnan(drawn)).all(), name
        worst = max(worst, float(np.nanmax(np.abs(found - drawn))))
        n_wells += 1
    print(
        f"{n_wells} wells read back in {time.perf_counter() - start:.1f} s, drawn anew beside them"
    )
    print(f"largest error of the gamma ray {worst:.1e} gAPI (printed to 5e-05)")
    if chosen.folder is None:
        shutil.rmtree(folder)
    within = cost.wall_s <= 60 and cost.anonymous_mb <= 1000 and worst < 1e-4
    sys.exit(0 if within or chosen.count != 2000 else 1)


if __name__ == "__main__":
    main()
