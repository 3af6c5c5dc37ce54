"""What a training run would refuse, refused before its data are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
