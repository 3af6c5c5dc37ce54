"""Features of a row for models that see one row at a time: its neighbourhood in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.samples.log_scaling import LogScaling
from geoml.samples.log_table import LogTable, Rows


@dataclass(frozen=True)
class WindowFeatures:
    """Every channel at the row, above and below it, averaged and differenced around it.

    Attributes:
        lags_m: Distances above and below at which channels are read [m], > 0.
        windows_m: Lengths of centred moving means [m], > 0.
        spreads: Also the moving standard deviation of each window.
        gradients: Also the slope of each channel a metre, and of each moving mean.
        position: Also the row's place in its well, 0 at the top and 1 at the base.
        presence: Also 1 for a channel that was measured and 0 for a missing one.
        train_every: Of how many rows one trains, > 0; neighbours teach the same.
    """

    lags_m: tuple[float, ...] = (0.3, 0.9, 1.8)
    windows_m: tuple[float, ...] = (1.5, 6.0)
    spreads: bool = True
    gradients: bool = True
    position: bool = False
    presence: bool = False
    train_every: int = 1

    def __post_init__(self) -> None:
        if self.train_every < 1:
            raise OptionError(f"train_every is {self.train_every}; it must be above 0.")
        for name in ("lags_m", "windows_m"):
            if any(not value > 0 for value in getattr(self, name)):
                raise OptionError(f"{name} is {getattr(self, name)}; every length must be above 0.")

    def names(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        """Name of every feature, in the order of ``features``."""
        parts = [""]
        for lag in self.lags_m:
            parts += [f" {lag:g} m above", f" {lag:g} m below"]
        for window in self.windows_m:
            parts.append(f" mean {window:g} m")
            parts += [f" std {window:g} m"] if self.spreads else []
        if self.gradients:
            parts += [" slope", *(f" slope {window:g} m" for window in self.windows_m)]
        parts += [" measured"] if self.presence else []
        named = tuple(f"{channel}{part}" for part in parts for channel in channels)
        return (*named, "position") if self.position else named

    def features(self, inputs: Rows, step_m: float) -> Rows:
        """Features of every row, shape (row, feature); NaN where their channel is missing.

        Args:
            inputs: Shape (row, channel), NaN where missing; rows one step apart.
            step_m: Distance of two rows [m].
        """
        columns = list(self._columns(np.asarray(inputs, np.float64), step_m))
        if self.position:
            columns.append(np.linspace(0, 1, len(inputs))[:, None])
        return np.concatenate(columns, axis=1).astype(np.float32)

    def of_table(
        self,
        table: LogTable,
        scaling: LogScaling,
        *,
        takes_missing: bool,
        sees: Sequence[str] | None = None,
    ) -> Rows:
        """Features of every row of a well from its clipped channels, shape (row, feature).

        Args:
            table: The well.
            scaling: Of the channels.
            takes_missing: Whether missing channels stay NaN; otherwise the scaling's medians.
            sees: The channels that enter; all if None.
        """
        inputs = (scaling.clipped if takes_missing else scaling.filled)(table.inputs)
        return self.features(inputs[:, table.columns_seen(sees)], table_step_m(table))

    def _columns(self, inputs: NDArray[np.float64], step_m: float) -> Iterator[NDArray[np.float64]]:
        yield inputs
        for lag_m in self.lags_m:
            n_rows = max(round(lag_m / step_m), 1)
            yield shifted(inputs, n_rows)
            yield shifted(inputs, -n_rows)
        means = []
        for window_m in self.windows_m:
            mean, spread = moving_mean_std(inputs, max(round(window_m / step_m), 2))
            means.append(mean)
            yield mean
            if self.spreads:
                yield spread
        if self.gradients:
            for values in (inputs, *means):
                yield (shifted(values, -1) - shifted(values, 1)) / (2 * step_m)
        if self.presence:
            yield np.isfinite(inputs).astype(np.float64)


def shifted(values: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Row i holds what row ``i - n_rows`` held; the first and last rows repeat beyond the ends."""
    index = np.clip(np.arange(len(values)) - n_rows, 0, len(values) - 1)
    return np.asarray(values[index])


def moving_mean_std(
    values: NDArray[np.float64], n_rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the known rows within ``n_rows // 2`` of each.

    Returns:
        Both of shape (row, channel), NaN where nothing was measured in the window.
    """
    half = n_rows // 2
    known = np.isfinite(values)
    columns = zip(values.T, known.T, strict=True)
    centre = np.array([np.median(c[k]) if k.any() else 0.0 for c, k in columns])
    # Squares are summed about the median: about 0 they would lose digits.
    departure = np.where(known, values - centre, 0.0)
    count, total, square = (
        _window_sum(array, half) for array in (known.astype(np.float64), departure, departure**2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        variance = np.where(count > 0, square / count, np.nan) - mean**2
    return mean + centre, np.sqrt(np.maximum(variance, 0.0))


def table_step_m(table: LogTable) -> float:
    """Distance of two rows of a table [m]."""
    if table.n_rows < 2:
        return 1.0
    return float(np.median(np.diff(table.depth_m)))


def _window_sum(values: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    n_rows = len(values)
    running = np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(axis=0)])
    row = np.arange(n_rows)
    return np.asarray(
        running[np.minimum(row + half + 1, n_rows)] - running[np.maximum(row - half, 0)]
    )
