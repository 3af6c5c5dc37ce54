"""Events picked as a set by learned queries, beside peaks of semblance."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from attention_runs import Scores, kept, plain_gathers, spread

from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.preprocess.semblance_events import SemblancePeaks, semblance_events, strongest_stack
from geoml.synthetic.event_gather import EventGathers, event_gathers
from geoml.tasks.events import Events, EventSet, event_scores
from geoml.training.event_picking import (
    EventTraining,
    found_events,
    rebuilt,
    train_events,
    true_events,
)
from geoml.training.fit_network import FitOptions

EVENT_STEPS = 500


def semblance_sets(gathers: EventGathers, least: float) -> dict[str, np.ndarray]:
    """Peaks of semblance of every gather, filled with NaN."""
    options = SemblancePeaks(least=least)
    rows = [semblance_events(gather, options) for gather in plain_gathers(gathers)]
    sets = {name: np.full((len(rows), options.most), np.nan) for name in rows[0]}
    for place, row in enumerate(rows):
        for name, values in row.items():
            sets[name][place, : values.size] = values
    return sets


def stacked(found: EventSet, gathers: EventGathers) -> EventSet:
    """Events that a network found, each moved to the strongest stack nearby."""
    names = ("time_s", "velocity_m_s", "amplitude")
    moved = {name: found[name].copy() for name in names}
    for row, gather in enumerate(plain_gathers(gathers)):
        for event in np.flatnonzero(np.isfinite(found["time_s"][row])):
            place = (float(found["time_s"][row, event]), float(found["velocity_m_s"][row, event]))
            for name, value in zip(names, strongest_stack(gather, *place, 25.0), strict=True):
                moved[name][row, event] = value
    return moved


def above(sets: dict[str, np.ndarray], least: float) -> EventSet:
    return {k: np.where(sets["semblance"] >= least, v, np.nan) for k, v in sets.items()}


def semblance_run() -> dict[str, Scores]:
    """Scores of semblance peaks, the threshold chosen on other gathers."""
    learn = event_gathers(100, np.random.default_rng(11))
    peaks, true = semblance_sets(learn, 0.08), true_events(learn)
    choices = np.arange(0.1, 0.6, 0.02)
    best = max(choices, key=lambda least: event_scores(above(peaks, least), true)["f1"])
    return judged(lambda test: above(semblance_sets(test, float(best)), float(best)))


def query_run(folder: Path, seed: int) -> dict[str, dict[str, Scores]]:
    """Scores of the network by itself, and of its events moved to the strongest stack."""
    fit = FitOptions(
        steps=EVENT_STEPS, batch_size=32, ema_decay=0.99, seed=seed,
        validate_every=EVENT_STEPS // 5,
    )  # fmt: skip
    place = folder / f"events_{seed}"
    if not place.exists():
        save_network_checkpoint(train_events(EventTraining(fit=fit)), place)
    network, task = rebuilt(load_network_checkpoint(place, "events")), Events()
    return {
        "event queries": judged(lambda test: found_events(network, task, test)),
        "queries, stacked": judged(lambda test: stacked(found_events(network, task, test), test)),
    }


def judged(find: Callable[[EventGathers], EventSet]) -> dict[str, Scores]:
    """Scores on all test gathers, and on those where curves cross or touch, and on the noisiest."""
    test = event_gathers(240, np.random.default_rng(2024))
    found, true = find(test), true_events(test)
    crossing = touching(test)
    quiet = np.median(np.abs(test.samples), axis=(1, 2))
    noisy = quiet > np.median(quiet)
    parts = {"all": np.full(len(crossing), True), "crossing": crossing, "noisy half": noisy}
    return {
        part: event_scores(
            {k: v[rows] for k, v in found.items()}, {k: v[rows] for k, v in true.items()}
        )
        for part, rows in parts.items()
    }


def touching(gathers: EventGathers, within_s: float = 0.03) -> np.ndarray:
    """True where two events of a gather come closer than a wavelet on some trace."""
    far = gathers.offset_m[:, None] / gathers.velocity_m_s[..., None]
    curves = np.sqrt(gathers.time_s[..., None] ** 2 + far**2)
    apart = np.abs(curves[:, :, None] - curves[:, None])
    apart[:, np.arange(apart.shape[1]), np.arange(apart.shape[1])] = np.inf
    return np.asarray(np.nan_to_num(apart, nan=np.inf).min(axis=(1, 2, 3)) < within_s)


def events(folder: Path, seeds: int) -> None:
    """Learned queries against semblance."""
    rows = {"semblance peaks": [kept(folder, "scores/semblance", semblance_run)]}
    runs = [
        kept(folder, f"scores/queries_{seed}", lambda: query_run(folder, seed))  # noqa: B023
        for seed in range(seeds)
    ]
    rows |= {name: [run[name] for run in runs] for name in runs[0]}
    names = ("precision", "recall", "f1", "time_ms", "velocity_m_s", "amplitude_share")
    print("\nEvents of 240 gathers, found within 20 ms and 10 % of the velocity; errors of those")
    print(f"{'':17}{'gathers':12}" + "".join(f"{name:>20}" for name in names))
    for name, part in product(rows, ("all", "crossing", "noisy half")):
        cells = [spread([r[part][key] for r in rows[name]], 3) for key in names]
        print(f"{name:17}{part:12}" + "".join(f"{cell:>20}" for cell in cells))
