"""Flags of bad log values: outside what rock can show, spikes, and washed-out hole."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.log_despike import LogDespike
from geoml.survey.log_curves import CURVES

OUT_OF_RANGE, SPIKE, WASHOUT = 1, 2, 4
"""Bits of a flag curve ``X_QC``."""

PAD_CURVES = ("RHOB", "DRHO", "PEF", "NPHI", "DPHI", "RXO", "RMIC")
"""Curves of tools that must touch the wall of the hole, or suffer from mud before them."""

BIT_SIZES_IN = (
    4.75, 5.875, 6.0, 6.125, 6.75, 7.875, 8.375, 8.5, 9.875, 10.625, 12.25, 14.75, 16.0, 17.5, 20.0,
    24.0, 26.0, 36.0,
)  # fmt: skip
"""Usual bits [in]."""

_BIT_WINDOW_M = 100.0
_DRILLING = ("ROP", "ROPA", "TENS", "MUDWEIGHT", "RELPOS")


@dataclass(frozen=True)
class LogQuality:
    """Flag the bad values of a well; no value is changed.

    Attributes:
        washout_in: How much wider than the bit a washed-out hole is [in], > 0.
        density_correction: Correction of the density from which the density is bad [g/cm3].
        limits: Curve -> least and greatest sound value, beside those of ``CURVES``.
        despike: How spikes are found; None for not at all.
    """

    washout_in: float = 1.5
    density_correction: float = 0.15
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    despike: LogDespike | None = field(default_factory=LogDespike)

    def __post_init__(self) -> None:
        if self.washout_in <= 0 or self.density_correction <= 0:
            raise OptionError(
                f"washout_in {self.washout_in:g} and density_correction "
                f"{self.density_correction:g} must be above 0."
            )

    def __call__(self, well: xr.Dataset) -> xr.Dataset:
        """The well with a flag curve ``X_QC`` for each standard log X, the sum of its bits."""
        names = [str(n) for n in well.data_vars if _is_measured(str(n))]
        spikes = (
            {}
            if self.despike is None
            else self.despike.spikes(well[names].assign_attrs(well.attrs))
        )
        bad_hole = washout(well, self.washout_in)
        flagged = well.copy()
        for name in names:
            values = well[name].values
            flag = OUT_OF_RANGE * self._outside(name, values)
            flag = flag + SPIKE * spikes.get(name, np.zeros(values.size, dtype=bool))
            if name in PAD_CURVES:
                flag = flag + WASHOUT * (bad_hole & np.isfinite(values))
            if name == "RHOB" and "DRHO" in well:
                large = np.abs(well["DRHO"].values) > self.density_correction
                flag = np.where(large & np.isfinite(values), flag | WASHOUT, flag)
            attrs = {
                "units": "",
                "kind": "flag",
                "mnemonic": f"{name}_QC",
                "description": f"{name}: 1 out of range, 2 spike, 4 bad hole",
            }
            flagged[f"{name}_QC"] = ("depth", flag.astype(np.float32), attrs)
        return flagged

    def _outside(self, name: str, values: NDArray[np.floating]) -> NDArray[np.int64]:
        curve = CURVES[name]
        low, high = self.limits.get(name, (curve.low, curve.high))
        with np.errstate(invalid="ignore"):
            below = values < (-np.inf if low is None else low)
            above = values > (np.inf if high is None else high)
        return (below | above).astype(np.int64)


def _is_measured(name: str) -> bool:
    """Whether a curve measures rock or hole: depths have no range, drilling jumps as it likes."""
    curve = CURVES.get(name)
    if curve is None or curve.kind != "log" or curve.low is None:
        return False
    return name not in _DRILLING


def without_flagged(well: xr.Dataset, bits: int = OUT_OF_RANGE | SPIKE | WASHOUT) -> xr.Dataset:
    """The well with flagged values made missing.

    Args:
        well: As ``LogQuality`` gives it.
        bits: Which flags count.
    """
    clean = well.copy()
    for name in [str(n) for n in well.data_vars if f"{n}_QC" in well]:
        flag = well[f"{name}_QC"].values.astype(np.int64)
        clean[name] = well[name].where(xr.DataArray((flag & bits) == 0, dims="depth"))
    return clean


def flag_counts(well: xr.Dataset) -> dict[str, tuple[int, int, int]]:
    """For each flagged curve how many values are out of range, spikes, and in bad hole."""
    counts = {}
    for name in [str(n) for n in well.data_vars if f"{n}_QC" in well]:
        flag = well[f"{name}_QC"].values.astype(np.int64)
        bits = [int(np.sum(flag & bit > 0)) for bit in (OUT_OF_RANGE, SPIKE, WASHOUT)]
        counts[name] = (bits[0], bits[1], bits[2])
    return counts


def washout(well: xr.Dataset, excess_in: float = 1.5) -> NDArray[np.bool_]:
    """Where the hole is wider than its bit by more than ``excess_in`` [in], shape (depth,).

    Without a curve of bit sizes the bit is the largest usual one that fits through the narrow tenth
    of the hundred metres around. A hole without a caliper is nowhere washed out.
    """
    if "CALI" not in well:
        return np.zeros(well.sizes["depth"], dtype=bool)
    caliper = well["CALI"].values.astype(np.float64)
    bit = well["BS"].values.astype(np.float64) if "BS" in well else np.full(caliper.size, np.nan)
    if not np.isfinite(bit).all():
        bit = np.where(np.isfinite(bit), bit, bit_size(caliper, float(well.attrs["step_m"])))
    with np.errstate(invalid="ignore"):
        return np.asarray(caliper - bit > excess_in)


def bit_size(caliper_in: NDArray[np.float64], step_m: float) -> NDArray[np.float64]:
    """Bit that a hole was drilled with, from its caliper [in], shape (depth,)."""
    window = max(3, round(_BIT_WINDOW_M / (step_m or 1.0)))
    narrow = pd.Series(caliper_in).rolling(window, center=True, min_periods=1).quantile(0.1)
    sizes = np.array(BIT_SIZES_IN)
    # A caliper of good hole reads a little less than the bit at times.
    place = np.searchsorted(sizes, narrow.to_numpy() + 0.15, side="right") - 1
    return np.where(
        narrow.notna().to_numpy() & (place >= 0), sizes[np.clip(place, 0, None)], np.nan
    )
