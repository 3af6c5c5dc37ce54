"""The columns of a LAS data section: a quick way for plain tables, a careful one for the others."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError

NULL_WORDS = {
    "",
    "-",
    "--",
    "*",
    "err",
    "error",
    "nan",
    "null",
    "(null)",
    "none",
    "n/a",
    "na",
    "#n/a",
    "inf",
    "-inf",
    "nodata",
    "absent",
}
_MOST_BAD_LINES = 0.05
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s\"']+")
_COMMA_DECIMAL = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
# Columns that run into each other at the sign: 123.45-999.25; never dates such as 2018-05-22.
_RUN_ON = re.compile(r"[-+]?\d+\.\d*(?:[-+]\d+\.\d*)+")
_RUN_ON_PART = re.compile(r"[-+]?\d+\.\d*")


def data_columns(
    body: str, n_curves: int, delimiter: str, wrapped: bool, name: str, findings: list[str]
) -> list[NDArray[Any]]:
    """The columns of a data section: float64, or words where a column holds them.

    Args:
        body: Text behind the section's title line.
        n_curves: Curves that the header declares, the index among them.
        delimiter: ``SPACE``, ``COMMA`` or ``TAB``.
        wrapped: Whether the values of one depth may go over several lines.
        name: The file, for messages.
        findings: Gets a line about whatever was put right.

    Returns:
        Arrays of shape (depth,): as many as the lines have values, which may not be ``n_curves``.

    Raises:
        FileFormatError: If the section holds no whole table.
    """
    if delimiter == "SPACE" and not wrapped:
        quick = _plain_table(body)
        if quick is not None:
            return list(quick.T)
    rows = _rows(body, n_curves, delimiter, wrapped, name, findings)
    return [_column(list(column)) for column in zip(*rows, strict=True)]


def _plain_table(body: str) -> NDArray[np.float64] | None:
    """Numbers between blanks, as many in each line; None where anything else is found."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty section is told by its caller
            table = np.loadtxt(StringIO(body), comments="#", ndmin=2, dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    return table if table.size else None


def _rows(
    body: str, n_curves: int, delimiter: str, wrapped: bool, name: str, findings: list[str]
) -> list[list[str]]:
    lines = [line.strip(" \f") for line in body.split("\n")]
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise FileFormatError(f"{name}: the data section is empty; nothing to read.")
    split = _splitter(lines, n_curves, delimiter, findings)
    rows = [split(line) for line in lines]
    if wrapped:
        tokens = [token for row in rows for token in row]
        whole = len(tokens) // n_curves * n_curves
        if whole == 0:
            raise FileFormatError(
                f"{name}: {len(tokens)} values in the data section, {n_curves} a depth are needed."
            )
        if whole < len(tokens):
            findings.append(
                f"{len(tokens) - whole} values behind the last whole depth were left out"
            )
        return [tokens[i : i + n_curves] for i in range(0, whole, n_curves)]
    return _equal_rows(rows, n_curves, name, findings)


def _equal_rows(
    rows: list[list[str]], n_curves: int, name: str, findings: list[str]
) -> list[list[str]]:
    """Rows of the commonest length; a few others are left out and told."""
    votes = Counter(len(row) for row in rows)
    width = n_curves if votes[n_curves] > len(rows) // 2 else votes.most_common(1)[0][0]
    odd = [number for number, row in enumerate(rows, start=1) if len(row) != width]
    # The last line of a file that was cut off never counts against it.
    cut = bool(odd) and odd[-1] == len(rows) and len(rows) > 1
    if len(odd) - cut > _MOST_BAD_LINES * len(rows):
        raise FileFormatError(
            f"{name}: {len(odd)} of {len(rows)} data lines do not have {width} values, the first "
            f"is data line {odd[0]} with {len(rows[odd[0] - 1])}; a table of equal lines is needed."
        )
    if odd:
        findings.append(
            f"{len(odd)} of {len(rows)} data lines without {width} values were left out, the first "
            f"is data line {odd[0]}"
        )
    return [row for row in rows if len(row) == width]


def _splitter(
    lines: list[str], n_curves: int, delimiter: str, findings: list[str]
) -> Callable[[str], list[str]]:
    if delimiter == "COMMA":
        return lambda line: [_unquoted(token) for token in line.split(",")]
    if delimiter == "TAB":
        return lambda line: [_unquoted(token) for token in line.split("\t")]
    sample = lines[:20]
    by_comma = [len(line.split(",")) for line in sample]
    by_blank = [len(_TOKEN.findall(line)) for line in sample]
    if n_curves > 1 and all(n == n_curves for n in by_comma) and by_blank != by_comma:
        findings.append("values are separated by commas, which the header does not say")
        return lambda line: [_unquoted(token) for token in line.split(",")]
    return lambda line: _blank_tokens(line, n_curves)


def _blank_tokens(line: str, n_curves: int) -> list[str]:
    tokens = [_unquoted(token) for token in _TOKEN.findall(line)]
    tokens = [t.replace(",", ".") if _COMMA_DECIMAL.fullmatch(t) else t for t in tokens]
    if len(tokens) < n_curves:
        # Only where columns are missing: elsewhere a hyphen may stand in a date.
        parted = [_RUN_ON_PART.findall(t) if _RUN_ON.fullmatch(t) else [t] for t in tokens]
        tokens = [part for parts in parted for part in parts]
    return tokens


def _unquoted(token: str) -> str:
    token = token.strip()
    return token[1:-1] if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'" else token


def number_or_none(token: str) -> float | None:
    """The finite number that a token spells, NaN for a word that means missing, else None."""
    try:
        value = float(token)
    except ValueError:
        low = token.strip().lower()
        if low in NULL_WORDS or set(low) <= {"*", "#", "?"} or "#ind" in low or "#qnan" in low:
            return float("nan")
        return None
    if "_" in token:  # Python reads 1_000 as a number, no logging tool writes it
        return None
    return value if np.isfinite(value) else float("nan")


def _column(tokens: list[str]) -> NDArray[Any]:
    """Numbers where most tokens are, the words among them NaN; words otherwise."""
    try:
        values = np.array(tokens, dtype=np.float64)
        if not any("_" in token for token in tokens):
            return np.where(np.isfinite(values), values, np.nan)
    except ValueError:
        pass
    numbers = [number_or_none(token) for token in tokens]
    words = sum(number is None for number in numbers)
    if 2 * words > len(tokens) or words == sum(n is None or n == n for n in numbers):
        return np.array(tokens, dtype=object)
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)
