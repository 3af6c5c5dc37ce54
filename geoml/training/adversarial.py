"""Training against a critic, in the same loop: VelocityGAN with a gradient penalty.

References:
    Zhang and Lin (2020), VelocityGAN, IEEE Trans. Geoscience and Remote Sensing 58(10), 6922-6933.
    Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError
from geoml.models import SECTION_NETWORKS
from geoml.models.posteriors import POSTERIORS, PosteriorNetwork
from geoml.registry import with_options
from geoml.samples.scaling import Scaling
from geoml.tasks import Batch, Output, Task
from geoml.training.critic_module import CriticModule
from geoml.training.module import InversionModule
from geoml.training.option_ranges import need_at_least_zero
from geoml.training.options import TrainingOptions
from geoml.training.posterior import posterior_module
from geoml.training.posterior_options import PosteriorOptions


@dataclass(frozen=True)
class AdversarialOptions:
    """How a network and its critic are trained; the weights are those of OpenFWI over 100.

    Attributes:
        critic_steps: Batches that the critic learns from for each that the network learns from.
        critic_learning_rate: Highest learning rate of the critic's Adam; it follows the schedule.
        penalty_weight: Weight of the critic's gradient penalty [1], >= 0.
        adversarial_weight: Weight of the critic's judgement in the network's loss [1], >= 0.
        square_weight: Weight of the squared velocity error beside the task's own loss [1], >= 0.
    """

    critic_steps: int = 5
    critic_learning_rate: float = 1e-4
    penalty_weight: float = 10.0
    adversarial_weight: float = 0.01
    square_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.critic_steps < 1 or not self.critic_learning_rate > 0:
            raise OptionError(
                f"critic_steps is {self.critic_steps} and critic_learning_rate "
                f"{self.critic_learning_rate:g}; they must be at least 1 and above 0."
            )
        need_at_least_zero(self, "penalty_weight", "adversarial_weight", "square_weight")


class AdversarialModule(CriticModule):
    """Steps of a network that also has to convince a critic.

    The critic learns from every batch, the network from every ``critic_steps``-th; validation and
    the choice of the best epoch are those of the task alone.

    Attributes:
        critic: Higher where a scaled velocity model looks true, (batch, depth, distance) to
            (batch).
    """

    def __init__(
        self,
        network: nn.Module,
        critic: nn.Module,
        task: Task,
        scaling: Scaling,
        options: TrainingOptions,
    ) -> None:
        super().__init__(network, task, scaling, options)
        own = with_options(AdversarialOptions, options.adversarial, "adversarial")
        steps = own.critic_steps
        self.begin_critic(critic, own.critic_learning_rate, Fraction(steps + 1, steps))
        self.adversarial = own
        self._n_batches = 0

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One step of the critic and, when its turn has come, one of the network."""
        self._n_batches += 1
        self.network_moved = self._n_batches % self.adversarial.critic_steps == 0
        with torch.set_grad_enabled(self.network_moved):
            output: Output = self(batch["shots"])
        parts = self.task.loss(output, batch)
        losses = self._critic_step(output["velocity"].detach(), batch["velocity"])
        if self.network_moved:
            self._network_step(parts["loss"], output["velocity"], batch["velocity"])
        self.keep_losses({**parts, **losses})
        return parts["loss"].detach()

    def _critic_step(self, drawn: Tensor, true: Tensor) -> dict[str, Tensor]:
        """Move the critic apart on true and drawn models.

        Returns:
            Scalars ``critic_loss``, ``gradient_penalty`` and ``wasserstein``, the estimated
            distance between true and drawn models.
        """
        # Gradients of gradients would lose their digits in bfloat16.
        with torch.autocast(drawn.device.type, enabled=False):
            drawn, true = drawn.float(), true.float()
            wasserstein = self.critic(true).mean() - self.critic(drawn).mean()
            penalty = gradient_penalty(self.critic, true, drawn)
            loss = self.adversarial.penalty_weight * penalty - wasserstein
            self.move_critic(loss)
        return {"critic_loss": loss, "gradient_penalty": penalty, "wasserstein": wasserstein}

    def _network_step(self, loss: Tensor, drawn: Tensor, true: Tensor) -> None:
        """Move the network towards the true model and towards what the critic takes for true."""
        square = functional.mse_loss(drawn, true)
        self.critic.requires_grad_(False)
        with torch.autocast(drawn.device.type, enabled=False):
            judgement = self.critic(drawn.float()).mean()
        self.critic.requires_grad_(True)
        loss = loss + self.adversarial.square_weight * square
        self.move_network(loss - self.adversarial.adversarial_weight * judgement)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep whose turn it is for a resumed run."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["n_batches"] = self._n_batches

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the turns of the interrupted run."""
        super().on_load_checkpoint(checkpoint)
        self._n_batches = int(checkpoint["n_batches"])


def gradient_penalty(critic: nn.Module, true: Tensor, drawn: Tensor) -> Tensor:
    """Mean squared departure of the critic's gradient from length 1 between true and drawn models.

    Args:
        critic: Scores each model by itself.
        true: Models of the training part, shape (batch, depth, distance).
        drawn: Models of the network, same shape.
    """
    share = torch.rand(len(true), 1, 1, device=true.device)
    between = (share * true + (1 - share) * drawn).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def training_module(
    model_name: str, network: nn.Module, task: Task, scaling: Scaling, options: TrainingOptions
) -> InversionModule:
    """The module that trains a model: by its draws where it draws, against its critic if any.

    Raises:
        OptionError: If there are options for a critic or for draws, and the model has none.
    """
    check_partners(model_name, options)
    if isinstance(network, PosteriorNetwork):
        return posterior_module(network, task, scaling, options)
    critic = SECTION_NETWORKS[model_name].critic
    if critic is not None:
        return AdversarialModule(network, critic(), task, scaling, options)
    return InversionModule(network, task, scaling, options)


def check_partners(model_name: str, options: TrainingOptions) -> None:
    """Refuse options for draws or a critic that cannot work, or that the model has no use for.

    Args:
        model_name: Key of ``SECTION_NETWORKS``.
        options: Of the training.

    Raises:
        OptionError: Naming the option.
    """
    if options.posterior and model_name not in POSTERIORS:
        raise OptionError(f"Model '{model_name}' draws no sections; leave 'posterior' out.")
    if options.adversarial and SECTION_NETWORKS[model_name].critic is None:
        raise OptionError(f"Model '{model_name}' has no critic; leave 'adversarial' out.")
    with_options(PosteriorOptions, options.posterior, "posterior")
    with_options(AdversarialOptions, options.adversarial, "adversarial")
