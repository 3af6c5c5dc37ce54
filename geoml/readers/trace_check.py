"""Traces that come twice or not at all, by record and channel or by bin, as findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.survey.cdp_position import is_stacked
from geoml.survey.description import counted

Ints = NDArray[np.int64]

# Numbers that tell fewer than a quarter of the traces apart were not written to do so.
_TELLING = 0.25
_REGULAR = 0.9
_MOSTLY = 0.75
_LARGEST_TABLE = 50_000_000
_MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class RecordGroups:
    """Traces by field record, in the order of the records' numbers.

    Attributes:
        numbers: Record number of each group, shape (record,).
        order: Trace numbers, record after record, shape (trace,).
        starts: Where each record begins in ``order``, shape (record,).
    """

    numbers: Ints
    order: Ints
    starts: Ints

    @property
    def sizes(self) -> Ints:
        """Traces of each record, shape (record,)."""
        return np.diff(self.starts, append=self.order.size)


def record_groups(survey: xr.Dataset) -> RecordGroups | None:
    """Traces by record, of each source file by itself; None where all have one number."""
    number = survey["field_record"].values
    if number.size < 2 or (not np.ptp(number) and "source_file" not in survey):
        return None
    columns = [number]
    if "source_file" in survey:
        columns.insert(0, survey["source_file"].values)
    key = _single_key(columns)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
    return RecordGroups(number[order[starts]].astype(np.int64), order, starts)


def trace_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    """Duplicate and missing traces.

    Stacked traces are told apart by their bin, others by record and channel, by their positions
    where nobody numbered the channels, or by bin and offset where there are no positions.

    Args:
        survey: Dataset with every trace variable.
        name: The file, for messages.
    """
    if is_stacked(survey):
        grid = _grid_columns(survey) or (("cdp",) if _varies(survey, "cdp") else ())
        found = _repeated(survey, grid, "bin", name) if grid else []
        return found + _empty_bins(survey, grid, name)
    keys = ["source_file"] if "source_file" in survey else []
    keys += ["field_record", "trace_in_record", "trace_kind"]
    if _varies(survey, "trace_in_record") and _tell_apart(survey, keys):
        found = _repeated(survey, keys, "record and channel numbers", name)
        if not found and "source_file" in survey and _varies_any(survey, "source_x", "source_y"):
            # Files may all call their shot 1; shots from one place are the same shot.
            found = _repeated(survey, _POSITIONS, "record, channel and positions", name)
        records = record_groups(survey)
        if records is not None:
            found += _missing_channels(survey, records, name)
            found += _missing_records(records, name)
        return found
    if _varies_any(survey, "receiver_x", "receiver_y"):
        return _repeated(survey, _POSITIONS, "positions", name)
    grid = _grid_columns(survey)
    return _repeated(survey, (*grid, "offset"), "bin and offset", name) if grid else []


_POSITIONS = (
    "field_record",
    "trace_in_record",
    "source_x",
    "source_y",
    "receiver_x",
    "receiver_y",
    "offset",
    "cdp",
    "trace_kind",
)


def _varies(survey: xr.Dataset, name: str) -> bool:
    return bool(np.ptp(survey[name].values))


def _varies_any(survey: xr.Dataset, *names: str) -> bool:
    return any(_varies(survey, name) for name in names)


def _grid_columns(survey: xr.Dataset) -> tuple[str, ...]:
    """Inline and crossline numbers, as far as they vary."""
    return tuple(axis for axis in ("inline", "crossline") if _varies(survey, axis))


def _repeated(survey: xr.Dataset, names: Sequence[str], what: str, name: str) -> list[Finding]:
    """A warning where traces share all of some variables, if those tell most traces apart."""
    if not _tell_apart(survey, names):
        return []
    key = _single_key([survey[column].values for column in names])
    order = np.argsort(key, kind="stable")
    again = np.append(False, np.diff(key[order]) == 0)
    if not again.any():
        return []
    # The pair whose second trace comes first in the file.
    places = np.flatnonzero(again)
    at = int(places[np.argmin(order[places])])
    first, second = int(order[at - 1]), int(order[at])
    where = ", ".join(
        f"{_NAMED_IN_MESSAGES[column]} {survey[column].values[second]:g}"
        for column in names
        if column in _NAMED_IN_MESSAGES
    )
    message = (
        f"{name}: {int(again.sum())} of {key.size} traces repeat the {what} of an earlier trace; "
        f"the first are traces {first + 1} and {second + 1} of the file ({where}). Both are kept."
    )
    return [Finding("warning", message)]


_NAMED_IN_MESSAGES = {
    "field_record": "record",
    "trace_in_record": "channel",
    "inline": "inline",
    "crossline": "crossline",
    "cdp": "CDP",
    "offset": "offset",
}


def _missing_channels(survey: xr.Dataset, records: RecordGroups, name: str) -> list[Finding]:
    """Channels that other records hold: a warning for holes in a spread, else a remark."""
    channels, column = np.unique(survey["trace_in_record"].values, return_inverse=True)
    n_records = records.numbers.size
    if n_records < 2 or n_records * channels.size > _LARGEST_TABLE:
        return []
    row = np.repeat(np.arange(n_records), records.sizes)
    there = np.zeros((n_records, channels.size), dtype=np.bool_)
    there[row, column.reshape(-1)[records.order]] = True
    sizes = there.sum(axis=1)
    if (sizes == channels.size).all():
        return []
    first, last = there.argmax(axis=1), channels.size - 1 - there[:, ::-1].argmax(axis=1)
    place = np.arange(channels.size)
    covered = (place >= first[:, None]) & (place <= last[:, None])
    # A channel that one record has is no loss to the others.
    usual = 2 * there.sum(axis=0) >= covered.sum(axis=0)
    hole = covered & ~there & usual
    lengths, votes = np.unique(sizes, return_counts=True)
    commonest = int(lengths[np.argmax(votes)])
    if votes.max() >= _REGULAR * n_records:
        # A spread that most records have in full is short only by a loss; roll-on spreads vary.
        short = (sizes < commonest)[:, None]
        hole |= short & ~there & (2 * there.sum(axis=0) >= n_records)
    holed = np.flatnonzero(hole.any(axis=1))
    if holed.size:
        lost = channels[hole[holed[0]]]
        named = ", ".join(map(str, lost[:_MOST_NAMED])) + (
            " ..." if lost.size > _MOST_NAMED else ""
        )
        message = (
            f"{name}: {counted(int(hole.sum()), 'trace')} missing from {holed.size} of {n_records} "
            f"records; record {records.numbers[holed[0]]} lacks channels {named}."
        )
        return [Finding("warning", message)]
    message = (
        f"{name}: records hold {lengths[0]} to {lengths[-1]} channels, most often {commonest}."
    )
    return [Finding("info", message)]


def _missing_records(records: RecordGroups, name: str) -> list[Finding]:
    numbers = np.unique(records.numbers)
    steps = np.diff(numbers)
    if steps.size < 2:
        return []
    values, votes = np.unique(steps, return_counts=True)
    step = int(values[np.argmax(votes)])
    wide = np.flatnonzero((steps > step) & (steps % step == 0))
    if not wide.size or votes.max() < _MOSTLY * steps.size:
        return []
    n_missing = int((steps[wide] // step - 1).sum())
    message = (
        f"{name}: {counted(n_missing, 'record number')} missing between {numbers[0]} and "
        f"{numbers[-1]}, the first is {numbers[wide[0]] + step}."
    )
    return [Finding("info", message)]


def _empty_bins(survey: xr.Dataset, grid: tuple[str, ...], name: str) -> list[Finding]:
    if len(grid) < 2:
        return []
    inline, crossline = (survey[axis].values for axis in grid)
    n_bins = np.unique(inline).size * np.unique(crossline).size
    n_filled = np.unique(_single_key([inline, crossline])).size
    if n_filled == n_bins or n_filled < n_bins // 2:
        return []
    message = f"{name}: {n_bins - n_filled} of {n_bins} bins of the 3-D grid hold no trace."
    return [Finding("info", message)]


def _tell_apart(survey: xr.Dataset, names: Sequence[str]) -> bool:
    """Whether some variables differ between enough traces to have been written for that."""
    key = _single_key([survey[column].values for column in names])
    # In a sorted file without duplicates there is nothing to count.
    return bool((np.diff(key) > 0).all() or np.unique(key).size >= _TELLING * key.size)


def _single_key(columns: Sequence[NDArray[np.generic]]) -> Ints:
    """One number a trace that is the same where all columns are, and sorts as they do."""
    key = np.zeros(columns[0].size, dtype=np.int64)
    largest = 1
    for column in columns:
        if column.dtype.kind == "f":
            codes = np.unique(column, return_inverse=True)[1].reshape(-1).astype(np.int64)
        else:
            codes = column.astype(np.int64)
            codes -= codes.min()
        size = int(codes.max()) + 1
        if largest * size >= 2**62:
            key = np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int64)
            largest = int(key.max()) + 1
        key = key * size + codes
        largest *= size
    return key
