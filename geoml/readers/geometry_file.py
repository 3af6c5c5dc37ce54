"""Positions given beside a file whose headers hold none: a CSV table or a YAML rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.readers.geometry_rule import columns_from_rules
from geoml.registry import nearest
from geoml.survey.schema import TRACE_VARIABLES

Columns = dict[str, NDArray[Any]]

_KEYS = ("trace", "field_record", "trace_in_record")
_GIVEN = (
    *(name for name, kind in TRACE_VARIABLES.items() if kind.units == "m"),
    "cdp",
    "inline",
    "crossline",
)


def read_geometry(path: str | Path, headers: Mapping[str, NDArray[Any]]) -> Columns:
    """Trace variables of a geometry file, one value for each trace of the survey.

    A **CSV** table has a first line of column names: keys (any of ``trace``, counted from 1 in
    file order, ``field_record``, ``trace_in_record``) and trace variables, lengths in metres. A
    row holds for every trace that has its keys, so source positions need one row a record::

        field_record, source_x, source_y
        101, 431000.0, 6477000.0

    A **YAML** file gives each variable a number or a rule, or the spacing of a 2-D line;
    ``geometry_rule`` says how::

        spacing: {shot_m: 25, first_offset_m: -262, channel_m: -12.5}
        source_depth: 6
        receiver_elevation: -8

    ``offset`` is computed from the positions where the file does not give it.

    Args:
        path: The geometry file.
        headers: ``field_record``, ``trace_in_record`` and the positions of the survey, shape
            (trace,) each.

    Raises:
        GeometryError: If the file is missing or damaged, or leaves traces without a value.
        OptionError: If a name in it is unknown.
    """
    path = Path(path)
    if not path.is_file():
        raise GeometryError(f"{path}: no such geometry file.")
    if path.suffix.lower() == ".csv":
        given = _from_csv(path, headers)
    elif path.suffix.lower() in (".yaml", ".yml"):
        given = columns_from_rules(path, headers, _GIVEN)
    else:
        raise GeometryError(f"{path}: a geometry file ends in .csv, .yaml or .yml.")
    for name, values in given.items():
        if not np.isfinite(values).all():
            raise GeometryError(f"{path}: '{name}' holds NaN or Inf.")
    if "offset" not in given:
        given.update(_offset({**headers, **given}))
    return given


def _offset(columns: Mapping[str, NDArray[Any]]) -> Columns:
    along_x = columns["receiver_x"] - columns["source_x"]
    along_y = columns["receiver_y"] - columns["source_y"]
    side = np.sign(np.where(along_x != 0, along_x, along_y))
    return {"offset": np.hypot(along_x, along_y) * side}


def _from_csv(path: Path, headers: Mapping[str, NDArray[Any]]) -> Columns:
    names, table = _read_table(path)
    for name in names:
        if name not in (known := (*_KEYS, *_GIVEN)):
            raise OptionError(
                f"{path}: unknown name '{name}'.{nearest(name, known)} Known: {', '.join(known)}."
            )
    keys = [name for name in names if name in _KEYS]
    if not keys or len(keys) == len(names) or not len(table):
        raise GeometryError(f"{path}: a key column ({', '.join(_KEYS)}) and a value are needed.")
    n_traces = headers["field_record"].size
    own = {**headers, "trace": np.arange(1, n_traces + 1)}
    given = table[:, [names.index(key) for key in keys]]
    wanted = np.stack([own[key] for key in keys], axis=1).astype(np.float64)
    row = _matching_rows(path, given, wanted, keys)
    return {name: table[row, names.index(name)] for name in names if name not in _KEYS}


def _read_table(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            names = [name.strip() for name in file.readline().split(",")]
            if names == [""]:
                raise ValueError("the first line is empty")
            rest = [line for line in file if line.strip().strip(",")]
        table = np.loadtxt(rest, delimiter=",", ndmin=2) if rest else np.empty((0, len(names)))
        if table.shape[1] != len(names):
            raise ValueError(f"{len(names)} names, rows of {table.shape[1]}")
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise GeometryError(
            f"{path}: a line of names and rows of as many numbers are needed ({reason})."
        ) from None
    return names, table


def _matching_rows(
    path: Path, given: NDArray[np.float64], wanted: NDArray[np.float64], keys: list[str]
) -> NDArray[np.int64]:
    """Row of the table for each trace, shape (trace,)."""
    # One number a row that is the same where all keys are, over table and survey together.
    both = np.concatenate([given, wanted])
    single = np.zeros(len(both), dtype=np.int64)
    for column in both.T:
        values, codes = np.unique(column, return_inverse=True)
        _, single = np.unique(single * values.size + codes.reshape(-1), return_inverse=True)
        single = single.reshape(-1)
    row_of = np.full(int(single.max()) + 1, -1, dtype=np.int64)
    # Backwards, so that the first of rows with the same keys stays.
    row_of[single[: len(given)][::-1]] = np.arange(len(given))[::-1]
    repeated = np.flatnonzero(row_of[single[: len(given)]] != np.arange(len(given)))
    if repeated.size:
        raise GeometryError(f"{path}: row {repeated[0] + 2} repeats the keys of an earlier row.")
    row = row_of[single[len(given) :]]
    lost = np.flatnonzero(row < 0)
    if lost.size:
        first = wanted[lost[0]]
        key = ", ".join(f"{name} {value:g}" for name, value in zip(keys, first, strict=True))
        raise GeometryError(
            f"{path}: {lost.size} of {len(wanted)} traces have no row; the first is {key}."
        )
    return row
