"""Warnings where the field data look unlike anything that training covered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.samples.input_features import outside_training
from geoml.survey.acquisition import Acquisition

Features = dict[str, NDArray[np.float64]]
TOLERANCE = 0.25
"""Distance beyond training's outer quantiles, as a share of their span, that is worth a word."""
LOUD_DB = -30.0
"""Parts that hold less of the energy than this, in training and field alike, decide nothing."""


def outside_score(features: Features, statistics: dict[str, Any]) -> NDArray[np.float64]:
    """How far each window lies outside training, 0 inside, 1 a whole span off; shape (window,).

    Args:
        features: ``input_features`` of the scaled windows, each of shape (window, part).
        statistics: The checkpoint's ``input_statistics``.
    """
    distances = _loud_distances(features, statistics)
    return np.max([distance.max(axis=1) for distance in distances.values()], axis=0)


def range_warnings(
    features: Features, statistics: dict[str, Any], acquisition: Acquisition
) -> list[str]:
    """One line for each kind of feature that lies outside training, in words of the survey.

    Args:
        features: ``input_features`` of the scaled windows, each of shape (window, part).
        statistics: The checkpoint's ``input_statistics``.
        acquisition: Sampling and spread, to name frequencies, times and receivers.
    """
    warnings = []
    for name, distance in _loud_distances(features, statistics).items():
        outside = distance.max(axis=1) > TOLERANCE
        if not outside.any():
            continue
        # What is too loud says more to the user than the parts that look weak beside it.
        heard = distance * (features[name] > LOUD_DB)
        worst = heard if heard.any() else distance
        window, part = np.unravel_index(int(worst.argmax()), worst.shape)
        quantiles = np.asarray(statistics["quantiles"][name])
        low, high = quantiles[0, part], quantiles[-1, part]
        unit = "" if name == "dead_share" else " dB"
        warnings.append(
            f"{int(outside.sum())} of {outside.size} windows look unlike the training data: "
            f"{_name(name, int(part), quantiles.shape[1], acquisition)} is "
            f"{features[name][window, part]:.3g}{unit}, training covered {low:.3g} to "
            f"{high:.3g}{unit}."
        )
    return warnings


def _loud_distances(features: Features, statistics: dict[str, Any]) -> Features:
    """``outside_training``, with 0 for parts that are quiet in training and field alike."""
    distances = outside_training(features, statistics)
    for name in ("spectrum_db", "time_db", "receiver_db"):
        if name in distances:
            highest = np.asarray(statistics["quantiles"][name])[-1]
            loud = np.maximum(features[name], highest) > LOUD_DB
            distances[name] = np.where(loud, distances[name], 0.0)
    return distances


def _name(feature: str, part: int, n_parts: int, acquisition: Acquisition) -> str:
    """What a part of a feature is, in units of the survey."""
    share = np.array([part, part + 1]) / n_parts
    if feature == "spectrum_db":
        low, high = share * 0.5 / acquisition.dt_s
        return f"the share of energy at {low:.0f}-{high:.0f} Hz"
    if feature == "time_db":
        low, high = share * acquisition.n_samples * acquisition.dt_s
        return f"the share of energy at {low:.2f}-{high:.2f} s"
    if feature == "receiver_db":
        first, last = np.floor(share * acquisition.n_receivers).astype(int)
        many = f"s {first + 1} to {last}" if last > first + 1 else f" {first + 1}"
        return f"the share of energy on receiver{many}"
    if feature == "amplitude_db":
        quantile = ("quiet", "middle", "loud")[part]
        return f"the scaled RMS amplitude of {quantile} traces"
    return "the share of dead traces"
