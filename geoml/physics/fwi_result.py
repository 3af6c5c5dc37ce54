"""What an inversion hands back: the model, whether it is to be believed, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.physics.fwi_problem import Solves


def _plain(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None


@dataclass(frozen=True)
class CurvePoint:
    """One iteration.

    Attributes:
        band: Number of its band, from 0; rounds of layers count on behind the last.
        iteration: Within the band, from 1.
        objective: Data misfit and penalties.
        data_misfit: Of the band, as a share.
        solves: Wave equations solved so far.
    """

    band: int
    iteration: int
    objective: float
    data_misfit: float
    solves: int


@dataclass(frozen=True, eq=False)
class FwiResult:
    """A refined section.

    Attributes:
        velocity: [m/s], shape (depth, distance); the start where the refinement was refused.
        accepted: False where the start was kept.
        message: One line for the user.
        misfit: Full-band share of the fitted receivers at the start and at the end.
        held_out_misfit: The same of the receivers that were left out; NaN where there are none.
        curve: Each iteration.
        solves: Wave equations solved.
        seconds: Processor time [s].
        doubtful: True where it was accepted on so small a fall, or without receivers left out of
            the fit, that the section may be worse.
        filters: Last filter of the source, one array a set of shots; empty without an update.
    """

    velocity: NDArray[np.float32]
    accepted: bool
    message: str
    misfit: tuple[float, float]
    held_out_misfit: tuple[float, float]
    curve: list[CurvePoint]
    solves: Solves
    seconds: float
    doubtful: bool = False
    filters: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """The message where it has to go along with the section: refused, or doubtful."""
        return [self.message] if self.doubtful or not self.accepted else []

    def to_attrs(self) -> dict[str, Any]:
        """All but the arrays, as plain JSON."""
        return {
            "accepted": self.accepted,
            "doubtful": self.doubtful,
            "message": self.message,
            "misfit": [_plain(value) for value in self.misfit],
            "held_out_misfit": [_plain(value) for value in self.held_out_misfit],
            "curve_band": [point.band for point in self.curve],
            "curve_misfit": [point.data_misfit for point in self.curve],
            "curve_objective": [point.objective for point in self.curve],
            "curve_solves": [point.solves for point in self.curve],
            "forward_solves": self.solves.forward,
            "adjoint_solves": self.solves.adjoint,
            "seconds": self.seconds,
        }
