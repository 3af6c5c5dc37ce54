"""Pair stores to and from the arrays of OpenFWI.

References:
    Deng et al. (2022), OpenFWI: large-scale multi-structural benchmark datasets for full waveform
    inversion, NeurIPS Datasets and Benchmarks.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, OptionError, ShapeError, StoreError
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs
from geoml.survey.store import part_path, replace_store

# No ground is slower, and what is scaled or in km/s nowhere as fast.
_LEAST_M_S = 100.0


def pairs_to_openfwi(path: str | Path, folder: str | Path, *, per_file: int = 500) -> None:
    """Write ``data1.npy``, ``model1.npy``, ``data2.npy`` and so on.

    Data have shape (sample, shot, time, receiver), models (sample, 1, depth, distance) [m/s].

    Args:
        path: A pair store.
        folder: Folder to make.
        per_file: Pairs a file.

    Raises:
        StoreError: If the folder exists already.
        OptionError: If ``per_file`` is below 1.
    """
    if per_file < 1:
        raise OptionError(f"{per_file} pairs a file; at least 1 is needed.")
    pairs = open_pairs(path)
    folder = Path(folder)
    if folder.exists():
        raise StoreError(f"{folder} exists already; give another name.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(folder)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for number, start in enumerate(range(0, pairs.sizes["sample"], per_file), start=1):
        block = pairs.isel(sample=slice(start, start + per_file))
        data = block["amplitude"].transpose("sample", "shot", "time", "receiver")
        np.save(part / f"data{number}.npy", np.ascontiguousarray(data.values))
        np.save(part / f"model{number}.npy", block["velocity"].values[:, None])
    replace_store(part, folder)


def openfwi_to_pairs(
    data_files: Sequence[str | Path],
    velocity_files: Sequence[str | Path],
    path: str | Path,
    acquisition: Acquisition,
    attrs: Mapping[str, Any] | None = None,
    *,
    shard_samples: int = 64,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Read OpenFWI arrays into a pair store, one shard in memory at a time.

    Args:
        data_files: Arrays (sample, shot, time, receiver).
        velocity_files: Arrays (sample, 1, depth, distance) [m/s], in the same order.
        path: The store to make.
        acquisition: Positions, sampling and grid, which the arrays do not say.
        attrs: More attributes; ``families`` names one family for all.
        shard_samples: Pairs a shard.
        overwrite: Replace a store that is there.
        progress: Called with (pairs done, pairs in all).

    Raises:
        FileFormatError: If a file is no array, the lists do not pair, or values cannot be those of
            records and of velocities in m/s.
        ShapeError: If the arrays do not fit the acquisition.
    """
    if len(data_files) != len(velocity_files) or not data_files:
        raise FileFormatError(
            f"{len(data_files)} data and {len(velocity_files)} velocity files; as many of one as "
            "of the other, and at least one, are needed."
        )
    shots = (acquisition.n_shots, acquisition.n_samples, acquisition.n_receivers)
    grid = (1, acquisition.n_depth, acquisition.n_distance)
    data = [_mapped(file, shots) for file in data_files]
    models = [_mapped(file, grid) for file in velocity_files]
    for file, one, other in zip(data_files, data, models, strict=True):
        if len(one) != len(other):
            raise FileFormatError(f"{file}: {len(one)} records, but {len(other)} models.")
    ends = np.cumsum([len(array) for array in data])
    count = int(ends[-1])
    given = {"families": ["openfwi"], "steps": [], "provenance": {}, **(attrs or {})}
    chunk = next(size for size in (8, 4, 2, 1) if shard_samples % size == 0)
    writer = create_pairs(
        path,
        acquisition,
        count,
        given,
        shard_samples=shard_samples,
        chunk_samples=chunk,
        overwrite=overwrite,
    )
    for start in range(0, count, shard_samples):
        stop = min(start + shard_samples, count)
        amplitude = _rows(data, ends, start, stop).transpose(0, 1, 3, 2)
        velocity = _rows(models, ends, start, stop)[:, 0]
        _check_values(amplitude, velocity, start)
        writer.write(start, amplitude, velocity, np.zeros(stop - start, dtype=np.int32))
        if progress is not None:
            progress(stop, count)
    writer.finish()


def _mapped(file: str | Path, needed: tuple[int, ...]) -> NDArray[Any]:
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{file}: not an .npy array ({error}).") from None
    if array.ndim != len(needed) + 1 or array.shape[1:] != needed:
        raise ShapeError(
            f"{file}: shape {array.shape}; (sample, {', '.join(map(str, needed))}) is needed for "
            "this acquisition."
        )
    return array


def _check_values(
    amplitude: NDArray[np.float32], velocity: NDArray[np.float32], first: int
) -> None:
    """Refuse what no network can learn from, and models that are not in m/s."""
    low, high = float(velocity.min()), float(velocity.max())
    if not (low > 0 and _LEAST_M_S < high < np.inf):
        raise FileFormatError(
            f"The models from number {first} on hold {low:g} to {high:g}; absolute velocities in "
            "m/s are needed, neither scaled nor in km/s."
        )
    if not np.isfinite(amplitude).all():
        bad = first + int(np.flatnonzero(~np.isfinite(amplitude).all(axis=(1, 2, 3)))[0])
        raise FileFormatError(
            f"The record number {bad} holds samples that are not finite; leave its file out or "
            "mend it."
        )


def _rows(
    arrays: list[NDArray[Any]], ends: NDArray[np.integer[Any]], start: int, stop: int
) -> NDArray[np.float32]:
    parts = []
    for array, end in zip(arrays, ends, strict=True):
        first = int(end) - len(array)
        low, high = max(start, first), min(stop, int(end))
        if low < high:
            parts.append(np.asarray(array[low - first : high - first], dtype=np.float32))
    return np.concatenate(parts)
