"""2-D acoustic shots with deepwave: positions in metres, amplitudes that do not depend on the grid.

Solves (1 / v^2) d2p/dt2 - laplacian(p) = w(t) delta(x - x_s) in constant density, so that the
record of a wavelet w in a homogeneous medium is w convolved with
H(t - r/v) / (2 pi sqrt(t^2 - r^2/v^2)), whatever the cell size and the time step, from one cell of
offset on: nearer than that the field rises without end and the grid cuts it off (``near_source``).

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

from geoml.errors import OptionError
from geoml.physics.simulation_model import (
    WINDOW_CELLS,
    extended,
    fastest_velocity,
    positions,
    refined,
    velocity_models,
)
from geoml.physics.time_axis import record_operator, source_on_steps, stable_step_s

Floats = NDArray[np.float64]

# deepwave tells at every off-grid position that its 0.0.27 placed some of them wrongly.
warnings.filterwarnings("ignore", category=deepwave.MigrationWarning, module=__name__)

# Energy of a band-limited wavelet peaks near 0.4 of its highest frequency; the absorbing layer
# is tuned there.
_DOMINANT_FRACTION = 0.4


class AcquisitionLike(Protocol):
    """What wave physics reads of an acquisition; ``geoml.survey.acquisition`` has it all."""

    @property
    def source_distance_m(self) -> Floats: ...  # noqa: D102

    @property
    def source_depth_m(self) -> Floats: ...  # noqa: D102

    @property
    def receiver_distance_m(self) -> Floats: ...  # noqa: D102

    @property
    def receiver_depth_m(self) -> Floats: ...  # noqa: D102

    @property
    def dt_s(self) -> float: ...  # noqa: D102

    @property
    def n_samples(self) -> int: ...  # noqa: D102

    @property
    def spacing_m(self) -> float: ...  # noqa: D102

    @property
    def wavelet(self) -> Floats: ...  # noqa: D102

    @property
    def wavelet_start_s(self) -> float: ...  # noqa: D102

    @property
    def max_frequency_hz(self) -> float: ...  # noqa: D102

    @property
    def free_surface(self) -> bool: ...  # noqa: D102


def model_acquisition(
    velocity: ArrayLike | torch.Tensor, acquisition: AcquisitionLike, **options: Any
) -> torch.Tensor:
    """Shots of an acquisition over velocity models on its target grid.

    Args:
        velocity: [m/s], shape (depth, distance) or (model, depth, distance).
        acquisition: Positions, sampling, wavelet and surface.
        **options: As in ``model_shots``: ``max_velocity_m_s``, ``simulation_spacing_m``,
            ``accuracy``, ``device``, ``pad_m``, ``absorbing_cells``, ``gradient_steps``,
            ``checkpoint_segments``.

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
    gradient_steps: int = 1,
    checkpoint_segments: int | None = None,
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
        gradient_steps: Time steps between the snapshots that a gradient is summed over. The sum
            loses nothing while they sample twice the highest frequency, and takes so many times
            less memory.
        checkpoint_segments: Pieces that a gradient re-models one by one, so that only one of
            them lies in memory; None keeps all.
        device: Where torch computes.

    Returns:
        Pressure, float32, shape (model, shot, receiver, time); one model for a 2-D velocity.

    Raises:
        OptionError: If ``accuracy`` is not 4 or 8, or ``gradient_steps`` not above 0.
        PhysicsError: If the velocity is not above 0, exceeds ``max_velocity_m_s``, a position
            lies on or above a free surface, or the spacings do not divide.
        ShapeError: If the positions' shapes differ.
    """
    if accuracy not in (4, 8):
        raise OptionError(f"Stencil order {accuracy} is not offered; choose 4 or 8.")
    if gradient_steps < 1:
        raise OptionError(f"'gradient_steps' is {gradient_steps}; it must be above 0.")
    sources, receivers = positions(
        source_distance_m, source_depth_m, receiver_distance_m, receiver_depth_m
    )
    models = velocity_models(velocity, device)
    fastest = fastest_velocity(models, max_velocity_m_s)
    spacing = spacing_m if simulation_spacing_m is None else simulation_spacing_m
    models = refined(models, spacing_m, spacing)
    points = np.concatenate([sources[:, None], receivers], axis=1)
    models, origin = extended(models, points, spacing, free_surface, pad_m)

    step = dt_s / int(np.ceil(dt_s / stable_step_s(spacing, fastest, accuracy)))
    begin = min(0.0, wavelet_start_s)
    # A little longer than the record: its end is tapered, so that it does not ring back.
    n_steps = int(np.ceil(((n_samples - 1) * dt_s - begin + 1.5 / max_frequency_hz) / step)) + 1
    whole = gradient_steps * (checkpoint_segments or 1)
    n_steps = whole * int(np.ceil(n_steps / whole))
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
        max_velocity_m_s=fastest,
        gradient_steps=gradient_steps,
        checkpoint_segments=checkpoint_segments,
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
    gradient_steps: int,
    checkpoint_segments: int | None,
) -> torch.Tensor:
    """Records on the steps of the simulation, shape (model * shot, receiver, step)."""
    n_models, n_shots = models.shape[0], sources.shape[0]

    def tensor(array: Floats) -> torch.Tensor:
        return torch.as_tensor(array, dtype=models.dtype, device=models.device)

    return deepwave.scalar(
        # One model serves all its shots unrepeated, with the same bytes as a batch.
        models[0] if n_models == 1 else models.repeat_interleave(n_shots, dim=0),
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
        model_gradient_sampling_interval=gradient_steps,
        checkpoint_segments=checkpoint_segments,
        courant_number=_COURANT[accuracy],
        location_interpolation="hicks",
        location_interpolation_halfwidth=WINDOW_CELLS,
    ).receiver_amplitudes


# Just above the step that stable_step_s allows, so that deepwave takes it undivided.
_COURANT = {order: 1.001 * stable_step_s(1.0, 1.0, order) * np.sqrt(2.0) for order in (4, 8)}
