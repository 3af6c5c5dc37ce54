"""Spikes of logs: values that leave their neighbours for no longer than a tool's hiccup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.survey.log_curves import CURVES, curve_kind

_MAD_TO_STD = 1.4826
# Noise of a stretch is taken for no less than this share of the whole curve's: else every wiggle of
# a quiet stretch would be a spike.
_LEAST_NOISE = 0.25


@dataclass(frozen=True)
class LogDespike:
    """Find the samples that a running median and the noise around it do not explain (Hampel).

    Attributes:
        longest_m: Longest spike [m]; beds of that thickness may be lost, thicker ones never. No
            tool but a micro-resistivity resolves a bed of two samples of half a foot.
        threshold: Distance from the running median in standard deviations of the noise, > 0.
        noise_window_m: Length over which the noise is measured [m].
        curves: Curves to look at; all logs of the well by default.

    References:
        Hampel (1974), Journal of the American Statistical Association 69(346), 383-393.
    """

    longest_m: float = 0.3
    threshold: float = 8.0
    noise_window_m: float = 30.0
    curves: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.longest_m <= 0 or self.threshold <= 0 or self.noise_window_m <= self.longest_m:
            raise OptionError(
                f"longest_m {self.longest_m:g}, threshold {self.threshold:g} and noise_window_m "
                f"{self.noise_window_m:g} must be above 0, and the window longer than a spike."
            )

    def spikes(self, well: xr.Dataset) -> dict[str, NDArray[np.bool_]]:
        """For each curve the samples that are spikes, shape (depth,)."""
        step_m = float(well.attrs["step_m"]) or 1.0
        names = [str(n) for n in well.data_vars if curve_kind(str(n)) == "log"]
        chosen = names if self.curves is None else [n for n in self.curves if n in well]
        found = {}
        for name in chosen:
            values = well[name].values.astype(np.float64)
            if name in CURVES and CURVES[name].log_scale:
                with np.errstate(divide="ignore", invalid="ignore"):
                    values = np.where(values > 0, np.log10(values), np.nan)
            short = max(1, round(self.longest_m / step_m))
            long = max(2 * short + 1, round(self.noise_window_m / step_m))
            found[name] = _spikes(values, 2 * short + 1, long, self.threshold)
        return found

    def __call__(self, well: xr.Dataset) -> xr.Dataset:
        """The well with spikes made missing."""
        clean = well.copy()
        for name, spikes in self.spikes(well).items():
            clean[name] = well[name].where(~xr.DataArray(spikes, dims="depth"))
        return clean


def _spikes(
    values: NDArray[np.float64], window: int, noise_window: int, threshold: float
) -> NDArray[np.bool_]:
    series = pd.Series(values)
    middle = series.rolling(window, center=True, min_periods=1).median()
    rest = (series - middle).abs()
    # The mean of what is left after the largest tenth: the median of a smooth curve's is zero.
    capped = rest.clip(upper=float(rest.quantile(0.9))) if rest.notna().any() else rest
    noise = capped.rolling(noise_window, center=True, min_periods=2).mean() * _MAD_TO_STD
    overall = float(np.nanmean(capped)) * _MAD_TO_STD if capped.notna().any() else 0.0
    floor = np.maximum(noise.fillna(overall).to_numpy(), _LEAST_NOISE * overall)
    with np.errstate(invalid="ignore"):
        return np.asarray(rest.to_numpy() > threshold * np.maximum(floor, 1e-12))
