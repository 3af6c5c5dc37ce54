"""Training of a velocity prior: a generator of sections, learned from sections.

A variational autoencoder learns by ``fit_network``; the distribution of its codes is then fitted
anew. A GAN learns by ``fit_adversaries``. Both are watched for the way in which they fail: codes
that carry nothing, samples that are all alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

import geoml
from geoml.models.network_table import build_network, network_config
from geoml.models.priors import PRIORS
from geoml.models.priors.condition import section_condition
from geoml.models.priors.vae import Vae
from geoml.network_checkpoint import NetworkCheckpoint, save_network_checkpoint
from geoml.objectives.kl_divergence import active_units, kl_to_standard_normal
from geoml.objectives.section_misfit import laplace_nats_per_cell, step_aware_l1
from geoml.registry import lookup, with_options
from geoml.training.fit_network import fit_network
from geoml.training.fit_options import FitOptions
from geoml.training.prior_data import VelocitySections, endless_batches, scaled
from geoml.training.prior_options import PriorOptions

_BATCH_SECTIONS = 256
_RIDGE = 1e-4  # added to the variance of codes, which stays invertible with it

Announce = Callable[[str], None]


@dataclass(frozen=True)
class EvidenceBound:
    """Objective of a variational autoencoder: nats a cell of code and reconstruction together.

    Attributes:
        beta: Weight of the code's divergence.
        step_weight: Weight of the steps between cells in the reconstruction.
    """

    beta: float = 1.0
    step_weight: float = 1.0

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


def train_prior(
    sections: VelocitySections,
    model: str,
    options: PriorOptions,
    folder: str | Path | None = None,
    *,
    announce: Announce | None = None,
) -> NetworkCheckpoint:
    """A trained prior, saved where a folder is given.

    Args:
        sections: What it learns from; the last ones are held out.
        model: Key of ``PRIORS``.
        options: Budget, scaling, condition.
        folder: Where its checkpoint goes.
        announce: Told a line a validation, and warnings.

    Raises:
        UnknownNameError: If there is no such network.
        OptionError: If an option is wrong or does not fit.
        PhysicsError: If sections leave the velocity range.
    """
    tell = announce or (lambda line: None)
    entry = lookup(PRIORS, model, "prior")
    fit = with_options(FitOptions, options.fit, "fit")
    conditional = getattr(entry.network, "conditional", False)
    n_labels = len(sections.label_names) if options.labels and conditional else 0
    fixed = {
        "shape": sections.velocity.shape[1:],
        "n_labels": n_labels if n_labels > 1 else 0,
        "n_trend": options.n_trend if conditional else 0,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fit.seed)
        network = build_network(PRIORS, model, "prior", fixed, options.network)
    parts = [
        _tensors(part, network, options.limits_m_s) for part in sections.split(options.held_out)
    ]
    train, held = parts
    batches = endless_batches(train, fit.batch_size, fit.seed, options.mirror)
    validation = [
        {name: values[i : i + _BATCH_SECTIONS] for name, values in held.items()}
        for i in range(0, len(held["velocity"]), _BATCH_SECTIONS)
    ]
    objective = EvidenceBound(options.beta, options.step_weight)
    curve = fit_network(network, objective, batches, validation, fit, announce=announce)
    warnings = _finish_vae(cast(Vae, network), train, fit.seed)
    for line in warnings:
        tell(line)
    checkpoint = NetworkCheckpoint(
        kind="prior",
        model=network_config(model, network),
        state=network.state_dict(),
        settings={
            "limits_m_s": list(options.limits_m_s),
            "spacing_m": sections.spacing_m,
            "labels": list(sections.label_names) if fixed["n_labels"] else [],
        },
        training={
            "options": asdict(options),
            "curve": curve,
            "warnings": warnings,
            "n_sections": len(train["velocity"]),
            "source": sections.source,
            "families": list(sections.label_names),
            "geoml": geoml.__version__,
        },
    )
    if folder is not None:
        save_network_checkpoint(checkpoint, folder)
    return checkpoint


def _tensors(
    sections: VelocitySections, network: nn.Module, limits_m_s: tuple[float, float]
) -> dict[str, Tensor]:
    """Scaled sections with their conditions."""
    parts = {"velocity": scaled(sections.velocity, limits_m_s)}
    labels = torch.as_tensor(sections.label)
    condition = section_condition(parts["velocity"], labels, cast(Any, network.config))
    if condition is not None:
        parts["condition"] = condition
    return parts


def _finish_vae(network: Vae, train: dict[str, Tensor], seed: int) -> list[str]:
    """Fit the distribution of the codes; one line of warning where they carry nothing."""
    code, mean = section_codes(network, train, seed)
    fit_code_prior(network, code, train.get("condition"), seed)
    n_active = active_units(mean)
    if n_active >= 2:
        return []
    return [
        f"{n_active} of {mean.shape[1]} numbers of the code are in use: the code has collapsed and "
        "samples will be alike; lower 'beta' or train longer."
    ]


@torch.no_grad()
def section_codes(network: Vae, parts: dict[str, Tensor], seed: int) -> tuple[Tensor, Tensor]:
    """Drawn and mean codes of sections, each (section, code)."""
    generator = torch.Generator().manual_seed(seed)
    drawn, means = [], []
    for start in range(0, len(parts["velocity"]), _BATCH_SECTIONS):
        batch = {name: values[start : start + _BATCH_SECTIONS] for name, values in parts.items()}
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
