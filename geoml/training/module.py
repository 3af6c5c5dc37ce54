"""The one Lightning module: any network with the heads that any task asks for."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor, nn

from geoml.samples.scaling import Scaling
from geoml.tasks import Batch, Output, Task
from geoml.training.optimizer import build_optimizer, set_learning_rates
from geoml.training.options import TrainingOptions
from geoml.training.schedule import RunClock, learning_rate_factor


class InversionModule(lightning.LightningModule):
    """Steps, optimiser and learning rate of a run.

    Losses are gathered and logged once an epoch: a log entry a step would cost more than the
    bookkeeping of the step itself.

    Attributes:
        network: What is trained.
        task: What it is judged by.
        scaling: For scores in physical units.
        clock: How far the run is.
        network_moved: False after a batch that left the network's weights as they were.
    """

    network_moved = True

    def __init__(
        self, network: nn.Module, task: Task, scaling: Scaling, options: TrainingOptions
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.task = task
        self.scaling = scaling
        self.options = options
        self.clock = RunClock(1, options.max_minutes, options.max_cpu_minutes)
        self._train_losses: list[dict[str, Tensor]] = []
        self._answers: list[tuple[Output, Batch]] = []
        self._validation_losses: list[tuple[int, dict[str, Tensor]]] = []

    @property
    def monitor(self) -> str:
        """Name of the logged value whose smallest epoch is kept."""
        return f"validation/{self.task.kept_by}"

    def forward(self, shots: Tensor) -> Output:
        """The network's answer, shape (batch, depth, distance) a head."""
        output: Output = self.network(shots)
        return output

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Muon or AdamW; only weights of convolutions and linear maps decay."""
        return build_optimizer(self.network, self.options)

    def on_fit_start(self) -> None:
        """Learn the length of the run."""
        self.clock.total_steps = max(int(self.trainer.estimated_stepping_batches), 1)

    def on_train_start(self) -> None:
        """Let the time run."""
        self.clock.start()

    def on_train_epoch_start(self) -> None:
        """Tell the order of the pairs which epoch begins."""
        self.trainer.datamodule.set_epoch(self.current_epoch)  # type: ignore[attr-defined]
        self._train_losses.clear()

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set the learning rate that belongs to the progress of the run."""
        if batch_idx == 0:
            # Dropout draws the same numbers whether or not the run was resumed before this epoch.
            # Not a hook earlier: making the loader's iterator draws one too, at different times.
            rank, epoch = self.trainer.global_rank, self.current_epoch
            torch.manual_seed((self.options.seed * 1009 + epoch) * 1009 + rank)
        options = self.options
        factor = learning_rate_factor(self.clock.progress(self.global_step), options.warmup)
        set_learning_rates(self.trainer.optimizers[0], options, factor)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of one batch."""
        parts = self.task.loss(self(batch["shots"]), batch)
        self.keep_losses(parts)
        return parts["loss"]

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Stop when the time is up."""
        over = self.clock.has_time_limit and self.clock.progress(0) >= 1
        # All ranks stop at the same step, or those left wait for the others for ever.
        if self.trainer.strategy.reduce_boolean_decision(over, all=False):
            self.trainer.should_stop = True

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep the answer; the scores come once, over all of them."""
        output = {head: values.float() for head, values in self(batch["shots"]).items()}
        n_samples = len(batch["shots"])
        self._validation_losses.append((n_samples, self.task.loss(output, batch)))
        self._answers.append((output, self.task.targets(batch)))

    def on_validation_epoch_end(self) -> None:
        """Log the mean losses and the scores of the validation part."""
        output, batch = join_answers(self._answers)
        total = sum(n for n, _ in self._validation_losses)
        names = self._validation_losses[0][1]
        scores = {
            name: float(sum(n * parts[name] for n, parts in self._validation_losses) / total)
            for name in names
        }
        scores |= self.task.metrics(output, batch, self.scaling)
        self._answers.clear()
        self._validation_losses.clear()
        self.log_dict(
            {f"validation/{name}": value for name, value in scores.items()}, sync_dist=True
        )

    def keep_losses(self, parts: dict[str, Tensor]) -> None:
        """Keep the parts of a step's loss for the mean of the epoch."""
        self._train_losses.append({name: part.detach() for name, part in parts.items()})

    def mean_train_losses(self) -> dict[str, float]:
        """Mean of every part of the loss over the steps of this epoch so far."""
        steps = self._train_losses
        return {
            name: float(torch.stack([parts[name] for parts in steps]).mean())
            for name in (steps[0] if steps else ())
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the time for a resumed run."""
        checkpoint["elapsed_s"] = self.clock.elapsed_s
        checkpoint["cpu_s"] = self.clock.cpu_s

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the time of the interrupted run."""
        self.clock.earlier_s = float(checkpoint["elapsed_s"])
        self.clock.earlier_cpu_s = float(checkpoint.get("cpu_s", 0.0))


def join_answers(answers: list[tuple[Output, Batch]]) -> tuple[Output, Batch]:
    """Batches of answers and of their targets joined along the samples."""
    outputs, batches = zip(*answers, strict=True)
    return _join(outputs), _join(batches)


def _join(parts: tuple[dict[str, Tensor], ...]) -> dict[str, Tensor]:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
