"""Steps on one block of whole gathers, and what they make of a survey as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.preprocess.recipe import step_specs
from geoml.preprocess.step import SHOT_LABEL, Step
from geoml.survey.gathers import gather_index
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import history_line

TraceValues = dict[str, NDArray[Any]]


def trace_values(survey: xr.Dataset, steps: Sequence[Step]) -> TraceValues:
    """Trace variables in memory, with the position and the shot of each trace, (trace,).

    Args:
        survey: The whole survey.
        steps: What will be done to it; they may add trace variables.
    """
    for step in steps:
        survey = step.prepared(survey)
    known = (*TRACE_VARIABLES, *OPTIONAL_TRACE_VARIABLES)
    values = {name: np.asarray(survey[name].values) for name in known if name in survey}
    values["trace"] = np.arange(survey.sizes["trace"])
    # Labelled here and not block by block: where one block holds a single field record, it
    # cannot tell whether the whole survey does.
    values[SHOT_LABEL] = gather_index(survey, "shot").labels()
    return values


def process_block(
    samples: NDArray[np.float32], values: TraceValues, time: xr.Variable, steps: Sequence[Step]
) -> xr.DataArray:
    """Some traces after the steps.

    Args:
        samples: Shape (trace, time).
        values: Trace variables of these traces, (trace,).
        time: Times of the samples [s].
        steps: In order.
    """
    coords = {name: ("trace", value) for name, value in values.items()}
    gathers = xr.DataArray(samples, dims=("trace", "time"), coords={**coords, "time": time})
    for step in steps:
        gathers = step(gathers)
    return gathers


def trial_run(values: TraceValues, time: xr.Variable, steps: Sequence[Step]) -> xr.DataArray:
    """One silent trace after the steps.

    It tells the time axis and the trace variables that they give, and lets them refuse their
    options before any sample is read.
    """
    first = {name: value[:1] for name, value in values.items()}
    return process_block(np.zeros((1, time.size), dtype=np.float32), first, time, steps)


def late_variables(trial: xr.DataArray) -> list[str]:
    """The trace variables that a processed survey has and its steps decide."""
    return [name for name in OPTIONAL_TRACE_VARIABLES if name in trial.coords]


def processed_attrs(survey: xr.Dataset, steps: Sequence[Step]) -> dict[str, Any]:
    """The survey's attributes, ``steps`` and ``history`` longer by the steps."""
    specs = step_specs(steps)
    lines = [history_line(*next(iter(spec.items())), geoml.__version__) for spec in specs]
    return {
        **survey.attrs,
        "steps": [*survey.attrs.get("steps", []), *specs],
        "history": [*survey.attrs.get("history", []), *lines],
    }
