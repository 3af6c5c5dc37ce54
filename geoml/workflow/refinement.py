"""The rungs that a workflow asks for, climbed on its line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.prediction import RUNGS, Line, Rung
from geoml.prediction.hold_out import held_out_traces
from geoml.prediction.ladder import LadderOptions, climb
from geoml.prediction.posterior import check_samples, with_samples
from geoml.prediction.remodel import chosen_shots
from geoml.prediction.rung import check_rungs
from geoml.preprocess.replay import replay
from geoml.registry import build, split_spec, with_options
from geoml.survey.acquisition import Acquisition
from geoml.workflow.specification import InvertSection

Progress = Callable[[int, int], None]
Announce = Callable[[str], None]


def ladder_of(section: InvertSection) -> tuple[list[tuple[str, Rung]], LadderOptions]:
    """Names and rungs in order, and how they are judged.

    Raises:
        OptionError: If a rung or an option is unknown or of the wrong type.
    """
    rungs = [(split_spec(spec, "rung")[0], build(RUNGS, spec, "rung")) for spec in section.rungs]
    return rungs, with_options(LadderOptions, section.ladder, "ladder")


def refine_section(
    clean: xr.Dataset,
    checkpoint: Checkpoint,
    section: InvertSection,
    *,
    progress: Progress | None = None,
    announce: Announce = lambda _: None,
) -> xr.Dataset:
    """The network's answer, each rung above it, and samples; see ``geoml.prediction``.

    Args:
        clean: Survey after the steps that the checkpoint was trained for.
        checkpoint: The network.
        section: How it slides along the line, and the rungs.
        progress: Told the windows done.
        announce: Told one line a rung.
    """
    rungs, options = ladder_of(section)
    if section.samples:
        check_samples(checkpoint, section.samples)
    shots = chosen_shots(clean)
    line = Line(
        survey=clean,
        checkpoint=checkpoint,
        shots=shots,
        held_out=held_out_traces(shots, clean.sizes["trace"], options.hold_out if rungs else 0),
        process=Replay(clean.attrs.get("steps", [])),
        members={"mirror": section.mirror, "bfloat16": section.bfloat16},
        batch=section.batch,
        device=section.device,
        progress=progress,
    )
    # What cannot be climbed is told now, and not behind hours of other rungs.
    check_rungs(line, [rung for _, rung in rungs])
    clock, cpu = time.perf_counter(), time.process_time()
    predicted = replace(line, guarded=True).predict()
    took = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - cpu}
    if rungs:
        predicted = climb(line, predicted, rungs, options, announce=announce, **took)
    if not section.samples:
        return predicted
    return with_samples(
        predicted,
        clean,
        checkpoint,
        section.samples,
        bfloat16=section.bfloat16,
        device=section.device,
        progress=progress,
    )


class Replay:
    """The survey's mutes and gains, applied to simulated gathers."""

    def __init__(self, steps: Sequence[Any]) -> None:
        self._steps = steps

    def __call__(
        self, amplitude: NDArray[np.float32], acquisition: Acquisition
    ) -> NDArray[np.float32]:
        """Processed gathers of the shape of the simulated ones, (..., shot, receiver, time)."""
        return replay(self._steps, amplitude, acquisition)
