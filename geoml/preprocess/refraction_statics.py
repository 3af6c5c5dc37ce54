"""Refraction statics: the weathering under every station, solved from first breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import lsqr

from geoml.errors import GeometryError, OptionError
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_ROUNDS = 6  # of solving and leaving out picks that do not fit
_SPREADS = 4.0  # a pick this many standard deviations off is of another wave
_LEAST_PICKS = 3  # of a station, for a delay of its own
_POSITION_DECIMALS = 2


@dataclass(frozen=True, eq=False)
class RefractionStatics:
    """What first breaks say about the weathering.

    Attributes:
        static_s: Static of each trace, to be added to its times [s], shape (trace,).
        source_delay_s: Delay time under the source of each trace [s], shape (trace,).
        receiver_delay_s: Delay time under its receiver [s], shape (trace,).
        refractor_velocity_m_s: Velocity under the weathering [m/s].
        rms_s: Misfit of the picks used [s].
        n_picks: How many were used.
        n_dropped: Picks between the offsets that did not fit.
    """

    static_s: Floats
    source_delay_s: Floats
    receiver_delay_s: Floats
    refractor_velocity_m_s: float
    rms_s: float
    n_picks: int
    n_dropped: int

    def attached(self, survey: xr.Dataset) -> xr.Dataset:
        """The survey with the variable ``static``, which ``apply_statics`` shifts by."""
        kind = OPTIONAL_TRACE_VARIABLES["static"]
        attrs = {"units": kind.units, "long_name": kind.meaning}
        return survey.assign(static=("trace", self.static_s, attrs))


def solve_refraction_statics(
    survey: xr.Dataset,
    weathering_velocity_m_s: float,
    datum_m: float,
    *,
    min_offset_m: float,
    max_offset_m: float = np.inf,
    refractor_velocity_m_s: float | None = None,
    replacement_velocity_m_s: float | None = None,
) -> RefractionStatics:
    """Statics that take the weathering out and put sources and receivers on a flat datum.

    First breaks of waves along one refractor are the sum of a delay time under the source, one
    under the receiver and the offset over the refractor's velocity: least squares over all shots
    (a generalised linear inversion), with picks left out that do not fit. A delay is a thickness
    ``delay * vw * vr / sqrt(vr^2 - vw^2)``; the static takes off its time at the weathering
    velocity and counts on from its base at the replacement velocity.

    A constant moved from all source delays to all receiver delays fits as well; the smallest
    delays are taken. It does not change the static of a trace.

    Args:
        survey: Dims (trace, time), with ``first_break``, positions and elevations.
        weathering_velocity_m_s: Velocity of the weathering, from upholes or direct waves [m/s].
        datum_m: Elevation of the datum [m], up.
        min_offset_m: Offset from which on the refraction comes first [m].
        max_offset_m: Offset up to which it does, before a deeper one overtakes it [m].
        refractor_velocity_m_s: Velocity under the weathering [m/s]; by default solved for.
        replacement_velocity_m_s: Velocity between the base of the weathering and the datum
            [m/s]; by default the refractor's.

    Raises:
        GeometryError: If there are no picks or positions, too few picks between the offsets, or
            their moveout is not that of a faster refractor.
        OptionError: If a velocity or offset is impossible.

    References:
        Gardner (1939), Geophysics 4(4), 247-259 (delay times); Hampson & Russell (1984), Journal
        of the CSEG 20(1), 40-54 (generalised linear inversion of first breaks).
    """
    _check_options(weathering_velocity_m_s, refractor_velocity_m_s, min_offset_m, max_offset_m)
    source, receiver = (_stations(survey, who) for who in ("source", "receiver"))
    distance_m, picks_s = _distance_m(survey), _picks_s(survey)
    used = np.isfinite(picks_s) & (distance_m >= min_offset_m) & (distance_m <= max_offset_m)
    n_between = int(used.sum())
    if n_between < source.max() + receiver.max() + 3:
        raise GeometryError(
            f"{n_between} first breaks between {min_offset_m:g} and {max_offset_m:g} m for "
            f"{source.max() + 1} sources and {receiver.max() + 1} receivers; widen the offsets, "
            "or pick more traces."
        )
    fit = _solved(source, receiver, distance_m, picks_s, used, refractor_velocity_m_s)
    refractor = 1 / fit.slowness_s_m if fit.slowness_s_m > 0 else np.inf
    if not weathering_velocity_m_s < refractor < np.inf:
        raise GeometryError(
            f"First breaks between {min_offset_m:g} and {max_offset_m:g} m move out at "
            f"{refractor:.0f} m/s, which is no refractor under a weathering of "
            f"{weathering_velocity_m_s:g} m/s; choose offsets where the refraction comes first."
        )
    replacement = replacement_velocity_m_s or refractor
    thick = 1 / np.sqrt(weathering_velocity_m_s**-2 - refractor**-2)
    static_s = np.zeros(source.size)
    for delay_s, elevation_m in (
        (fit.source_delay_s[source], survey["source_elevation"] - survey["source_depth"]),
        (fit.receiver_delay_s[receiver], survey["receiver_elevation"]),
    ):
        base_m = elevation_m.values - thick * delay_s
        static_s += (datum_m - base_m) / replacement - thick * delay_s / weathering_velocity_m_s
    return RefractionStatics(
        static_s,
        fit.source_delay_s[source],
        fit.receiver_delay_s[receiver],
        float(refractor),
        fit.rms_s,
        fit.n_picks,
        n_between - fit.n_picks,
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Delays a station, (source,) and (receiver,), and the slowness under them."""

    source_delay_s: Floats
    receiver_delay_s: Floats
    slowness_s_m: float
    rms_s: float
    n_picks: int


def _solved(
    source: Indices,
    receiver: Indices,
    distance_m: Floats,
    picks_s: Floats,
    used: NDArray[np.bool_],
    velocity_m_s: float | None,
) -> _Fit:
    """Least squares, again without the picks that do not fit, until none is left out."""
    n_source, n_receiver = int(source.max()) + 1, int(receiver.max()) + 1
    # The slowness in units of the mean offset's time, so that all columns weigh alike.
    unit_m = float(distance_m[used].mean())
    trace = np.arange(source.size)
    columns = [np.ones(source.size), np.ones(source.size), distance_m / unit_m]
    places = [source, n_source + receiver, np.full(source.size, n_source + n_receiver)]
    target = picks_s
    if velocity_m_s is not None:
        columns, places, target = columns[:2], places[:2], picks_s - distance_m / velocity_m_s
    matrix = sparse.csr_array(
        (np.concatenate(columns), (np.tile(trace, len(columns)), np.concatenate(places))),
        shape=(source.size, n_source + n_receiver + (velocity_m_s is None)),
    )
    candidates = used
    for _ in range(_ROUNDS):
        solution = lsqr(matrix[used], target[used], atol=1e-12, btol=1e-12, iter_lim=5000)[0]
        misfit = np.abs(target - matrix @ solution)
        spread = 1.4826 * float(np.median(misfit[used]))
        # Noiseless picks differ by rounding alone: all of them fit.
        kept = candidates & (misfit <= max(_SPREADS * spread, 1e-9))
        if np.array_equal(kept, used):
            break
        used = kept
    slowness = solution[-1] / unit_m if velocity_m_s is None else 1 / velocity_m_s
    rms_s = float(np.sqrt(np.mean(misfit[used] ** 2)))
    delays = solution[:n_source], solution[n_source : n_source + n_receiver]
    well = (_well_known(delays[0], source[used]), _well_known(delays[1], receiver[used]))
    return _Fit(*well, float(slowness), rms_s, int(used.sum()))


def _well_known(delay_s: Floats, picked: Indices) -> Floats:
    """Delays, the median of the others where a station has too few picks."""
    enough = np.bincount(picked, minlength=delay_s.size) >= _LEAST_PICKS
    return np.where(enough, delay_s, np.median(delay_s[enough]) if enough.any() else 0.0)


def _stations(survey: xr.Dataset, who: str) -> Indices:
    """Number of the station of each trace, shape (trace,)."""
    x, y = (np.round(survey[f"{who}_{axis}"].values, _POSITION_DECIMALS) for axis in "xy")
    if not x.any() and not y.any():
        raise GeometryError(
            f"Refraction statics need positions, and every {who} coordinate is 0; ingest again "
            "with a geometry table (--geometry geometry.csv)."
        )
    return np.unique(x + 1j * y, return_inverse=True)[1].reshape(-1)


def _distance_m(survey: xr.Dataset) -> Floats:
    along = (survey[f"receiver_{axis}"].values - survey[f"source_{axis}"].values for axis in "xy")
    return np.asarray(np.hypot(*along))


def _picks_s(survey: xr.Dataset) -> Floats:
    if "first_break" not in survey:
        raise GeometryError(
            "Refraction statics need 'first_break' of every trace; run the step "
            "'pick_first_breaks' first."
        )
    return np.asarray(survey["first_break"].values, dtype=np.float64)


def _check_options(
    weathering: float, refractor: float | None, min_offset_m: float, max_offset_m: float
) -> None:
    if not 0 < weathering < np.inf or (refractor is not None and not weathering < refractor):
        raise OptionError(
            f"Refraction statics need a weathering velocity above 0 and under the refractor's; "
            f"found {weathering:g} and {refractor or 0:g} m/s."
        )
    if not 0 <= min_offset_m < max_offset_m:
        raise OptionError(
            f"min_offset_m {min_offset_m:g} must be at least 0 and under max_offset_m "
            f"{max_offset_m:g}."
        )
