"""Training of any network on batches that somebody makes: one Lightning loop, best weights kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from geoml.errors import OptionError
from geoml.training.fit_options import FitOptions
from geoml.training.optimizer import build_optimizer, set_learning_rates
from geoml.training.quiet import quiet_lightning
from geoml.training.schedule import RunClock, learning_rate_factor
from geoml.training.trainer import build_trainer
from geoml.training.weight_average import RunningMean

__all__ = ["FitOptions", "Objective", "fit_network"]

NetworkBatch = dict[str, Tensor]


class Objective(Protocol):
    """What a network is asked for."""

    def loss(self, network: nn.Module, batch: NetworkBatch) -> dict[str, Tensor]:
        """Scalars; ``loss`` is minimised, the others are logged beside it.

        In validation the network is set to predict and torch's random numbers start at the same
        seed each time.
        """


def fit_network(
    network: nn.Module,
    objective: Objective,
    batches: Iterable[NetworkBatch],
    validation: Sequence[NetworkBatch],
    options: FitOptions,
    *,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, float]]:
    """Train a network in place; it is left on the CPU, set to predict.

    Its weights become those of the running mean at the lowest validation loss, or at the end
    where there is nothing to validate on. Layers with batch statistics are not supported: their
    statistics would be those of other weights.

    Args:
        network: What is trained.
        objective: What it is asked for.
        batches: Without an end, or long enough for every step.
        validation: Batches of the same form, from data that trains nothing.
        options: Budget, optimiser, machine.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Returns:
        One row a validation: ``step``, ``cpu_s``, ``train/NAME`` and ``validation/NAME`` for
        every part of the loss.

    Raises:
        OptionError: If the losses are no numbers any more.
    """
    module = _NetworkModule(network, objective, options, announce, progress)
    interval = min(options.validate_every, options.steps)
    with quiet_lightning(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        trainer = build_trainer(
            accelerator=options.accelerator,
            devices=options.devices,
            precision=options.resolved_precision(),
            # Not max_steps: it would end the run between two validations and lose what they miss.
            max_epochs=-1,
            limit_train_batches=interval,
            gradient_clip_val=options.gradient_clip,
            callbacks=[RunningMean(options.ema_decay)],
            enable_checkpointing=False,
        )
        trainer.fit(
            module,
            DataLoader(_Stream(batches), batch_size=None),
            DataLoader(list(validation), batch_size=None) if validation else None,  # type: ignore[arg-type]
        )
    module.take_best()
    network.to("cpu").eval()
    return module.curve


class _Stream(IterableDataset[NetworkBatch]):
    """One pass over the batches, however often Lightning begins a new epoch."""

    def __init__(self, batches: Iterable[NetworkBatch]) -> None:
        super().__init__()
        self._batches = iter(batches)

    def __iter__(self) -> Iterator[NetworkBatch]:
        return self._batches


class _NetworkModule(lightning.LightningModule):
    """Steps, optimiser, learning rate and curve of one run."""

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        options: FitOptions,
        announce: Callable[[str], None] | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.options = options
        self.curve: list[dict[str, float]] = []
        self._shared = _Shared(objective, announce, progress)
        self._clock = RunClock(options.steps, None, options.max_cpu_minutes)
        self._train_parts: list[NetworkBatch] = []
        self._validation_parts: list[NetworkBatch] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Muon or AdamW."""
        return build_optimizer(self.network, self.options)

    def on_train_start(self) -> None:
        """Let the time run."""
        self._clock.start()

    def on_train_batch_start(self, batch: NetworkBatch, batch_idx: int) -> None:
        """Set the learning rate that belongs to the progress of the run."""
        progress = self._clock.progress(self.global_step)
        factor = learning_rate_factor(progress, self.options.warmup)
        set_learning_rates(self.trainer.optimizers[0], self.options, factor)

    def training_step(self, batch: NetworkBatch, batch_idx: int) -> Tensor:
        """Loss of one batch."""
        parts = self._shared.objective.loss(self.network, batch)
        self._train_parts.append({name: part.detach() for name, part in parts.items()})
        return parts["loss"]

    def on_train_batch_end(self, outputs: Any, batch: NetworkBatch, batch_idx: int) -> None:
        """Tell the progress; stop when the steps are done or the time is up."""
        self._shared.progress(self._clock.progress(self.global_step), self.options.steps)
        over = self.global_step >= self.options.steps
        over |= self._clock.has_time_limit and self._clock.progress(0) >= 1
        # All ranks stop at the same step, or those left wait for the others for ever.
        if self.trainer.strategy.reduce_boolean_decision(over, all=False):
            self.trainer.should_stop = True

    def on_validation_epoch_start(self) -> None:
        """Begin every validation with the same random numbers."""
        # Here the running mean stands in the network; at the end of the epoch it is gone again.
        self._candidate = {name: v.clone() for name, v in self.network.state_dict().items()}
        self._random_state = torch.get_rng_state()
        torch.manual_seed(self.options.seed)

    def validation_step(self, batch: NetworkBatch, batch_idx: int) -> None:
        """Keep the parts of the loss."""
        parts = self._shared.objective.loss(self.network, batch)
        self._validation_parts.append({name: part.detach() for name, part in parts.items()})

    def on_validation_epoch_end(self) -> None:
        """Add a row to the curve; keep the weights where they are the best so far."""
        torch.set_rng_state(self._random_state)
        row = self._row() | _means(self._validation_parts, "validation")
        self._validation_parts.clear()
        self._add(row)
        loss = row["validation/loss"]
        if math.isfinite(loss) and (self._best is None or loss < self._best[0]):
            self._best = loss, self._candidate

    def on_train_epoch_end(self) -> None:
        """Add the row of an interval that nothing validated."""
        if self._train_parts:
            self._add(self._row())

    def take_best(self) -> None:
        """Put the best weights into the network.

        Raises:
            OptionError: If no loss was a number.
        """
        losses = [row.get("validation/loss", row["train/loss"]) for row in self.curve]
        if not any(math.isfinite(loss) for loss in losses):
            raise OptionError(
                f"The training diverged; lower learning_rate (now {self.options.learning_rate:g})."
            )
        if self._best is not None:
            self.network.load_state_dict(self._best[1])

    def _row(self) -> dict[str, float]:
        row = {"step": float(self.global_step), "cpu_s": round(self._clock.cpu_s, 2)}
        row |= _means(self._train_parts, "train")
        self._train_parts.clear()
        return row

    def _add(self, row: dict[str, float]) -> None:
        self.curve.append(row)
        self._shared.row(row)


class _Shared:
    """What a copy of the module shares with it: Lightning makes one for the running mean."""

    def __init__(
        self,
        objective: Objective,
        announce: Callable[[str], None] | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.objective = objective
        self._announce, self._progress = announce, progress

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self

    def progress(self, share: float, steps: int) -> None:
        if self._progress is not None:
            self._progress(round(share * steps), steps)

    def row(self, row: dict[str, float]) -> None:
        if self._announce is not None:
            losses = ", ".join(
                f"{name} {value:.4g}"
                for name, value in row.items()
                if name not in ("step", "cpu_s")
            )
            self._announce(f"step {row['step']:.0f}, {row['cpu_s']:.0f} CPU s: {losses}")


def _means(parts: list[NetworkBatch], kind: str) -> dict[str, float]:
    """Mean of every part over some batches."""
    return {
        f"{kind}/{name}": float(torch.stack([p[name].float() for p in parts]).mean())
        for name in (parts[0] if parts else ())
    }
