"""The running mean of the weights, which is smoother and scores better than the last ones."""

from __future__ import annotations

from collections import deque
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from geoml.tasks import Batch

STATISTICS_WINDOWS = 160
"""Windows that the batch norms of the mean weights measure their statistics on."""


class RunningMean(WeightAveraging):
    """Exponential mean of the weights whose memory grows with the steps up to a decay.

    Lightning validates with it, keeps both sets in its resume file, and leaves it in the network
    at the end. Batch norms under mean weights see other features than under the last ones, and
    statistics of the last ones spoil the answers: they are measured anew before each validation,
    on the last batches of the training.
    """

    def __init__(self, decay: float) -> None:
        """Mean with that decay.

        Args:
            decay: Decay a step [1], 0 for none, under 1.
        """

        @torch.no_grad()
        def average(means: list[Tensor], currents: list[Tensor], n_averaged: Tensor | int) -> None:
            torch._foreach_lerp_(means, currents, newest_share(decay, int(n_averaged)))

        super().__init__(use_buffers=False, multi_avg_fn=average)
        self._shots: deque[Tensor] = deque()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Add the weights to the mean where they moved, and remember the windows."""
        if getattr(pl_module, "network_moved", True):
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if batch_norms(pl_module):
            self._shots.append(batch["shots"])
            while sum(map(len, self._shots)) - len(self._shots[0]) >= STATISTICS_WINDOWS:
                self._shots.popleft()
            if batch_idx + 1 == trainer.num_training_batches:
                # A resumed run remembers this epoch alone; one that goes on must do the same.
                while len(self._shots) > batch_idx + 1:
                    self._shots.popleft()

    def on_validation_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Put the mean in place, with statistics of its own."""
        super().on_validation_epoch_start(trainer, pl_module)
        if self._shots:
            with trainer.precision_plugin.forward_context():
                measure_statistics(pl_module, list(self._shots))


def newest_share(decay: float, n_averaged: int) -> float:
    """Share of the newest weights in the mean [1].

    Args:
        decay: That of a long run.
        n_averaged: Steps in the mean before this one.
    """
    # A full-length mean of few steps would still be full of first, random weights.
    return 1 - min(decay, (1 + n_averaged) / (10 + n_averaged))


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """Layers that keep statistics of what they saw."""
    return [m for m in network.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]


@torch.no_grad()
def measure_statistics(network: nn.Module, batches: list[Tensor]) -> None:
    """Give the batch norms of a network the mean statistics of some batches, and nothing else.

    References:
        Wu and Johnson (2021), Rethinking "Batch" in BatchNorm, arXiv 2105.07576.
    """
    layers = batch_norms(network)
    before = [(layer.training, layer.momentum) for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.train()
        layer.momentum = None  # a plain mean over the batches
    for shots in batches:
        network(shots)
    for layer, (training, momentum) in zip(layers, before, strict=True):
        layer.train(training)
        layer.momentum = momentum
