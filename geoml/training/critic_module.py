"""What every training against a critic shares: both optimisers, the length of the run, limits.

References:
    Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.tasks import Batch
from geoml.training.module import InversionModule
from geoml.training.schedule import learning_rate_factor


class CriticModule(InversionModule):
    """Base of modules that move a network and a critic by hand; ``begin_critic`` comes first.

    Attributes:
        critic: Higher where what it is shown looks true.
    """

    critic: nn.Module

    def begin_critic(
        self, critic: nn.Module, learning_rate: float, steps_a_batch: Fraction
    ) -> None:
        """Take a critic.

        Args:
            critic: Is trained beside the network.
            learning_rate: Highest one of its Adam; it follows the schedule.
            steps_a_batch: Steps of network and critic together for each batch.

        Raises:
            OptionError: If the run's precision has no room for gradients of gradients.
        """
        if self.options.resolved_precision() == "16-mixed":
            raise OptionError(
                "Training against a critic has no precision '16-mixed'; choose bf16-mixed or "
                "32-true."
            )
        self.automatic_optimization = False
        self.critic = critic.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._critic_rate, self._steps_a_batch = learning_rate, steps_a_batch

    def configure_optimizers(self) -> Any:
        """The network's own, and Adam of the critic."""
        # Momentum makes a critic with gradient penalty swing.
        critic = torch.optim.Adam(self.critic.parameters(), lr=self._critic_rate, betas=(0.0, 0.9))
        return [super().configure_optimizers(), critic]

    def on_fit_start(self) -> None:
        """Learn the length of the run.

        Raises:
            OptionError: If it is to run on several devices.
        """
        super().on_fit_start()
        if self.trainer.world_size > 1:
            raise OptionError(
                f"Training against a critic runs on one device, found {self.trainer.world_size}; "
                "set devices to 1."
            )
        # Lightning counts the steps of both optimizers.
        self.clock.total_steps = int(self.clock.total_steps * self._steps_a_batch)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set both learning rates."""
        super().on_train_batch_start(batch, batch_idx)
        factor = learning_rate_factor(self.clock.progress(self.global_step), self.options.warmup)
        for group in self.trainer.optimizers[1].param_groups:
            group["lr"] = self._critic_rate * factor

    def move_critic(self, loss: Tensor) -> None:
        """One step of the critic."""
        optimizer = cast(list[LightningOptimizer], self.optimizers())[1]
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    def move_network(self, loss: Tensor) -> None:
        """One step of the network, its gradient clipped."""
        optimizer = cast(list[LightningOptimizer], self.optimizers())[0]
        optimizer.zero_grad()
        self.manual_backward(loss)
        self.clip_gradients(optimizer.optimizer, self.options.gradient_clip, "norm")
        optimizer.step()
