"""Clipping and scaling of channels and targets; fitted in the fold, kept with the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.samples.log_table import LogTable, Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogScaling:
    """What a network is given instead of a channel: a value near 0 and whether it was measured.

    Attributes:
        low: Values below it are set to it, shape (channel,).
        high: Values above it are set to it, shape (channel,).
        centre: Value that becomes 0, shape (channel,).
        scale: One unit of the scaled channel, > 0, shape (channel,).
    """

    low: Floats
    high: Floats
    centre: Floats
    scale: Floats

    def clipped(self, inputs: Rows) -> Rows:
        """Channels with outliers brought to the range of the training rows, NaN where missing."""
        return np.clip(inputs, self.low, self.high).astype(np.float32)

    def scaled(self, inputs: Rows) -> tuple[Rows, Rows]:
        """Scaled channels, 0 where missing, and 1 where measured; both shape (row, channel)."""
        present = np.isfinite(inputs)
        values = (np.clip(inputs, self.low, self.high) - self.centre) / self.scale
        return np.where(present, values, 0).astype(np.float32), present.astype(np.float32)

    def filled(self, inputs: Rows) -> Rows:
        """Clipped channels, the training rows' median where missing: the imputer of a fit."""
        clipped = self.clipped(inputs)
        return np.where(np.isfinite(clipped), clipped, self.centre).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; ``from_dict`` undoes it exactly."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LogScaling:
        """The scaling that ``to_dict`` wrote."""
        return cls(**{n: np.array(plain[n], np.float64) for n in cls.__dataclass_fields__})


def fit_log_scaling(tables: Sequence[LogTable], clip_share: float = 0.002) -> LogScaling:
    """Scaling under which the training rows have median 0 and a standard deviation near 1.

    Median and quantiles, so that an outlier of 60,000 ohm.m moves nothing.

    Args:
        tables: Training rows.
        clip_share: Share of rows on either side that counts as outliers, 0 to under 0.1.
    """
    if not 0 <= clip_share < 0.1:
        raise OptionError(f"clip_share is {clip_share:g}; it must be at least 0 and under 0.1.")
    inputs = np.concatenate([table.inputs for table in tables]).astype(np.float64)
    columns = []
    for values in inputs.T:
        known = values[np.isfinite(values)]
        if known.size == 0:
            # Never measured in training: masked there, and so it must be at prediction.
            columns.append((0.0, 0.0, 0.0, 1.0))
            continue
        # Values of the log itself: between two of them an outlier would still pull.
        low = np.quantile(known, clip_share, method="higher")
        high = np.quantile(known, 1 - clip_share, method="lower")
        columns.append((low, high, float(np.median(known)), _spread(np.clip(known, low, high))))
    return LogScaling(*np.array(columns, np.float64).T)


@dataclass(frozen=True, eq=False)
class TargetScaling:
    """Between a target's unit and what a model learns.

    Attributes:
        log10: Targets that are learned as decimal logarithms, shape (target,).
        centre: Value, after the logarithm, that becomes 0, shape (target,).
        scale: One unit of the scaled target, > 0, shape (target,).
    """

    log10: NDArray[np.bool_]
    centre: Floats
    scale: Floats

    def scaled(self, targets: Rows) -> Rows:
        """Targets as learned, NaN where unknown."""
        return ((self._forward(targets) - self.centre) / self.scale).astype(np.float32)

    def unscaled(self, scaled: NDArray[Any]) -> Floats:
        """Learned values back in the targets' units; the last axis runs over the targets."""
        values = np.asarray(scaled, np.float64) * self.scale + self.centre
        return np.where(self.log10, 10.0 ** np.where(self.log10, values, 0.0), values)

    def unscaled_std(self, scaled: NDArray[Any], scaled_std: NDArray[Any]) -> Floats:
        """Standard deviation in the targets' units about a scaled value, to first order."""
        slope = np.where(self.log10, self.unscaled(scaled) * np.log(10.0), 1.0)
        return np.asarray(scaled_std, np.float64) * self.scale * slope

    def _forward(self, targets: Rows) -> Floats:
        values = np.asarray(targets, np.float64)
        positive = np.where(values > 0, values, np.nan)
        return np.where(self.log10, np.log10(positive), values)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; ``from_dict`` undoes it exactly."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TargetScaling:
        """The scaling that ``to_dict`` wrote."""
        return cls(
            np.array(plain["log10"], bool),
            np.array(plain["centre"], np.float64),
            np.array(plain["scale"], np.float64),
        )


def fit_target_scaling(
    tables: Sequence[LogTable], names: Sequence[str], log10: Sequence[str] = ()
) -> TargetScaling:
    """Scaling under which the training rows' targets have mean 0 and standard deviation 1.

    Raises:
        OptionError: If a target is unknown on all training rows, or constant.
    """
    strange = [name for name in log10 if name not in names]
    if strange:
        raise OptionError(f"log10 of '{strange[0]}', which is no target. Targets: {tuple(names)}.")
    targets = np.concatenate([table.targets for table in tables])
    logs = np.array([name in log10 for name in names])
    unit = TargetScaling(logs, np.zeros(len(names)), np.ones(len(names)))
    values = unit._forward(targets)
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        if known.size < 2 or not float(known.std()) > 0:
            raise OptionError(
                f"Target '{name}' has {known.size} values on the training rows, or all are equal; "
                "nothing can be learned."
            )
    return TargetScaling(logs, np.nanmean(values, axis=0), np.nanstd(values, axis=0))


def _spread(known: Floats) -> float:
    """Standard deviation of a normal distribution with the same middle 80 %, or the plain one."""
    low, high = np.quantile(known, [0.1, 0.9])
    spread = float(high - low) / 2.563
    return spread if spread > 0 else float(known.std()) or 1.0
