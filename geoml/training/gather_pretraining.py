"""Networks on gathers: pre-trained on hidden traces without labels, then tuned to a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn

import geoml
from geoml.errors import CheckpointError, OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config
from geoml.network_checkpoint import NetworkCheckpoint
from geoml.registry import build, split_spec
from geoml.samples.augment import Augmentation
from geoml.samples.labelled_gathers import (
    LabelledGathers,
    gather_batch,
    noisy_batches,
    with_noise,
)
from geoml.tasks import GATHER_TASKS
from geoml.tasks.gather_task import GatherBatch, GatherTask
from geoml.training.fit_network import FitOptions, fit_network

KIND = "gather"
_BATCH = 64
_SAME_DT = 1e-3


@dataclass(frozen=True)
class GatherTraining:
    """How a network on gathers is trained.

    Attributes:
        model: Key of ``GATHER_MODELS``, where no trained network is given.
        model_options: Its options.
        augmentation: Noise and gains drawn anew each time, for modelled gathers; None for field
            gathers, which have their own.
        frozen: Train the readout of a trained network alone.
        validation_share: Share of the groups of gathers that decides which weights are kept.
        fit: Budget, optimiser and machine.
    """

    model: str = "trace_transformer"
    model_options: Mapping[str, Any] = field(default_factory=dict)
    augmentation: Augmentation | None = None
    frozen: bool = False
    validation_share: float = 0.15
    fit: FitOptions = field(default_factory=lambda: FitOptions(steps=1500, ema_decay=0.99))


def train_on_gathers(
    gathers: LabelledGathers,
    task: str | Mapping[str, Any],
    options: GatherTraining,
    start: NetworkCheckpoint | None = None,
    *,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """A network that was trained on gathers, from fresh weights or from those of another task.

    Args:
        gathers: With the labels that the task needs; groups are not parted.
        task: ``name`` or ``{name: {option: value}}`` of ``GATHER_TASKS``.
        options: How.
        start: A checkpoint of kind ``gather`` whose weights are the first ones; what its network
            reads out begins afresh where its task was another one.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Raises:
        CheckpointError: If the trained network does not fit the gathers.
        OptionError: If an option is wrong, or nothing is left to validate on.
        UnknownNameError: If there is no such model or task.
    """
    name, task_options = split_spec(task, "gather task")
    chosen: GatherTask = build(GATHER_TASKS, task, "gather task")
    _check_labels(gathers, name)
    training, held = gathers.split(options.validation_share, options.fit.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.fit.seed)
        network, model_name = _network(gathers, name, options, start)
    augmentation = _augmentation(options.augmentation, name)
    validation = validation_batches(held, augmentation)
    batches = noisy_batches(training, augmentation, options.fit.batch_size, options.fit.seed)
    curve = fit_network(
        network, chosen, batches, validation, options.fit, announce=announce, progress=progress
    )
    for weight in network.parameters():
        weight.requires_grad_(True)
    return NetworkCheckpoint(
        KIND,
        network_config(model_name, network),
        network.state_dict(),
        {
            "task": {name: task_options},
            "n_traces": gathers.samples.shape[1],
            "n_times": gathers.samples.shape[2],
            "dt_s": gathers.dt_s,
        },
        {
            "curve": curve,
            "scores": {"validation": task_scores(network, chosen, validation)},
            "options": asdict(options),
            "gathers": {"training": len(training), "validation": len(held)},
            "started_from": None if start is None else start.settings["task"],
            "geoml": geoml.__version__,
        },
    )


def task_scores(
    network: nn.Module, task: GatherTask, batches: Sequence[GatherBatch]
) -> dict[str, float]:
    """The task's scores over all batches together, as their mean weighed by gathers."""
    rows, sizes = [], []
    for batch in batches:
        with torch.no_grad():
            rows.append(task.scores(task.answers(network, batch), batch))
        sizes.append(len(batch["samples"]))
    return {name: float(np.average([row[name] for row in rows], weights=sizes)) for name in rows[0]}


def validation_batches(
    held: LabelledGathers, augmentation: Augmentation | None
) -> list[GatherBatch]:
    """Gathers that train nothing, with the same noise each time."""
    noisy = held
    if augmentation is not None:
        noisy = with_noise(held, augmentation, np.random.default_rng(0))
    return [
        gather_batch(noisy.take(part), held.samples[part])
        for part in np.split(np.arange(len(held)), range(_BATCH, len(held), _BATCH))
    ]


def _check_labels(gathers: LabelledGathers, task: str) -> None:
    """Refuse gathers without the labels that a task needs."""
    needed = {"first_breaks": "first_break_s", "stack_velocities": "stack_m_s"}.get(task)
    if needed is not None and not np.isfinite(getattr(gathers, needed)).any():
        raise OptionError(
            f"The gathers have no labels for the task '{task}'; pick some, or give simulated pairs."
        )


def _augmentation(augmentation: Augmentation | None, task: str) -> Augmentation | None:
    """The random changes that leave a task's labels true."""
    if augmentation is None or task != "signal":
        return augmentation
    # The signal would keep its old amplitude under a gain, which no network could know: it reads
    # every trace at RMS 1.
    return replace(augmentation, trace_gain_db=0.0, window_gain_db=0.0)


def _network(
    gathers: LabelledGathers, task: str, options: GatherTraining, start: NetworkCheckpoint | None
) -> tuple[nn.Module, str]:
    """The network to be trained and its name."""
    n_traces, n_times = gathers.samples.shape[1:]
    if start is None:
        if options.frozen:
            raise OptionError("Only a trained network can be frozen; name one to start from.")
        sizes = {"n_traces": n_traces, "n_times": n_times}
        network = build_network(
            GATHER_MODELS, options.model, "gather network", sizes, options.model_options
        )
        return network, options.model
    check_gathers(start, gathers)
    network, name = start.network(GATHER_MODELS).train(), str(start.model["name"])
    if next(iter(start.settings["task"])) != task:
        _begin_afresh(network, name)
    if options.frozen:
        network.requires_grad_(False)
        _readout(network, name).requires_grad_(True)
    return network, name


def check_gathers(checkpoint: NetworkCheckpoint, gathers: LabelledGathers) -> None:
    """Refuse gathers that are sampled otherwise than those of the training.

    Raises:
        CheckpointError: If interval or length of the traces differ.
    """
    dt_s, n_times = checkpoint.settings["dt_s"], checkpoint.settings["n_times"]
    found = gathers.samples.shape[2]
    if n_times != found or abs(gathers.dt_s / dt_s - 1) > _SAME_DT:
        raise CheckpointError(
            f"The network was trained on traces of {n_times} samples of {dt_s:g} s; these have "
            f"{found} of {gathers.dt_s:g} s. Resample and cut them alike."
        )


def _readout(network: nn.Module, name: str) -> nn.Module:
    readout = getattr(network, "readout", None)
    if not isinstance(readout, nn.Module):
        raise OptionError(
            f"Network '{name}' has no readout of its own that could be trained alone; tune all of "
            "it, or take trace_transformer or gather_vit."
        )
    return readout


def _begin_afresh(network: nn.Module, name: str) -> None:
    """Draw the last convolution anew: it answered another question."""
    convolutions = [m for m in _readout(network, name).modules() if isinstance(m, nn.Conv2d)]
    convolutions[-1].reset_parameters()
