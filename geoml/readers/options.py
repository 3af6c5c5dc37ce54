"""What a user may decide where a file's headers are wrong or silent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class IngestOptions:
    """Decisions that overrule a file's headers; None leaves the decision to the headers.

    Attributes:
        samples: Samples a trace.
        byte_order: ``big`` or ``little``.
        sample_format: SEG-Y sample format code.
        dt_s: Sample interval [s].
        geometry: CSV or YAML file of positions in metres, which replace the headers'.
        coordinate_unit: Unit of coordinates, elevations and offsets.
        strict: Refuse a file with any warning.
    """

    samples: int | None = None
    byte_order: Literal["big", "little"] | None = None
    sample_format: int | None = None
    dt_s: float | None = None
    geometry: str | Path | None = None
    coordinate_unit: Literal["m", "ft"] | None = None
    strict: bool = False
