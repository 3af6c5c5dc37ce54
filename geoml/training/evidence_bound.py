"""Objective of a variational autoencoder, and the distribution of its codes after the training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from geoml.models.priors.vae import Vae
from geoml.objectives.kl_divergence import active_units, kl_to_standard_normal
from geoml.objectives.section_misfit import laplace_nats_per_cell, step_aware_l1

_AT_ONCE = 256
_RIDGE = 1e-4  # added to the variance of codes, which stays invertible with it
_LEAST_ACTIVE = 2


@dataclass(frozen=True)
class EvidenceBound:
    """Objective of a variational autoencoder: nats a cell of code and reconstruction together.

    Attributes:
        beta: Weight of the code's divergence.
        step_weight: Weight of the steps between cells in the reconstruction.
    """

    beta: float = 1.0
    step_weight: float = 0.0

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """``loss``, ``misfit`` [scaled velocity], ``kl`` [nats]; ``active_units`` in validation."""
        true = batch["velocity"]
        output = network(true, batch.get("condition"))
        misfit = step_aware_l1(output["velocity"].float(), true, self.step_weight)
        kl = kl_to_standard_normal(output["mean"], output["log_variance"]).mean()
        loss = laplace_nats_per_cell(misfit) + self.beta * kl / true[0].numel()
        parts = {"loss": loss, "misfit": misfit, "kl": kl}
        if not network.training:
            parts["active_units"] = torch.tensor(float(active_units(output["mean"])))
        return parts


def collapsed_code_warning(mean: Tensor) -> str | None:
    """One line where the codes of sections hardly differ.

    Args:
        mean: Mean codes of many sections, shape (section, code).
    """
    n_active = active_units(mean)
    if n_active >= min(_LEAST_ACTIVE, mean.shape[1]):
        return None
    return (
        f"{n_active} of {mean.shape[1]} numbers of the code are in use: the code has collapsed and "
        "samples will be alike; lower 'beta' or train longer."
    )


@torch.no_grad()
def section_codes(network: Vae, parts: dict[str, Tensor], seed: int) -> tuple[Tensor, Tensor]:
    """Drawn and mean codes of sections, each (section, code)."""
    generator = torch.Generator().manual_seed(seed)
    drawn, means = [], []
    for start in range(0, len(parts["velocity"]), _AT_ONCE):
        batch = {name: values[start : start + _AT_ONCE] for name, values in parts.items()}
        mean, log_variance = network.encode(batch["velocity"], batch.get("condition"))
        noise = torch.randn(mean.shape, generator=generator)
        drawn.append(mean + (0.5 * log_variance).exp() * noise)
        means.append(mean)
    return torch.cat(drawn), torch.cat(means)


def fit_code_prior(network: Vae, code: Tensor, condition: Tensor | None, seed: int) -> None:
    """Set the network's distribution of codes to a Gaussian mixture fitted to these.

    Args:
        network: Whose ``code_prior`` is set.
        code: Shape (section, code).
        condition: Shape (section, condition), whose linear effect is taken off first.
        seed: Of the fit's first guess.
    """
    values = code.double().numpy()
    slope = np.zeros(tuple(network.code_prior.slope.shape))
    if condition is not None:
        given = condition.double().numpy()
        centred = given - given.mean(axis=0)
        slope = np.linalg.lstsq(centred, values - values.mean(axis=0), rcond=None)[0]
        values = values - given @ slope
    n_components = network.config.components
    mixture = GaussianMixture(
        n_components, covariance_type="full", reg_covar=_RIDGE, random_state=seed, max_iter=50
    ).fit(values)
    network.code_prior.set_mixture(
        *(
            torch.as_tensor(part, dtype=torch.float32)
            for part in (mixture.weights_, mixture.means_, mixture.covariances_, slope)
        )
    )
