"""Training of a velocity prior: a generator of sections, learned from sections.

A variational autoencoder learns by ``fit_network``; the distribution of its codes is then fitted
anew. A GAN learns by ``fit_adversaries``. Both are watched for the way in which they fail: codes
that carry nothing, samples that are all alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

import geoml
from geoml.errors import OptionError
from geoml.models.network_table import build_network, network_config
from geoml.models.priors import PRIORS
from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.condition import section_condition
from geoml.models.priors.decoder_start import start_as_decoder
from geoml.models.priors.vae import Vae
from geoml.network_checkpoint import (
    NetworkCheckpoint,
    load_network_checkpoint,
    save_network_checkpoint,
)
from geoml.registry import lookup, with_options
from geoml.training.adversarial_fit import collapse_warning, fit_adversaries
from geoml.training.adversarial_options import AdversarialFitOptions
from geoml.training.evidence_bound import (
    EvidenceBound,
    collapsed_code_warning,
    fit_code_prior,
    section_codes,
)
from geoml.training.fit_network import fit_network
from geoml.training.fit_options import FitOptions
from geoml.training.prior_data import VelocitySections, endless_batches, scaled
from geoml.training.prior_options import PriorOptions

_VALIDATION_SECTIONS = 256

Announce = Callable[[str], None]


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
    entry = lookup(PRIORS, model, "prior")
    fit: AdversarialFitOptions | FitOptions
    if issubclass(entry.network, AdversarialPair):
        fit = with_options(AdversarialFitOptions, options.fit, "fit")
    else:
        fit = with_options(FitOptions, options.fit, "fit")
    fixed = _sizes(sections, bool(getattr(entry.network, "conditional", False)), options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fit.seed)
        network: Any = build_network(PRIORS, model, "prior", fixed, options.network)
    if options.start is not None:
        _start(network, options.start)
    train, held = (
        _tensors(part, network, options.limits_m_s) for part in sections.split(options.held_out)
    )
    batches = endless_batches(train, fit.batch_size, fit.seed, options.mirror)
    if isinstance(fit, AdversarialFitOptions):
        curve = fit_adversaries(network, batches, train["velocity"], fit, announce=announce)
        warning = collapse_warning(max(row["diversity"] for row in curve))
    else:
        validation = [
            {name: values[i : i + _VALIDATION_SECTIONS] for name, values in held.items()}
            for i in range(0, len(held["velocity"]), _VALIDATION_SECTIONS)
        ]
        objective = EvidenceBound(options.beta, options.step_weight)
        curve = fit_network(network, objective, batches, validation, fit, announce=announce)
        warning = _finish(network, train, fit.seed)
    if "condition" in train:
        generator = torch.Generator().manual_seed(fit.seed)
        network.known_conditions.keep(train["condition"], generator)
    if warning and announce is not None:
        announce(warning)
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
            "warning": warning,
            "n_sections": len(train["velocity"]),
            "source": sections.source,
            "families": list(sections.label_names),
            "geoml": geoml.__version__,
        },
    )
    if folder is not None:
        save_network_checkpoint(checkpoint, folder)
    return checkpoint


def _sizes(sections: VelocitySections, conditional: bool, options: PriorOptions) -> dict[str, Any]:
    """Fields of the network's config that follow from sections and options."""
    n_labels = len(sections.label_names) if conditional and options.labels else 0
    return {
        "shape": sections.velocity.shape[1:],
        # One kind is no condition.
        "n_labels": n_labels if n_labels > 1 else 0,
        "n_trend": options.n_trend if conditional else 0,
    }


def _start(network: nn.Module, start: str) -> None:
    """Begin with the weights of a trained autoencoder, or a GAN as its decoder."""
    checkpoint = load_network_checkpoint(start, "prior")
    vae = checkpoint.network(PRIORS)
    if type(network) is type(vae) and network.config == vae.config:
        network.load_state_dict(checkpoint.state)
        return
    if not isinstance(network, AdversarialPair) or not isinstance(vae, Vae):
        raise OptionError(
            f"'start' needs a network of equal sizes, or a variational autoencoder for a GAN; "
            f"found a {type(vae).__name__} for a {type(network).__name__}."
        )
    start_as_decoder(network, vae)


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


def _finish(network: Vae, train: dict[str, Tensor], seed: int) -> str | None:
    """Fit the distribution of the codes; a line of warning where they carry nothing."""
    code, mean = section_codes(network, train, seed)
    fit_code_prior(network, code, train.get("condition"), seed)
    return collapsed_code_warning(mean)
