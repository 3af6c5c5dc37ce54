"""Pairs over velocity models that are given, not drawn: benchmark sets, windows of a section."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.grid import choose_grid
from geoml.survey.acquisition import Acquisition
from geoml.synthetic.generate import fill_pairs
from geoml.synthetic.recipe import PairRecipe
from geoml.synthetic.velocity_range import VelocityRange

_CHECKED_AT_ONCE = 500


class Models(Protocol):
    """Velocity models in order, such as ``geoml.readers.velocity_arrays.VelocityArrays``."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a model."""
        ...

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Models ``start`` to ``stop`` [m/s], shape (sample, depth, distance)."""
        ...


@dataclass(frozen=True)
class HeldModels:
    """Velocity models in memory.

    Attributes:
        velocity: [m/s], shape (sample, depth, distance).
    """

    velocity: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a model."""
        return self.velocity.shape[1], self.velocity.shape[2]

    def __len__(self) -> int:
        return len(self.velocity)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Models ``start`` to ``stop`` [m/s], shape (sample, depth, distance)."""
        return self.velocity[start:stop]


@dataclass(frozen=True, eq=False, kw_only=True)
class GivenModels(PairRecipe):
    """A recipe whose models are read in order; it needs no families.

    Attributes:
        models: At least as many as pairs are made.
    """

    models: Models

    def check_families(self) -> None:
        """Nothing is drawn."""

    def draw_velocity(self, index: int) -> tuple[NDArray[np.float32], int, np.random.Generator]:
        """Velocity model [m/s] of one pair, family 0, and the pair's generator."""
        model = np.array(self.models.read(index, index + 1)[0], dtype=np.float32)
        return model, 0, np.random.default_rng([self.seed, index])


def model_pairs(
    path: str | Path,
    acquisition: Acquisition,
    models: Models,
    *,
    velocity_range: VelocityRange,
    name: str = "given",
    count: int | None = None,
    seed: int = 0,
    provenance: Mapping[str, Any] | None = None,
    batch: int = 16,
    workers: int = 1,
    device: str = "cpu",
    accuracy: int = 8,
    cells_per_wavelength: float | None = None,
    wavelet_phase_deg: float = 0.0,
    wavelet_gain_db: float = 0.0,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Fill a pair store with shots over given models; an interrupted one is continued.

    Args:
        path: The store.
        acquisition: Geometry, sampling and wavelet of the shots; its grid is the models'.
        models: Velocity models in order.
        velocity_range: Its limits must hold the models: they fix cell size and time step, and
            what a network may be trained on.
        name: What the store calls the models' family.
        count: How many of them, from the first on; None for all.
        seed: For a wavelet that varies.
        provenance: Where the models came from, as JSON.
        batch: Pairs modelled at once.
        workers: Processes.
        device: Where torch models the shots.
        accuracy: Order of the spatial stencil, 4 or 8.
        cells_per_wavelength: Cells in the shortest wavelength.
        wavelet_phase_deg: Largest rotation of the wavelet's phase, either way [degrees].
        wavelet_gain_db: Standard deviation of the wavelet's gain [dB].
        overwrite: Replace a store that is there.
        progress: Called with (pairs done, pairs in all).
        announce: Called with one line on the grid of the simulation.

    Raises:
        ShapeError: If the models' grid is not the acquisition's.
        OptionError: If fewer models are there than asked for.
        PhysicsError: If a model leaves the limits; the message counts them.
    """
    needed = (acquisition.n_depth, acquisition.n_distance)
    if models.shape != needed:
        raise ShapeError(
            f"Models of {models.shape[0]} x {models.shape[1]} cells; the acquisition's section "
            f"has {needed[0]} x {needed[1]}. Cut windows of a section, or take another preset."
        )
    wanted = len(models) if count is None else count
    if not 0 < wanted <= len(models):
        raise OptionError(f"{wanted} of {len(models)} models are asked for; 1 to {len(models)}.")
    digest = _checked(models, wanted, velocity_range.limits_m_s)
    grid = choose_grid(
        *velocity_range.limits_m_s,
        acquisition.max_frequency_hz,
        acquisition.spacing_m,
        acquisition.dt_s,
        accuracy,
        cells_per_wavelength,
    )
    if announce is not None:
        announce(grid.note)
    recipe = GivenModels(
        acquisition,
        (),
        velocity_range,
        seed,
        grid.spacing_m,
        grid.accuracy,
        wavelet_phase_deg,
        wavelet_gain_db,
        models=models,
    )
    attrs = {
        "families": [name],
        "recipe": {
            "count": wanted,
            "seed": seed,
            "models_sha256": digest,
            "simulation_spacing_m": grid.spacing_m,
            "accuracy": grid.accuracy,
            "wavelet_phase_deg": wavelet_phase_deg,
            "wavelet_gain_db": wavelet_gain_db,
        },
        "steps": [],
        "provenance": {**(provenance or {}), "simulation_grid": grid.note},
    }
    fill_pairs(
        path, recipe, wanted, attrs,
        batch=batch, workers=workers, device=device, overwrite=overwrite, progress=progress,
    )  # fmt: skip


def _checked(models: Models, count: int, limits_m_s: tuple[float, float]) -> str:
    """SHA-256 of the models, all of which lie within the limits."""
    low, high = (float(np.float32(limit)) for limit in limits_m_s)
    digest, n_outside, extremes = hashlib.sha256(), 0, [np.inf, -np.inf]
    for start in range(0, count, _CHECKED_AT_ONCE):
        block = np.asarray(models.read(start, min(start + _CHECKED_AT_ONCE, count)), np.float32)
        least, most = block.min(axis=(1, 2)), block.max(axis=(1, 2))
        # Not the other way round: NaN lies within nothing.
        n_outside += int((~((least >= low) & (most <= high))).sum())
        extremes = [min(extremes[0], float(least.min())), max(extremes[1], float(most.max()))]
        digest.update(block.tobytes())
    if n_outside:
        raise PhysicsError(
            f"{n_outside} of {count} models leave the velocity range {low:g} to {high:g} m/s (they "
            f"reach from {extremes[0]:g} to {extremes[1]:g}); widen the range or choose models."
        )
    return digest.hexdigest()
