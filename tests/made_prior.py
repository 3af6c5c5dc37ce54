"""Small priors, trained for a moment on layered sections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from geoml.network_checkpoint import NetworkCheckpoint
from geoml.training.prior import train_prior
from geoml.training.prior_data import VelocitySections
from geoml.training.prior_options import PriorOptions

SHAPE = (16, 20)
SPACING_M = 10.0
SMALL: dict[str, Any] = {"widths": (8, 16), "code": 4}


def layered_sections(count: int = 60, seed: int = 0) -> VelocitySections:
    """Two layers of level base: the velocity above, the base and the step vary."""
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=count)
    upper = rng.uniform(1600, 2600, count)
    lower = upper + np.where(label == 0, 400, 1600)
    base = rng.integers(4, 12, count)
    deep = np.arange(SHAPE[0])[None] >= base[:, None]
    column = np.where(deep, lower[:, None], upper[:, None])
    velocity = np.repeat(column[:, :, None], SHAPE[1], axis=2).astype(np.float32)
    return VelocitySections(velocity, SPACING_M, label, ("weak", "strong"), "made")


def small_prior(
    folder: Path | None = None, model: str = "vae", steps: int = 4, **options: Any
) -> NetworkCheckpoint:
    """A checkpoint of a small network."""
    network = {"widths": (16,)} if model in ("gan", "non_saturating_gan") else SMALL
    fit = {"steps": steps, "batch_size": 8, "validate_every": steps, **options.pop("fit", {})}
    chosen = PriorOptions(network={**network, **options.pop("network", {})}, fit=fit, **options)
    return train_prior(layered_sections(), model, chosen, folder)
