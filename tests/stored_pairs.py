"""A small pair store of random numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from geoml.samples import Scaling
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs

COUNT = 12

ACQUISITION = Acquisition(
    source_distance_m=np.array([0.0, 100.0]),
    source_depth_m=np.zeros(2),
    receiver_distance_m=np.array([[0.0, 50.0, 100.0]] * 2),
    receiver_depth_m=np.zeros((2, 3)),
    dt_s=0.008,
    n_samples=20,
    spacing_m=20.0,
    n_depth=4,
    n_distance=6,
    wavelet=np.ones(3),
    wavelet_start_s=0.0,
    max_frequency_hz=20.0,
    free_surface=False,
)

SCALING = Scaling(amplitude=2.0, velocity_centre_m_s=2000.0, velocity_scale_m_s=500.0)


def write_pairs(
    path: Path, steps: list[Any] | None = None, acquisition: Acquisition = ACQUISITION
) -> tuple[np.ndarray, np.ndarray]:
    """A store of random pairs; its amplitude and velocity."""
    rng = np.random.default_rng(0)
    amplitude = rng.standard_normal((COUNT, 2, 3, 20)).astype(np.float32)
    amplitude[..., :5] = 0
    velocity = rng.uniform(1500, 3500, (COUNT, 4, 6)).astype(np.float32)
    attrs = {"families": ["flat_layers"], "steps": steps or [], "provenance": {}}
    writer = create_pairs(path, acquisition, COUNT, attrs)
    writer.write(0, amplitude, velocity, np.zeros(COUNT, np.int32))
    writer.finish()
    return amplitude, velocity


def as_numpy(batch: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: values.numpy() for name, values in batch.items()}
