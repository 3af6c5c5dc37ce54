"""The contests' wells as datasets, row by row as their files have them."""

from __future__ import annotations

import csv
import itertools
import os
from pathlib import Path

import lasio
import numpy as np
import xarray as xr
from scipy.ndimage import median_filter

from geoml.samples.log_table import LogTable

STEP_M = 0.1524
SPWLA_INPUTS = ("CNC", "GR", "HRD", "HRM", "ZDEN", "PE")
SPWLA_CUTS = (13_090, 19_910)
"""First rows of the second and third hole that the training file joins: the caliper jumps."""
SEG_INPUTS = ("GR", "ILD_log10", "DeltaPHI", "PHIND", "PE", "NM_M", "RELPOS")
SEG_CODES = tuple(range(1, 10))
SEG_NEIGHBOURS = ((2,), (1, 3), (2,), (5,), (4, 6), (5, 7, 8), (6, 8), (6, 7, 9), (7, 8))
FORCE_CODES = (
    30000, 65030, 65000, 80000, 74000, 70000, 70032, 88000, 86000, 99000, 90000, 93000,
)  # fmt: skip
"""Lithologies in the order of the contest's penalty matrix."""
FORCE_INPUTS = ("GR", "RDEP", "RMED", "RHOB", "NPHI", "DTC", "PEF", "SP", "DRHO", "CALI")


def read_csv(path: Path) -> dict[str, np.ndarray]:
    """Columns of a CSV file: numbers where all are numbers, -999 and empty cells as NaN."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns: dict[str, np.ndarray] = {}
    for name in rows[0]:
        text = [row[name] for row in rows]
        try:
            numbers = np.array([float(cell) if cell else np.nan for cell in text])
        except ValueError:
            columns[name] = np.array(text, dtype=object)
            continue
        columns[name] = np.where(numbers == -999, np.nan, numbers)
    return columns


def dataset(name: str, depth_m: np.ndarray, curves: dict[str, np.ndarray]) -> xr.Dataset:
    """A well from its columns; words become codes."""
    data = {}
    for curve, values in curves.items():
        attrs: dict[str, object] = {"units": "", "kind": "log"}
        if values.dtype == object:
            words = sorted(set(values))
            attrs |= {"kind": "text", "categories": words}
            values = np.array([words.index(word) for word in values], np.float64)
        data[curve] = ("depth", values.astype(np.float32), attrs)
    return xr.Dataset(data, {"depth": depth_m}, {"name": name, "well": name})


def despiked(values: np.ndarray, rows: int = 15, limit: float = 4.0) -> np.ndarray:
    """Outliers from the running median replaced by it; the scale is that of the neighbourhood."""
    known = np.isfinite(values)
    if known.sum() < rows:
        return values
    row = np.arange(values.size)
    bridged = np.interp(row, row[known], values[known])
    median = median_filter(bridged, rows)
    scale = 1.4826 * median_filter(np.abs(bridged - median), 101) + 1e-3 * np.nanstd(values)
    return np.where(known & (np.abs(bridged - median) > limit * scale), median, values)


def spwla(folder: Path, part: str) -> xr.Dataset:
    """The training or test file, outliers out, resistivities and gamma ray as logarithms."""
    columns = read_csv(folder / f"spwla2020_{part}.csv")
    limits = {"CNC": (0, 0.75), "ZDEN": (1.85, 3.1), "PE": (1, 30), "GR": (0, 2000)}
    ends = [0, *SPWLA_CUTS, len(columns["GR"])] if part == "train" else [0, len(columns["GR"])]
    for name in SPWLA_INPUTS:
        values = columns[name]
        if name in limits:
            low, high = limits[name]
            values = np.where((values >= low) & (values <= high), values, np.nan)
        if name in ("GR", "HRD", "HRM"):
            values = np.log10(np.clip(values, *((1, 400) if name == "GR" else (0.1, 100))))
        columns[name] = np.concatenate(
            [bridged(despiked(values[a:b])) for a, b in itertools.pairwise(ends)]
        )
    depth_m = STEP_M * np.arange(len(columns["GR"]))
    return dataset(f"spwla_{part}", depth_m, columns)


def bridged(values: np.ndarray, most_rows: int = 20) -> np.ndarray:
    """Gaps of at most that many rows on either side filled by straight lines."""
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 0:
        return values
    row = np.arange(values.size)
    after = known[np.clip(np.searchsorted(known, row), 0, known.size - 1)]
    before = known[np.clip(np.searchsorted(known, row, side="right") - 1, 0, known.size - 1)]
    near = np.minimum(np.abs(row - after), np.abs(row - before)) <= most_rows
    return np.where(near, np.interp(row, known, values[known]), np.nan)


def seg2016(folder: Path, file: str) -> tuple[list[xr.Dataset], list[np.ndarray]]:
    """The wells of a file of the facies contest, and the rows of the file that each one has."""
    columns = read_csv(folder / file)
    names = columns.pop("Well Name")
    depth_ft = columns.pop("Depth")
    wells, rows = [], []
    for name in dict.fromkeys(names):
        mine = np.flatnonzero(names == name)
        mine = mine[np.argsort(depth_ft[mine], kind="stable")]
        curves = {curve: values[mine] for curve, values in columns.items()}
        wells.append(dataset(str(name), 0.3048 * depth_ft[mine], curves))
        rows.append(mine)
    return wells, rows


def force2020(folder: Path) -> list[xr.Dataset]:
    """The FORCE wells of the folder, facies as their place in the penalty matrix."""
    wells = []
    for path in sorted((folder / "force2020").glob("*.las")):
        log = lasio.read(path)
        curves = {name: np.asarray(log[name], np.float64) for name in log.keys()}  # noqa: SIM118
        code = curves.pop("FORCE_2020_LITHOFACIES_LITHOLOGY")
        place = np.full(code.size, np.nan)
        for number, lithology in enumerate(FORCE_CODES):
            place[code == lithology] = number
        kept = {name: curves[name] for name in (*FORCE_INPUTS, "DTS") if name in curves}
        wells.append(
            dataset(path.stem, np.asarray(log.index, np.float64), {**kept, "LITHO": place})
        )
    return wells


def labelled_part(table: LogTable, margin_rows: int = 100) -> LogTable:
    """The rows from the first to the last target, and some around them."""
    known = np.flatnonzero(np.isfinite(table.targets).any(axis=1))
    first = max(int(known[0]) - margin_rows, 0)
    return table.taken(slice(first, int(known[-1]) + 1 + margin_rows))


def log_folder() -> Path:
    """Folder ``logs`` of the benchmark data."""
    root = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("GEOML_DATA", root / ".." / "shared" / "data")).resolve() / "logs"
