"""2-D acoustic shots with deepwave: positions in metres, amplitudes that do not depend on the grid.

Solves (1 / v^2) d2p/dt2 - laplacian(p) = w(t) delta(x - x_s) in constant density, so that the
record of a wavelet w in a homogeneous medium is w convolved with
H(t - r/v) / (2 pi sqrt(t^2 - r^2/v^2)), whatever the cell size and the time step.

Depth 0 is the first row of the velocity model. A free surface lies exactly there; with an
absorbing top the first row goes on upward without end, as do the last row downward and the
outer columns sideways. Positions between grid nodes are spread by a windowed sinc, so nothing
is rounded and positions beyond the model are honoured by extending it.

References:
    Richardson, deepwave, doi:10.5281/zenodo.3829886. Hicks (2002), Geophysics 67(1), 156-165.
"""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import deepwave
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.time_axis import record_operator, source_on_steps, stable_step_s

Floats = NDArray[np.float64]

# deepwave tells at every off-grid position that its 0.0.27 placed some of them wrongly.
warnings.filterwarnings("ignore", category=deepwave.MigrationWarning, module=__name__)

# A window of 8 x 8 cells around a position must stay inside the model.
_WINDOW_CELLS = 4
# Energy of a band-limited wavelet peaks near 0.4 of its highest frequency; the absorbing layer
# is tuned there.
_DOMINANT_FRACTION = 0.4


class AcquisitionLike(Protocol):
    """What wave physics reads of an acquisition; ``geoml.survey.acquisition`` has it all."""

    source_distance_m: Floats
    source_depth_m: Floats
    receiver_distance_m: Floats
    receiver_depth_m: Floats
    dt_s: float
    n_samples: int
    spacing_m: float
    wavelet: Floats
    wavelet_start_s: float
    max_frequency_hz: float
    free_surface: bool


def model_acquisition(
    velocity: ArrayLike | torch.Tensor, acquisition: AcquisitionLike, **options: Any
) -> torch.Tensor:
    """Shots of an acquisition over velocity models on its target grid.

    Args:
        velocity: [m/s], shape (depth, distance) or (model, depth, distance).
        acquisition: Positions, sampling, wavelet and surface.
        **options: As in ``model_shots``: ``max_velocity_m_s``, ``simulation_spacing_m``,
            ``accuracy``, ``device``, ``pad_m``, ``absorbing_cells``.

    Returns:
        Pressure, shape (model, shot, receiver, time).
    """
    return model_shots(
        velocity,
        acquisition.spacing_m,
        source_distance_m=acquisition.source_distance_m,
        source_depth_m=acquisition.source_depth_m,
        receiver_distance_m=acquisition.receiver_distance_m,
        receiver_depth_m=acquisition.receiver_depth_m,
        wavelet=acquisition.wavelet,
        wavelet_start_s=acquisition.wavelet_start_s,
        dt_s=acquisition.dt_s,
        n_samples=acquisition.n_samples,
        free_surface=acquisition.free_surface,
        max_frequency_hz=acquisition.max_frequency_hz,
        **options,
    )


def model_shots(
    velocity: ArrayLike | torch.Tensor,
    spacing_m: float,
    *,
    source_distance_m: ArrayLike,
    source_depth_m: ArrayLike,
    receiver_distance_m: ArrayLike,
    receiver_depth_m: ArrayLike,
    wavelet: ArrayLike,
    wavelet_start_s: float,
    dt_s: float,
    n_samples: int,
    free_surface: bool,
    max_frequency_hz: float,
    max_velocity_m_s: float | None = None,
    simulation_spacing_m: float | None = None,
    accuracy: int = 8,
    pad_m: float = 0.0,
    absorbing_cells: int = 20,
    device: str | torch.device = "cpu",
) -> torch.Tensor:
    """Pressure at the receivers; differentiable with respect to ``velocity``.

    Args:
        velocity: [m/s], shape (depth, distance), or (model, depth, distance) for a batch that
            shares the positions.
        spacing_m: Cell size of ``velocity``, both ways [m].
        source_distance_m: From the first column [m], shape (shot,).
        source_depth_m: Below the first row [m], shape (shot,).
        receiver_distance_m: From the first column [m], shape (shot, receiver).
        receiver_depth_m: Below the first row [m], shape (shot, receiver).
        wavelet: Source time function at ``dt_s``, shape (time,).
        wavelet_start_s: Time of its first sample [s]; a negative one starts the simulation
            before the record does.
        dt_s: Sample interval of wavelet and record [s]; the record starts at time 0.
        n_samples: Samples a trace.
        free_surface: True where the pressure is zero at depth 0, False where the top absorbs.
        max_frequency_hz: Highest frequency with energy in the wavelet [Hz].
        max_velocity_m_s: Fixes the time step [m/s]; give it so that the records of one model
            do not depend on the others of a batch. By default the fastest cell.
        simulation_spacing_m: Cell size to simulate on [m], ``spacing_m`` over a whole number;
            by default ``spacing_m``. Slowness is interpolated linearly.
        accuracy: Order of the spatial stencil, 4 or 8.
        pad_m: Least extension of the model on the absorbing sides [m].
        absorbing_cells: Width of the absorbing layer beyond that.
        device: Where torch computes.

    Returns:
        Pressure, float32, shape (model, shot, receiver, time); one model for a 2-D velocity.

    Raises:
        OptionError: If ``accuracy`` is not 4 or 8.
        PhysicsError: If the velocity is not above 0, exceeds ``max_velocity_m_s``, a position
            lies on or above a free surface, or the spacings do not divide.
        ShapeError: If the positions' shapes differ.
    """
    if accuracy not in (4, 8):
        raise OptionError(f"Stencil order {accuracy} is not offered; choose 4 or 8.")
    sources, receivers = _positions(
        source_distance_m, source_depth_m, receiver_distance_m, receiver_depth_m
    )
    models = _models(velocity, device)
    max_velocity = _max_velocity(models, max_velocity_m_s)
    spacing = spacing_m if simulation_spacing_m is None else simulation_spacing_m
    models = _refined(models, spacing_m, spacing)
    points = np.concatenate([sources[:, None], receivers], axis=1)
    models, origin = _extended(models, points, spacing, free_surface, pad_m)

    step = dt_s / int(np.ceil(dt_s / stable_step_s(spacing, max_velocity, accuracy)))
    begin = min(0.0, wavelet_start_s)
    # A little longer than the record: its end is tapered, so that it does not ring back.
    n_steps = int(np.ceil(((n_samples - 1) * dt_s - begin + 1.5 / max_frequency_hz) / step)) + 1
    source = source_on_steps(
        np.asarray(wavelet, dtype=np.float64), wavelet_start_s - begin, dt_s, step, n_steps
    )
    records = _simulate(
        models,
        source / spacing**2,
        (sources - origin) / spacing,
        (receivers - origin) / spacing,
        spacing,
        step,
        boundary=("free" if free_surface else "pml", "pml", "pml", "pml"),
        absorbing_cells=absorbing_cells,
        accuracy=accuracy,
        pml_freq=_DOMINANT_FRACTION * max_frequency_hz,
        max_velocity_m_s=max_velocity,
    )
    operator = torch.from_numpy(record_operator(-begin, dt_s, n_samples, step, n_steps).copy())
    operator = operator.to(records.device, records.dtype)
    # One product a shot: the shape of a matrix product decides its rounding, and a record must
    # not depend on the size of the batch it was made in.
    shots = [shot @ operator for shot in records]
    return torch.stack(shots).reshape(models.shape[0], len(sources), -1, n_samples)


def _simulate(
    models: torch.Tensor,
    source: Floats,
    sources: Floats,
    receivers: Floats,
    spacing_m: float,
    step_s: float,
    *,
    boundary: tuple[str, ...],
    absorbing_cells: int,
    accuracy: int,
    pml_freq: float,
    max_velocity_m_s: float,
) -> torch.Tensor:
    """Records on the steps of the simulation, shape (model * shot, receiver, step)."""
    n_models, n_shots = models.shape[0], sources.shape[0]

    def tensor(array: Floats) -> torch.Tensor:
        return torch.as_tensor(array, dtype=models.dtype, device=models.device)

    return deepwave.scalar(
        models.repeat_interleave(n_shots, dim=0),  # (model * shot, depth, distance)
        spacing_m,
        step_s,
        # deepwave's right-hand side has the opposite sign.
        source_amplitudes=tensor(-source).expand(n_models * n_shots, 1, -1),
        source_locations=tensor(sources[:, None]).repeat(n_models, 1, 1),
        receiver_locations=tensor(receivers).repeat(n_models, 1, 1),
        accuracy=8 if accuracy == 8 else 4,
        pml_width=[0 if side == "free" else absorbing_cells for side in boundary],
        boundary=list(boundary),
        pml_freq=pml_freq,
        max_vel=max_velocity_m_s,
        courant_number=_COURANT[accuracy],
        location_interpolation="hicks",
        location_interpolation_halfwidth=_WINDOW_CELLS,
    ).receiver_amplitudes


# Just above the step that stable_step_s allows, so that deepwave takes it undivided.
_COURANT = {order: 1.001 * stable_step_s(1.0, 1.0, order) * np.sqrt(2.0) for order in (4, 8)}


def _positions(
    source_distance_m: ArrayLike,
    source_depth_m: ArrayLike,
    receiver_distance_m: ArrayLike,
    receiver_depth_m: ArrayLike,
) -> tuple[Floats, Floats]:
    """(depth, distance) of sources (shot, 2) and receivers (shot, receiver, 2) [m]."""
    source = [np.asarray(a, dtype=np.float64) for a in (source_depth_m, source_distance_m)]
    receiver = [np.asarray(a, dtype=np.float64) for a in (receiver_depth_m, receiver_distance_m)]
    fits = source[0].ndim == 1 and receiver[0].ndim == 2
    fits = fits and source[0].shape == source[1].shape and receiver[0].shape == receiver[1].shape
    if not fits or receiver[0].shape[0] != source[0].size:
        raise ShapeError(
            f"Sources have shapes {source[1].shape} and {source[0].shape}, receivers "
            f"{receiver[1].shape} and {receiver[0].shape}; needed (shot,) and (shot, receiver)."
        )
    positions = np.stack(source, axis=-1), np.stack(receiver, axis=-1)
    if not all(np.isfinite(p).all() for p in positions):
        raise PhysicsError(
            "Source or receiver positions hold NaN or Inf; give every one in metres."
        )
    return positions


def _models(velocity: ArrayLike | torch.Tensor, device: str | torch.device) -> torch.Tensor:
    """Velocity as float32, shape (model, depth, distance)."""
    models = torch.as_tensor(velocity).to(device=device, dtype=torch.float32)
    if models.ndim == 2:
        models = models[None]
    if models.ndim != 3 or min(models.shape) < 1:
        raise ShapeError(
            f"Velocity has shape {tuple(models.shape)}; needed (depth, distance) or "
            "(model, depth, distance)."
        )
    if not bool((torch.isfinite(models) & (models > 0)).all()):
        raise PhysicsError("Velocity holds values that are not above 0 m/s; give absolute m/s.")
    return models


def _max_velocity(models: torch.Tensor, limit_m_s: float | None) -> float:
    """The velocity that fixes the time step [m/s]."""
    fastest = float(models.detach().max())
    if limit_m_s is None:
        return fastest
    # float32 may round a velocity that was clipped at the limit just above it.
    if fastest > limit_m_s * (1 + 1e-6):
        raise PhysicsError(
            f"Velocity reaches {fastest:.0f} m/s, above max_velocity_m_s of {limit_m_s:.0f}; "
            "raise it, since the time step depends on it."
        )
    return max(fastest, limit_m_s)


def _refined(models: torch.Tensor, spacing_m: float, finer_m: float) -> torch.Tensor:
    """Models on a grid finer by a whole number, linear in slowness, first nodes shared."""
    factor = round(spacing_m / finer_m)
    if factor < 1 or abs(factor * finer_m - spacing_m) > 1e-6 * spacing_m:
        raise PhysicsError(
            f"Simulation spacing of {finer_m:g} m does not divide the model's {spacing_m:g} m; "
            "choose it over a whole number."
        )
    if factor == 1:
        return models
    shape = [(n - 1) * factor + 1 for n in models.shape[1:]]
    slowness = torch.nn.functional.interpolate(
        1 / models[:, None], size=shape, mode="bilinear", align_corners=True
    )
    return 1 / slowness[:, 0]


def _extended(
    models: torch.Tensor, points: Floats, spacing_m: float, free_surface: bool, pad_m: float
) -> tuple[torch.Tensor, Floats]:
    """Models grown by their edge values around every window, and (depth, distance) of cell 0 [m].

    Args:
        models: [m/s], shape (model, depth, distance).
        points: (depth, distance) of all positions [m], shape (shot, position, 2).
        spacing_m: Cell size [m].
        free_surface: Whether depth 0 reflects.
        pad_m: Least extension of absorbing sides [m].
    """
    low = points.min(axis=(0, 1)) / spacing_m
    high = points.max(axis=(0, 1)) / spacing_m
    if free_surface and low[0] <= 0:
        raise PhysicsError(
            f"A source or receiver lies {low[0] * spacing_m:g} m below the free surface, where "
            "the pressure is zero; give its depth, or use free_surface=False."
        )
    least = int(np.ceil(pad_m / spacing_m))
    n_depth, n_distance = models.shape[1:]
    top = max(least, int(np.ceil(-low[0])) + _WINDOW_CELLS, 0)
    bottom = max(least, int(np.ceil(high[0])) + _WINDOW_CELLS + 1 - n_depth, 0)
    left = max(least, int(np.ceil(-low[1])) + _WINDOW_CELLS, 0)
    right = max(least, int(np.ceil(high[1])) + _WINDOW_CELLS + 1 - n_distance, 0)
    if free_surface:
        # deepwave's free plane lies one cell above the first row it is given: drop row 0.
        models, top = models[:, 1:] if n_depth > 1 else models, 0
        origin_depth = spacing_m
    else:
        origin_depth = -top * spacing_m
    grown = torch.nn.functional.pad(models[:, None], (left, right, top, bottom), mode="replicate")
    return grown[:, 0], np.array([origin_depth, -left * spacing_m])
