"""Median step: what neighbouring traces have in common, along flat or straight events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.gather_step import GatherStep, Section
from geoml.preprocess.linear_moveout import LinearMoveout
from geoml.preprocess.trace_line import TraceLine


@dataclass(frozen=True)
class Median(GatherStep):
    """Replace each sample by the median of the same time on the traces around it.

    Spikes and bad traces have no say in a median, and an edge across traces stays sharp, where a
    mean would smear both. Events that are not flat, or not of the velocity given, are lost in
    ``coherent`` and left in ``residual``: the median along a noise's velocity, subtracted, takes
    that noise out. Windows are cut at the ends of the line, and dead traces have no part in
    them. About 40 MB/s a core for 7 traces, 12 along a velocity.

    Attributes:
        n_traces: Traces a window, odd, 3 or more.
        trim: Share of a window's samples that is dropped at either end of their sorted values
            before the rest is averaged: 0.5 is the median, 0 the mean.
        velocity_m_s: Apparent velocity of the events that are followed [m/s], later at larger
            distance from the source on either side; none for flat ones.
        output: ``coherent`` for the median, ``residual`` for what is left without it.

    References:
        Bednar and Watt (1984), IEEE Trans. Acoustics, Speech and Signal Processing 32(1),
        145-153: alpha-trimmed means.
        Stewart (1985), Canadian Journal of Exploration Geophysics 21(1), 54-63: median filtering
        of VSP wavefields.
    """

    name = "median"
    shapes_wavelet = False
    examples: ClassVar = (
        {},
        {"n_traces": 3},
        {"trim": 0.2},
        {"velocity_m_s": 2000.0},
        {"output": "residual"},
        {"gather": "offset"},
    )

    n_traces: int = 7
    trim: float = 0.5
    velocity_m_s: float | None = None
    output: Literal["coherent", "residual"] = "coherent"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_traces < 3 or self.n_traces % 2 == 0:
            raise OptionError(f"'median' n_traces is {self.n_traces}; it must be odd, 3 or more.")
        if not 0 <= self.trim <= 0.5:
            raise OptionError(f"'median' trim is {self.trim:g}; it must be 0 to 0.5.")
        if self.velocity_m_s is not None and not 0 < self.velocity_m_s < np.inf:
            raise OptionError(
                f"'median' velocity_m_s is {self.velocity_m_s:g} m/s; it must be above 0."
            )

    def check_lines(self, lines: Sequence[TraceLine]) -> None:
        """Refuse a velocity where there are no distances.

        Raises:
            GeometryError: If traces without positions are to be followed at a velocity.
        """
        if self.velocity_m_s is not None and any(line.position_m is None for line in lines):
            raise GeometryError(
                f"'median' follows events of {self.velocity_m_s:g} m/s, but the traces have no "
                "positions; leave velocity_m_s out, or give the survey a geometry."
            )

    def processed(self, section: Section) -> NDArray[np.floating]:
        """The median of one gather, or what is left without it, shape (trace, time)."""
        if section.live.size < 2:
            return section.samples
        if self.velocity_m_s is None:
            coherent = self._running(section.samples, section.live)
        else:
            moveout = LinearMoveout(section, self.gather, self.velocity_m_s, self.name)
            coherent = moveout.back(self._running(moveout.flat(section.samples), section.live))
        return coherent if self.output == "coherent" else section.samples - coherent

    def _running(
        self, samples: NDArray[np.float32], live: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Trimmed mean over the live traces around each live trace, shape (trace, time)."""
        half = self.n_traces // 2
        out = np.zeros_like(samples)
        for trace in np.flatnonzero(live):
            around = slice(max(0, trace - half), trace + half + 1)
            ranked = np.sort(samples[around][live[around]], axis=0)
            n_dropped = min(int(self.trim * len(ranked)), (len(ranked) - 1) // 2)
            out[trace] = ranked[n_dropped : len(ranked) - n_dropped].mean(axis=0)
        return out
