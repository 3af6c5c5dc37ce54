"""Log tables: CSV files with the curves of one well or of many, as contests hand them out."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, OptionError
from geoml.readers.las_data import NULL_WORDS, number_or_none
from geoml.readers.log_options import LogOptions
from geoml.readers.log_text import decoded, read_bytes
from geoml.readers.raw_log import RawCurve, RawLog, column_name
from geoml.registry import nearest
from geoml.survey.log_units import known_unit

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = (";", "\t", "|", ",")
_DEPTHS = ("DEPTH", "DEPT", "DEPTH_MD", "MD", "DEPTHMD", "MEASURED_DEPTH", "DEPTH_M", "DEPTH_FT")
_WELLS = (
    "WELL",
    "WELL_NAME",
    "WELLNAME",
    "WELL_ID",
    "WELLID",
    "UWI",
    "BOREHOLE",
    "HOLE",
    "HOLE_ID",
)
_NAME_AND_UNIT = re.compile(r"(?P<name>[^(\[]+?)\s*[(\[](?P<unit>[^)\]]*)[)\]]\s*")


@dataclass(frozen=True)
class _Column:
    """A column's name and unit, from its heading or the line of units below."""

    name: str
    unit: str


def read_log_table(path: str | Path, options: LogOptions | None = None) -> list[RawLog]:
    """Every well of a table, in the order of the file.

    The first line names the columns, ``GR`` or ``GR (gAPI)``; a line of units may follow. Lines
    that start with ``#`` are left out.

    Args:
        path: The file.
        options: What the file does not say: its depth and well columns, units, delimiter.

    Raises:
        FileFormatError: If it is no table, or has no depth.
        OptionError: If an option names a column that is not there.
    """
    path, options = Path(path), options or LogOptions()
    text, encoding = decoded(read_bytes(path), path.name)
    findings = [] if encoding.startswith("utf-8") else [f"the text is {encoding}"]
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    delimiter = options.delimiter or _delimiter(lines, path.name)
    columns, skipped = _columns(lines, delimiter, path.name)
    table = _table(lines[skipped:], columns, delimiter, path.name)
    names = [column.name for column in columns]
    depth = _named(names, options.depth, _DEPTHS, "--depth", path.name)
    well = _named(names, options.well, _WELLS, "--well", path.name)
    if depth is None and options.row_step_m is None:
        raise FileFormatError(
            f"{path.name}: no depth among the columns {', '.join(names)[:80]}. Name it with "
            "--depth, or give the distance of rows with --row-step-m."
        )
    return [
        _log(name, part, columns, (depth, well), options, findings)
        for name, part in _parts(table, names, well, path.stem)
    ]


def _delimiter(lines: list[str], name: str) -> str:
    if len(lines) < 2:
        raise FileFormatError(f"{name}: {len(lines)} lines; names and values are needed.")
    counts = {d: min(line.count(d) for line in lines[:5]) for d in _DELIMITERS}
    best = max(counts, key=lambda d: counts[d])
    if counts[best] == 0:
        raise FileFormatError(
            f"{name}: no ',', ';', tab or '|' separates columns in its first lines; not a log "
            "table. Pass --delimiter to choose."
        )
    return best


def _columns(lines: list[str], delimiter: str, name: str) -> tuple[list[_Column], int]:
    """The columns, and how many lines tell of them."""
    heads, second = (next(csv.reader([line], delimiter=delimiter)) for line in lines[:2])
    if not any(number_or_none(head) is None for head in heads):
        raise FileFormatError(f"{name}: the first line holds no names: '{lines[0][:60]}'.")
    units = [known_unit(cell) is not None and number_or_none(cell) is None for cell in second]
    has_units = len(second) == len(heads) and sum(units) > len(heads) // 2
    columns = []
    for place, head in enumerate(heads):
        label = head.strip() or f"UNNAMED_{place + 1}"
        match = _NAME_AND_UNIT.fullmatch(label)
        if match and known_unit(match["unit"]) is not None:
            columns.append(_Column(match["name"].strip(), match["unit"]))
        else:
            columns.append(_Column(label, second[place].strip() if has_units else ""))
    doubled = [n for n, count in Counter(c.name.upper() for c in columns).items() if count > 1]
    if doubled:
        raise FileFormatError(f"{name}: several columns are called {', '.join(doubled)}.")
    return columns, 2 if has_units else 1


def _table(lines: list[str], columns: list[_Column], delimiter: str, name: str) -> pd.DataFrame:
    import pandas as pd

    # In tables that a comma cannot separate, it is the decimal mark.
    comma = delimiter != "," and any(re.search(r"\d,\d", line) for line in lines[:50])
    try:
        return pd.read_csv(
            StringIO("\n".join(lines)),
            sep=delimiter,
            names=[column.name for column in columns],
            header=None,
            index_col=False,
            decimal="," if comma else ".",
            na_values=sorted(NULL_WORDS),
            skipinitialspace=True,
            low_memory=False,
            on_bad_lines="error",
        )
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileFormatError(f"{name}: not a table of equal lines ({reason}).") from None


def _named(
    names: list[str], wanted: str | None, usual: tuple[str, ...], option: str, file: str
) -> str | None:
    """The column that a user names, else the first of the usual ones."""
    if wanted is not None:
        for name in names:
            if name.upper() == wanted.upper():
                return name
        raise OptionError(
            f"{file}: no column '{wanted}' for {option}.{nearest(wanted, names)} "
            f"Columns: {', '.join(names)[:120]}."
        )
    plain = {column_name(name): name for name in reversed(names)}
    return next((plain[name] for name in usual if name in plain), None)


def _parts(
    table: pd.DataFrame, names: list[str], well: str | None, stem: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    if well is None:
        yield stem, table
        return
    for name, part in table.groupby(well, sort=False, dropna=False):
        yield (str(name).strip() if name == name else stem), part


def _log(
    well: str,
    part: pd.DataFrame,
    columns: list[_Column],
    keys: tuple[str | None, str | None],
    options: LogOptions,
    findings: list[str],
) -> RawLog:
    depth = keys[0]
    notes = list(findings)
    if depth is None:
        # Rounded, for 3 * 0.1524 is written as 0.45720000000000005.
        index = np.round(np.arange(len(part)) * float(options.row_step_m or 0), 9)
        unit, name = "m", "ROW"
        notes.append(
            f"no depth in the table; its rows are taken to be {options.row_step_m:g} m apart"
        )
    else:
        values = _values(part[depth])
        if values.dtype == object:
            raise FileFormatError(f"The depths '{depth}' of well '{well}' are words, not numbers.")
        index, name = values, depth
        unit = next(column.unit for column in columns if column.name == depth)
        unit = unit or ("ft" if column_name(depth) == "DEPTH_FT" else "")
        unit = unit or ("m" if column_name(depth) == "DEPTH_M" else "")
    curves = [
        RawCurve(c.name, c.unit, _values(part[c.name])) for c in columns if c.name not in keys
    ]
    # A curve that this well lacks is none of it.
    there = [
        c
        for c in curves
        if (c.values != "" if c.values.dtype == object else c.values == c.values).any()
    ]
    return RawLog(well, well, index, unit, there or curves, findings=notes, index_name=name)


def _values(column: pd.Series[Any]) -> NDArray[Any]:
    """Numbers where most cells are, else words with ``""`` where empty."""
    if column.dtype.kind in "fiub":
        return np.asarray(column, dtype=np.float64)
    cells = ["" if cell != cell else str(cell).strip() for cell in column]
    numbers = [number_or_none(cell) for cell in cells]
    words = sum(number is None for number in numbers)
    if 2 * words > len(cells) or words == sum(n is None or n == n for n in numbers):
        return np.array(cells, dtype=object)
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)
