"""Every option of a workflow checked by name and type before its first stage runs."""

from __future__ import annotations

from dataclasses import fields

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError
from geoml.physics.device import usable_device
from geoml.physics.trend import VelocityTrend
from geoml.prediction.denoise import denoise_step
from geoml.preprocess.pipeline import build_steps
from geoml.preprocess.replay import replayed_steps
from geoml.readers import IngestOptions
from geoml.registry import nearest, with_options
from geoml.survey.window_layout import WindowLayout
from geoml.synthetic import VelocityRange
from geoml.synthetic.family_spec import build_family
from geoml.training import TrainingOptions
from geoml.training.early_check import check_training
from geoml.workflow.matching import trend_fit_options
from geoml.workflow.preset_simulation import preset_range
from geoml.workflow.refinement import ladder_of
from geoml.workflow.simulation import generate_options
from geoml.workflow.specification import Workflow
from geoml.workflow.wavelet import estimate_options


def check_options(workflow: Workflow) -> None:
    """Refuse a workflow whose later stages would refuse their options.

    Raises:
        OptionError: If an option is unknown, missing or of the wrong type.
        CheckpointError: If the checkpoint that it names is not there.
    """
    with_options(IngestOptions, workflow.ingest, "ingest")
    build_steps(workflow.preprocess)
    if workflow.denoise is not None:
        denoise_step(**workflow.denoise.step_options)
    if workflow.layout is not None:
        with_options(WindowLayout, workflow.layout, "layout")
    if workflow.survey is not None:
        _check_trend(workflow)
    if workflow.checkpoint is not None:
        load_checkpoint(workflow.checkpoint)
    for device in _devices(workflow):
        usable_device(device)
    if workflow.simulate is not None:
        estimate_options(workflow.wavelet)
        generate_options(workflow.simulate)
        # Simulated gathers have to follow the survey's steps.
        replayed_steps(workflow.preprocess)
        if workflow.simulate.preset is not None:
            preset_range(workflow.simulate, workflow)
        for spec in workflow.simulate.families:
            build_family(spec)
    if workflow.invert is not None:
        ladder_of(workflow.invert)
    if workflow.train is not None:
        options = with_options(TrainingOptions, workflow.train.options, "train")
        check_training(workflow.train.task, workflow.train.model, options)


def _devices(workflow: Workflow) -> list[str]:
    """Where the stages compute that will run."""
    named = [] if workflow.denoise is None else [workflow.denoise.device]
    if workflow.simulate is not None:
        named.append(str(workflow.simulate.options.get("device", "cpu")))
    if workflow.invert is not None:
        named += [workflow.invert.device, workflow.check.device]
    return named


def _check_trend(workflow: Workflow) -> None:
    """Trend and range: whole where the trend is stated, by name where it is yet to be fitted."""
    if not workflow.trend.get("fit", False):
        stated = {name: value for name, value in workflow.trend.items() if name != "fit"}
        trend = with_options(VelocityTrend, stated, "trend")
        with_options(VelocityRange, {"trend": trend, **workflow.velocity_range}, "velocity_range")
        return
    trend_fit_options(workflow.trend)
    known = [f.name for f in fields(VelocityRange) if f.name != "trend"]
    for name in workflow.velocity_range:
        if name not in known:
            raise OptionError(
                f"'velocity_range' has no option '{name}'.{nearest(name, known)} "
                f"Options: {', '.join(known)}."
            )
