"""Interpolation step: killed traces brought back from their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.fx_gap import filled_spectra
from geoml.preprocess.fx_windows import FxWindows
from geoml.preprocess.gather_step import GatherStep, Section, lines_of
from geoml.preprocess.linear_moveout import LinearMoveout
from geoml.preprocess.station_grid import station_grid
from geoml.preprocess.step import (
    finite_samples,
    live_traces,
    sample_interval_s,
    with_samples,
    with_trace_value,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InterpolateTraces(GatherStep):
    """Fill traces whose ``live`` is False from live ones around them, and set them live.

    Only killed traces are filled, only between live ones, and only where few are killed in a
    row; every other sample stays to the last bit. The method ``fx`` predicts them in each
    frequency from up to a window of traces to either side, so that straight events of several
    dips come back; it needs regular stations. ``moveout`` averages the two live neighbours along
    one apparent velocity, by their distance, and takes any spacing.

    Attributes:
        method: ``fx`` or ``moveout``.
        max_gap: Most killed traces in a row that are filled.
        velocity_m_s: Apparent velocity that ``moveout`` follows [m/s]; none for flat events.
        window_traces: Traces a window of ``fx``.
        window_s: Length of a window of ``fx`` [s].
        n_coefficients: Longest prediction filter of ``fx`` [trace]; at least the number of
            different dips in a window.
        prewhitening: White noise added to the autocorrelation, as a fraction of its zero lag:
            more of it makes filled traces weaker where they are uncertain.

    References:
        Spitz (1991), Geophysics 56(6), 785-794.
    """

    name = "interpolate_traces"
    shapes_wavelet = True
    examples: ClassVar = (
        {},
        {"max_gap": 1},
        {"window_traces": 6},
        {"window_s": 0.2},
        {"n_coefficients": 2},
        {"prewhitening": 0.3},
        {"gather": "offset"},
        {"method": "moveout"},
        {"method": "moveout", "velocity_m_s": 2000.0},
    )

    method: Literal["fx", "moveout"] = "fx"
    max_gap: int = 3
    velocity_m_s: float | None = None
    window_traces: int = 24
    window_s: float = 0.5
    n_coefficients: int = 4
    prewhitening: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.max_gap, self.n_coefficients) < 1 or self.window_traces < 4:
            raise OptionError(
                f"'interpolate_traces' max_gap {self.max_gap} and n_coefficients "
                f"{self.n_coefficients} must be 1 or more, window_traces {self.window_traces} 4 "
                "or more."
            )
        if not 0 < self.window_s < np.inf or not 0 < self.prewhitening < np.inf:
            raise OptionError(
                f"'interpolate_traces' window_s {self.window_s:g} s and prewhitening "
                f"{self.prewhitening:g} must be above 0."
            )
        if self.velocity_m_s is not None:
            if self.method == "fx":
                raise OptionError(
                    "'interpolate_traces' by fx finds dips by itself; take velocity_m_s out, or "
                    "set method: moveout."
                )
            if not 0 < self.velocity_m_s < np.inf:
                raise OptionError(
                    f"'interpolate_traces' velocity_m_s is {self.velocity_m_s:g} m/s; it must be "
                    "above 0."
                )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with filled traces, and the coordinate ``live``.

        Raises:
            GeometryError: If stations are irregular for ``fx``, or there are no positions to
                follow a velocity along.
            OptionError: If a sample is NaN, or a window is under four samples.
        """
        samples = finite_samples(gathers, self.name)
        live = live_traces(gathers)
        known = live & samples.any(axis=1)
        out, dt_s = samples.copy(), sample_interval_s(gathers)
        filled = np.zeros_like(live)
        for line in lines_of(gathers, self.gather, self.name):
            rows = line.rows
            wanted = ~live[rows] & self._fillable(known[rows])
            if wanted.any():
                section = Section(samples[rows], dt_s, line.position_m, known[rows])
                out[rows[wanted]] = self.processed(section)[wanted]
                filled[rows[wanted]] = True
        return with_trace_value(with_samples(gathers, out), "live", live | filled)

    def _fillable(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """True for traces of a short gap between known ones, shape (trace,)."""
        place = np.arange(known.size)
        before = np.maximum.accumulate(np.where(known, place, -1))
        after = np.minimum.accumulate(np.where(known, place, known.size)[::-1])[::-1]
        inside = (before >= 0) & (after < known.size)
        return ~known & inside & (after - before - 1 <= self.max_gap)

    def processed(self, section: Section) -> NDArray[np.floating]:
        """One gather with every trace between known ones filled, shape (trace, time)."""
        if self.method == "fx":
            return self._by_prediction(section)
        if self.velocity_m_s is None:
            return _between_neighbours(section, section.samples)
        moveout = LinearMoveout(section, self.gather, self.velocity_m_s, self.name)
        return moveout.back(_between_neighbours(section, moveout.flat(section.samples)))

    def _by_prediction(self, section: Section) -> Floats:
        station = self._stations(section.position_m, section.live.size)
        known = np.zeros(int(station[-1]) + 1, dtype=bool)
        known[station[section.live]] = True
        samples = np.zeros((known.size, section.samples.shape[1]))
        samples[station[section.live]] = section.samples[section.live]
        time = FxWindows(samples.shape[1], section.dt_s, self.window_s, 0.5, self.name)
        filled = samples.copy()
        for first, last in _gaps(known):
            # A window around the gap; other missing traces in it are found along with it.
            width = min(known.size, max(self.window_traces, 3 * (last - first)))
            start = int(np.clip((first + last - width) // 2, 0, known.size - width))
            part = slice(start, start + width)
            spectra = time.spectra(samples[part])
            rows = spectra.reshape(-1, width)
            whole = filled_spectra(rows, known[part], self.n_coefficients, self.prewhitening)
            gap = whole.reshape(spectra.shape)[:, :, first - start : last - start]
            filled[first:last] = time.samples(gap)
        return filled[station]

    def _stations(self, position_m: Floats | None, n_traces: int) -> NDArray[np.int64]:
        if position_m is None:
            return np.arange(n_traces)
        grid = station_grid(position_m)
        if not grid.is_regular:
            steps = np.diff(position_m)
            raise GeometryError(
                f"'interpolate_traces' by fx needs regular trace spacing; in one gather it goes "
                f"from {steps.min():.4g} to {steps.max():.4g} m. Set method: moveout."
            )
        return grid.station


def _gaps(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First missing station of each gap between known ones, and the one after its last."""
    here = np.flatnonzero(known)
    wide = np.flatnonzero(np.diff(here) > 1)
    return [(int(here[i]) + 1, int(here[i + 1])) for i in wide]


def _between_neighbours(section: Section, samples: NDArray[np.float32]) -> NDArray[np.floating]:
    """Samples interpolated in a straight line between the live traces of either side."""
    position = section.position_m
    if position is None:
        position = np.arange(section.live.size, dtype=np.float64)
    here = np.flatnonzero(section.live)
    after = np.clip(np.searchsorted(here, np.arange(section.live.size)), 1, here.size - 1)
    left, right = here[after - 1], here[after]
    width = position[right] - position[left]
    share = np.clip((position - position[left]) / np.where(width > 0, width, 1), 0, 1)
    return (1 - share)[:, None] * samples[left] + share[:, None] * samples[right]
