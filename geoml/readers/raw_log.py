"""What a log file says, before names, units and depths are put in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class RawCurve:
    """One column of a log file.

    Attributes:
        mnemonic: Its name in the file.
        unit: Its unit as the file spells it.
        values: float64 with NaN where null, or words (object), shape (depth,).
        description: What the file says it is.
    """

    mnemonic: str
    unit: str
    values: NDArray[Any]
    description: str = ""


@dataclass
class RawLog:
    """One well, or one frame or run of one, as its file has it.

    Attributes:
        name: What it shall be called: well, and frame where there are several.
        well: The hole it belongs to.
        index: Depths in file order, shape (depth,).
        index_unit: Their unit as the file spells it.
        curves: The other columns.
        header: Everything the header says, by section.
        null: The value that the file declares to mean "missing".
        findings: What a user should know.
        attrs: Facts for the well's attributes, such as ``uwi`` and ``field``.
        index_name: The index's mnemonic.
    """

    name: str
    well: str
    index: NDArray[np.float64]
    index_unit: str
    curves: list[RawCurve]
    header: dict[str, Any] = field(default_factory=dict)
    null: float | None = None
    findings: list[str] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    index_name: str = "DEPT"


def column_name(mnemonic: str) -> str:
    """A mnemonic as a variable's name: capitals, digits and underscores."""
    return re.sub(r"[^A-Z0-9]+", "_", mnemonic.upper()).strip("_") or "UNNAMED"


def unique_names(names: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """The names, with a number behind those that came before.

    Args:
        names: Wanted names.
        taken: Names that are given away already; compared without regard to capitals.
    """
    used = {name.lower() for name in taken}
    result = []
    for name in names:
        free, number = name, 1
        while free.lower() in used:
            number += 1
            free = f"{name}_{number}"
        used.add(free.lower())
        result.append(free)
    return result
