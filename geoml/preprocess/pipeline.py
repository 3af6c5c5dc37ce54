"""A list of steps over a whole survey as a lazy Dask graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.preprocess.blocks import block_starts, contiguous_order
from geoml.preprocess.process import (
    late_variables,
    process_block,
    processed_attrs,
    trace_values,
    trial_run,
)
from geoml.preprocess.recipe import StepSpec, build_steps, load_steps, step_specs
from geoml.preprocess.replay import replay
from geoml.preprocess.step import SHOT_LABEL, Step
from geoml.preprocess.store_run import preprocess_store
from geoml.survey.gathers import gather_index
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES

__all__ = ["build_steps", "load_steps", "preprocess_store", "replay", "run", "step_specs"]


def run(survey: xr.Dataset, steps: Sequence[StepSpec]) -> xr.Dataset:
    """The processed survey as a lazy graph; no sample is read until it is computed.

    Every block of the graph holds whole gathers where a step looks at more than one trace, shots
    or what the step is ``gathered_by``, also where gathers differ in size or their traces are
    scattered over the survey.

    Args:
        survey: Dims (trace, time), amplitude in memory or lazy.
        steps: Built steps or ``{name: {option: value}}`` entries.

    Returns:
        Dims (trace, time), the traces in the order of the input; ``steps`` and ``history`` in
        the attributes are longer by the steps.

    Raises:
        ShapeError: If the survey has no traces.
        GeomlError: If a step refuses the survey's time axis or trace variables.
    """
    built = build_steps(steps)
    if survey.sizes["trace"] == 0:
        raise ShapeError("The survey has no traces; ingest a file that has some.")
    for step in built:
        step.check(survey)
    kinds = [step.gathered_by for step in built if step.needs_whole_gathers]
    if len(set(kinds)) > 1:
        # A block holds whole gathers of one kind: a step that needs another starts a new pass.
        stop = next(
            place
            for place, step in enumerate(built)
            if step.needs_whole_gathers and step.gathered_by != kinds[0]
        )
        return run(run(survey, built[:stop]), built[stop:])
    values = trace_values(survey, built)
    labels = values["trace"]
    if kinds:
        labels = values[SHOT_LABEL]
        if kinds[0] != "shot":
            labels = gather_index(survey, kinds[0]).labels()
    order = contiguous_order(labels) if kinds else None
    samples = _lazy_samples(survey)
    if order is not None:
        labels, samples = labels[order], samples[order]
        values = {name: value[order] for name, value in values.items()}
    time, arrays = _processed_arrays(samples, values, labels, survey["time"].variable, built)
    if order is not None:
        back = np.argsort(order)
        arrays = {name: array[back] for name, array in arrays.items()}
    return _replaced(survey, time, arrays, built)


def _lazy_samples(survey: xr.Dataset) -> da.Array:
    samples = survey["amplitude"].data
    return samples if isinstance(samples, da.Array) else da.from_array(samples, chunks=(-1, -1))


def _processed_arrays(
    samples: da.Array,
    values: dict[str, NDArray[Any]],
    gathers: NDArray[np.int64],
    time: xr.Variable,
    steps: Sequence[Step],
) -> tuple[xr.Variable, dict[str, da.Array]]:
    """New time axis, and lazy amplitude, ``live`` and ``first_break`` as far as they exist."""
    trial = trial_run(values, time, steps)
    names = late_variables(trial)
    starts = block_starts(gathers, time.size)
    sizes = np.diff(starts)
    blocks = samples.rechunk((tuple(sizes), -1)).to_delayed()[:, 0]
    shared = dask.delayed((time, list(steps), names), traverse=False)
    packets = []
    for block, start, stop in zip(blocks, starts[:-1], starts[1:], strict=True):
        part = {name: v[start:stop] for name, v in values.items()}
        packets.append(dask.delayed(_packet, pure=False, traverse=False)(block, part, shared))

    arrays = {}
    for i, name in enumerate(("amplitude", *names)):
        like = trial.data if name == "amplitude" else trial.coords[name].values
        pieces = [
            da.from_delayed(packet[i], (size, *like.shape[1:]), like.dtype)
            for packet, size in zip(packets, sizes, strict=True)
        ]
        arrays[name] = da.concatenate(pieces) if pieces else da.from_array(like[:0])
    return trial.coords["time"].variable, arrays


def _packet(
    samples: NDArray[np.float32],
    values: dict[str, NDArray[Any]],
    shared: tuple[xr.Variable, list[Step], list[str]],
) -> list[NDArray[Any]]:
    """Amplitude and the named trace values of one block, so that all come from one run."""
    time, steps, names = shared
    processed = process_block(samples, values, time, steps)
    return [processed.values, *(processed.coords[name].values for name in names)]


def _replaced(
    survey: xr.Dataset, time: xr.Variable, arrays: dict[str, da.Array], steps: Sequence[Step]
) -> xr.Dataset:
    """The survey with processed arrays, their time axis, and what was done to them."""
    processed = survey.drop_dims("time").assign_coords(time=time)
    attrs = survey["amplitude"].attrs
    processed["amplitude"] = (("trace", "time"), arrays["amplitude"], attrs)
    for name, kind in OPTIONAL_TRACE_VARIABLES.items():
        if name in arrays:
            described = {"units": kind.units, "long_name": kind.meaning}
            processed[name] = ("trace", arrays[name].astype(kind.dtype), described)
    processed.attrs = processed_attrs(survey, steps)
    return processed
