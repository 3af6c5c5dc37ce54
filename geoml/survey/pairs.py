"""Training pairs on disk: simulated shots and the velocity models they were shot over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from geoml.errors import ShapeError, StoreError
from geoml.survey.acquisition import Acquisition
from geoml.survey.store_files import check_target, part_path, plain_json, replace_store

PAIRS_VERSION = "1"


class PairWriter:
    """Appends whole shards of pairs to a store and knows how many are there.

    Attributes:
        n_done: Pairs that are safely stored.
        count: Pairs that the store will hold.
        shard_samples: Pairs a shard.
        attrs: Attributes of the store.
    """

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self._path = path
        self._group = group
        self._arrays: dict[str, Any] = {name: group[name] for name in _DTYPES}
        self.attrs: dict[str, Any] = dict(group.attrs)
        self.n_done = int(self.attrs["n_done"])
        self.count = int(self._arrays["velocity"].shape[0])
        self.shard_samples = int(self.attrs["shard_samples"])

    def write(
        self,
        start: int,
        amplitude: NDArray[np.float32],
        velocity: NDArray[np.float32],
        family: NDArray[np.integer[Any]],
    ) -> None:
        """Store the pairs from ``start`` on: whole shards, or the store's last part.

        Args:
            start: First pair, equal to ``n_done``.
            amplitude: Processed like the survey, shape (sample, shot, receiver, time).
            velocity: Velocity [m/s], shape (sample, depth, distance).
            family: Number of each model's family in the attribute ``families``, shape (sample,).

        Raises:
            ShapeError: If the block leaves a gap, does not fill whole shards, or does not fit.
        """
        stop = start + len(velocity)
        whole = stop == self.count or (stop % self.shard_samples == 0 and stop < self.count)
        if start != self.n_done or not whole or stop == start:
            raise ShapeError(
                f"Pairs {start} to {stop} do not follow the {self.n_done} stored ones in whole "
                f"shards of {self.shard_samples} (of {self.count} in all)."
            )
        blocks = {"amplitude": amplitude, "velocity": velocity, "family": family}
        for name, block in blocks.items():
            needed = (stop - start, *self._arrays[name].shape[1:])
            if np.shape(block) != needed:
                raise ShapeError(f"'{name}' has shape {np.shape(block)}; {needed} is needed.")
        for name, block in blocks.items():
            self._arrays[name][start:stop] = np.asarray(block, dtype=_DTYPES[name])
        first = int(self.attrs.get("first_seed_index", 0))
        self._arrays["seed_index"][start:stop] = first + np.arange(start, stop)
        # After the data: a killed writer resumes before the shard it was in.
        self._group.attrs["n_done"] = stop
        self.n_done = stop

    def shorten(self) -> None:
        """Let the store hold what it holds now and no more."""
        for array in self._arrays.values():
            array.resize((self.n_done, *array.shape[1:]))
        self.count = self.n_done

    def finish(self, **attrs: Any) -> None:
        """Mark the store complete and give it its name.

        Raises:
            StoreError: If pairs are missing.
        """
        if self.n_done < self.count:
            raise StoreError(f"{self._path}: {self.n_done} of {self.count} pairs are there.")
        self._group.attrs.update({**plain_json(attrs), "complete": True})
        replace_store(part_path(self._path), self._path)


def create_pairs(
    path: str | Path,
    acquisition: Acquisition,
    count: int,
    attrs: Mapping[str, Any],
    *,
    shard_samples: int = 64,
    chunk_samples: int = 8,
    overwrite: bool = False,
) -> PairWriter:
    """Lay out a pair store; until ``finish`` it stands beside its target as ``.NAME.part``.

    Args:
        path: The store to make.
        acquisition: Fixes every shape.
        count: Pairs it will hold, at least 1.
        attrs: ``steps``, ``families`` and ``provenance``, as JSON.
        shard_samples: Pairs a shard: what one task writes.
        chunk_samples: Pairs a chunk: what one read decodes; divides ``shard_samples``.
        overwrite: Replace a store that is already there, at ``finish``.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
        ShapeError: If a count is below 1 or chunks do not divide shards.
    """
    path = Path(path)
    check_target(path, overwrite)
    if count < 1 or chunk_samples < 1 or shard_samples % chunk_samples:
        raise ShapeError(
            f"{count} pairs in shards of {shard_samples} and chunks of {chunk_samples}: at least "
            "1 pair, and chunks that divide shards, are needed."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(path)
    if part.exists():
        shutil.rmtree(part)
    group = zarr.open_group(part, mode="w", zarr_format=3)
    marks: dict[str, Any] = {
        "pairs_version": PAIRS_VERSION,
        "complete": False,
        "n_done": 0,
        "shard_samples": shard_samples,
        "acquisition": acquisition.to_dict(),
    }
    group.attrs.update({**plain_json(dict(attrs)), **marks})
    for name, dims in _DIMS.items():
        inner = _shape(acquisition, dims)
        array = group.create_array(
            name,
            shape=(count, *inner),
            chunks=(chunk_samples, *inner),
            shards=(shard_samples, *inner),
            dtype=_DTYPES[name],
            dimension_names=("sample", *dims),
        )
        array.attrs.update(_ATTRS[name])
    for axis, values in (
        ("time", acquisition.time_s),
        ("depth", acquisition.depth_m),
        ("distance", acquisition.distance_m),
    ):
        coordinate = group.create_array(
            axis, shape=values.shape, chunks=values.shape, dtype="f8", dimension_names=(axis,)
        )
        coordinate[:] = values
        coordinate.attrs["units"] = "s" if axis == "time" else "m"
    return PairWriter(path, group)


def resume_pairs(path: str | Path) -> PairWriter:
    """The writer of a store that was interrupted, after its last whole shard.

    Raises:
        StoreError: If there is nothing to resume.
    """
    path = Path(path)
    part = part_path(path)
    if not (part / "zarr.json").is_file():
        state = "is complete" if path.exists() else "was never begun"
        raise StoreError(f"{path}: nothing to resume, the store {state}.")
    group = zarr.open_group(part, mode="r+", zarr_format=3)
    if any(name not in group for name in _DTYPES):
        raise StoreError(f"{part}: was interrupted before it was laid out; remove it.")
    return PairWriter(path, group)


def open_pairs(path: str | Path, partial: bool = False) -> xr.Dataset:
    """A pair store, read when it is used.

    Args:
        path: The store.
        partial: Accept one that is still being written, cut to the pairs it holds.

    Raises:
        StoreError: If there is none, or it is incomplete or of another version.
    """
    path = Path(path)
    place = part_path(path) if partial and not path.exists() else path
    if not (place / "zarr.json").is_file():
        begun = part_path(path).exists()
        state = "is incomplete; run 'geoml simulate' again to resume" if begun else "does not exist"
        raise StoreError(f"{path}: the pair store {state}.")
    pairs = xr.open_zarr(place, consolidated=False)
    if pairs.attrs.get("pairs_version") != PAIRS_VERSION:
        raise StoreError(
            f"{path}: not a pair store of version {PAIRS_VERSION}; 'geoml simulate' writes one."
        )
    if not pairs.attrs["complete"]:
        if not partial:
            raise StoreError(f"{path}: incomplete; run 'geoml simulate' again to resume.")
        pairs = pairs.isel(sample=slice(0, int(pairs.attrs["n_done"])))
    return pairs


def pair_modelling(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """How the gathers of a store were modelled, where that left its mark on them.

    On cells as large as the section's own a stencil's dispersion is in the gathers, and whoever
    compares other gathers with them has to model likewise. Finer cells were chosen to carry the
    band, and those that carry it do as well.

    Args:
        attrs: Of the store.

    Returns:
        ``accuracy`` and ``simulation_spacing_m``, or nothing.
    """
    how = attrs.get("modelling") or attrs.get("recipe") or {}
    names = ("accuracy", "simulation_spacing_m")
    if any(name not in how for name in names):
        return {}
    coarse = how["simulation_spacing_m"] > 0.999 * attrs["acquisition"]["spacing_m"]
    return {name: how[name] for name in names} if coarse else {}


def _shape(acquisition: Acquisition, dims: tuple[str, ...]) -> tuple[int, ...]:
    sizes = {
        "shot": acquisition.n_shots,
        "receiver": acquisition.n_receivers,
        "time": acquisition.n_samples,
        "depth": acquisition.n_depth,
        "distance": acquisition.n_distance,
    }
    return tuple(sizes[dim] for dim in dims)


_DIMS: dict[str, tuple[str, ...]] = {
    "amplitude": ("shot", "receiver", "time"),
    "velocity": ("depth", "distance"),
    "family": (),
    "seed_index": (),
}
_DTYPES = {"amplitude": "f4", "velocity": "f4", "family": "i4", "seed_index": "i8"}
_ATTRS: dict[str, dict[str, str]] = {
    "amplitude": {"long_name": "simulated amplitude, processed like the survey"},
    "velocity": {"long_name": "P velocity", "units": "m/s"},
    "family": {"long_name": "number of the model's family in the attribute 'families'"},
    "seed_index": {"long_name": "second part of the model's seed"},
}
