"""The guard: which windows look unlike anything that training covered, in words of the survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from geoml.prediction.input_names import MEASURES, display_factor, part_name, part_places
from geoml.samples.input_distance import CHANCE, distances
from geoml.samples.input_features import cloud_values, outside_training
from geoml.survey.acquisition import Acquisition

Features = dict[str, NDArray[np.float64]]
TOLERANCE = 0.25
"""Distance beyond what training covered, as a share of it, that is worth a word."""
LOUD_DB = -30.0
"""Parts that hold less of the energy than this, in training and field alike, decide nothing."""


@dataclass(frozen=True, eq=False)
class Guard:
    """What the guard found.

    Attributes:
        score: How far each window lies outside training, 0 inside, 1 as far out as training is
            wide, shape (window,).
        warnings: One line for each measure in which more windows are outside than chance allows.
        panels: For each measure, as plain JSON: ``measure``, ``unit``, ``places`` of its parts,
            ``training`` (quantiles at ``levels``, part) and ``field`` (least, median and greatest,
            part) in that unit; ``distance`` with ``training`` quantiles, ``field`` and ``limit``
            where there is a cloud; ``outside`` and ``windows``.
    """

    score: NDArray[np.float64]
    warnings: list[str]
    panels: list[dict[str, Any]]


def guard(features: Features, statistics: dict[str, Any], acquisition: Acquisition) -> Guard:
    """Compare the windows of a survey with the training of a checkpoint.

    Where training stored a cloud of a measure (``fit_distance``), the distance from it decides;
    elsewhere, and in older checkpoints, the quantiles of each part.

    Args:
        features: ``input_features`` of the scaled windows, each of shape (window, part), and
            ``encoder`` where the network has one.
        statistics: The checkpoint's ``input_statistics``.
        acquisition: Sampling and spread, to name frequencies, times and receivers.
    """
    ranges = _loud_distances(features, statistics)
    clouds = statistics.get("clouds", {})
    scores, warnings, panels = [], [], []
    for name in MEASURES:
        if name not in features or name not in (clouds.keys() | ranges.keys()):
            continue
        cloud = clouds.get(name)
        if cloud is None:
            excess, away = ranges[name].max(axis=1), None
        else:
            away = distances(cloud_values(name, features[name]), cloud) / cloud["limit"]
            excess = np.maximum(away - 1, 0)
        outside = excess > TOLERANCE
        scores.append(excess)
        panels.append(_panel(name, features[name], statistics, acquisition, away, outside))
        # Overlapping windows of a long line leave the limit now and then by chance.
        if binom.sf(outside.sum() - 1, outside.size, CHANCE) <= CHANCE:
            worst = int(excess.argmax())
            head = f"{int(outside.sum())} of {outside.size} windows look unlike the training data"
            warnings.append(
                f"{head} in {MEASURES[name]}: "
                + _figures(name, features, statistics, ranges, acquisition, worst)
                + ("" if away is None else _distance_words(away[worst]))
                + "."
            )
    size = len(next(iter(features.values())))
    return Guard(np.max(scores, axis=0) if scores else np.zeros(size), warnings, panels)


def _figures(
    name: str,
    features: Features,
    statistics: dict[str, Any],
    ranges: Features,
    acquisition: Acquisition,
    window: int,
) -> str:
    """The part of a window that is farthest from training, found and covered."""
    if name not in ranges:
        return "no single figure says it"
    values, quantiles = features[name][window], np.asarray(statistics["quantiles"][name])
    low, middle, high = quantiles[0], quantiles[quantiles.shape[0] // 2], quantiles[-1]
    away = ranges[name][window]
    if away.any():
        # What is too loud says more to the user than the parts that look weak beside it.
        heard = away * (values > LOUD_DB) if name.endswith("_db") else away
        part = int((heard if heard.any() else away).argmax())
    else:
        part = int((np.abs(values - middle) / np.maximum(high - low, 1e-6)).argmax())
    factor, unit = display_factor(name, acquisition)
    covered = f"training covered {factor * low[part]:.3g} to {factor * high[part]:.3g}{unit}"
    text = (
        f"{part_name(name, part, values.size, acquisition)} is "
        f"{factor * values[part]:.3g}{unit}, {covered}"
    )
    return text if away.any() else f"{text}, but not together with the rest"


def _distance_words(away: float) -> str:
    return f"; {away:.1f} times the distance that {1 - CHANCE:.0%} of training keeps"


def _panel(
    name: str,
    values: NDArray[np.float64],
    statistics: dict[str, Any],
    acquisition: Acquisition,
    away: NDArray[np.float64] | None,
    outside: NDArray[np.bool_],
) -> dict[str, Any]:
    """Figures of a measure for a picture."""
    factor, unit = display_factor(name, acquisition)
    panel: dict[str, Any] = {
        "measure": name,
        "title": MEASURES[name],
        "unit": unit.strip(),
        "windows": int(outside.size),
        "outside": int(outside.sum()),
    }
    if name in statistics["quantiles"]:
        ends = np.stack([values.min(axis=0), np.median(values, axis=0), values.max(axis=0)])
        axis, places = part_places(name, values.shape[1], acquisition)
        panel |= {
            "axis": axis,
            "places": places,
            "training": (factor * np.asarray(statistics["quantiles"][name])).round(4).tolist(),
            "field": (factor * ends).round(4).tolist(),
        }
    if away is not None:
        cloud = statistics["clouds"][name]
        known = np.asarray(cloud["quantiles"]) / cloud["limit"]
        panel["distance"] = {
            "training": known.round(4).tolist(),
            "field": np.quantile(away, (0, 0.5, 1)).round(4).tolist(),
        }
    return panel


def _loud_distances(features: Features, statistics: dict[str, Any]) -> Features:
    """``outside_training``, with 0 for parts that are quiet in training and field alike."""
    found = outside_training(features, statistics)
    for name in ("spectrum_db", "time_db", "receiver_db"):
        if name in found:
            highest = np.asarray(statistics["quantiles"][name])[-1]
            loud = np.maximum(features[name], highest) > LOUD_DB
            found[name] = np.where(loud, found[name], 0.0)
    return found
