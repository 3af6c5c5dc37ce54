"""Normal moveout step: hyperbolic reflections made flat, and bent back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.moveout import first_kept, moveout_s, moveout_stretch
from geoml.preprocess.step import (
    Step,
    finite_samples,
    offset_m,
    sample_interval_s,
    sample_times_s,
    trace_value,
    with_samples,
    with_trace_value,
)
from geoml.preprocess.trace_reading import read_at
from geoml.preprocess.velocity_table import (
    VelocityOption,
    VelocityTable,
    read_velocities,
    velocity_table,
)
from geoml.survey.cdp_position import is_stacked

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nmo(Step):
    """Read each trace along ``t = sqrt(t0^2 + offset^2 / v(t0)^2)``, so that reflections lie flat.

    ``inverse`` bends what this step made flat back to where it was, but for what the stretch mute
    took. Picked first breaks move along, and are lost where they were muted.

    Attributes:
        velocity_m_s: Stacking (RMS) velocity [m/s]: a number; rows ``[time_s, velocity_m_s]``;
            ``{cdp: rows}``, linear between CDPs; or the name of a CSV file with the columns
            cdp (optional), time_s and velocity_m_s, whose rows then take its place.
        max_stretch: Samples drawn out by more than this share are muted, and those above them;
            0.5 lets a wavelet grow by half. ``.inf`` for no mute.
        taper_s: Length of the rise after the mute [s].
        inverse: Undo the moveout.
    """

    shapes_wavelet = False
    examples: ClassVar = (
        {"velocity_m_s": 2000.0},
        {"velocity_m_s": [[0.0, 1800.0], [1.0, 2600.0]]},
        {"velocity_m_s": {1: [[0.0, 1800.0]], 30: [[0.2, 2000.0], [1.0, 2600.0]]}},
        {"velocity_m_s": 2000.0, "max_stretch": 0.2},
        {"velocity_m_s": 2000.0, "taper_s": 0.0},
        {"velocity_m_s": 2000.0, "inverse": True},
    )

    velocity_m_s: VelocityOption
    max_stretch: float = 0.5
    taper_s: float = 0.04
    inverse: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.velocity_m_s, str):
            # What was done stays in the history, and no worker has to find the file.
            object.__setattr__(self, "velocity_m_s", read_velocities(self.velocity_m_s))
        self._table()
        if not self.max_stretch > 0 or not 0 <= self.taper_s < np.inf:
            raise OptionError(
                f"'nmo' max_stretch {self.max_stretch:g} must be above 0 and taper_s "
                f"{self.taper_s:g} at least 0."
            )

    def check(self, survey: xr.Dataset) -> None:
        """Refuse a survey without offsets, or without the CDPs of the velocities.

        Raises:
            GeometryError: If all offsets or CDP numbers are 0, or the traces are stacked.
        """
        apart = any(
            (survey[f"receiver_{axis}"].values != survey[f"source_{axis}"].values).any()
            for axis in "xy"
        )
        if is_stacked(survey) or not (apart or survey["offset"].values.any()):
            raise GeometryError(
                "'nmo' needs offsets, and every trace has offset 0; take traces before the stack, "
                "or ingest them with --geometry."
            )
        if self._table().by_cdp and not survey["cdp"].values.any():
            raise GeometryError(
                "'nmo' has velocities by CDP, and every CDP number is 0; give one velocity "
                "function, or number the CDPs first."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The corrected gathers.

        Raises:
            GeometryError: If the traces have no offset, or no CDP where the velocity needs it.
            OptionError: If a sample is NaN.
        """
        samples = finite_samples(gathers, "nmo")
        dt_s, zero_offset_s = sample_interval_s(gathers), sample_times_s(gathers)
        start_s = float(zero_offset_s[0])
        table = self._table()
        cdp = trace_value(gathers, "cdp", "nmo") if table.by_cdp else None
        velocity = table.at(zero_offset_s, cdp)
        time_s = moveout_s(zero_offset_s, offset_m(gathers, "nmo"), velocity)
        first = first_kept(moveout_stretch(time_s, dt_s), self.max_stretch)
        places = _inverted(time_s, first, zero_offset_s) if self.inverse else time_s
        out = read_at(samples, (places - start_s) / dt_s)
        if not self.inverse:
            out *= _rise(first, zero_offset_s.size, self.taper_s / dt_s)
        moved = with_samples(gathers, out)
        if "first_break" not in gathers.coords:
            return moved
        picks = trace_value(gathers, "first_break", "nmo")
        return with_trace_value(
            moved, "first_break", self._moved_picks(picks, time_s, first, zero_offset_s)
        )

    def _table(self) -> VelocityTable:
        return velocity_table(self.velocity_m_s, "nmo")

    def _moved_picks(
        self, picks: Floats, time_s: Floats, first: NDArray[np.intp], zero_offset_s: Floats
    ) -> Floats:
        moved = np.full(picks.shape, np.nan)
        for i, start in enumerate(first):
            pair = (time_s[i, start:], zero_offset_s[start:])
            if pair[0].size > 1 and np.isfinite(picks[i]):
                axes = pair[::-1] if self.inverse else pair
                moved[i] = np.interp(picks[i], *axes, left=np.nan, right=np.nan)
        return moved


def _inverted(time_s: Floats, first: NDArray[np.intp], zero_offset_s: Floats) -> Floats:
    """Zero-offset time that each recorded time came from, NaN where it was muted."""
    places = np.full(time_s.shape, np.nan)
    for i, start in enumerate(first):
        if start < zero_offset_s.size - 1:
            places[i] = np.interp(
                zero_offset_s, time_s[i, start:], zero_offset_s[start:], left=np.nan, right=np.nan
            )
    return places


def _rise(first: NDArray[np.intp], n_time: int, taper: float) -> NDArray[np.float32]:
    """Weight 0 before the first sample kept, a cosine up from there, shape (trace, time)."""
    since = np.arange(n_time) - first[:, None]
    # A trace that is kept from its first sample on was not muted, and needs no taper.
    phase = np.where(first[:, None] > 0, (since + 1) / (taper + 1), 1.0)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase, 0, 1))
    return np.where(since >= 0, rise, 0).astype(np.float32)
