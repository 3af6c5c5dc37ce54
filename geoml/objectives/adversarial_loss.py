"""Games between a generator and the critic of what it draws, each by its formula.

D is the critic's judgement of a section, a logit in the first two games; x are true sections, G(z)
drawn ones, s the logistic function.

References:
    Goodfellow et al. (2014), Generative adversarial nets, NeurIPS.
    Arjovsky, Chintala and Bottou (2017), Wasserstein GAN, ICML.
    Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class AdversarialLoss:
    """What critic and generator minimise in turn.

    Attributes:
        critic: Of judgements of true and of drawn sections, each (batch).
        generator: Of judgements of drawn sections.
        penalised: True where the critic's gradient between true and drawn sections must have
            length 1.
    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalised: bool = False


def cross_entropy_critic(true: Tensor, drawn: Tensor) -> Tensor:
    """``-mean log s(D(x)) - mean log(1 - s(D(G(z))))``, a scalar."""
    return softplus(-true).mean() + softplus(drawn).mean()


def minimax_generator(drawn: Tensor) -> Tensor:
    """``mean log(1 - s(D(G(z))))``: the critic's loss with its sign turned.

    Its gradient fades where the critic is sure, which is where the generator needs it most.
    """
    return -softplus(drawn).mean()


def non_saturating_generator(drawn: Tensor) -> Tensor:
    """``-mean log s(D(G(z)))``: the same fixed point, a gradient that does not fade."""
    return softplus(-drawn).mean()


def wasserstein_critic(true: Tensor, drawn: Tensor) -> Tensor:
    """``mean D(G(z)) - mean D(x)``: minus the distance that the critic can show."""
    return drawn.mean() - true.mean()


def wasserstein_generator(drawn: Tensor) -> Tensor:
    """``-mean D(G(z))``."""
    return -drawn.mean()


ADVERSARIAL_LOSSES: dict[str, AdversarialLoss] = {
    "minimax": AdversarialLoss(cross_entropy_critic, minimax_generator),
    "non_saturating": AdversarialLoss(cross_entropy_critic, non_saturating_generator),
    "wasserstein": AdversarialLoss(wasserstein_critic, wasserstein_generator, penalised=True),
}
"""Name -> game."""
