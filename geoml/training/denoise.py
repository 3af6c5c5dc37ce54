"""Training of denoisers: supervised on synthetic patches, or blind on the survey itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn

import geoml
from geoml.errors import OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config
from geoml.network_checkpoint import NetworkCheckpoint
from geoml.tasks.denoise import DenoiseTask, Supervised, task_settings
from geoml.training.denoise_data import PatchSource, patch_batches
from geoml.training.fit_network import FitOptions, fit_network

KIND = "denoise"
_VALIDATION_BATCHES = 4
_TRIVIAL_TRACES = 3  # width of the running mean that a network has to beat


def train_denoiser(
    source: PatchSource,
    task: DenoiseTask,
    fit: FitOptions,
    *,
    model: str = "denoising_unet",
    model_options: Mapping[str, Any] | None = None,
    patch_shape: tuple[int, int] = (32, 96),
    dt_s: float | None = None,
    validation: PatchSource | None = None,
    start: NetworkCheckpoint | None = None,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """Train a network to denoise, from fresh weights or from those of another checkpoint.

    Args:
        source: Where patches come from; ``Supervised`` needs one that knows the signal.
        task: How the network learns.
        fit: Budget, optimiser, machine.
        model: Key of ``GATHER_MODELS``.
        model_options: Options of the network.
        patch_shape: Traces and samples of a patch.
        dt_s: Sample interval that the network is for [s]; None where any will do.
        validation: Patches that train nothing; None keeps the last weights.
        start: Weights to begin with, whose network and patch shape then hold.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Returns:
        Kind ``denoise``; ``settings`` hold ``task``, ``patch_shape`` and ``dt_s``.

    Raises:
        OptionError: If options do not fit, or the training diverged.
    """
    if start is not None:
        patch_shape = _same_patch(start)
        model = str(start.model["name"])
        network = start.network(GATHER_MODELS)
        if model_options:
            raise OptionError(
                f"The network's options follow from the checkpoint to start from ('{model}'); "
                "leave them out."
            )
    else:
        fixed = {"n_traces": patch_shape[0], "n_times": patch_shape[1]}
        torch.manual_seed(fit.seed)
        network = build_network(GATHER_MODELS, model, "denoiser", fixed, model_options)
    held: list[dict[str, torch.Tensor]] = []
    if validation is not None:
        # Far from the seed of the training patches, which are drawn alike.
        batches = patch_batches(validation, patch_shape, fit.batch_size, 10_000_019 + fit.seed)
        held = list(itertools.islice(batches, _VALIDATION_BATCHES))
    network.train()
    curve = fit_network(
        network,
        task,
        patch_batches(source, patch_shape, fit.batch_size, fit.seed),
        held,
        fit,
        announce=announce,
        progress=progress,
    )
    return NetworkCheckpoint(
        kind=KIND,
        model=network_config(model, network),
        state=dict(network.state_dict()),
        settings={"task": task_settings(task), "patch_shape": list(patch_shape), "dt_s": dt_s},
        training={
            "curve": curve,
            "options": asdict(fit),
            "data": source.describe(),
            "scores": _scores(network, task, held),
            "started_from": None if start is None else start.training.get("data"),
            "versions": {"geoml": geoml.__version__, "torch": torch.__version__},
        },
    )


def gentler(fit: FitOptions, factor: float = 0.25) -> FitOptions:
    """The same fit at lower learning rates, to adapt weights that know something already."""
    return replace(
        fit,
        learning_rate=factor * fit.learning_rate,
        muon_learning_rate=factor * fit.muon_learning_rate,
    )


@torch.no_grad()
def _scores(
    network: nn.Module, task: DenoiseTask, held: list[dict[str, torch.Tensor]]
) -> dict[str, float]:
    """Mean gain on patches that trained nothing [dB], beside trivial rows."""
    if not held or not isinstance(task, Supervised):
        return {}
    samples = torch.cat([batch["samples"] for batch in held])
    signal = torch.cat([batch["signal"] for batch in held])
    mean = nn.functional.avg_pool2d(
        samples[:, None], (_TRIVIAL_TRACES, 1), 1, (1, 0), count_include_pad=False
    )[:, 0]
    rows = {
        "network": torch.cat([task.predict(network, batch["samples"]) for batch in held]),
        "mean_of_three_traces": mean,
        "silence": torch.zeros_like(samples),
    }
    return {f"gain_db/{name}": _gain_db(samples, signal, row) for name, row in rows.items()}


def _gain_db(samples: torch.Tensor, signal: torch.Tensor, found: torch.Tensor) -> float:
    """Median over patches of the energy of the noise over that of the error [dB]."""
    noise = (samples - signal).square().sum(dim=(1, 2))
    error = (found.float() - signal).square().sum(dim=(1, 2)).clamp(min=1e-12)
    noisy = noise > 0
    if not noisy.any():
        return 0.0
    return float(np.median(10 * torch.log10(noise[noisy] / error[noisy]).numpy()))


def _same_patch(start: NetworkCheckpoint) -> tuple[int, int]:
    n_traces, n_times = start.settings["patch_shape"]
    return int(n_traces), int(n_times)
