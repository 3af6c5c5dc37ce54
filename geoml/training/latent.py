"""Training of autoencoders whose code is of use by itself: reduction, facies, classification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import geoml
from geoml.errors import OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config
from geoml.network_checkpoint import NetworkCheckpoint
from geoml.objectives.kl_divergence import active_units, kl_to_standard_normal
from geoml.training.fit_network import FitOptions, fit_network
from geoml.training.latent_data import LatentData, code_batches, drawn
from geoml.training.latent_scores import reduction_scores

KIND = "latent"
_VALIDATION_PATCHES = 256
_START_PATCHES = 8000  # principal components are taken from so many
_FAR_SEED = 10_000_019  # validation draws none of the training's patches
_LEAST_ACTIVE = 2


@dataclass
class CodeObjective:
    """Mean square error, and for a variational code the divergence from the normal law.

    With a code's spread it is nats a sample, log(error) / 2 + beta KL / samples: the likelihood is
    a Gaussian of the variance that fits best, so that no weight has to be found. ``beta`` grows
    from 0 in the first ``warmup_steps`` steps, or the code would be given up before the decoder
    has learned to read it.

    Attributes:
        beta: Weight of the divergence.
        warmup_steps: Steps in which it grows.
        steps: Training steps so far.

    References:
        Rybkin, Daniilidis and Levine (2021), Simple and effective VAE training with calibrated
        decoders, ICML.
        Bowman et al. (2016), Generating sentences from a continuous space, CoNLL (warm-up).
    """

    beta: float = 1.0
    warmup_steps: int = 0
    steps: int = field(default=0, init=False)

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """``loss`` and ``error``; of a variational code ``kl`` [nats] and ``active_units`` too."""
        samples = batch["samples"]
        output = network(samples)
        error = (output["signal"].float() - samples).square().mean()
        if "log_variance" not in output:
            return {"loss": error, "error": error.detach()}
        kl = kl_to_standard_normal(output["mean"].float(), output["log_variance"].float()).mean()
        weight = self.beta
        if network.training:
            self.steps += 1
            weight *= min(1.0, self.steps / max(self.warmup_steps, 1))
        loss = 0.5 * torch.log(error) + weight * kl / samples[0].numel()
        parts = {"loss": loss, "error": error.detach(), "kl": kl.detach()}
        if not network.training:
            parts["active_units"] = torch.tensor(float(active_units(output["mean"])))
        return parts


def train_latent(
    data: LatentData,
    fit: FitOptions,
    *,
    model: str = "conv_autoencoder",
    code: int = 32,
    model_options: Mapping[str, Any] | None = None,
    beta: float = 1.0,
    kl_warmup: float = 0.2,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """Train an autoencoder and hold its code against PCA of equal size.

    Args:
        data: Patches to learn from and to be judged by.
        fit: Budget, optimiser, machine.
        model: Entry of ``GATHER_MODELS`` that has ``encode`` and ``decode``.
        code: Numbers of the code.
        model_options: Other options of the network.
        beta: Weight of a variational code's divergence.
        kl_warmup: Share of the steps in which that weight grows.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Returns:
        Kind ``latent``; ``settings`` hold ``patch_shape``, ``scaling``, ``dt_s``, ``training`` the
        curve, ``scores`` on held-out patches and ``warnings``.

    Raises:
        OptionError: If an option does not fit, the network has no code, or the training diverged.
    """
    if not beta > 0 or not 0 <= kl_warmup <= 1:
        raise OptionError(f"beta is {beta:g} and kl_warmup {kl_warmup:g}; needed above 0, in 0..1.")
    if code < 1:
        raise OptionError(f"A code of {code} numbers; it needs at least 1.")
    torch.manual_seed(fit.seed)
    network = _coded_network(model, code, data.shape, model_options)
    held = data.held or data.learned
    rng = np.random.default_rng(_FAR_SEED + fit.seed)
    judged = torch.from_numpy(
        data.scaling.scaled(drawn(held, data.shape, _VALIDATION_PATCHES, rng))[0]
    )
    validation = [{"samples": part} for part in judged.split(_VALIDATION_PATCHES // 2)]
    if hasattr(network, "start"):
        some = drawn(data.learned, data.shape, _START_PATCHES, rng)
        network.start(torch.from_numpy(data.scaling.scaled(some)[0]))  # type: ignore[operator]
    network.train()
    curve = fit_network(
        network,
        CodeObjective(beta, round(kl_warmup * fit.steps)),
        code_batches(data.learned, data.scaling, data.shape, fit.batch_size, fit.seed),
        validation if data.held is not None else [],
        fit,
        announce=announce,
        progress=progress,
    )
    warnings = [line for line in (_collapse(network, judged),) if line]
    for line in warnings:
        if announce is not None:
            announce(line)
    return NetworkCheckpoint(
        kind=KIND,
        model=network_config(model, network),
        state=dict(network.state_dict()),
        settings={
            "patch_shape": list(data.shape),
            "scaling": data.scaling.settings(),
            "dt_s": data.dt_s,
            "code": code,
        },
        training={
            "curve": curve,
            "options": asdict(fit),
            "data": data.learned.describe(),
            "held_out": data.held is not None,
            "scores": reduction_scores(network, data, code, fit.seed),
            "warnings": warnings,
            "versions": {"geoml": geoml.__version__, "torch": torch.__version__},
        },
    )


def _coded_network(
    model: str, code: int, shape: tuple[int, int], options: Mapping[str, Any] | None
) -> nn.Module:
    """A network with a vector of so many numbers."""
    fixed = {"n_traces": shape[0], "n_times": shape[1], "code": code, "vector": True}
    network = build_network(GATHER_MODELS, model, "autoencoder", fixed, options)
    if not hasattr(network, "encode"):
        coded = sorted(n for n, e in GATHER_MODELS.items() if hasattr(e.network, "encode"))
        raise OptionError(f"'{model}' has no code; networks with one: {', '.join(coded)}.")
    return network


@torch.no_grad()
def _collapse(network: nn.Module, patches: Tensor) -> str | None:
    """One line where the codes of patches hardly differ."""
    code = network.encode(patches)  # type: ignore[operator]
    used = active_units(code)
    if used >= min(_LEAST_ACTIVE, code.shape[1]):
        return None
    return (
        f"{used} of {code.shape[1]} numbers of the code are in use: the code has collapsed; lower "
        "beta, lengthen kl_warmup or train longer."
    )
