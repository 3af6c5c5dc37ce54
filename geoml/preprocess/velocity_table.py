"""Stacking velocities over time, along a line by CDP: from YAML or a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, OptionError

Floats = NDArray[np.float64]
Rows = tuple[tuple[float, float], ...]
VelocityOption = float | Rows | dict[int, Rows] | str
"""One velocity [m/s]; rows [time_s, velocity_m_s]; such rows for each CDP; or a CSV file's name."""

_COLUMNS = ("time_s", "velocity_m_s")


@dataclass(frozen=True, eq=False)
class VelocityTable:
    """Velocities at times of some CDPs, linear between them and constant beyond them.

    Attributes:
        cdp: Ascending, empty where one function serves every trace, shape (cdp,).
        functions: Times [s] and velocities [m/s] of each CDP, shape (row,) each.
    """

    cdp: NDArray[np.int64]
    functions: tuple[tuple[Floats, Floats], ...]

    @property
    def by_cdp(self) -> bool:
        """Whether the velocity depends on the CDP."""
        return self.cdp.size > 0

    def at(self, time_s: Floats, cdp: NDArray[np.integer] | None) -> Floats:
        """Velocities [m/s] at zero-offset times, shape (1 or trace, time).

        Args:
            time_s: Zero-offset time [s], shape (time,).
            cdp: CDP of each trace, shape (trace,); not needed where one function serves all.
        """
        known = np.array([np.interp(time_s, *function) for function in self.functions])
        if not self.by_cdp or cdp is None:
            return known[:1]
        place = np.interp(cdp, self.cdp, np.arange(self.cdp.size))
        left = np.minimum(place.astype(np.intp), self.cdp.size - 1)
        right = np.minimum(left + 1, self.cdp.size - 1)
        share = (place - left)[:, None]
        between: Floats = (1 - share) * known[left] + share * known[right]
        return between


def velocity_table(option: VelocityOption, step: str) -> VelocityTable:
    """The table that an option holds, checked.

    Raises:
        OptionError: If a time or velocity is impossible.
    """
    if isinstance(option, str):
        option = read_velocities(option)
    if isinstance(option, Mapping):
        if not option:
            raise OptionError(f"'{step}' velocity_m_s names no CDP; give at least one.")
        cdp = np.array(sorted(option), dtype=np.int64)
        return VelocityTable(cdp, tuple(_function(option[int(number)], step) for number in cdp))
    rows = ((0.0, float(option)),) if isinstance(option, int | float) else option
    return VelocityTable(np.empty(0, np.int64), (_function(rows, step),))


def read_velocities(path: str | Path) -> Rows | dict[int, Rows]:
    """Velocities of a CSV file with the columns time_s, velocity_m_s and, where they vary, cdp.

    Raises:
        FileFormatError: If the file is not such a table.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        pairs = [(float(row[_COLUMNS[0]]), float(row[_COLUMNS[1]])) for row in rows]
        numbers = [int(row["cdp"]) for row in rows] if rows and "cdp" in rows[0] else []
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror}).") from None
    except (KeyError, TypeError, ValueError, UnicodeDecodeError):
        raise FileFormatError(
            f"{path.name}: velocities are CSV with a line 'cdp,time_s,velocity_m_s' (cdp is "
            "optional) and lines of numbers."
        ) from None
    if not rows:
        raise FileFormatError(f"{path.name}: the table of velocities has no rows.")
    if not numbers:
        return tuple(pairs)
    table: dict[int, Rows] = {}
    for number, pair in zip(numbers, pairs, strict=True):
        table[number] = (*table.get(number, ()), pair)
    return table


def _function(rows: Rows, step: str) -> tuple[Floats, Floats]:
    table = np.array(rows, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != 2 or not np.isfinite(table).all():
        raise OptionError(f"'{step}' velocity_m_s has rows [time_s, velocity_m_s]; found {rows}.")
    if (np.diff(table[:, 0]) <= 0).any():
        raise OptionError(f"'{step}' velocity_m_s: times rise from row to row; found {rows}.")
    if table[:, 1].min() <= 0:
        raise OptionError(
            f"'{step}' velocity_m_s is {table[:, 1].min():g} m/s; it must be above 0."
        )
    return table[:, 0], table[:, 1]
