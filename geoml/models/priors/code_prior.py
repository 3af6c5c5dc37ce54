"""What codes look like: a Gaussian, or a mixture of them, around a linear trend in the condition.

A variational autoencoder is trained against the standard normal, but the codes of its training
sections never quite fill it: sections drawn from it would be of a kind that the decoder has not
seen. Fitted to the codes after the training, this distribution draws better ones.

References:
    Dai and Wipf (2019), Diagnosing and enhancing VAE models, ICLR (two stages).
    Ghosh et al. (2020), From variational to deterministic autoencoders, ICLR (mixtures after
        training).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CodePrior(nn.Module):
    """Gaussian mixture over codes, the standard normal until it is set."""

    weight: Tensor
    mean: Tensor
    factor: Tensor
    slope: Tensor

    def __init__(self, code: int, components: int, n_condition: int = 0) -> None:
        super().__init__()
        self.register_buffer("weight", torch.full((components,), 1 / components))
        self.register_buffer("mean", torch.zeros(components, code))
        self.register_buffer("factor", torch.eye(code).repeat(components, 1, 1))
        self.register_buffer("slope", torch.zeros(n_condition, code))

    def set_mixture(self, weight: Tensor, mean: Tensor, covariance: Tensor, slope: Tensor) -> None:
        """Take over a fitted mixture of as many Gaussians, or of fewer.

        Args:
            weight: Share of each Gaussian, shape (component).
            mean: Shape (component, code).
            covariance: Shape (component, code, code).
            slope: Change of the code with the condition, shape (condition, code).
        """
        n = len(weight)
        self.weight.zero_()[:n] = weight
        self.mean[:n] = mean
        self.factor[:n] = torch.linalg.cholesky(covariance)
        self.slope.copy_(slope)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean (code) and Cholesky factor of the covariance (code, code) of all Gaussians together.

        They are one Gaussian in place of the mixture, for what needs a linear map to the codes.
        """
        weight, mean, factor = (v.double() for v in (self.weight, self.mean, self.factor))
        centre = weight @ mean
        away = mean - centre
        within = torch.einsum("c,cij,ckj->ik", weight, factor, factor)
        between = torch.einsum("c,ci,ck->ik", weight, away, away)
        return centre.to(self.mean), torch.linalg.cholesky(within + between).to(self.mean)

    def sample(
        self, n: int, generator: torch.Generator | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Codes of the mixture, shape (n, code).

        Args:
            n: How many.
            generator: Source of randomness, on the CPU.
            condition: Shape (n, condition); None where the network reads none.
        """
        chosen = torch.multinomial(self.weight.cpu(), n, replacement=True, generator=generator)
        white = torch.randn(n, self.mean.shape[1], generator=generator)
        return self.colour(white.to(self.mean), chosen.to(self.mean.device), condition)

    def colour(
        self, white: Tensor, component: Tensor | int = 0, condition: Tensor | None = None
    ) -> Tensor:
        """Codes from standard normal numbers, a differentiable map, shape (n, code).

        Args:
            white: Standard normal numbers, shape (n, code).
            component: Number of the Gaussian, one for all or shape (n).
            condition: Shape (n, condition).
        """
        if isinstance(component, int):
            component = torch.full((len(white),), component, device=white.device)
        code = self.mean[component] + torch.einsum("nij,nj->ni", self.factor[component], white)
        return code if condition is None else code + condition @ self.slope
