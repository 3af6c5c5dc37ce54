"""A tiny denoiser with fresh weights, as a checkpoint folder."""

from __future__ import annotations

from pathlib import Path

import torch

from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config
from geoml.network_checkpoint import NetworkCheckpoint, save_network_checkpoint


def save_denoiser(
    folder: Path, *, dt_s: float | None = 0.004, seed: int = 0, removes: bool = True
) -> Path:
    """A residual U-Net of two levels on patches of 8 traces and 16 samples.

    Args:
        folder: To make.
        dt_s: Sampling that it claims to be trained at [s].
        seed: Of the weights.
        removes: Whether it finds any noise; else its last layer is 0.
    """
    torch.manual_seed(seed)
    options = {"widths": (8, 16), "blocks": 1, "residual": True}
    network = build_network(GATHER_MODELS, "denoising_unet", "denoiser", {}, options)
    if not removes:
        torch.nn.init.zeros_(network.readout.weight)
        torch.nn.init.zeros_(network.readout.bias)
    settings = {"task": {"supervised": {}}, "patch_shape": [8, 16], "dt_s": dt_s}
    model = network_config("denoising_unet", network)
    checkpoint = NetworkCheckpoint("denoise", model, network.state_dict(), settings)
    return save_network_checkpoint(checkpoint, folder)
