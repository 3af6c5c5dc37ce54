"""Training of ``neighbour_predictor`` on a survey as it is, bad traces and all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import geoml
from geoml.errors import ShapeError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config
from geoml.network_checkpoint import NetworkCheckpoint
from geoml.training.denoise_data import GatherPatches, patch_batches
from geoml.training.fit_network import FitOptions, fit_network

KIND = "neighbours"
MODEL = "neighbour_predictor"
Floats = NDArray[np.float32]

_MOST_RESIDUAL = 20.0  # scales; a dead or clipped trace must not be all that is learned from


class NeighbourLikelihood:
    """Objective: nats a sample of a Laplace law around what the neighbours say."""

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """``loss`` and ``residual``, the mean error in units of the scale."""
        samples = batch["samples"]
        output = network(samples)
        log_scale = output["log_scale"].float()
        residual = (samples - output["signal"].float()).abs() * torch.exp(-log_scale)
        residual = residual.clamp(max=_MOST_RESIDUAL)
        return {"loss": (residual + log_scale).mean(), "residual": residual.mean().detach()}


def train_neighbours(
    gathers: Sequence[Floats],
    fit: FitOptions,
    *,
    dt_s: float,
    name: str = "",
    patch_shape: tuple[int, int] = (24, 256),
    model_options: Mapping[str, Any] | None = None,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """Learn to tell traces from their neighbours.

    Args:
        gathers: Traces in order along their line, bad ones among them; shape (trace, time) each.
        fit: Budget, optimiser, machine.
        dt_s: Sample interval [s].
        name: Of the survey, for the checkpoint.
        patch_shape: Traces and samples of the cuts that are learned from.
        model_options: Options of the network.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Returns:
        Kind ``neighbours``.

    Raises:
        ShapeError: If a gather is smaller than three traces, or none holds a live one.
        OptionError: If an option does not fit or the training diverged.
    """
    small = min((len(gather) for gather in gathers), default=0)
    if small < 3:
        raise ShapeError(f"A gather of {small} traces has no neighbours to learn from; needed 3.")
    torch.manual_seed(fit.seed)
    network = build_network(GATHER_MODELS, MODEL, "network", {}, model_options)
    source = GatherPatches(gathers, dt_s, name)
    network.train()
    curve = fit_network(
        network,
        NeighbourLikelihood(),
        patch_batches(source, patch_shape, fit.batch_size, fit.seed),
        [],
        fit,
        announce=announce,
        progress=progress,
    )
    return NetworkCheckpoint(
        kind=KIND,
        model=network_config(MODEL, network),
        state=dict(network.state_dict()),
        settings={"dt_s": dt_s},
        training={
            "curve": curve,
            "options": asdict(fit),
            "data": source.describe(),
            "versions": {"geoml": geoml.__version__, "torch": torch.__version__},
        },
    )
