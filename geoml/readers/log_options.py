"""What a user may settle about log files that do not say it, or say it wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LogOptions:
    """How log files are read.

    Attributes:
        names: Mnemonic in the file -> name in the store, beside the built-in aliases.
        units: Mnemonic in the file -> its unit, against what the file says.
        nulls: More values that mean "missing" on every curve.
        step_m: Step of the regular depth grid [m]; each file's own by default.
        max_gap_m: Longest stretch without a value that is interpolated [m]; by default two and a
            half of the larger of the file's and the grid's step.
        depth_unit: Unit of the depths, against what the file says.
        depth: Column of a table that holds the depth.
        well: Column of a table that holds the well's name.
        row_step_m: Distance between the rows of a table that has no depth [m].
        delimiter: What separates the columns of a table; found by itself otherwise.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    nulls: tuple[float, ...] = ()
    step_m: float | None = None
    max_gap_m: float | None = None
    depth_unit: str | None = None
    depth: str | None = None
    well: str | None = None
    row_step_m: float | None = None
    delimiter: str | None = None
