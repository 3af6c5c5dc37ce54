"""Positions by rule: numbers that grow by shot and channel, or the spacing of a 2-D line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.registry import nearest

Columns = dict[str, NDArray[Any]]

_RULE = ("first", "per_record", "per_trace")
_SPACING = "spacing"


@dataclass(frozen=True)
class Spacing:
    """A 2-D line of constant spacing, shot towards one direction.

    Shots follow each other in the order of their records in the file. Distances ahead of the
    source are positive, those behind it negative::

        # A streamer, channel 1 nearest to the vessel:
        spacing: {shot_m: 25, first_offset_m: -262, channel_m: -12.5}
        # A split spread of 96 channels, the gap of 100 m at the shot:
        spacing: {shot_m: 50, first_offset_m: -2400, channel_m: 50, gap_after_channel: 48,
                  gap_m: 100}
        # A spread that stays where it is, from 0 m on:
        spacing: {shot_m: 100, first_receiver_m: 0, channel_m: 25}

    Attributes:
        shot_m: Distance from one shot to the next [m].
        channel_m: Distance from one channel to the next [m].
        first_offset_m: Distance from the source to channel 1 of a spread that moves along [m].
        first_receiver_m: Distance of channel 1 along the line, of a spread that does not move [m].
        gap_after_channel: The channel before the gap of a split spread.
        gap_m: Distance from that channel to the next [m].
        first_shot_m: Distance along the line of the first shot [m].
        start_x: Easting of distance 0 [m].
        start_y: Northing of distance 0 [m].
        azimuth_deg: Direction of shooting, clockwise from north; 90 is towards growing x.
    """

    shot_m: float
    channel_m: float
    first_offset_m: float | None = None
    first_receiver_m: float | None = None
    gap_after_channel: float | None = None
    gap_m: float | None = None
    first_shot_m: float = 0.0
    start_x: float = 0.0
    start_y: float = 0.0
    azimuth_deg: float = 90.0

    def columns(self, shot: NDArray[np.int64], channel: NDArray[np.int64]) -> Columns:
        """Source and receiver positions of traces.

        Args:
            shot: Shots before each trace's own, shape (trace,).
            channel: Channel of each trace, from 1, shape (trace,).
        """
        source = self.first_shot_m + self.shot_m * shot
        along = self.channel_m * (channel - 1.0)
        if self.gap_after_channel is not None and self.gap_m is not None:
            along += np.where(channel > self.gap_after_channel, self.gap_m - self.channel_m, 0.0)
        if self.first_offset_m is not None:
            receiver = source + self.first_offset_m + along
        else:
            receiver = (self.first_receiver_m or 0.0) + along
        azimuth = np.radians(self.azimuth_deg)
        # Rounded, so that a line due east has one northing.
        east, north = (round(float(part), 15) for part in (np.sin(azimuth), np.cos(azimuth)))
        return {
            "source_x": self.start_x + east * source,
            "source_y": self.start_y + north * source,
            "receiver_x": self.start_x + east * receiver,
            "receiver_y": self.start_y + north * receiver,
        }


def columns_from_rules(
    path: Path, headers: Mapping[str, NDArray[Any]], known: tuple[str, ...]
) -> Columns:
    """Trace variables by the rules of a YAML file, shape (trace,) each.

    A variable is a number, or ``first + per_record * (records before) + per_trace * (traces before
    in the record)``; ``spacing`` gives the positions of sources and receivers as ``Spacing``
    says. Records and traces count in the order of the file; channels are ``trace_in_record`` where
    it is filled in, else the order in the record::

        source_x: {first: 1000, per_record: 25}
        receiver_x: {first: 900, per_record: 25, per_trace: -12.5}
        source_depth: 6

    Args:
        path: The YAML file.
        headers: ``field_record`` and ``trace_in_record`` of the survey, shape (trace,).
        known: Names of variables that may be given.

    Raises:
        GeometryError: If the file is not such YAML.
        OptionError: If a name in it is unknown.
    """
    rules = _rules(path)
    shot, before = _counted(headers["field_record"])
    given: Columns = {}
    if _SPACING in rules:
        spacing = _spacing(path, rules.pop(_SPACING))
        channel = headers["trace_in_record"].astype(np.int64)
        given = spacing.columns(shot, channel if np.ptp(channel) else before + 1)
    for name, rule in rules.items():
        _check_name(path, str(name), (*known, _SPACING))
        terms = rule if isinstance(rule, dict) else {"first": rule}
        for term, value in terms.items():
            _check_name(path, str(term), _RULE)
            _check_number(path, f"'{name}', '{term}'", value)
        given[str(name)] = (
            float(terms.get("first", 0.0))
            + float(terms.get("per_record", 0.0)) * shot
            + float(terms.get("per_trace", 0.0)) * before
        )
    return given


def _rules(path: Path) -> dict[Any, Any]:
    try:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise GeometryError(f"{path}: not YAML ({first}).") from None
    if not isinstance(rules, dict) or not rules:
        raise GeometryError(f"{path}: 'variable: number' or 'variable: {{first: ...}}' is needed.")
    return rules


def _spacing(path: Path, rule: Any) -> Spacing:
    known = tuple(field.name for field in fields(Spacing))
    if not isinstance(rule, dict):
        raise GeometryError(f"{path}: 'spacing: {{shot_m: ..., channel_m: ...}}' is needed.")
    for term, value in rule.items():
        _check_name(path, str(term), known)
        _check_number(path, f"'spacing', '{term}'", value)
    missing = [name for name in ("shot_m", "channel_m") if name not in rule]
    if missing:
        raise GeometryError(f"{path}: 'spacing' needs {' and '.join(missing)}.")
    if ("first_offset_m" in rule) == ("first_receiver_m" in rule):
        raise GeometryError(
            f"{path}: 'spacing' needs first_offset_m for a spread that moves with the shots, or "
            "first_receiver_m for one that stays."
        )
    if ("gap_m" in rule) != ("gap_after_channel" in rule):
        raise GeometryError(f"{path}: 'spacing' needs gap_m and gap_after_channel together.")
    return Spacing(**{str(term): float(value) for term, value in rule.items()})


def _counted(field_record: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Records before each trace's own, whatever their numbers, and traces before it in there."""
    _, start, record = np.unique(field_record, return_index=True, return_inverse=True)
    shot = np.argsort(np.argsort(start))[record.reshape(-1)]
    order = np.argsort(shot, kind="stable")
    first = np.flatnonzero(np.append(True, np.diff(shot[order]) != 0))
    sizes = np.diff(first, append=shot.size)
    before = np.empty(shot.size, dtype=np.int64)
    before[order] = np.arange(shot.size) - np.repeat(first, sizes)
    return shot, before


def _check_name(path: Path, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise OptionError(
            f"{path}: unknown name '{name}'.{nearest(name, known)} Known: {', '.join(known)}."
        )


def _check_number(path: Path, what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GeometryError(f"{path}: {what} is {value!r}; a number is needed.")
