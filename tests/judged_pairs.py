"""A small pair store, and a network to be judged on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from geoml.checkpoint import Checkpoint
from geoml.models import SectionShape, build_model, model_config
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs
from geoml.training.pair_data import pair_fingerprint

COUNT = 64
OTHERS = 24
SMALL = {"stem_widths": (8, 16), "widths": (16, 24), "map_groups": 4, "dropout": 0.3}


def window() -> Acquisition:
    """Two shots into ten receivers over a section of 14 by 19 cells, its own mirror image."""
    return Acquisition(
        source_distance_m=np.array([20.0, 160.0]),
        source_depth_m=np.zeros(2),
        receiver_distance_m=np.broadcast_to(20.0 * np.arange(10), (2, 10)),
        receiver_depth_m=np.zeros((2, 10)),
        dt_s=0.004,
        n_samples=48,
        spacing_m=10.0,
        n_depth=14,
        n_distance=19,
        wavelet=np.array([0.0, 1.0, 0.0]),
        wavelet_start_s=-0.004,
        max_frequency_hz=60.0,
        free_surface=False,
    )


def make_pairs(path: Path, seed: int, count: int = COUNT, **attrs: object) -> Path:
    """Two or three layers; every trace is noise on top of the surface velocity."""
    rng = np.random.default_rng(seed)
    velocity = np.full((count, 14, 19), 1.0)
    family = np.arange(count) % 2
    for model, kind in zip(velocity, family, strict=True):
        model *= rng.uniform(1600, 2200)
        for top in rng.choice(np.arange(3, 12), 1 + kind, replace=False):
            model[top:] += rng.uniform(200, 800)
    shape = (count, 2, 10, 48)
    amplitude = rng.normal(size=shape) + velocity.mean((1, 2))[:, None, None, None] / 1000
    given = {"families": ["two_layers", "three_layers"], "steps": [], "provenance": {}, **attrs}
    writer = create_pairs(path, window(), count, given, shard_samples=32)
    for start in range(0, count, 32):
        part = slice(start, start + 32)
        writer.write(start, amplitude[part], velocity[part], family[part])
    writer.finish()
    return path


def untrained(pairs: Path | None, seed: int = 0) -> Checkpoint:
    """A network with random weights, as if it had been trained on the pairs."""
    torch.manual_seed(seed)
    model = build_model(
        "mh_unet_s", SectionShape(2, 48, 10, 14, 19), ("velocity", "edges", "log_variance"), SMALL
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.03 * torch.randn_like(weight)
    training = {"options": {"seed": 0, "splits": {}, "augmentation": None}}
    if pairs is not None:
        training["pairs"] = {"sha256": pair_fingerprint(open_pairs(pairs)), "count": COUNT}
    return Checkpoint(
        model_name="mh_unet_s",
        model_config=model_config("mh_unet_s", model),
        state=model.state_dict(),
        task="velocity_edges",
        task_options={},
        scaling={"amplitude": 2.0, "velocity_centre_m_s": 2200.0, "velocity_scale_m_s": 300.0},
        acquisition=window().to_dict(),
        steps=[],
        calibration={"factors": {"0.5": 0.7, "0.8": 1.5, "0.95": 2.5}, "edge_threshold": 0.4},
        training=training,
    )


def predicted(checkpoint: Checkpoint, store: Path, indices: np.ndarray, **members: object):
    shots = open_pairs(store)["amplitude"].values[indices]
    return WindowPredictor(checkpoint, **members).uncalibrated(shots)
