"""Objective of a variational autoencoder, and the distribution of its codes after the training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from geoml.models.priors.vae import Vae
from geoml.objectives.kl_divergence import active_units, kl_to_standard_normal
from geoml.objectives.section_misfit import laplace_nats_per_cell, step_aware_l1

_AT_ONCE = 256
_RIDGE = 1e-4  # added to the variance of codes, which stays invertible with it
_LEAST_ACTIVE = 2
_LEFT_OUT = 5  # every so many codes one is left out while Gaussians are counted


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

    Its Gaussians are doubled, up to the network's ``components``, while that surely makes codes
    more likely that are left out of the fit: more would only learn this sample of codes by heart.

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
    mixture = _mixture(values, _best_count(values, network.config.components, seed), seed)
    network.code_prior.set_mixture(
        *(
            torch.as_tensor(part, dtype=torch.float32)
            for part in (mixture.weights_, mixture.means_, mixture.covariances_, slope)
        )
    )


def _best_count(codes: NDArray[np.float64], most: int, seed: int) -> int:
    """Number of Gaussians, 1 or a power of two, that left-out codes ask for."""
    left_out = np.arange(len(codes)) % _LEFT_OUT == 0
    kept, others = codes[~left_out], codes[left_out]
    count, before = 1, None
    while most > 1 and count <= min(most, len(kept)):
        likelihood = _mixture(kept, count, seed).score_samples(others)
        if before is not None:
            gain = likelihood - before
            # Less than two standard errors may be chance.
            if gain.mean() <= 2 * gain.std() / np.sqrt(gain.size):
                break
        count, before = 2 * count, likelihood
    return max(1, count // 2)


def _mixture(codes: NDArray[np.float64], count: int, seed: int) -> GaussianMixture:
    return GaussianMixture(
        count, covariance_type="full", reg_covar=_RIDGE, random_state=seed, max_iter=200
    ).fit(codes)
