"""Static shift step: each trace moved by a time of its own, from a variable or a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import FileFormatError, GeometryError, OptionError
from geoml.preprocess.step import Step, check_trace_variable, trace_value
from geoml.preprocess.trace_shift import shifted_gathers
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES

Floats = NDArray[np.float64]

_NAME = "apply_statics"
_COLUMN = "static_s"


@dataclass(frozen=True)
class ApplyStatics(Step):
    """Add a static of its own to the times of each trace: events move later where it is above 0.

    Attributes:
        statics: Where the statics [s] are: a trace variable, such as the ``static`` that
            ``solve_refraction_statics`` makes; ``{trace variable: {value: seconds}}``, added up
            where several are named, so that ``{field_record: {3: 0.004}, receiver_x: {...}}`` is
            surface-consistent; or a CSV file (.csv) with the column static_s and columns of trace
            variables that tell the traces apart.
        factor: What the statics are multiplied by; -1 takes them out again.
    """

    shapes_wavelet = True
    only_shifts = True
    examples: ClassVar = (
        {"statics": {"field_record": {1: 0.02, 2: -0.0113, 3: 0.0}}},
        {"statics": {"field_record": {1: 0.02, 2: -0.0113, 3: 0.03}}},
        {"statics": {"field_record": {1: 0.02, 2: -0.0113, 3: 0.0}}, "factor": -1.0},
        {"statics": "uphole_time"},
    )

    statics: str | dict[str, dict[float, float]] = "static"
    factor: float = 1.0

    def __post_init__(self) -> None:
        if not np.isfinite(self.factor):
            raise OptionError(f"'{_NAME}' factor is {self.factor:g}; it must be finite.")
        if isinstance(self.statics, Mapping):
            if not self.statics:
                raise OptionError(f"'{_NAME}' has an empty table of statics.")
            for name in self.statics:
                check_trace_variable(name, _NAME)
        elif not _is_file(self.statics):
            known = [name for name, kind in OPTIONAL_TRACE_VARIABLES.items() if kind.units == "s"]
            if self.statics not in known:
                raise OptionError(
                    f"'{_NAME}' knows no statics '{self.statics}'. Give a file that ends in .csv, "
                    f"a table, or one of: {', '.join(known)}."
                )

    def check(self, survey: xr.Dataset) -> None:
        """Refuse a survey some of whose traces have no static.

        Raises:
            GeometryError: If the variable is missing, or a trace is not in the table.
        """
        names = [name for name in survey.variables if survey[name].dims == ("trace",)]
        numbers = xr.DataArray(
            np.zeros((survey.sizes["trace"], 0)),
            dims=("trace", "time"),
            coords={name: survey[name].variable for name in names},
        )
        self.static_s(numbers)

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The shifted gathers.

        Raises:
            FileFormatError: If the file is no table of statics.
            GeometryError: If a trace has no static.
            OptionError: If a shift is longer than the recording, or a sample is NaN.
        """
        return shifted_gathers(gathers, self.factor * self.static_s(gathers), _NAME)

    def static_s(self, gathers: xr.DataArray) -> Floats:
        """Static of each trace before ``factor`` [s], shape (trace,)."""
        if isinstance(self.statics, Mapping):
            total = np.zeros(gathers.sizes["trace"])
            for name, table in self.statics.items():
                rows = np.array([[float(k), float(v)] for k, v in table.items()]).reshape(-1, 2)
                total += _looked_up(gathers, (name,), rows[:, :1], rows[:, 1])
            return total
        if _is_file(self.statics):
            return _looked_up(gathers, *_read_once(self.statics, _changed(self.statics)))
        if self.statics not in gathers.coords:
            raise GeometryError(
                f"'{_NAME}' is to shift by '{self.statics}', which the traces do not have; solve "
                "for it first, or name a .csv file."
            )
        return np.asarray(gathers.coords[self.statics].values, dtype=np.float64)


def read_statics(path: str | Path) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names of the key columns, keys (row, column) and statics [s] (row,) of a CSV file.

    Raises:
        FileFormatError: If it is not a table with static_s and columns of trace variables.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        table = np.array([[float(cell) for cell in row] for row in rows if row], ndmin=2)
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, UnicodeDecodeError):
        head, table = [], np.empty((0, 0))
    head = [name.strip() for name in head]
    if _COLUMN not in head or len(head) < 2 or table.shape[1:] != (len(head),):
        raise FileFormatError(
            f"{Path(path).name}: statics are CSV with a line such as 'field_record,"
            f"trace_in_record,{_COLUMN}' and lines of as many numbers."
        )
    place = head.index(_COLUMN)
    keys = tuple(name for name in head if name != _COLUMN)
    for name in keys:
        check_trace_variable(name, Path(path).name)
    of_keys = np.delete(table, place, axis=1)
    if len(np.unique(of_keys, axis=0)) < len(of_keys):
        raise FileFormatError(
            f"{Path(path).name}: two lines have the same {', '.join(keys)}; each set of traces has "
            "one static."
        )
    return keys, of_keys, table[:, place]


def write_statics(survey: xr.Dataset, path: str | Path) -> None:
    """Write the variable ``static`` as a CSV file that this step reads, one line a trace."""
    rows = zip(
        survey["field_record"].values.tolist(),
        survey["trace_in_record"].values.tolist(),
        survey["static"].values.tolist(),
        strict=True,
    )
    lines = [f"field_record,trace_in_record,{_COLUMN}", *(f"{a},{b},{c:.6f}" for a, b, c in rows)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_file(name: str) -> bool:
    return name.lower().endswith(".csv")


@lru_cache(maxsize=4)
def _read_once(path: str, changed: int) -> tuple[tuple[str, ...], Floats, Floats]:
    """``read_statics``, once for all blocks and again when the file has changed."""
    return read_statics(path)


def _changed(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0  # reading it says what is wrong


def _looked_up(
    gathers: xr.DataArray, names: tuple[str, ...], keys: Floats, values: Floats
) -> Floats:
    """Values of the rows whose keys the traces have, shape (trace,)."""
    wanted = np.stack([trace_value(gathers, n, _NAME).astype(np.float64) for n in names], axis=1)
    # Positions are metres in float64: a table written to the centimetre is meant to fit.
    both = np.unique(np.round(np.concatenate([keys, wanted]), 2), axis=0, return_inverse=True)[1]
    both = both.reshape(-1)
    row_of = np.full(both.max(initial=-1) + 1, -1)
    row_of[both[: len(keys)]] = np.arange(len(keys))
    rows = row_of[both[len(keys) :]]
    if (rows < 0).any():
        first = int(np.argmax(rows < 0))
        known = ", ".join(f"{n} {v:g}" for n, v in zip(names, wanted[first], strict=True))
        raise GeometryError(
            f"'{_NAME}': {int((rows < 0).sum())} of {rows.size} traces are not in the table of "
            f"statics (first: {known}); add them, with 0 where nothing moves."
        )
    return np.asarray(values[rows])
