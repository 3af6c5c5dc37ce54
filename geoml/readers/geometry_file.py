"""Positions given beside a file whose headers hold none: a CSV table or a YAML rule."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.registry import nearest
from geoml.survey.schema import TRACE_VARIABLES

Columns = dict[str, NDArray[Any]]

_KEYS = ("trace", "field_record", "trace_in_record")
_GIVEN = (*(name for name, kind in TRACE_VARIABLES.items() if kind.units == "m"), "cdp")
_RULE = ("first", "per_record", "per_trace")


def read_geometry(path: str | Path, headers: Mapping[str, NDArray[Any]]) -> Columns:
    """Trace variables of a geometry file, one value for each trace of the survey.

    A **CSV** table has a first line of column names: keys (any of ``trace``, counted from 1 in
    file order, ``field_record``, ``trace_in_record``) and trace variables in metres. A row holds
    for every trace that has its keys, so source positions need one row a record.

    A **YAML** file gives each variable a number or a rule, ``first + per_record * (records before)
    + per_trace * (traces before in the record)``::

        source_x: {first: 0, per_record: 25}
        receiver_x: {first: 100, per_record: 25, per_trace: 12.5}
        source_depth: 6

    ``offset`` is computed from the positions where the file does not give it.

    Args:
        path: The geometry file.
        headers: ``field_record`` and ``trace_in_record`` of the survey, shape (trace,).

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
        given = _from_yaml(path, headers)
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


def _check_name(path: Path, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise OptionError(
            f"{path}: unknown name '{name}'.{nearest(name, known)} Known: {', '.join(known)}."
        )


def _from_csv(path: Path, headers: Mapping[str, NDArray[Any]]) -> Columns:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
        names = [name.strip() for name in rows[0]]
        table = np.array(rows[1:], dtype=np.float64).reshape(-1, len(names))
        if len(table) != len(rows) - 1:
            raise ValueError(f"{len(names)} names, rows of another length")
    except (IndexError, ValueError) as error:
        raise GeometryError(
            f"{path}: a line of names and rows of as many numbers are needed ({error})."
        ) from None
    for name in names:
        _check_name(path, name, (*_KEYS, *_GIVEN))
    keys = [name for name in names if name in _KEYS]
    if not keys or len(keys) == len(names) or not len(table):
        raise GeometryError(f"{path}: a key column ({', '.join(_KEYS)}) and a value are needed.")
    n_traces = headers["field_record"].size
    own = {**headers, "trace": np.arange(1, n_traces + 1)}
    wanted = np.stack([own[key] for key in keys], axis=1).astype(np.float64)
    rows_of: dict[tuple[float, ...], int] = {}
    for at, row in enumerate(table[:, [names.index(key) for key in keys]]):
        if rows_of.setdefault(tuple(row), at) != at:
            raise GeometryError(f"{path}: row {at + 2} repeats the keys of an earlier row.")
    found = np.array([rows_of.get(tuple(row), -1) for row in wanted])
    if (found < 0).any():
        at = int(np.argmax(found < 0))
        key = ", ".join(f"{k} {v:g}" for k, v in zip(keys, wanted[at], strict=True))
        raise GeometryError(
            f"{path}: {int((found < 0).sum())} of {n_traces} traces have no row; the first is "
            f"{key}."
        )
    return {name: table[found, names.index(name)] for name in names if name not in _KEYS}


def _from_yaml(path: Path, headers: Mapping[str, NDArray[Any]]) -> Columns:
    try:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise GeometryError(f"{path}: not YAML ({first}).") from None
    if not isinstance(rules, dict) or not rules:
        raise GeometryError(f"{path}: 'variable: number' or 'variable: {{first: ...}}' is needed.")
    records, start, record = np.unique(
        headers["field_record"], return_index=True, return_inverse=True
    )
    # Records count in file order, whatever their numbers.
    rank = np.argsort(np.argsort(start))[record.reshape(-1)]
    before = np.zeros(rank.size, dtype=np.int64)
    for number in range(records.size):
        traces = np.flatnonzero(rank == number)
        before[traces] = np.arange(traces.size)
    given: Columns = {}
    for name, rule in rules.items():
        _check_name(path, str(name), _GIVEN)
        terms = rule if isinstance(rule, dict) else {"first": rule}
        for term, value in terms.items():
            _check_name(path, str(term), _RULE)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise GeometryError(f"{path}: '{name}', '{term}' is {value!r}; a number is needed.")
        given[str(name)] = (
            float(terms.get("first", 0.0))
            + float(terms.get("per_record", 0.0)) * rank
            + float(terms.get("per_trace", 0.0)) * before
        )
    return given
