"""What steps share that work across the neighbouring traces of a gather."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.preprocess.step import (
    Step,
    finite_samples,
    gather_labels,
    live_traces,
    sample_interval_s,
    trace_value,
    with_samples,
)
from geoml.preprocess.trace_line import TraceLine, trace_lines
from geoml.survey.gathers import GatherKind, check_kind, gather_index

logger = logging.getLogger(__name__)

_NEEDED = {"shot": (), "receiver": ("receiver_x", "receiver_y"), "cdp": ("cdp",)}


@dataclass(frozen=True, eq=False)
class Section:
    """One gather, its traces in order along their line.

    Attributes:
        samples: Amplitudes, shape (trace, time).
        dt_s: Sample interval [s].
        position_m: Signed distance along the line [m], ascending; None without geometry,
            shape (trace,).
        live: False where the trace was killed or is silent, shape (trace,).
    """

    samples: NDArray[np.float32]
    dt_s: float
    position_m: NDArray[np.float64] | None
    live: NDArray[np.bool_]


@dataclass(frozen=True)
class GatherStep(Step):
    """A step whose result for a trace depends on its neighbours in one gather.

    Traces are in order along their line: by signed distance from the shot or the receiver, by
    midpoint where a gather shares an offset or is stacked, and by trace number where the file
    has no geometry, which is logged. Dead traces stay dead.

    Attributes:
        gather: Which traces belong together: shot, receiver, cdp or offset.
    """

    name: ClassVar[str]

    gather: GatherKind = field(default="shot", kw_only=True)

    def __post_init__(self) -> None:
        check_kind(self.gather)

    @abstractmethod
    def processed(self, section: Section) -> NDArray[np.floating]:
        """New samples of one gather, shape (trace, time); those of dead traces are not used."""

    def check_lines(self, lines: Sequence[TraceLine]) -> None:
        """Refuse gathers that the step cannot be used on, before samples are read."""

    @property
    def needs_whole_gathers(self) -> bool:
        """Always."""
        return True

    @property
    def fills_dead(self) -> bool:
        """Whether dead traces get what the step makes of their neighbours."""
        return False

    @property
    def gathered_by(self) -> GatherKind:
        """The option ``gather``."""
        return self.gather

    def check(self, survey: xr.Dataset) -> None:
        """Refuse gathers that are no lines, and say where trace numbers stand for positions.

        Raises:
            GeometryError: If no trace has a CDP number to be gathered by, every gather is one
                trace, or the traces of one cover an area or do not suit the step.
        """
        if self.gather == "cdp" and not survey["cdp"].values.any():
            raise GeometryError(
                f"'{self.name}' is to work on CDP gathers, but no trace has a CDP number; give the "
                "survey a geometry, or gather by something else."
            )
        labels = gather_index(survey, self.gather).labels()
        lines = trace_lines(survey, labels, self.gather, self.name)
        if 1 < labels.size == len(lines):
            raise GeometryError(
                f"'{self.name}' works across the traces of a {self.gather} gather, but all "
                f"{labels.size} hold one trace; gather by something else, such as gather: offset "
                "for stacked traces."
            )
        if lines and lines[0].position_m is None:
            logger.warning(
                "'%s': the traces have no positions; it takes them in the order of their trace "
                "numbers.",
                self.name,
            )
        self.check_lines(lines)

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The processed gathers.

        Raises:
            GeometryError: If the traces of a gather cover an area, or do not suit the step.
            OptionError: If a sample is NaN, or an option does not suit the sampling.
        """
        samples = finite_samples(gathers, self.name)
        live = live_traces(gathers) & samples.any(axis=1)
        out = samples.copy()
        dt_s = sample_interval_s(gathers)
        for line in lines_of(gathers, self.gather, self.name):
            rows = line.rows
            section = Section(samples[rows], dt_s, line.position_m, live[rows])
            written = section.live | self.fills_dead
            out[rows[written]] = self.processed(section)[written]
        return with_samples(gathers, out)


def lines_of(gathers: xr.DataArray, kind: GatherKind, step: str) -> list[TraceLine]:
    """``trace_lines`` of gathers in memory.

    Raises:
        GeometryError: If the traces lack what tells their gathers apart, or cover an area.
    """
    for needed in _NEEDED.get(kind, (kind,)):
        trace_value(gathers, needed, step)
    labels = gather_labels(gathers, kind)
    return trace_lines(gathers.coords.to_dataset(), labels, kind, step)
