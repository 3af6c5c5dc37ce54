"""Wells brought onto one scale: quantiles of a curve, in key beds or as a whole, made to agree.

References:
    Shier (2004), Well log normalization: methods and guidelines, Petrophysics 45(3), 268-280.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.survey.log_curves import CURVES
from geoml.survey.well import text_values

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_LEAST_SAMPLES = 30


@dataclass(frozen=True)
class KeyBed:
    """The rows of a well that are alike in all wells.

    Attributes:
        curve: Curve of words or codes that names beds, such as ``FORMATION`` or ``LITHOLOGY``.
        values: Words or codes of the key beds.
    """

    curve: str
    values: tuple[str | float, ...]

    def rows(self, well: xr.Dataset) -> NDArray[np.bool_]:
        """Whether each depth lies in a key bed, shape (depth,); nowhere without the curve."""
        if self.curve not in well:
            return np.zeros(well.sizes["depth"], dtype=bool)
        curve = well[self.curve]
        there = text_values(curve) if "categories" in curve.attrs else curve.values
        return np.isin(there, np.array(self.values, dtype=there.dtype))


@dataclass(frozen=True)
class LogStandard:
    """What the quantiles of curves should be; fit it on training wells alone.

    Attributes:
        quantiles: Curve -> its quantiles at 5, 25, 50, 75 and 95 %, logarithms where the curve is
            read on a logarithmic scale.
        method: ``shift`` moves the median; ``affine`` moves and stretches robustly, by the median
            and the range between quartiles; ``quantile`` bends in between, straight beyond.
        bed: Rows that are compared; all by default. All rows are then corrected.
    """

    quantiles: dict[str, tuple[float, ...]]
    method: Literal["shift", "affine", "quantile"] = "affine"
    bed: KeyBed | None = None

    def __call__(self, well: xr.Dataset) -> xr.Dataset:
        """The well on the standard's scale; curves with too few rows to compare stay as they are.

        Curves that were corrected have the attribute ``standardised``, what was done to them.
        """
        done = well.copy()
        for name, wanted in self.quantiles.items():
            own = None if name not in well else curve_quantiles(well, name, self.bed)
            if own is None:
                continue
            values = _scaled(name, well[name].values.astype(np.float64))
            moved = _mapped(values, own, np.asarray(wanted), self.method)
            corrected = 10**moved if _is_log(name) else moved
            attrs = {**well[name].attrs, "standardised": self.method}
            done[name] = ("depth", corrected.astype(np.float32), attrs)
        return done

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> LogStandard:
        """What ``to_dict`` gave."""
        bed = plain["bed"]
        return cls(
            {name: tuple(values) for name, values in plain["quantiles"].items()},
            plain["method"],
            None if bed is None else KeyBed(bed["curve"], tuple(bed["values"])),
        )


def fit_log_standard(
    wells: Iterable[xr.Dataset],
    curves: Iterable[str],
    *,
    method: Literal["shift", "affine", "quantile"] = "affine",
    bed: KeyBed | None = None,
) -> LogStandard:
    """The standard of some wells: for each curve the median over wells of their quantiles.

    Args:
        wells: Training wells.
        curves: Curves to bring onto one scale.
        method: See ``LogStandard``.
        bed: Rows that are alike in all wells.

    Raises:
        GeometryError: If no well has a curve in the key beds.
        OptionError: If the method is unknown.
    """
    if method not in ("shift", "affine", "quantile"):
        raise OptionError(f"Unknown method '{method}'. Known: shift, affine, quantile.")
    names, many = list(curves), list(wells)
    quantiles = {}
    for name in names:
        found = [q for well in many if (q := curve_quantiles(well, name, bed)) is not None]
        if not found:
            where = "" if bed is None else f" in {bed.curve} {bed.values}"
            raise GeometryError(
                f"No well has {_LEAST_SAMPLES} values of '{name}'{where}; choose other key beds."
            )
        quantiles[name] = tuple(float(q) for q in np.median(np.stack(found), axis=0))
    return LogStandard(quantiles, method, bed)


def curve_quantiles(
    well: xr.Dataset, name: str, bed: KeyBed | None = None
) -> NDArray[np.float64] | None:
    """Quantiles of a curve at 5, 25, 50, 75 and 95 %, None where there are too few values."""
    if name not in well:
        return None
    values = _scaled(name, well[name].values.astype(np.float64))
    rows = np.isfinite(values) if bed is None else np.isfinite(values) & bed.rows(well)
    if rows.sum() < _LEAST_SAMPLES:
        return None
    return np.asarray(np.quantile(values[rows], _QUANTILES))


def _is_log(name: str) -> bool:
    return name in CURVES and CURVES[name].log_scale


def _scaled(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not _is_log(name):
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _mapped(
    values: NDArray[np.float64], own: NDArray[np.float64], wanted: NDArray[np.float64], method: str
) -> NDArray[np.float64]:
    if method == "shift":
        return values + wanted[2] - own[2]
    spread = own[3] - own[1]
    gain = (wanted[3] - wanted[1]) / spread if spread > 0 else 1.0
    if method == "affine":
        return wanted[2] + gain * (values - own[2])
    rising = np.concatenate([[True], np.diff(own) > 0])
    bent = np.interp(values, own[rising], wanted[rising])
    bent = np.where(values < own[0], wanted[0] + gain * (values - own[0]), bent)
    return np.where(values > own[-1], wanted[-1] + gain * (values - own[-1]), bent)
