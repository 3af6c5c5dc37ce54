"""A list of steps over a whole survey: a lazy Dask graph, written block by block."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.errors import ShapeError, StoreError
from geoml.preprocess.blocks import block_starts, contiguous_order
from geoml.preprocess.recipe import StepSpec, build_steps, load_steps, step_specs
from geoml.preprocess.replay import replay
from geoml.preprocess.step import SHOT_LABEL, Step
from geoml.preprocess.stream import Progress, scheduled, write_blocks
from geoml.survey.gathers import gather_index
from geoml.survey.location import AnyPath, is_url
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import history_line, open_survey

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
    values = _trace_values(survey)
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


def preprocess_store(
    in_path: AnyPath,
    out_path: AnyPath,
    steps: Sequence[StepSpec],
    *,
    overwrite: bool = False,
    scheduler: str = "threads",
    progress: Progress | None = None,
) -> None:
    """Process a survey store into another, in one pass over the samples.

    Memory holds the blocks in work and one shard, not the survey.

    Args:
        in_path: Store to read.
        out_path: Store to make.
        steps: Built steps or ``{name: {option: value}}`` entries.
        overwrite: Replace a store that is already there.
        scheduler: ``threads``, ``processes``, ``synchronous``, or the address of a
            dask.distributed scheduler such as ``tcp://host:8786``.
        progress: Told the traces done after each batch of blocks.

    Raises:
        StoreError: If a store is missing, incomplete, or already there.
        GeomlError: If a step refuses the survey.
    """
    if _same_place(in_path, out_path):
        raise StoreError(f"{out_path} is the input itself; write to another name.")
    processed = run(open_survey(in_path), steps)
    with scheduled(scheduler):
        write_blocks(processed, out_path, overwrite=overwrite, progress=progress)


def _same_place(one: AnyPath, other: AnyPath) -> bool:
    if is_url(one) or is_url(other):
        return str(one).rstrip("/") == str(other).rstrip("/")
    return Path(one).resolve() == Path(other).resolve()


def _trace_values(survey: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Trace variables in memory, with the position and the shot of each trace, (trace,)."""
    known = (*TRACE_VARIABLES, *OPTIONAL_TRACE_VARIABLES)
    values = {name: np.asarray(survey[name].values) for name in known if name in survey}
    values["trace"] = np.arange(survey.sizes["trace"])
    # Labelled here and not block by block: where one block holds a single field record, it
    # cannot tell whether the whole survey does.
    values[SHOT_LABEL] = gather_index(survey, "shot").labels()
    return values


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
    # One silent trace goes through the steps now: it tells the time axis and variables they
    # give, and lets them refuse their options before any sample is read.
    first = {name: v[:1] for name, v in values.items()}
    silent = np.zeros((1, time.size), dtype=np.float32)
    trial = _process(silent, first, time, steps)
    names = [name for name in OPTIONAL_TRACE_VARIABLES if name in trial.coords]

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


def _process(
    samples: NDArray[np.float32],
    values: dict[str, NDArray[Any]],
    time: xr.Variable,
    steps: Sequence[Step],
) -> xr.DataArray:
    coords = {name: ("trace", value) for name, value in values.items()}
    gathers = xr.DataArray(samples, dims=("trace", "time"), coords={**coords, "time": time})
    for step in steps:
        gathers = step(gathers)
    return gathers


def _packet(
    samples: NDArray[np.float32],
    values: dict[str, NDArray[Any]],
    shared: tuple[xr.Variable, list[Step], list[str]],
) -> list[NDArray[Any]]:
    """Amplitude and the named trace values of one block, so that all come from one run."""
    time, steps, names = shared
    processed = _process(samples, values, time, steps)
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
    specs = step_specs(steps)
    lines = [history_line(*next(iter(spec.items())), geoml.__version__) for spec in specs]
    processed.attrs["steps"] = [*survey.attrs.get("steps", []), *specs]
    processed.attrs["history"] = [*survey.attrs.get("history", []), *lines]
    return processed
