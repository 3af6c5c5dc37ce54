"""f-k filter step: events of some apparent velocities out, or nothing but them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft, interpolate

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.fk_zone import fan, polygon_zone, trapezoid
from geoml.preprocess.gather_step import GatherStep, Section
from geoml.preprocess.station_grid import station_grid
from geoml.preprocess.trace_line import TraceLine

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FkFilter(GatherStep):
    """Reject or pass a zone of the frequency-wavenumber plane of each gather.

    The zone is a fan of apparent velocities or a polygon. The filter is linear, has zero phase
    and no gain above 1; gathers are padded with zeros to twice their length and width. The two or
    three traces at an end of the spread, where events stop, lose some of what is to be kept.
    Amplitudes that differ much across a gather smear along the zone's dips: a gain such as
    gain_time_power belongs before the filter, and wild traces are best killed. About 150
    MB/s a core, 50 over splines.

    Attributes:
        velocities_m_s: Four apparent velocities that do not fall [m/s]: the zone lies between
            the second and the third and fades out to the first and the fourth. ``[0, 0, 800,
            1200]`` is what is slower than 800 m/s; two, ``[3000, 4000]``, are what is faster.
        polygon: Three or more corners (wavenumber [1/m], frequency [Hz]) of the zone, in place
            of velocities; wavenumbers 0 or more, for either dip.
        polygon_taper: Distance over which the polygon's zone fades out, as a fraction of the
            Nyquist frequency and wavenumber.
        band_hz: Four frequencies that do not fall [Hz], a trapezoid outside which nothing is in
            the zone; two for what is above them, none for all frequencies.
        mode: ``reject`` to take the zone out, ``pass`` to keep nothing else.
        dips: ``both``; ``outward``, events that come later at larger distance from the source;
            or ``inward``. One-sided filters work on each side of a split spread by itself.
        n_aliases: How often a fan is folded back at the Nyquist wavenumber, for noise that is
            too slow for the station spacing; wide fans then reach everywhere, so give a band.
        spacing_m: Distance between neighbouring traces [m], in place of their positions; needed
            where the file has no geometry.
        interpolate: Put traces on regular stations by cubic splines where their spacing is
            irregular, and over dead traces. Without it, irregular gathers are refused and
            stations without a live trace count as zeros.

    References:
        Embree, Burg and Backus (1963), Geophysics 28(6), 948-974.
    """

    name = "fk_filter"
    # Direct waves of simulated gathers lie in the zone just as those of the field.
    shapes_wavelet = False
    examples: ClassVar = (
        {"velocities_m_s": (0, 0, 1500, 2500)},
        {"velocities_m_s": (0, 0, 2500, 4000)},
        {"velocities_m_s": (0, 0, 1500, 2500), "band_hz": (0, 0, 6, 8)},
        {"velocities_m_s": (0, 0, 1500, 2500), "mode": "pass"},
        {"velocities_m_s": (0, 0, 1500, 2500), "dips": "outward"},
        {"velocities_m_s": (0, 0, 1500, 2500), "spacing_m": 50.0},
        {"velocities_m_s": (0, 0, 1500, 2500), "interpolate": True},
        {"velocities_m_s": (0, 0, 1500, 2500), "gather": "offset"},
        {"velocities_m_s": (2000, 3000)},
        {"velocities_m_s": (1600, 1800, 2500, 4000)},
        {"velocities_m_s": (1600, 1800, 2500, 4000), "n_aliases": 1},
        {"polygon": ((0.0, 0.0), (0.006, 0.0), (0.006, 30.0))},
        {"polygon": ((0.0, 0.0), (0.006, 0.0), (0.006, 20.0))},
        {"polygon": ((0.0, 0.0), (0.006, 0.0), (0.006, 20.0)), "polygon_taper": 0.2},
    )

    velocities_m_s: tuple[float, ...] = ()
    polygon: tuple[tuple[float, float], ...] = ()
    polygon_taper: float = 0.05
    band_hz: tuple[float, ...] = ()
    mode: Literal["reject", "pass"] = "reject"
    dips: Literal["both", "outward", "inward"] = "both"
    n_aliases: int = 0
    spacing_m: float | None = None
    interpolate: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.velocities_m_s) == bool(self.polygon):
            raise OptionError("'fk_filter' needs velocities_m_s or a polygon, and not both.")
        for option in ("velocities_m_s", "band_hz"):
            corners = getattr(self, option)
            if corners:
                _check_corners(option, corners)
        if self.polygon and (len(self.polygon) < 3 or not np.min(self.polygon) >= 0):
            raise OptionError(
                "'fk_filter' polygon needs three or more corners [wavenumber, frequency], none "
                "under 0."
            )
        if not 0 <= self.polygon_taper <= 1 or self.n_aliases < 0:
            raise OptionError(
                f"'fk_filter' polygon_taper {self.polygon_taper:g} must be 0 to 1 and n_aliases "
                f"{self.n_aliases} at least 0."
            )
        if self.polygon and self.n_aliases:
            raise OptionError(
                "'fk_filter' n_aliases folds a fan; draw a polygon where it is to be."
            )
        if self.spacing_m is not None and not 0 < self.spacing_m < np.inf:
            raise OptionError(f"'fk_filter' spacing_m is {self.spacing_m:g} m; it must be above 0.")

    def check_lines(self, lines: Sequence[TraceLine]) -> None:
        """Refuse gathers without positions, or with irregular ones.

        Raises:
            GeometryError: If one of them is.
        """
        for line in lines:
            if line.rows.size > 1:
                self._positions(line.position_m, line.rows.size)

    def processed(self, section: Section) -> NDArray[np.floating]:
        """One gather without the zone, or only it, shape (trace, time).

        Raises:
            GeometryError: If the traces have no positions, or irregular ones.
        """
        out = section.samples.copy()
        for rows, position_m in self._sides(section):
            samples = section.samples[rows]
            zone = self._in_zone(samples, position_m, section.dt_s)
            out[rows] = zone if self.mode == "pass" else samples - zone
        return out

    def _sides(self, section: Section) -> list[tuple[NDArray[np.int64], Floats]]:
        """Live traces of each side and their ascending distances [m]; all in one for both dips."""
        live = np.flatnonzero(section.live)
        if section.live.size < 2:
            return []
        position_m = self._positions(section.position_m, section.live.size)[live]
        if self.dips == "both" or section.position_m is None:
            sides = [(live, position_m)]
        else:
            left, right = position_m < 0, position_m >= 0
            sides = [
                (live[left][::-1], -position_m[left][::-1]),
                (live[right], position_m[right]),
            ]
        return [side for side in sides if side[0].size > 1]

    def _positions(self, position_m: Floats | None, n_traces: int) -> Floats:
        """Positions of a gather's traces [m], by header or by ``spacing_m``."""
        if self.spacing_m is not None:
            first = 0.0 if position_m is None else np.sum(position_m < 0)
            return np.asarray(self.spacing_m * (np.arange(n_traces) - first), dtype=np.float64)
        if position_m is None:
            raise GeometryError(
                "'fk_filter' needs the distance between traces, but they have no positions; give "
                "spacing_m, or the survey a geometry."
            )
        if position_m.size > 1 and not self.interpolate:
            _check_regular(position_m)
        if (np.diff(position_m) <= 0).any():
            raise GeometryError(
                f"'fk_filter' found two traces at {position_m[np.argmin(np.diff(position_m))]:g} "
                "m in one gather; kill or sort out duplicates first."
            )
        return position_m

    def _in_zone(self, samples: NDArray[np.float32], position_m: Floats, dt_s: float) -> Floats:
        """The part of the samples that lies in the zone, shape (trace, time)."""
        grid = station_grid(position_m)
        if not self.interpolate:
            n_stations = int(grid.station[-1]) + 1
            with_gaps = np.zeros((n_stations, samples.shape[1]), dtype=np.float32)
            with_gaps[grid.station] = samples
            return self._filtered(with_gaps, grid.spacing_m, dt_s)[grid.station]
        n_stations = 1 + round((position_m[-1] - position_m[0]) / grid.spacing_m)
        station_m = np.linspace(position_m[0], position_m[-1], n_stations)
        stations = _spline(position_m, samples, station_m)
        spacing_m = (position_m[-1] - position_m[0]) / (n_stations - 1)
        return _spline(station_m, self._filtered(stations, spacing_m, dt_s), position_m)

    def _filtered(self, stations: NDArray[np.floating], spacing_m: float, dt_s: float) -> Floats:
        n_stations, n_time = stations.shape
        n_space = fft.next_fast_len(2 * n_stations)
        n_fft = fft.next_fast_len(2 * n_time, real=True)
        weight = _weight(self, n_space, n_fft, round(spacing_m, 6), dt_s)
        spectrum = fft.rfft(stations.astype(np.float32), n_fft, axis=1)
        # The inverse transform in space makes events that come later along the line have a
        # positive wavenumber.
        spectrum = fft.ifft(spectrum, n_space, axis=0) * weight
        back = fft.fft(spectrum, axis=0, overwrite_x=True)[:n_stations]
        return np.asarray(fft.irfft(back, n_fft, axis=1)[:, :n_time])


@lru_cache(maxsize=16)
def _weight(
    step: FkFilter, n_space: int, n_fft: int, spacing_m: float, dt_s: float
) -> NDArray[np.float32]:
    """Weight of the zone, shape (wavenumber, frequency)."""
    frequency_hz = fft.rfftfreq(n_fft, dt_s)
    wavenumber = fft.fftfreq(n_space, spacing_m)
    if step.velocities_m_s:
        zone = fan(frequency_hz, wavenumber, step.velocities_m_s, step.n_aliases)
    else:
        zone = polygon_zone(frequency_hz, wavenumber, step.polygon, step.polygon_taper)
    if step.band_hz:
        zone = zone * trapezoid(frequency_hz, step.band_hz)
    if step.dips != "both":
        outward = wavenumber >= 0 if step.dips == "outward" else wavenumber <= 0
        zone = zone * outward[:, None]
    return zone.astype(np.float32)


def _spline(from_m: Floats, samples: NDArray[np.floating], to_m: Floats) -> Floats:
    """Samples at other positions, by a spline across traces, shape (trace, time)."""
    degree = min(3, from_m.size - 1)
    return np.asarray(interpolate.make_interp_spline(from_m, samples, degree, axis=0)(to_m))


def _check_corners(option: str, corners: tuple[float, ...]) -> None:
    rises = np.isfinite(corners).all() and (np.diff([0.0, *corners]) >= 0).all()
    if len(corners) not in (2, 4) or not rises:
        listed = ", ".join(f"{corner:g}" for corner in corners)
        raise OptionError(
            f"'fk_filter' {option} {listed} must be four numbers, or two for no upper end, that "
            "do not fall, from 0 or more."
        )


def _check_regular(position_m: Floats) -> None:
    grid = station_grid(position_m)
    if grid.is_regular:
        return
    steps = np.diff(position_m)
    raise GeometryError(
        f"'fk_filter' needs regular trace spacing; in one gather it goes from {steps.min():.4g} "
        f"to {steps.max():.4g} m and a trace lies {grid.off_m:.3g} m off stations of "
        f"{grid.spacing_m:.4g} m. Set interpolate: true to put the traces on stations."
    )
