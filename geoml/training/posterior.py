"""Training of networks that draw velocity sections, in the loop of all others.

``geoml train PAIRS --task velocity --model cvae --option 'posterior={trunk: FOLDER}'``: pairs,
scaling, splits, augmentation, calibration and checkpoint are those of every network; here is what
a step minimises. What validation chooses by is the score of draws on held-out pairs.

References:
    Sohn, Lee & Yan (2015), NeurIPS: the conditional bound beside a term on draws from the prior.
    Adler & Öktem (2018), Deep Bayesian inversion, arXiv 1811.05910: the critic of pairs.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from geoml.checkpoint import load_checkpoint
from geoml.errors import CheckpointError
from geoml.models import SECTION_NETWORKS
from geoml.models.mh_unet import MhUnet
from geoml.models.posteriors import PosteriorNetwork
from geoml.models.posteriors.conditional_gan import ConditionalGan
from geoml.models.posteriors.conditional_vae import ConditionalVae
from geoml.models.posteriors.posterior_network import Context
from geoml.objectives.conditional_elbo import conditional_elbo
from geoml.objectives.pair_critic import pair_distance, pair_penalty
from geoml.objectives.sample_score import pair_crps
from geoml.registry import with_options
from geoml.samples.scaling import Scaling
from geoml.tasks import Batch, Task
from geoml.training.critic_module import CriticModule
from geoml.training.module import InversionModule
from geoml.training.options import TrainingOptions
from geoml.training.posterior_options import PosteriorOptions

_PAIR = 2


class PosteriorModule(InversionModule):
    """Steps of a network that draws sections: the score of two draws, and what a subclass adds.

    Attributes:
        own: Weights and steps.
    """

    network: PosteriorNetwork

    def __init__(
        self, network: PosteriorNetwork, task: Task, scaling: Scaling, options: TrainingOptions
    ) -> None:
        own = with_options(PosteriorOptions, options.posterior, "posterior")
        frozen = own.trunk is not None and own.freeze_trunk
        if own.trunk is not None:
            start_from(network, own.trunk)
        if frozen:
            network.trunk.requires_grad_(False)
        super().__init__(network, task, scaling, options)
        self.own, self._frozen = own, frozen

    @property
    def monitor(self) -> str:
        """The score of draws."""
        return "validation/loss"

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of one batch."""
        context = self.network.context(batch["shots"])
        parts = self._parts(context, batch, self._pair(context))
        self.keep_losses(parts)
        return parts["loss"]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep the summary of draws; the loss is their score."""
        network, true = self.network, batch["velocity"]
        context = network.context(batch["shots"])
        # The same draws after every epoch, so that epochs can be compared.
        generator = torch.Generator().manual_seed(batch_idx)
        noise = network.noise(self.own.validation_draws, len(true), generator)
        draws = network.draws(context, noise)
        parts = {"loss": _mean_score(draws, true), "spread": draws.std(dim=0).mean()}
        parts |= self._watched(context, batch)
        self._validation_losses.append((len(true), parts))
        output = {head: m.float() for head, m in network.summary(draws, context).items()}
        self._answers.append((output, self.task.targets(batch)))

    def _watched(self, context: Context, batch: Batch) -> dict[str, Tensor]:
        """What else validation logs of a batch."""
        return {}

    def _pair(self, context: Context) -> Tensor:
        """Departures of two draws a section, shape (2, batch, depth, distance)."""
        network = self.network
        noise = network.noise(_PAIR, len(context.velocity)).to(context.velocity.device)
        return network.departure(network.code(noise, context), context)

    def _parts(self, context: Context, batch: Batch, pair: Tensor) -> dict[str, Tensor]:
        """The score of two draws in units of the trunk's spread, and the trunk's own loss."""
        score = pair_crps(pair[0], pair[1], _departure(context, batch))
        parts = {"loss": self.own.score_weight * score, "score": score}
        if not self._frozen:
            trunk = self.task.loss(context.maps, batch)
            parts["loss"] = parts["loss"] + trunk["loss"]
            parts |= {name: value for name, value in trunk.items() if name != "loss"}
        return parts


class VariationalModule(PosteriorModule):
    """Steps of a conditional variational autoencoder: its bound and the score of two draws."""

    network: ConditionalVae

    def _parts(self, context: Context, batch: Batch, pair: Tensor) -> dict[str, Tensor]:
        parts = super()._parts(context, batch, pair)
        told = self.network.recognise(context, batch["velocity"])
        elbo = conditional_elbo(told.departure, told.decoded, told.log_scale, told.kl)
        parts["loss"] = parts["loss"] - self.own.elbo_weight * elbo
        return {**parts, "elbo": elbo, "kl": told.kl.mean()}

    def _watched(self, context: Context, batch: Batch) -> dict[str, Tensor]:
        """Bound, divergence (0 when the codes have collapsed) and what a code leaves over."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            told = self.network.recognise(context, batch["velocity"])
        return {
            "elbo": conditional_elbo(told.departure, told.decoded, told.log_scale, told.kl),
            "kl": told.kl.mean(),
            "left_over": (told.decoded - told.departure).abs().mean(),
        }


class WassersteinModule(CriticModule, PosteriorModule):
    """Steps of a conditional Wasserstein GAN: a critic of pairs, and the score of two draws.

    Attributes:
        critic: Of pairs of departures.
    """

    network: ConditionalGan

    def __init__(
        self, network: ConditionalGan, task: Task, scaling: Scaling, options: TrainingOptions
    ) -> None:
        super().__init__(network, task, scaling, options)
        own = self.own
        self.begin_critic(
            network.critic(), own.critic_learning_rate, Fraction(1 + own.critic_steps)
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Steps of the critic, then one of the network."""
        context = self.network.context(batch["shots"])
        true, told = _departure(context, batch), context.sections.detach().float()
        watched: dict[str, Tensor] = {}
        for _ in range(self.own.critic_steps):
            with torch.no_grad():
                drawn = self._pair(context)
            watched = self._critic_step(true, drawn, told)
        pair = self._pair(context)
        parts = self._parts(context, batch, pair)
        self.critic.requires_grad_(False)
        with torch.autocast(pair.device.type, enabled=False):
            # A draw beside a true section tells nothing of the draw alone: the whole distance.
            apart = pair_distance(self._judge(told), true, pair[0], pair[1])
        self.critic.requires_grad_(True)
        loss = parts["loss"] + self.own.adversarial_weight * apart
        self.move_network(loss)
        self.keep_losses({**parts, **watched, "loss": loss})
        return loss.detach()

    def _judge(self, told: Tensor) -> Any:
        """The critic of pairs for one batch of gathers."""
        return lambda first, second: self.critic(first, second, told)

    def _critic_step(self, true: Tensor, drawn: Tensor, told: Tensor) -> dict[str, Tensor]:
        """Move the critic apart on pairs with a true section and pairs without."""
        judge = self._judge(told)
        # Gradients of gradients would lose their digits in bfloat16.
        with torch.autocast(true.device.type, enabled=False):
            first, second = drawn.float()
            wasserstein = pair_distance(judge, true, first, second)
            penalty = pair_penalty(judge, true, first, second)
            self.move_critic(self.own.penalty_weight * penalty - wasserstein)
        return {"wasserstein": wasserstein, "gradient_penalty": penalty}


def posterior_module(
    network: PosteriorNetwork, task: Task, scaling: Scaling, options: TrainingOptions
) -> PosteriorModule:
    """The module that trains a posterior network by its own objective."""
    if isinstance(network, ConditionalGan):
        return WassersteinModule(network, task, scaling, options)
    assert isinstance(network, ConditionalVae)  # the table holds no third kind
    return VariationalModule(network, task, scaling, options)


def start_from(network: PosteriorNetwork, trunk: str) -> None:
    """Give a posterior network the weights of a trained trunk.

    Args:
        network: Takes them.
        trunk: Folder or shipped name of a checkpoint, whose scaling the pairs are under too.

    Raises:
        CheckpointError: If its weights do not fit.
    """
    state = load_checkpoint(trunk).state
    # A head that this task does not ask for reads the features and leaves them as they are.
    unused = [name for name in state if name.startswith("heads.")]
    for name in set(unused) - set(network.trunk.state_dict()):
        del state[name]
    try:
        network.trunk.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:160]
        raise CheckpointError(
            f"The weights of '{trunk}' do not fit the trunk: {reason}. Leave the model's options "
            "for the trunk out, and take pairs of the same acquisition."
        ) from None


def with_trunk(model_options: dict[str, Any], options: TrainingOptions) -> dict[str, Any]:
    """A posterior network's options with those of the trunk whose weights it begins with.

    Args:
        model_options: As the user gave them; what they say of the trunk counts.
        options: Of the training, with the trunk's checkpoint among those for draws.

    Raises:
        CheckpointError: If there is no such checkpoint, or it is no multi-head U-Net.
    """
    trunk = options.posterior.get("trunk")
    if trunk is None:
        return model_options
    checkpoint = load_checkpoint(trunk)
    entry = SECTION_NETWORKS.get(checkpoint.model_name)
    if entry is None or entry.network is not MhUnet:
        raise CheckpointError(
            f"Trunk '{trunk}' is a '{checkpoint.model_name}'; the trunk is a multi-head U-Net, "
            "such as mh_unet_s."
        )
    own = {k: v for k, v in checkpoint.model_config.items() if k not in ("name", "shape", "heads")}
    return {**model_options, "trunk": {**own, **model_options.get("trunk", {})}}


def _departure(context: Context, batch: Batch) -> Tensor:
    """How far the truth is from the trunk's velocity, in its spread."""
    return (batch["velocity"] - context.velocity) / context.scale


def _mean_score(draws: Tensor, true: Tensor) -> Tensor:
    """The score over neighbouring pairs of draws."""
    return pair_crps(draws[::2][: len(draws) // 2], draws[1::2], true.expand_as(draws[1::2]))
