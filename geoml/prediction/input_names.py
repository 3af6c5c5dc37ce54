"""What the guard's measures and their parts are called, in units of the survey."""

from __future__ import annotations

import numpy as np

from geoml.samples.input_features import (
    ENCODER,
    RECEIVER_BINS,
    SLOPE_SHARES,
)
from geoml.survey.acquisition import Acquisition

MEASURES = {
    "amplitude_db": "amplitude",
    "spectrum_db": "spectrum",
    "time_db": "energy over time",
    "receiver_db": "energy over receivers",
    "arrival_samples": "arrival times",
    "moveout_samples": "moveout",
    "dead_share": "dead traces",
    ENCODER: "the features of the network's encoder",
}
"""Feature -> what it measures, in the order of warnings and pictures."""


def display_factor(feature: str, acquisition: Acquisition) -> tuple[float, str]:
    """Factor from a feature's own unit to the one that is shown, and that unit after a space."""
    if feature == "arrival_samples":
        return acquisition.dt_s, " s"
    if feature == "moveout_samples":
        return 1e3 * acquisition.dt_s, " ms a receiver"
    return 1.0, " dB" if feature.endswith("_db") else ""


def part_name(feature: str, part: int, n_parts: int, acquisition: Acquisition) -> str:
    """What a part of a feature is."""
    if feature == "spectrum_db":
        low, high = np.array([part, part + 1]) / n_parts * 0.5 / acquisition.dt_s
        return f"the share of energy at {low:.0f}-{high:.0f} Hz"
    if feature == "time_db":
        record_s = acquisition.n_samples * acquisition.dt_s
        low, high = np.array([part, part + 1]) / n_parts * record_s
        return f"the share of energy at {low:.2f}-{high:.2f} s"
    if feature == "receiver_db":
        return f"the share of energy on {_receivers(part, acquisition)}"
    if feature == "arrival_samples":
        which = "first" if part < RECEIVER_BINS else "strongest"
        return f"the {which} arrival on {_receivers(part % RECEIVER_BINS, acquisition)}"
    if feature == "moveout_samples":
        return f"the moveout below which {SLOPE_SHARES[part]:.0%} of the energy lies"
    if feature == "amplitude_db":
        return f"the scaled RMS amplitude of {('quiet', 'middle', 'loud')[part]} traces"
    return "the share of dead traces"


def part_places(feature: str, n_parts: int, acquisition: Acquisition) -> tuple[str, list[float]]:
    """Label of an axis and the middle of every part on it."""
    middle = (np.arange(n_parts) + 0.5) / n_parts
    if feature == "spectrum_db":
        return "Frequency [Hz]", (middle * 0.5 / acquisition.dt_s).round(3).tolist()
    if feature == "time_db":
        record_s = acquisition.n_samples * acquisition.dt_s
        return "Time [s]", (middle * record_s).round(4).tolist()
    if feature == "receiver_db":
        return "Receiver", (middle * acquisition.n_receivers + 0.5).round(2).tolist()
    if feature == "arrival_samples":
        bins = (np.arange(RECEIVER_BINS) + 0.5) / RECEIVER_BINS * acquisition.n_receivers + 0.5
        return "Receiver", np.tile(bins, 2).round(2).tolist()
    if feature == "moveout_samples":
        return "Share of energy", list(SLOPE_SHARES)
    return "", np.arange(n_parts, dtype=float).tolist()


def _receivers(part: int, acquisition: Acquisition) -> str:
    share = np.array([part, part + 1]) / RECEIVER_BINS
    first, last = np.floor(share * acquisition.n_receivers).astype(int)
    return f"receivers {first + 1} to {last}" if last > first + 1 else f"receiver {first + 1}"
