"""A small pair store with something to learn in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_stream import COUNT as STREAMED
from small_stream import FRESH, simulated

from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs

COUNT = 96


@pytest.fixture(scope="session")
def acquisition() -> Acquisition:
    """Two shots into ten receivers over a section of 12 by 16 cells."""
    receivers = np.broadcast_to(20.0 * np.arange(10), (2, 10))
    return Acquisition(
        source_distance_m=np.array([20.0, 160.0]),
        source_depth_m=np.zeros(2),
        receiver_distance_m=receivers,
        receiver_depth_m=np.zeros((2, 10)),
        dt_s=0.004,
        n_samples=48,
        spacing_m=12.0,
        n_depth=12,
        n_distance=16,
        wavelet=np.array([0.0, 1.0, 0.0]),
        wavelet_start_s=-0.004,
        max_frequency_hz=60.0,
        free_surface=False,
    )


@pytest.fixture(scope="session")
def pairs(acquisition: Acquisition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers each; every trace holds their reflection at its zero-offset time, no waves."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("pairs") / "pairs.zarr"
    upper, lower = rng.uniform(1500, 2200, COUNT), rng.uniform(2600, 4000, COUNT)
    interface = rng.integers(3, 10, COUNT)
    rows = np.arange(12)[None, :, None]
    velocity = np.where(rows < interface[:, None, None], upper[:, None, None], lower[:, None, None])
    velocity = np.repeat(velocity, 16, axis=2).astype(np.float32)
    arrival_s = 2 * 12.0 * interface / upper
    strength = (lower - upper) / (lower + upper)
    delay = acquisition.time_s[None] - arrival_s[:, None]
    trace = strength[:, None] * np.exp(-0.5 * (delay / 0.01) ** 2) + 0.3 * upper[:, None] / 2000
    amplitude = np.broadcast_to(trace[:, None, None], (COUNT, 2, 10, 48)).astype(np.float32)
    attrs = {
        "steps": [{"normalise": {"by": "trace"}}],
        "families": ["two_layers"],
        "provenance": {"seed": 0, "layout": {"n_shots": 2}, "trend": {"surface_m_s": 1500.0}},
    }
    writer = create_pairs(path, acquisition, COUNT, attrs, shard_samples=32)
    for start in range(0, COUNT, 32):
        part = slice(start, start + 32)
        writer.write(start, amplitude[part], velocity[part], np.zeros(32, dtype=np.int32))
    writer.finish()
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of two families, modelled."""
    return simulated(tmp_path_factory.mktemp("stream") / "pairs.zarr")


@pytest.fixture(scope="session")
def longer(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The amplitudes that the same recipe gives when asked for more pairs."""
    path = simulated(tmp_path_factory.mktemp("longer") / "pairs.zarr", STREAMED + 3 * FRESH)
    return open_pairs(path).amplitude.values
