"""What every task on gathers offers to training, and how a network on gathers is asked."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

GatherBatch = dict[str, Tensor]
"""As ``geoml.samples.labelled_gathers.gather_batch`` makes it."""


class GatherTask(Protocol):
    """What a network says of gathers, and how it is judged."""

    def loss(self, network: nn.Module, batch: GatherBatch) -> dict[str, Tensor]:
        """Scalars; ``loss`` is minimised."""

    def answers(self, network: nn.Module, batch: GatherBatch) -> dict[str, NDArray[np.float32]]:
        """What the network says, in physical units."""

    def scores(self, answers: dict[str, NDArray[Any]], batch: GatherBatch) -> dict[str, float]:
        """Scores against the batch's labels, in physical units."""


def ask(network: nn.Module, batch: GatherBatch, samples: Tensor | None = None) -> Tensor:
    """The map that a network makes of gathers, told their geometry where it reads that.

    Args:
        network: Entry of ``GATHER_MODELS``.
        batch: The gathers.
        samples: Read instead of the batch's own, shape (batch, trace, time).

    Returns:
        Shape (batch, trace, time).
    """
    samples = batch["samples"] if samples is None else samples
    if getattr(network, "reads_geometry", False):
        signal: Tensor = network(samples, batch["offset_m"], float(batch["dt_s"]))["signal"]
    else:
        signal = network(samples)["signal"]
    return signal


def live_traces(batch: GatherBatch) -> Tensor:
    """True where a trace is not dead, shape (batch, trace)."""
    return torch.any(batch["samples"] != 0, dim=2)
