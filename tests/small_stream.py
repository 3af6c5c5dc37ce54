"""A small pair store, and a training on fresh pairs like those in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelet_shapes import ricker
from geoml.survey.acquisition import Acquisition
from geoml.synthetic import VelocityRange
from geoml.synthetic.generate import generate_pairs
from geoml.training import TrainingOptions
from geoml.training.stream_data import StreamData, StreamPairs, pair_data

WINDOW = Acquisition(
    source_distance_m=np.array([20.0, 100.0]),
    source_depth_m=np.full(2, 10.0),
    receiver_distance_m=np.array([20.0 * np.arange(7)] * 2),
    receiver_depth_m=np.full((2, 7), 10.0),
    dt_s=0.008,
    n_samples=24,
    spacing_m=20.0,
    n_depth=8,
    n_distance=8,
    wavelet=ricker(8.0, 0.008, 13),
    wavelet_start_s=-0.048,
    max_frequency_hz=22.0,
    free_surface=False,
)
COUNT, FRESH, REUSE = 40, 8, 2
SPLITS = {"train": 0.3, "validation": 0.3, "calibration": 0.3, "test": 0.1}
MODEL = {"mh_unet_s": {"widths": [16], "stem_widths": [8], "map_groups": 4}}


def simulated(path: Path, count: int = COUNT, **more: Any) -> Path:
    generate_pairs(
        path,
        WINDOW,
        families=["flat_layers", {"curved_layers": {"max_dip_deg": 20.0}}],
        velocity_range=VelocityRange(VelocityTrend(1800.0, 1.0, 3000.0)),
        count=count,
        seed=4,
        **{"batch": 10, **more},
    )
    return path


def options(max_epochs: int = 3, stream: dict[str, Any] | None = None, **more: Any) -> Any:
    base: dict[str, Any] = {
        "max_epochs": max_epochs,
        "batch_size": 8,
        "precision": "32-true",
        "accelerator": "cpu",
        "patience": None,
        "splits": SPLITS,
    }
    stream = {"fresh_pairs": FRESH, "reuse": REUSE, "workers": 0, **(stream or {})}
    return TrainingOptions(**{**base, "stream": stream, **more})


def streamed(store: Path, **stream: Any) -> StreamPairs:
    data = pair_data(store, options(augmentation=None, max_epochs=4, stream=stream))
    assert isinstance(data, StreamData)
    return data.train_pairs
