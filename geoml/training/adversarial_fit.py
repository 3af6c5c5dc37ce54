"""Training of a generator against its critic, watched for the collapse of its samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import lightning
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from geoml.errors import OptionError
from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.objectives.adversarial_loss import ADVERSARIAL_LOSSES
from geoml.physics.model_similarity import diversity_m_s, variogram_error
from geoml.training.adversarial import gradient_penalty
from geoml.training.adversarial_options import AdversarialFitOptions
from geoml.training.quiet import quiet_lightning
from geoml.training.schedule import RunClock, learning_rate_factor
from geoml.training.trainer import build_trainer
from geoml.training.weight_average import RunningMean

_COLLAPSED = 0.7  # of the diversity of the training sections
_REFERENCES = 500

Batch = dict[str, Tensor]


def fit_adversaries(
    network: AdversarialPair,
    batches: Iterable[Batch],
    reference: Tensor,
    options: AdversarialFitOptions,
    *,
    announce: Callable[[str], None] | None = None,
) -> list[dict[str, float]]:
    """Train both networks in place; they are left on the CPU, set to predict.

    The weights become those of the running mean at the look where samples were most like the
    reference: the lowest variogram error, plus what they lack in diversity.

    Args:
        network: Generator and critic.
        batches: Endless, ``velocity`` (batch, depth, distance) and ``condition`` where one is read.
        reference: Scaled sections that samples are compared with, shape (section, depth, distance).
        options: Budget, optimisers, machine.
        announce: Told a line a look.

    Returns:
        One row a look: ``step``, ``cpu_s``, mean losses since the last, ``variogram_error`` and
        ``diversity`` of the samples, the latter over that of the reference.

    Raises:
        OptionError: If the losses are no numbers any more.
    """
    module = _Adversaries(network, reference.numpy(), options, announce)
    with quiet_lightning(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        trainer = build_trainer(
            accelerator=options.accelerator,
            precision=options.resolved_precision(),
            max_epochs=-1,
            limit_train_batches=options.validate_every * options.critic_steps,
            callbacks=[RunningMean(options.ema_decay)],
            enable_checkpointing=False,
        )
        trainer.fit(module, _Stream(batches), DataLoader([0], batch_size=None))  # type: ignore[arg-type]
    module.take_best()
    network.to("cpu").eval()
    return module.curve


def collapse_warning(diversity: float) -> str | None:
    """One line where samples differ less among themselves than sections of the training part do.

    Args:
        diversity: RMS difference of two samples over that of two training sections [1].
    """
    if diversity >= _COLLAPSED:
        return None
    return (
        f"Two samples differ by {diversity:.0%} of what two training sections differ by: the "
        "generator has collapsed to few kinds of section; train longer or take wasserstein_gan."
    )


class _Stream:
    """One pass over the batches, however often Lightning begins a new epoch."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)

    def __iter__(self) -> Any:
        return self._batches


class _Adversaries(lightning.LightningModule):
    """Steps, optimisers and curve of one run; ``network_moved`` after a step of the generator."""

    network_moved = True

    def __init__(
        self,
        network: AdversarialPair,
        reference: NDArray[Any],
        options: AdversarialFitOptions,
        announce: Callable[[str], None] | None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.game = ADVERSARIAL_LOSSES[network.game]
        self.options = options
        self.curve: list[dict[str, float]] = []
        self._reference = reference[:: max(1, len(reference) // _REFERENCES)]
        # A tuple: Lightning deep-copies the module for the running mean, and not what this holds.
        self._announce = (announce,)
        n_batches = options.critic_head_start + options.steps * options.critic_steps
        self._clock = RunClock(n_batches, None, options.max_cpu_minutes)
        self._n_batches = self._n_steps = 0
        self._losses: list[Batch] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None

    def configure_optimizers(self) -> Any:
        """Adam of the generator and of the critic, of little momentum, or both would circle."""
        betas = (0.0, 0.9) if self.game.penalised else (0.5, 0.999)
        options = self.options
        pairs = (
            (self.network.generator, options.learning_rate),
            (self.network.critic, options.critic_learning_rate),
        )
        return [torch.optim.Adam(part.parameters(), rate, betas) for part, rate in pairs]

    def on_train_start(self) -> None:
        """Let the time run."""
        self._clock.start()

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """One step of the critic and, when its turn has come, one of the generator."""
        self._set_learning_rates()
        self._n_batches += 1
        n_taught = self._n_batches - self.options.critic_head_start
        self.network_moved = n_taught > 0 and n_taught % self.options.critic_steps == 0
        true, condition = batch["velocity"], batch.get("condition")
        code = torch.randn(len(true), self.network.config.code, device=self.device)
        with torch.set_grad_enabled(self.network_moved):
            drawn = self.network.decode(code, condition)
        losses = self._critic_step(true, drawn.detach(), condition)
        if self.network_moved:
            losses |= self._generator_step(drawn, condition)
            self._n_steps += 1
        self._losses.append({name: value.detach() for name, value in losses.items()})

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Stop when budget or time is up."""
        if self._clock.progress(self._n_batches) >= 1:
            self.trainer.should_stop = True

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Look at samples of the running mean; keep the weights where they are the best so far."""
        generator = torch.Generator().manual_seed(self.options.seed)
        samples = self.network.sample(self.options.n_watched, generator).float().cpu().numpy()
        error = variogram_error(samples, self._reference)
        diversity = diversity_m_s(samples) / diversity_m_s(self._reference)
        row = {"step": float(self._n_steps), "cpu_s": round(self._clock.cpu_s, 2)}
        row |= _means(self._losses)
        row |= {"variogram_error": error, "diversity": diversity}
        self._losses.clear()
        self.curve.append(row)
        if self._announce[0] is not None:
            parts = [f"{k} {v:.4g}" for k, v in row.items() if k not in ("step", "cpu_s")]
            self._announce[0](
                f"step {row['step']:.0f}, {row['cpu_s']:.0f} CPU s: {', '.join(parts)}"
            )
        score = error + max(0.0, 1 - diversity)
        if math.isfinite(score) and (self._best is None or score < self._best[0]):
            state = {name: value.clone() for name, value in self.network.state_dict().items()}
            self._best = score, state

    def take_best(self) -> None:
        """Put the best weights into the network.

        Raises:
            OptionError: If no look saw numbers.
        """
        if self._best is None:
            raise OptionError(
                "The training diverged; lower learning_rate and critic_learning_rate (now "
                f"{self.options.learning_rate:g} and {self.options.critic_learning_rate:g})."
            )
        self.network.load_state_dict(self._best[1])

    def _set_learning_rates(self) -> None:
        options = self.options
        factor = learning_rate_factor(self._clock.progress(self._n_batches), options.warmup)
        rates = (options.learning_rate, options.critic_learning_rate)
        for optimizer, rate in zip(self.trainer.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor

    def _critic_step(self, true: Tensor, drawn: Tensor, condition: Tensor | None) -> Batch:
        optimizer = cast(list[LightningOptimizer], self.optimizers())[1]
        # Gradients of gradients would lose their digits in bfloat16.
        with torch.autocast(true.device.type, enabled=False):
            true, drawn = true.float(), drawn.float()
            both = torch.cat([true, drawn])
            twice = None if condition is None else torch.cat([condition, condition])
            loss = self.game.critic(*self.network.judge(both, twice).chunk(2))
            parts = {"critic_loss": loss}
            if self.game.penalised and self._n_batches % self.options.penalty_every == 0:
                penalty = gradient_penalty(_UnderCondition(self.network, condition), true, drawn)
                parts["gradient_penalty"] = penalty
                loss = loss + self.options.penalty_every * self.options.penalty_weight * penalty
            optimizer.zero_grad()
            self.manual_backward(loss)
        optimizer.step()
        return parts

    def _generator_step(self, drawn: Tensor, condition: Tensor | None) -> Batch:
        optimizer = cast(list[LightningOptimizer], self.optimizers())[0]
        self.network.critic.requires_grad_(False)
        with torch.autocast(drawn.device.type, enabled=False):
            loss = self.game.generator(self.network.judge(drawn.float(), condition))
        self.network.critic.requires_grad_(True)
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        return {"generator_loss": loss}


class _UnderCondition(nn.Module):
    """The critic with its condition fixed."""

    def __init__(self, network: AdversarialPair, condition: Tensor | None) -> None:
        super().__init__()
        self._judge, self._condition = network.judge, condition

    def forward(self, sections: Tensor) -> Tensor:
        return self._judge(sections, self._condition)


def _means(parts: list[Batch]) -> dict[str, float]:
    """Mean of every loss over the steps that have it."""
    names = sorted({name for part in parts for name in part})
    return {
        name: float(torch.stack([part[name] for part in parts if name in part]).mean())
        for name in names
    }
