"""Stack of a survey: one trace a gather, the mean of what is live and not muted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.errors import GeometryError, ShapeError
from geoml.preprocess.blocks import block_starts
from geoml.survey.cdp_position import cdp_positions, is_stacked
from geoml.survey.gathers import GatherIndex, GatherKind, gather_index
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import history_line

_DEAD_KINDS = (2, 3)  # SEG-Y trace identification codes: dead, dummy
# Of traces that are gone: the bytes of their headers, and what every one had for itself.
_DROPPED_ATTRS = ("traces_per_gather", "source_size", "source_sha256", "findings")


def stack(survey: xr.Dataset, by: GatherKind = "cdp") -> xr.Dataset:
    """One trace a gather, lazily: the mean over its live traces, sample by sample.

    Zeros are what mutes left, so each sample is divided by the number of traces that are not zero
    there, and not by the fold; traces with a NaN are left out. Moveout is the business of the
    step ``nmo``.

    A CDP stack has its CDP's position as source position and neither receivers nor offsets, as
    stacked SEG-Y has. Other stacks have the means of their traces' positions and offsets, and
    numbers (record, CDP, inline ...) where all traces of a gather share them, else 0.

    Args:
        survey: Dims (trace, time), amplitude in memory or lazy.
        by: What the traces of a gather share.

    Returns:
        Dims (trace, time), gathers by ascending key; ``fold`` counts the live traces of each.

    Raises:
        GeometryError: If the survey is stacked already, or has no CDP numbers and is to be stacked
            by them.
        OptionError: If ``by`` is unknown.
        ShapeError: If the survey has no traces.
    """
    if survey.sizes["trace"] == 0:
        raise ShapeError("The survey has no traces; ingest a file that has some.")
    if by == "cdp":
        _check_cdps(survey)
    index = gather_index(survey, by)
    amplitude, fold = _lazy_stack(survey, index)
    stacked = xr.Dataset(
        {"amplitude": (("trace", "time"), amplitude, survey["amplitude"].attrs)},
        coords={"time": survey["time"].variable},
        attrs={name: value for name, value in survey.attrs.items() if name not in _DROPPED_ATTRS},
    )
    for name, values in _trace_values(survey, index).items():
        stacked[name] = ("trace", values, survey[name].attrs)
    kind = OPTIONAL_TRACE_VARIABLES["fold"]
    stacked["fold"] = ("trace", fold, {"units": kind.units, "long_name": kind.meaning})
    line = history_line("stack", {"by": by}, geoml.__version__)
    stacked.attrs["history"] = [*survey.attrs.get("history", []), line]
    return stacked


def _check_cdps(survey: xr.Dataset) -> None:
    if is_stacked(survey):
        raise GeometryError("The survey is stacked already: no trace has an offset or a receiver.")
    if not survey["cdp"].values.any():
        raise GeometryError(
            "Every CDP number is 0, so that a stack by CDP would be one trace; number the CDPs "
            "with geoml.survey.midpoint_cdp.with_midpoint_cdps, or stack by shot, receiver or "
            "offset."
        )


def _lazy_stack(survey: xr.Dataset, index: GatherIndex) -> tuple[da.Array, da.Array]:
    """Amplitude (gather, time) and fold (gather,), block of gathers by block of gathers."""
    n_time, n_gathers = survey.sizes["time"], len(index)
    samples = survey["amplitude"].data
    if not isinstance(samples, da.Array):
        samples = da.from_array(samples, chunks=(-1, -1))
    live = _live(survey)[index.order]
    chunks = samples.rechunk({1: -1}).to_delayed()[:, 0]
    ends = np.cumsum(samples.chunks[0])
    chunk_of = np.searchsorted(ends, index.order, side="right")
    row_in = index.order - (ends - samples.chunks[0])[chunk_of]
    cuts = block_starts(np.repeat(np.arange(n_gathers), index.sizes), n_time)
    amplitudes, folds = [], []
    for first, last in pairwise(cuts):
        begin, end = np.searchsorted(index.starts, (first, last))
        # One task a block that picks its rows itself: an index of Dask's own over scattered
        # traces makes a task of every pair of chunks.
        needed, place = np.unique(chunk_of[first:last], return_inverse=True)
        packet = dask.delayed(_stacked, nout=2, pure=False)(
            [chunks[number] for number in needed],
            place,
            row_in[first:last],
            live[first:last],
            index.starts[begin:end] - first,
        )
        amplitudes.append(da.from_delayed(packet[0], (end - begin, n_time), np.float32))
        folds.append(da.from_delayed(packet[1], (end - begin,), np.int32))
    return da.concatenate(amplitudes), da.concatenate(folds)


def _stacked(
    chunks: list[NDArray[np.float32]],
    place: NDArray[np.intp],
    row: NDArray[np.int64],
    live: NDArray[np.bool_],
    starts: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Stacked traces and their fold.

    Args:
        chunks: Where the traces are, shape (row, time) each.
        place: Chunk of each trace, gather after gather, shape (trace,).
        row: Its row there, shape (trace,).
        live: Shape (trace,).
        starts: Where each gather begins, shape (gather,).
    """
    samples = np.empty((place.size, chunks[0].shape[1]), dtype=np.float32)
    for number, chunk in enumerate(chunks):
        here = place == number
        samples[here] = chunk[row[here]]
    samples[~(live & np.isfinite(samples).all(axis=1))] = 0
    total = np.add.reduceat(samples, starts, axis=0, dtype=np.float64)
    count = np.add.reduceat(samples != 0, starts, axis=0, dtype=np.int32)
    fold = np.add.reduceat(samples.any(axis=1), starts, dtype=np.int32)
    return (total / np.maximum(count, 1)).astype(np.float32), fold


def _live(survey: xr.Dataset) -> NDArray[np.bool_]:
    live = ~np.isin(survey["trace_kind"].values, _DEAD_KINDS)
    if "live" in survey:
        live &= np.asarray(survey["live"].values, dtype=bool)
    return np.asarray(live)


def _trace_values(survey: xr.Dataset, index: GatherIndex) -> dict[str, NDArray[Any]]:
    """The trace variables of the stack, shape (gather,) each."""
    values = {}
    for name, kind in TRACE_VARIABLES.items():
        sorted_values = survey[name].values[index.order]
        if np.dtype(kind.dtype).kind == "f":
            values[name] = np.add.reduceat(sorted_values, index.starts[:-1]) / index.sizes
        else:
            lowest = np.minimum.reduceat(sorted_values, index.starts[:-1])
            highest = np.maximum.reduceat(sorted_values, index.starts[:-1])
            values[name] = np.where(lowest == highest, lowest, 0).astype(kind.dtype)
    values["trace_kind"] = np.ones(len(index), dtype=np.int32)
    if index.kind == "cdp":
        for axis, position in zip("xy", cdp_positions(survey), strict=True):
            centre = np.add.reduceat(position[index.order], index.starts[:-1]) / index.sizes
            values[f"source_{axis}"] = centre
            values[f"receiver_{axis}"] = np.zeros(len(index))
        values["offset"] = np.zeros(len(index))
        values["field_record"] = np.zeros(len(index), dtype=np.int32)
    # A record of one trace each, numbered along the stack, as stacked SEG-Y is.
    values["trace_in_record"] = np.arange(1, len(index) + 1, dtype=np.int32)
    return values
