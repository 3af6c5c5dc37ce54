"""Mute step between two lines, or inside a polygon of picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import Step, offset_m, sample_times_s, trace_samples, with_samples

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MuteBetween(Step):
    """Set a zone of time and offset to zero, with cosine slopes outside it.

    The zone lies between two straight lines ``intercept + |offset| / velocity``, such as the cone
    of ground roll, or inside a polygon of picks. A trace that the zone does not reach stays.

    Attributes:
        velocities_m_s: Velocity of the upper and of the lower line [m/s].
        intercepts_s: Time of the upper and of the lower line at offset 0 [s].
        polygon: Three or more picks (unsigned offset [m], time [s]) around the zone, in order,
            in place of the lines; the last one is joined to the first.
        taper_s: Length of the slope above and of the slope below the zone [s]; 0 for sharp edges.
    """

    shapes_wavelet = False
    examples: ClassVar = (
        {"velocities_m_s": (1600.0, 800.0)},
        {"velocities_m_s": (1200.0, 800.0)},
        {"velocities_m_s": (1600.0, 800.0), "intercepts_s": (0.1, 0.2)},
        {"velocities_m_s": (1600.0, 800.0), "taper_s": 0.0},
        {"polygon": ((100.0, 0.2), (900.0, 0.5), (900.0, 0.9))},
        {"polygon": ((100.0, 0.2), (900.0, 0.5), (1200.0, 0.8), (600.0, 0.9))},
    )

    velocities_m_s: tuple[float, float] | None = None
    intercepts_s: tuple[float, float] = (0.0, 0.0)
    polygon: tuple[tuple[float, float], ...] = ()
    taper_s: float = 0.05

    def __post_init__(self) -> None:
        if (self.velocities_m_s is None) == (not self.polygon):
            raise OptionError("'mute_between' needs velocities_m_s or a polygon, and not both.")
        if self.velocities_m_s is not None:
            upper, lower = self.velocities_m_s
            if not (0 < lower < np.inf and 0 < upper < np.inf):
                raise OptionError(
                    f"'mute_between' velocities_m_s {upper:g} and {lower:g} m/s must be above 0."
                )
        if self.polygon and (len(self.polygon) < 3 or not np.isfinite(self.polygon).all()):
            raise OptionError(
                f"'mute_between' polygon has {len(self.polygon)} picks; give three or more finite "
                "ones [offset, time]."
            )
        if self.polygon and self.intercepts_s != (0.0, 0.0):
            raise OptionError("'mute_between' by polygon has no intercepts_s; move the picks.")
        if not np.isfinite(self.intercepts_s).all() or not 0 <= self.taper_s < np.inf:
            raise OptionError(
                f"'mute_between' intercepts_s must be finite and taper_s {self.taper_s:g} at "
                "least 0."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The muted gathers.

        Raises:
            GeometryError: If the traces have no offset.
        """
        samples = trace_samples(gathers)
        distance_m = offset_m(gathers, "mute_between")
        weight = np.ones(samples.shape)
        for upper_s, lower_s in self._spans(distance_m):
            weight *= outside_span(sample_times_s(gathers), upper_s, lower_s, self.taper_s)
        # Inf times 0 is NaN: it stays to be seen, and the step kill or fill_nan to settle it.
        with np.errstate(invalid="ignore"):
            return with_samples(gathers, samples * weight)

    def _spans(self, distance_m: Floats) -> list[tuple[Floats, Floats]]:
        """Start and end [s] of each muted span of every trace, NaN for none, (trace,) each."""
        if self.velocities_m_s is not None:
            upper_s, lower_s = (
                intercept_s + distance_m / velocity
                for intercept_s, velocity in zip(
                    self.intercepts_s, self.velocities_m_s, strict=True
                )
            )
            return [(np.where(upper_s <= lower_s, upper_s, np.nan), lower_s)]
        picks = np.array(self.polygon)
        # Half-open edges, so that a pick is crossed once by the two edges that meet there; the
        # trace at the farthest pick is still to be in.
        farthest_m = picks[:, 0].max()
        distance_m = np.where(distance_m == farthest_m, np.nextafter(farthest_m, 0), distance_m)
        crossings = []
        for (x0, t0), (x1, t1) in zip(picks, np.roll(picks, -1, axis=0), strict=True):
            crosses = (x0 <= distance_m) != (x1 <= distance_m)
            share = (distance_m - x0) / (x1 - x0 if x1 != x0 else 1)
            crossings.append(np.where(crosses, t0 + share * (t1 - t0), np.nan))
        ordered = np.sort(crossings, axis=0)  # NaN last
        return [(ordered[i], ordered[i + 1]) for i in range(0, len(ordered) - 1, 2)]


def outside_span(time_s: Floats, upper_s: Floats, lower_s: Floats, taper_s: float) -> Floats:
    """Weight 0 from the upper to the lower time, 1 beyond the tapers, shape (trace, time)."""
    above_s = upper_s[:, None] - time_s
    below_s = time_s - lower_s[:, None]
    # Times are decimal fractions: without a margin a sample on a line falls either way.
    away_s = np.maximum(above_s, below_s) - 1e-9
    if taper_s == 0:
        return np.where(np.isnan(away_s) | (away_s > 0), 1.0, 0.0)
    slope = 0.5 - 0.5 * np.cos(np.pi * np.clip(away_s / taper_s, 0, 1))
    return np.where(np.isnan(slope), 1.0, slope)
