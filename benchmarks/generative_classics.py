"""Rows without a network of ``generative.py``: Gaussians fitted to models, our own family."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.registry import build
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS

Models = NDArray[np.float32]

LIMITS_M_S = (1500.0, 4500.0)
N_COMPONENTS = 100


def gaussian_field(models: Models, count: int, seed: int) -> Models:
    """Stationary Gaussian fields with the data's mean by depth and power spectrum."""
    rng = np.random.default_rng(seed)
    mean = models.mean(axis=(0, 2), dtype=np.float64)
    # Mirrored copies make the section periodic: the top is no neighbour of the bottom.
    whole = _mirrored(models - mean[:, None])
    power = np.zeros(whole.shape[1:])
    for block in np.array_split(whole, max(1, len(whole) // 100)):
        power += (np.abs(np.fft.fft2(block)) ** 2).sum(axis=0)
    power /= len(whole) * whole[0].size
    noise = np.fft.fft2(rng.standard_normal((count, *whole.shape[1:])))
    field = np.fft.ifft2(noise * np.sqrt(power)).real[:, : models.shape[1], : models.shape[2]]
    return np.clip(field + mean[:, None], *LIMITS_M_S).astype(np.float32)


def _mirrored(models: NDArray[np.float64]) -> NDArray[np.float64]:
    down = np.concatenate([models, models[:, ::-1]], axis=1)
    return np.concatenate([down, down[:, :, ::-1]], axis=2)


def principal_gaussian(models: Models, count: int, seed: int) -> Models:
    """Gaussian in the data's first principal components."""
    rng = np.random.default_rng(seed)
    flat = models.reshape(len(models), -1)
    mean = flat.mean(axis=0)
    _, size, component = torch.svd_lowrank(torch.from_numpy(flat - mean), N_COMPONENTS, niter=4)
    score = rng.standard_normal((count, N_COMPONENTS)) * (size.numpy() / np.sqrt(len(flat)))
    drawn = mean + score @ component.numpy().T
    return np.clip(drawn, *LIMITS_M_S).astype(np.float32).reshape(count, *models.shape[1:])


def hand_written(name: str, count: int, seed: int) -> Models:
    """Models of our own family in OpenFWI's range and grid."""
    preset = PRESETS["openfwi"]
    draw, grid = build(FAMILIES, name, "family"), SectionGrid.of(preset.acquisition)
    return np.stack(
        [draw(np.random.default_rng([seed, i]), grid, preset.velocity_range) for i in range(count)]
    )
