"""Windows of a large velocity section on a target grid, for tests on models nobody trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError

Floats = NDArray[np.float64]

_TRIES = 50  # windows that are looked at for each one wanted, at most
_UNIFORM_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class SectionWindows:
    """Windows of a section and what was left out.

    Attributes:
        velocity: [m/s], float32, shape (window, depth, distance).
        first_distance_m: Where each window begins along the section [m], shape (window,).
        first_depth_m: Depth of each window's first row in the section [m], shape (window,).
        n_outside: Windows looked at and left out, as they exceed the velocity limits.
        n_uniform: Windows left out because one velocity fills half of them, such as water.
    """

    velocity: NDArray[np.float32]
    first_distance_m: Floats
    first_depth_m: Floats
    n_outside: int
    n_uniform: int

    @property
    def note(self) -> str:
        """What was kept and what was left out, one line."""
        return (
            f"{len(self.velocity)} windows kept; {self.n_outside} others exceed the velocity "
            f"range, {self.n_uniform} are half of one velocity."
        )


def cut_windows(
    section: xr.Dataset,
    n_windows: int,
    shape: tuple[int, int],
    spacing_m: float,
    *,
    limits_m_s: tuple[float, float] = (0.0, np.inf),
    clip: bool = False,
    seed: int = 0,
) -> SectionWindows:
    """Windows at random places, resampled by mean slowness, inside velocity limits.

    Args:
        section: Dataset with ``velocity`` [m/s] (depth, distance) on a square grid.
        n_windows: Windows wanted.
        shape: Rows and columns of a window.
        spacing_m: Cell size of a window [m]; a larger one sees more of the section.
        limits_m_s: Least and greatest velocity of a window [m/s].
        clip: Clip windows that exceed the limits instead of leaving them out; they are counted.
        seed: Same seed, same windows.

    Raises:
        ShapeError: If the section is smaller than a window.
        OptionError: If a number is below 1, or too few windows lie within the limits.
    """
    if n_windows < 1 or not spacing_m > 0:
        raise OptionError(f"{n_windows} windows of {spacing_m:g} m cells: both must be above 0.")
    values = np.asarray(section["velocity"].values)
    fine_m = _spacing(section)
    spare_m = [
        fine_m * count - spacing_m * wanted
        for count, wanted in zip(values.shape, shape, strict=True)
    ]
    if min(spare_m) < -1e-6:
        raise ShapeError(
            f"A window of {shape[0]} x {shape[1]} cells of {spacing_m:g} m does not fit a section "
            f"of {fine_m * values.shape[0]:g} x {fine_m * values.shape[1]:g} m; take a smaller "
            "spacing."
        )
    rng = np.random.default_rng(seed)
    kept: list[NDArray[np.float32]] = []
    places: list[tuple[float, float]] = []
    n_outside = n_uniform = 0
    for _ in range(_TRIES * n_windows):
        corner_m = tuple(float(rng.uniform(0, max(spare, 0))) for spare in spare_m)
        window = 1 / _mean_slowness(values, fine_m, corner_m, shape, spacing_m)
        if np.unique(np.round(window), return_counts=True)[1].max() > _UNIFORM_SHARE * window.size:
            n_uniform += 1
            continue
        if window.min() < limits_m_s[0] or window.max() > limits_m_s[1]:
            n_outside += 1
            if not clip:
                continue
        kept.append(np.clip(window, *limits_m_s).astype(np.float32))
        places.append(corner_m)  # type: ignore[arg-type]
        if len(kept) == n_windows:
            depth_m, distance_m = np.array(places).T
            depth_m = depth_m + float(section["depth"][0])
            distance_m = distance_m + float(section["distance"][0])
            return SectionWindows(np.stack(kept), distance_m, depth_m, n_outside, n_uniform)
    low, high = limits_m_s
    raise OptionError(
        f"Of {_TRIES * n_windows} windows {len(kept)} lie within {low:g} to {high:g} m/s, "
        f"{n_outside} exceed it and {n_uniform} are half of one velocity; {n_windows} are needed. "
        "Widen the range, or clip."
    )


def resampled(velocity: NDArray[np.floating], fine_m: float, spacing_m: float) -> Floats:
    """A section on coarser or finer cells of mean slowness, as many as fit [m/s].

    Args:
        velocity: [m/s], shape (depth, distance).
        fine_m: Its cell size [m].
        spacing_m: Cell size wanted [m].
    """
    shape = tuple(int(np.floor(fine_m * n / spacing_m + 1e-9)) for n in velocity.shape)
    return 1 / _mean_slowness(velocity, fine_m, (0.0, 0.0), shape, spacing_m)


def _spacing(section: xr.Dataset) -> float:
    steps = np.concatenate([np.diff(section[axis].values) for axis in ("depth", "distance")])
    if steps.size == 0 or np.ptp(steps) > 1e-3 * abs(steps).max():
        raise ShapeError("The section's cells are not square; resample it to one spacing.")
    return float(steps[0])


def _mean_slowness(
    velocity: NDArray[np.floating],
    fine_m: float,
    corner_m: tuple[float, ...],
    shape: tuple[int, ...],
    spacing_m: float,
) -> Floats:
    """Mean over each target cell [s/m], exact for velocities that are constant in their cells."""
    places = [
        (corner + spacing_m * np.arange(count + 1)) / fine_m
        for corner, count in zip(corner_m, shape, strict=True)
    ]
    # Only the part of the section that the window sees.
    first = [int(place[0]) for place in places]
    seen = tuple(
        slice(low, int(np.ceil(place[-1])) + 1) for low, place in zip(first, places, strict=True)
    )
    slowness = 1 / np.asarray(velocity[seen], dtype=np.float64)
    # Sums over all cells above and to the left of each corner of a cell.
    sums = np.pad(slowness.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    for axis, place in enumerate(places):
        inside = place - first[axis]
        low = np.clip(np.floor(inside).astype(int), 0, sums.shape[axis] - 2)
        part = np.clip(inside - low, 0, 1).reshape((-1, 1) if axis == 0 else (1, -1))
        sums = (1 - part) * sums.take(low, axis) + part * sums.take(low + 1, axis)
    return np.diff(np.diff(sums, axis=0), axis=1) * (fine_m / spacing_m) ** 2
