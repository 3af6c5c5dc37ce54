"""A small ground with two interfaces, its shots, and a start that knows neither exactly."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geoml.physics.acoustic import model_acquisition
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_shots import BandShots
from geoml.physics.wavelet_shapes import ricker
from geoml.survey.acquisition import Acquisition

CELLS, SPACING_M, DT_S, N_SAMPLES = 24, 10.0, 0.002, 170
PEAK_HZ = 15.0
OPTIONS = FwiOptions(
    bands_hz=(10.0, 18.0),
    iterations=5,
    min_velocity_m_s=1450.0,
    max_velocity_m_s=3200.0,
    accuracy=4,
    absorbing_cells=10,
    simulation_spacing_m=SPACING_M,
    held_out=4,
)


def acquisition(wavelet: NDArray[np.float64] | None = None) -> Acquisition:
    receivers = np.tile(np.arange(0, CELLS, 2) * SPACING_M, (3, 1))
    return Acquisition(
        source_distance_m=np.array([2.0, 11.0, 21.0]) * SPACING_M,
        source_depth_m=np.full(3, SPACING_M),
        receiver_distance_m=receivers,
        receiver_depth_m=np.full(receivers.shape, SPACING_M),
        dt_s=DT_S,
        n_samples=N_SAMPLES,
        spacing_m=SPACING_M,
        n_depth=CELLS,
        n_distance=CELLS,
        wavelet=ricker(PEAK_HZ, DT_S, 73) if wavelet is None else wavelet,
        wavelet_start_s=-0.072,
        max_frequency_hz=45.0,
        free_surface=False,
    )


@cache
def truth() -> NDArray[np.float32]:
    depth = np.arange(CELLS)[:, None] + 1.5 * np.sin(np.arange(CELLS) / 5.0)[None]
    return np.select([depth < 8, depth < 15], [1800.0, 2200.0], 2700.0).astype(np.float32)


@cache
def start() -> NDArray[np.float32]:
    return gaussian_filter(truth(), 2.5, mode="nearest")


@cache
def observed() -> NDArray[np.float32]:
    # With a finer stencil than the inversion's, so that both do not share their errors.
    records = model_acquisition(truth(), acquisition(), accuracy=8, max_velocity_m_s=3200.0)
    return records.numpy()


def error(velocity: NDArray[np.floating]) -> float:
    return float(np.abs(velocity - truth()).mean())


def counted_shots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Shots of every forward modelling that an inversion makes from now on."""
    calls: list[int] = []
    real = BandShots._records

    def counted(self: BandShots, velocity: torch.Tensor) -> torch.Tensor:
        calls.append(self.n_shots)
        return real(self, velocity)

    monkeypatch.setattr(BandShots, "_records", counted)
    return calls
