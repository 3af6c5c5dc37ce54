"""A well as arrays: one row a depth, one column a channel; NaN where nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.samples.within_well import SUFFIX, place_within_well

Rows = NDArray[np.float32]
"""Shape (row, column)."""


@dataclass(frozen=True, eq=False)
class LogTable:
    """Input and target curves of one well.

    Attributes:
        well: What splits keep together.
        field: Field of the well, empty where unknown.
        depth_m: [m], shape (row,), increasing.
        inputs: Shape (row, input channel).
        targets: Shape (row, target); no column where nothing is to be learned.
        channels: Name of every input channel.
    """

    well: str
    field: str
    depth_m: NDArray[np.float64]
    inputs: Rows
    targets: Rows
    channels: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Depths of the well."""
        return int(self.depth_m.size)

    def taken(self, rows: NDArray[np.bool_] | slice) -> LogTable:
        """The table with some of its rows."""
        parts = {name: getattr(self, name)[rows] for name in ("depth_m", "inputs", "targets")}
        return replace(self, **parts)

    def columns_seen(self, channels: Sequence[str] | None) -> NDArray[np.bool_]:
        """Which input channels are among those; all if None, shape (input channel,).

        Raises:
            OptionError: If a channel is unknown.
        """
        if channels is None:
            return np.ones(self.inputs.shape[1], bool)
        for name in channels:
            if name not in self.channels:
                known = ", ".join(self.channels)
                raise OptionError(f"No input channel '{name}'. Channels: {known}.")
        return np.array([name in channels for name in self.channels])

    def seen_by(self, channels: Sequence[str] | None) -> LogTable:
        """The table with all other channels missing; itself if None.

        Raises:
            OptionError: If a channel is unknown.
        """
        if channels is None:
            return self
        seen = self.columns_seen(channels)
        return replace(self, inputs=np.where(seen, self.inputs, np.float32(np.nan)))


@dataclass(frozen=True)
class LogChannels:
    """Which curves become input channels, and how.

    Attributes:
        curves: Names of numeric curves, a channel each; a curve that a well lacks is NaN there.
        log10: Those of them that enter as their decimal logarithm, such as resistivity.
        categories: Curve of names or codes -> its values, a channel of 0 and 1 for each.
        within_well: Curves that enter, also or instead, as their place within their own well.
    """

    curves: tuple[str, ...]
    log10: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] | None = None
    within_well: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        strange = [n for n in self.log10 if n not in (*self.curves, *self.within_well)]
        if strange:
            raise OptionError(f"log10 of '{strange[0]}', which is no input. Inputs: {self.curves}.")
        if not self.curves and not self.categories and not self.within_well:
            raise OptionError("No input curves; name at least one.")

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every channel."""
        coded = [f"{c}={v}" for c, values in (self.categories or {}).items() for v in values]
        return (*self.curves, *coded, *(f"{name}{SUFFIX}" for name in self.within_well))

    def columns(self, well: xr.Dataset) -> Rows:
        """The channels of a well, shape (row, channel)."""
        n_rows = well.sizes["depth"]
        columns = []
        for name in self.curves:
            columns.append(self._numbers(well, name, n_rows))
        for name, known in (self.categories or {}).items():
            labels = category_labels(well, name, n_rows)
            missing = np.array([label == "" for label in labels])
            for value in known:
                match = np.array([label == value for label in labels], np.float64)
                columns.append(np.where(missing, np.nan, match))
        for name in self.within_well:
            columns.append(place_within_well(self._numbers(well, name, n_rows)))
        return np.stack(columns, axis=1).astype(np.float32)

    def _numbers(self, well: xr.Dataset, name: str, n_rows: int) -> NDArray[np.float64]:
        values = curve_values(well, name, n_rows)
        if name not in self.log10:
            return values
        # A resistivity of 0 or less is a fault of the tool, not a value.
        return np.asarray(np.log10(np.where(values > 0, values, np.nan)))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``from_dict`` undoes it."""
        categories = {name: list(values) for name, values in (self.categories or {}).items()}
        return {
            "curves": list(self.curves),
            "log10": list(self.log10),
            "categories": categories,
            "within_well": list(self.within_well),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LogChannels:
        """The channels that ``to_dict`` wrote."""
        categories = {name: tuple(values) for name, values in plain["categories"].items()}
        return cls(
            tuple(plain["curves"]),
            tuple(plain["log10"]),
            categories or None,
            tuple(plain.get("within_well", ())),
        )


def choose_channels(
    wells: Sequence[xr.Dataset],
    inputs: Sequence[str],
    log10: Sequence[str] | None = None,
    within_well: Sequence[str] = (),
) -> LogChannels:
    """Channels for the named curves, by what they are in the training wells.

    Args:
        wells: Training wells.
        inputs: Curve names; one that is a category or text becomes a channel a value.
        log10: Curves that enter as logarithms; those in ohm.m if None.
        within_well: Numeric curves that enter as their place within their own well, whether they
            are among the inputs or not.

    Raises:
        OptionError: If no well has one of the curves, or one of ``within_well`` is no numbers.
    """
    numeric: list[str] = []
    logarithmic: list[str] = []
    categories: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys((*inputs, *within_well)):
        holders = [well for well in wells if name in well]
        if not holders:
            known = sorted({str(curve) for well in wells for curve in well.data_vars})
            raise OptionError(f"No training well has a curve '{name}'. Curves: {', '.join(known)}.")
        attrs = holders[0][name].attrs
        if attrs.get("kind") in ("category", "text"):
            if name in within_well:
                raise OptionError(f"'{name}' holds names or codes; they have no place in a well.")
            labels = {v for well in holders for v in category_labels(well, name)} - {""}
            categories[name] = tuple(sorted(labels))
            continue
        if name in inputs:
            numeric.append(name)
        ohms = str(attrs.get("units", "")).lower().replace(" ", "") in ("ohm.m", "ohmm")
        if name in log10 if log10 is not None else ohms:
            logarithmic.append(name)
    return LogChannels(tuple(numeric), tuple(logarithmic), categories or None, tuple(within_well))


def log_table(well: xr.Dataset, channels: LogChannels, targets: Sequence[str] = ()) -> LogTable:
    """The rows of a well.

    Args:
        well: Curves over ``depth``.
        channels: What enters.
        targets: Names of the curves to learn; a curve that the well lacks is NaN.
    """
    n_rows = well.sizes["depth"]
    columns = [curve_values(well, name, n_rows) for name in targets]
    return LogTable(
        well=str(well.attrs.get("well") or well.attrs.get("name", "")),
        field=str(well.attrs.get("field") or ""),
        depth_m=np.asarray(well["depth"].values, np.float64),
        inputs=channels.columns(well),
        targets=np.array(columns, np.float32).T.reshape(n_rows, len(columns)),
        channels=channels.names,
    )


def curve_values(well: xr.Dataset, name: str, n_rows: int | None = None) -> NDArray[np.float64]:
    """A curve's values, infinite ones as NaN; all NaN where the well has none of that name."""
    if name not in well:
        return np.full(well.sizes["depth"] if n_rows is None else n_rows, np.nan)
    values = np.asarray(well[name].values, np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def category_labels(well: xr.Dataset, name: str, n_rows: int | None = None) -> list[str]:
    """A curve of names or codes as text, empty where nothing is known."""
    values = curve_values(well, name, n_rows)
    names: Iterable[str] | None = well[name].attrs.get("categories") if name in well else None
    if names is not None:
        known = list(names)
        return ["" if np.isnan(v) else str(known[int(v)]) for v in values]
    return ["" if np.isnan(v) else f"{v:g}" for v in values]
