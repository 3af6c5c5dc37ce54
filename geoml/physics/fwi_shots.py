"""Observed shots of an inversion, and the same shots modelled through the current section."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.acoustic import AcquisitionLike, model_shots
from geoml.physics.fwi_bands import Band, band_traces, record_filter
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_parameter import illumination
from geoml.physics.fwi_wavelet import filtered, source_filter
from geoml.physics.near_source import far_traces

Floats = NDArray[np.float64]

_FILTER_S = 0.15
_LEAD_S = 0.05
_LEVEL_S = 0.2
_QUIETEST = 1e-2


@dataclass(frozen=True, eq=False)
class ShotSet:
    """Shots that are modelled together over one slice of a section.

    Attributes:
        acquisition: Their positions from the slice's first column, sampling and wavelet.
        observed: Shape (shot, receiver, time).
        weight: Gain that modelled gathers take and observed ones have already, 0 under a mute,
            same shape; None for none.
        columns: Columns of the section that make the slice, shape (distance,); a column may come
            up again beyond an end. None for the whole section.
    """

    acquisition: AcquisitionLike
    observed: NDArray[np.float32]
    weight: NDArray[np.float32] | None = None
    columns: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        needed = (*np.shape(self.acquisition.receiver_distance_m), self.acquisition.n_samples)
        for name in ("observed", "weight"):
            found = getattr(self, name)
            if found is not None and found.shape != needed:
                raise ShapeError(
                    f"'{name}' has shape {found.shape}; the acquisition needs (shot, receiver, "
                    f"time) of {needed}."
                )
        if not np.isfinite(self.observed).all():
            raise ShapeError("Observed gathers hold NaN or Inf; set dead traces to 0.")

    def lit(self, shape: tuple[int, int], spacing_m: float, velocity_m_s: float) -> Floats:
        """Illumination of the section by these shots [1], shape (depth, distance).

        Args:
            shape: Rows and columns of the section.
            spacing_m: Its cell size [m].
            velocity_m_s: Its mean velocity [m/s].
        """
        a, first_m = self.acquisition, 0.0
        if self.columns is not None:
            inside = int(np.argmax(np.diff(self.columns, append=self.columns[-1] + 1) > 0))
            first_m = float((self.columns[inside] - inside) * spacing_m)
        source = np.column_stack([a.source_depth_m, a.source_distance_m + first_m])
        receiver = np.stack([a.receiver_depth_m, a.receiver_distance_m + first_m], axis=-1)
        wavelength_m = velocity_m_s / (0.4 * a.max_frequency_hz)
        return illumination(shape, spacing_m, source, receiver, wavelength_m / 6)


def shots_digest(shots: Sequence[ShotSet], *more: NDArray[Any] | None) -> str:
    """SHA-256 of gathers, their positions and gains, and of other arrays."""
    digest = hashlib.sha256()
    for one in shots:
        a = one.acquisition
        positions = (a.source_distance_m, a.source_depth_m, a.receiver_distance_m)
        scales = np.array([a.dt_s, a.wavelet_start_s, a.free_surface, a.max_frequency_hz])
        more += (
            scales,
            *positions,
            a.receiver_depth_m,
            a.wavelet,
            one.observed,
            one.weight,
            one.columns,
        )
    for array in more:
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


class BandShots:
    """A set's gathers in one band.

    Args:
        shots: The set.
        band: The band.
        options: Misfit, weights, modelling.
        device: Where torch computes.
    """

    def __init__(
        self, shots: ShotSet, band: Band, options: FwiOptions, device: str | torch.device
    ) -> None:
        acquisition = shots.acquisition
        observed = band_traces(shots.observed, band, acquisition.dt_s)
        self.n_shots = observed.shape[0]
        self._shots, self._band, self._options, self._device = shots, band, options, device
        self._observed = self._tensor(observed)
        gain = np.ones((1, 1, 1)) if shots.weight is None else shots.weight[..., :: band.step]
        self._gain = self._tensor(gain)
        trace = _trace_weight(observed, options.trace_power) * _time_weight(
            observed, options.time_power, round(_LEVEL_S / band.dt_s)
        )
        held = np.zeros(observed.shape[1], dtype=bool)
        if options.held_out and held.size > 1:
            # Spreads too short for the first of so many give their last one.
            held[min(options.held_out // 2, held.size - 1) :: options.held_out] = True
        self._trace = self._tensor(trace)
        counted = _compared(acquisition, band.simulation_spacing_m)[..., None]
        self._kept = self._tensor(counted & ~held[:, None])
        self._held = self._tensor(counted & held[:, None])
        self._low_pass = self._tensor(record_filter(band)) if band.filters_records else None
        self._filters: torch.Tensor | None = None
        self._lead = 0

    @property
    def n_samples(self) -> int:
        """Samples of all traces in this band."""
        return self._observed.numel()

    def energy(self, held_out: bool = False) -> float:
        """What misfits are shares of: weighted energy, or the count of live traces."""
        if self._options.misfit == "correlation":
            alive = (self._observed != 0).any(-1)
            return float((self._which(held_out)[..., 0] * alive).sum())
        return float((self._which(held_out) * self._trace * self._observed**2).sum())

    def misfit(self, velocity: torch.Tensor) -> torch.Tensor:
        """Misfit over the fitted receivers, to be divided by ``energy``.

        Args:
            velocity: The whole section [m/s], shape (depth, distance).
        """
        return self.distance(self.modelled(velocity))

    def distance(self, modelled: torch.Tensor, held_out: bool = False) -> torch.Tensor:
        """Misfit of gathers that ``modelled`` gave."""
        which = self._which(held_out)
        if self._options.misfit == "correlation":
            return _correlation(modelled, self._observed, which[..., 0])
        return (which * self._trace * (modelled - self._observed) ** 2).sum()

    def residual(self, velocity: torch.Tensor) -> torch.Tensor:
        """Weighted residual whose squares sum to ``misfit`` of waveforms, shape (sample,)."""
        weight = torch.sqrt(self._kept * self._trace)
        return (weight * (self.modelled(velocity) - self._observed)).ravel()

    def modelled(self, velocity: torch.Tensor) -> torch.Tensor:
        """Gathers of the section behind the source's filter and the gain, as observed ones are."""
        records = self._records(velocity)
        if self._filters is not None:
            records = filtered(records, self._filters, self._lead)
        return records * self._gain

    def fit_source(self, velocity: torch.Tensor, each_shot: bool) -> Floats:
        """Filters of the source that suit a section, kept for what follows; shape (shot, tap)."""
        with torch.no_grad():
            records = self._records(velocity) * self._gain
        weight = torch.sqrt(self._trace * self._kept)
        made = (records * weight).double().cpu().numpy()
        seen = (self._observed * weight).double().cpu().numpy()
        length, lead = (max(1, round(s / self._band.dt_s)) for s in (_FILTER_S, _LEAD_S))
        groups = np.arange(self.n_shots)[:, None] if each_shot else [np.arange(self.n_shots)]
        filters = np.stack(
            [
                source_filter(
                    seen[group].reshape(-1, seen.shape[-1]),
                    made[group].reshape(-1, made.shape[-1]),
                    length,
                    lead,
                )
                for group in groups
            ]
        )
        self._filters, self._lead = self._tensor(filters), lead
        return filters

    def _records(self, velocity: torch.Tensor) -> torch.Tensor:
        """Pressure, shape (shot, receiver, time)."""
        a, band, options = self._shots.acquisition, self._band, self._options
        columns = self._shots.columns
        if columns is not None:
            velocity = velocity[:, torch.as_tensor(columns, device=velocity.device)]
        records = model_shots(
            velocity,
            a.spacing_m,
            source_distance_m=a.source_distance_m,
            source_depth_m=a.source_depth_m,
            receiver_distance_m=a.receiver_distance_m,
            receiver_depth_m=a.receiver_depth_m,
            wavelet=band.wavelet,
            wavelet_start_s=band.wavelet_start_s,
            dt_s=band.dt_s,
            n_samples=band.n_samples,
            free_surface=a.free_surface,
            max_frequency_hz=band.max_frequency_hz,
            max_velocity_m_s=options.max_velocity_m_s,
            simulation_spacing_m=band.simulation_spacing_m,
            accuracy=options.stencil,
            absorbing_cells=options.absorbing_cells,
            gradient_steps=band.gradient_steps,
            checkpoint_segments=options.checkpoint_segments,
            device=self._device,
        )[0]
        return records if self._low_pass is None else records @ self._low_pass

    def _which(self, held_out: bool) -> torch.Tensor:
        return self._held if held_out else self._kept

    def _tensor(self, values: NDArray[np.floating] | NDArray[np.bool_]) -> torch.Tensor:
        return torch.as_tensor(np.asarray(values, dtype=np.float32), device=self._device)


def _correlation(
    modelled: torch.Tensor, observed: torch.Tensor, which: torch.Tensor
) -> torch.Tensor:
    """1 minus the correlation of each trace, summed over the traces that count.

    References:
        Choi & Alkhalifah (2012), Geophysical Prospecting 60(5), 929-944.
    """
    energy = (observed**2).sum(-1)
    floor = 1e-12 * energy.max() + 1e-30
    norm = torch.sqrt((energy + floor) * ((modelled**2).sum(-1) + floor))
    alive = which * (energy > 0)
    return (alive * (1 - (modelled * observed).sum(-1) / norm)).sum()


def _compared(acquisition: AcquisitionLike, cell_m: float) -> NDArray[np.bool_]:
    """Which traces count, shape (shot, receiver).

    Raises:
        PhysicsError: If none does.
    """
    far = far_traces(acquisition, cell_m)
    if not far.any():
        raise PhysicsError(
            f"All receivers lie within a cell of {cell_m:g} m of their source, where the grid "
            "decides on amplitudes; give gathers with an offset, or a smaller "
            "'simulation_spacing_m'."
        )
    return far


def _trace_weight(observed: Floats, power: float) -> Floats:
    """Weight of each trace by its RMS amplitude, mean 1 over live ones, (shot, receiver, 1)."""
    rms = np.sqrt(np.mean(observed**2, axis=-1, keepdims=True))
    # Squared residuals: an amplitude to minus p weighs them by minus 2 p.
    weight = np.where(rms > 0, np.maximum(rms, 1e-3 * rms.max()) ** (-2 * power), 0.0)
    return weight / max(weight.mean(), 1e-300)


def _time_weight(observed: Floats, power: float, window: int) -> Floats:
    """Weight of each sample by the RMS amplitude around it, mean 1, (shot, receiver, time).

    A direct wave holds most of a gather's energy and tells least of the depths. The level is that
    of the observed gathers, noise included, so that noise is never raised over signal.
    """
    if power == 0:
        return np.ones((1, 1, 1))
    level = np.sqrt(uniform_filter1d(observed**2, max(window, 1), axis=-1, mode="nearest"))
    weight = np.maximum(level, _QUIETEST * level.max()) ** (-2 * power)
    # Where nothing was recorded, nothing has to fit.
    weight = np.where(level > 0, weight, 0.0)
    return np.asarray(weight / max(weight.mean(), 1e-300))
