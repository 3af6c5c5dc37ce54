"""What a training run would refuse, refused before its data are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from geoml.errors import OptionError
from geoml.models import check_model
from geoml.registry import build, split_spec, with_options
from geoml.samples import SplitFractions
from geoml.samples.augment import Augmentation
from geoml.tasks import TASKS
from geoml.training.adversarial import check_partners
from geoml.training.options import TrainingOptions
from geoml.training.stream_options import StreamOptions
from geoml.training.trainer import build_trainer

Spec = str | Mapping[str, Any]


def check_training(task: Spec, model: Spec, options: TrainingOptions) -> None:
    """Refuse a training whose options cannot work, whatever its pairs are.

    Args:
        task: Name of a task, or ``{name: {option: value}}``.
        model: Name of a model, or ``{name: {option: value}}``.
        options: Budget, optimiser, machine.

    Raises:
        UnknownNameError: If there is no such task or model.
        OptionError: If an option is unknown or cannot work, or the machine is not there.
    """
    build(TASKS, task, "task")
    for plain in (split_spec(task, "task")[1], split_spec(model, "model")[1], asdict(options)):
        _need_finite(plain, "options")
    model_name, model_options = split_spec(model, "model")
    check_model(model_name, model_options)
    check_partners(model_name, options)
    with_options(SplitFractions, options.splits, "splits")
    if options.augmentation is not None:
        with_options(Augmentation, options.augmentation, "augmentation")
    if options.stream is not None:
        with_options(StreamOptions, options.stream, "stream")
    build_trainer(
        accelerator=options.accelerator,
        devices=options.devices,
        strategy=options.strategy,
        precision=options.resolved_precision(),
    )


def _need_finite(value: Any, name: str) -> None:
    """Refuse numbers that no checkpoint could hold.

    Raises:
        OptionError: If there is one, however deep.
    """
    if isinstance(value, Mapping):
        for inner_name, inner in value.items():
            _need_finite(inner, str(inner_name))
    elif isinstance(value, list | tuple):
        for inner in value:
            _need_finite(inner, name)
    elif isinstance(value, float) and not math.isfinite(value):
        raise OptionError(f"'{name}' is {value:g}; it must be finite.")
