"""Full-waveform inversion of windows that share an acquisition; see ``fwi_section``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import ShapeError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi_bands import with_bands
from geoml.physics.fwi_noise import noise_share, suited_to_noise
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_section import invert_waveforms
from geoml.physics.fwi_shots import ShotSet

Progress = Callable[[int, int], None]
"""Called with (iterations done, iterations in all)."""


def refine_windows_fwi(
    velocity: ArrayLike,
    observed: ArrayLike,
    acquisition: AcquisitionLike,
    options: FwiOptions | None = None,
    *,
    std: ArrayLike | None = None,
    edges: ArrayLike | None = None,
    fixed: NDArray[np.bool_] | None = None,
    state: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[FwiResult]:
    """Sections of windows that share an acquisition, each refined by its own gathers.

    Args:
        velocity: Where each begins [m/s], shape (model, depth, distance) or (depth, distance).
        observed: Gathers, shape (model, shot, receiver, time) or without ``model``.
        acquisition: Positions, sampling and wavelet of all of them.
        options: How the models follow the waveforms. None for the defaults, held together by
            ``suited_to_noise`` where the gathers before the first arrivals are noisy.
        std: Spread of the start [m/s], shape of ``velocity``; see ``FwiOptions``.
        edges: Probability of an edge [1], shape of ``velocity``.
        fixed: Cells that stay as they are, shape (depth, distance).
        state: Folder for what a killed run needs to go on; it is left empty at the end.
        device: Where torch computes.
        progress: Told the iterations done of all models.

    Returns:
        One result a model.

    Raises:
        ShapeError: If the shapes do not fit.
        PhysicsError: If a velocity or the acquisition cannot be modelled.
    """
    start = np.asarray(velocity, dtype=np.float32)
    start = start[None] if start.ndim == 2 else start
    gathers = np.asarray(observed, dtype=np.float32)
    gathers = gathers[None] if gathers.ndim == 3 else gathers
    if start.ndim != 3 or gathers.ndim != 4 or len(start) != len(gathers):
        raise ShapeError(
            f"Velocity has shape {np.shape(velocity)} and gathers {np.shape(observed)}; needed "
            "(model, depth, distance) and (model, shot, receiver, time)."
        )
    chosen = with_bands(options or FwiOptions(), acquisition)
    spreads, probabilities = (
        _as_models(name, values, start.shape) for name, values in (("std", std), ("edges", edges))
    )
    assert chosen.bands_hz is not None
    per_model = chosen.iterations * (len(chosen.bands_hz) + chosen.layer_rounds)
    results = []
    for number, (model, shots) in enumerate(zip(start, gathers, strict=True)):
        base = number * per_model
        suited = chosen
        if options is None:
            share = noise_share(shots, acquisition, chosen.max_velocity_m_s)
            suited = suited_to_noise(chosen, share, spreads is not None)

        def told(done: int, _: int, base: int = base) -> None:
            if progress is not None:
                progress(base + done, per_model * len(start))

        results.append(
            invert_waveforms(
                model,
                acquisition.spacing_m,
                [ShotSet(acquisition, shots)],
                suited,
                std=None if spreads is None else spreads[number],
                edges=None if probabilities is None else probabilities[number],
                fixed=fixed,
                state=None if state is None else state / f"model_{number}.npz",
                device=device,
                progress=told,
            )
        )
    return results


def _as_models(
    name: str, values: ArrayLike | None, shape: tuple[int, ...]
) -> NDArray[np.float32] | None:
    """An optional section a model."""
    if values is None:
        return None
    array = np.asarray(values, dtype=np.float32)
    array = array[None] if array.ndim == 2 else array
    if array.shape != shape:
        raise ShapeError(f"'{name}' has shape {array.shape}; velocity has {shape}.")
    return array
