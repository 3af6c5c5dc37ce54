"""Sections that a velocity prior learns from: those of a store, or OpenFWI's .npy files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import OptionError, PhysicsError
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.survey.pairs import open_pairs


@dataclass(frozen=True, eq=False)
class VelocitySections:
    """Velocity sections on one grid.

    Attributes:
        velocity: [m/s], shape (section, depth, distance).
        spacing_m: Cell size [m].
        label: Number of each section's family, shape (section,).
        label_names: Names of the families.
        source: What they were read from, one word.
    """

    velocity: NDArray[np.float32]
    spacing_m: float
    label: NDArray[np.int64]
    label_names: tuple[str, ...]
    source: str

    def part(self, start: int, stop: int) -> VelocitySections:
        """Sections ``start`` to ``stop``."""
        return VelocitySections(
            self.velocity[start:stop],
            self.spacing_m,
            self.label[start:stop],
            self.label_names,
            self.source,
        )

    def split(self, held_out: float) -> tuple[VelocitySections, VelocitySections]:
        """All but the last sections, and those.

        Files are read in their order, so that sections of one file stay on one side.

        Raises:
            OptionError: If a part would be empty.
        """
        count = len(self.velocity)
        n_held = round(held_out * count)
        if not 0 < n_held < count:
            raise OptionError(
                f"{count} sections in {self.source}; too few to hold out {held_out:g} of them."
            )
        return self.part(0, count - n_held), self.part(count - n_held, count)


def read_velocity_sections(
    path: str | Path, spacing_m: float | None = None, count: int | None = None
) -> VelocitySections:
    """Sections of a store of pairs or models, or of a ``.npy`` file, a folder or a zip of them.

    Args:
        path: The store, as 'geoml simulate' or 'geoml generate' writes it, or the files.
        spacing_m: Cell size of arrays, which do not say it [m]; 10 if None, as in OpenFWI.
        count: The first so many; all if None.

    Raises:
        OptionError: If a store is given another cell size than its own.
        StoreError: If the store is incomplete.
        FileFormatError: If the arrays cannot be read.
        PhysicsError: If a velocity is no positive number.
    """
    path = Path(path)
    if (path / "zarr.json").is_file() or path.suffix == ".zarr":
        sections = _of_store(path, spacing_m, count)
    else:
        arrays = open_velocity_arrays(path)
        velocity = arrays.read(0, min(len(arrays), count or len(arrays)))
        sections = VelocitySections(
            velocity, spacing_m or 10.0, np.zeros(len(velocity), np.int64), ("given",), path.name
        )
    if not (sections.velocity > 0).all() or not np.isfinite(sections.velocity).all():
        raise PhysicsError(f"{path.name}: holds velocities that are no positive numbers.")
    return sections


def _of_store(path: Path, spacing_m: float | None, count: int | None) -> VelocitySections:
    if "model" in _dimensions(path):
        store = xr.open_zarr(path, consolidated=False).rename(model="sample")
    else:
        store = open_pairs(path)
    store = store.isel(sample=slice(0, count))
    own_m = float(store.distance[1] - store.distance[0])
    if spacing_m is not None and abs(spacing_m - own_m) > 1e-6 * own_m:
        raise OptionError(
            f"{path.name} has cells of {own_m:g} m, and {spacing_m:g} m is asked for; leave the "
            "cell size out."
        )
    names = tuple(str(name) for name in store.attrs.get("families", ("given",)))
    return VelocitySections(
        store["velocity"].values.astype(np.float32),
        own_m,
        store["family"].values.astype(np.int64),
        names,
        path.name,
    )


def _dimensions(path: Path) -> tuple[str, ...]:
    """Dimensions of the velocity in a store; none where it holds no velocity."""
    velocity = path / "velocity" / "zarr.json"
    if not velocity.is_file():
        return ()
    return tuple(json.loads(velocity.read_text(encoding="utf-8")).get("dimension_names") or ())


def scaled(velocity: NDArray[np.float32], limits_m_s: tuple[float, float]) -> Tensor:
    """Velocity in -1..1 of its range, shape (section, depth, distance).

    Raises:
        PhysicsError: If a section leaves the range.
    """
    low, high = limits_m_s
    least, most = float(velocity.min()), float(velocity.max())
    if least < low - 0.5 or most > high + 0.5:
        raise PhysicsError(
            f"Sections reach from {least:g} to {most:g} m/s, outside limits_m_s {low:g}..{high:g}; "
            "widen them."
        )
    return torch.as_tensor((velocity - low) * (2 / (high - low)) - 1, dtype=torch.float32)


def unscaled(sections: Tensor, limits_m_s: tuple[float, float]) -> NDArray[np.float32]:
    """Velocity [m/s] of scaled sections."""
    low, high = limits_m_s
    velocity: NDArray[np.float32] = (low + (sections.float() + 1) * ((high - low) / 2)).numpy()
    return velocity


def endless_batches(
    parts: dict[str, Tensor], batch_size: int, seed: int, mirror: bool
) -> Iterator[dict[str, Tensor]]:
    """Batches of pass after pass, each in an order of its own.

    Args:
        parts: ``velocity`` (section, depth, distance) and what else goes with each section.
        batch_size: Sections a batch; fewer where there are fewer.
        seed: Of the order.
        mirror: Half of the sections are mirrored.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(parts["velocity"])
    size = min(batch_size, count)
    while True:
        order = torch.randperm(count, generator=generator)
        for start in range(0, count - size + 1, size):
            chosen = order[start : start + size]
            batch = {name: values[chosen] for name, values in parts.items()}
            if mirror:
                turned = torch.rand(size, generator=generator) < 0.5
                velocity = batch["velocity"]
                batch["velocity"] = torch.where(turned[:, None, None], velocity.flip(2), velocity)
            yield batch
