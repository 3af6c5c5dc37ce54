"""Label-efficiency curves: networks tuned on 10, 100 and 1,000 labelled gathers, and plain tools.

Plain tools choose their options on the same labels, on 30 of them at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from attention_runs import (
    LABELS,
    NETWORKS,
    Scores,
    kept,
    modelled,
    plain_gathers,
    some,
    spread,
    tuned,
    tuned_name,
)

from geoml.objectives.signal_preservation import leakage
from geoml.physics.picks import PickOptions, pick_first_breaks
from geoml.preprocess.fx_decon import FxDecon
from geoml.samples.labelled_gathers import LabelledGathers, gather_batch, trace_rms, with_noise
from geoml.tasks.first_breaks import pick_scores
from geoml.tasks.gather_signal import GatherSignal
from geoml.workflow.gathers import NOISE, network_answers

CLASSICAL = "classical picker"
FX = "f-x deconvolution"
NO_GAINS = replace(NOISE, trace_gain_db=0.0)
"""Noise over a signal that keeps its amplitude."""
Table = dict[tuple[str, int], list[Scores]]


def first_breaks(folder: Path, seeds: int) -> None:
    """How good picks are."""
    learn, test = modelled(folder)
    noisy = with_noise(test, NOISE, np.random.default_rng(2024))

    def scores(row: str, n: int, seed: int) -> Scores:
        if row == CLASSICAL:
            return classical_run(learn, noisy, n, seed)
        made = tuned(folder, learn, row, "first_breaks", n, seed)
        return pick_scores(network_answers(made, noisy)["first_break"], live_truth(noisy))

    table = filled(folder, "first_breaks", CLASSICAL, seeds, scores)
    n_live = np.isfinite(live_truth(noisy)).sum()
    title = f"First breaks of {len(noisy)} gathers, {n_live} live traces; good is within 10 ms"
    columns = {"median error ms": ("median_ms", 1.0), "90 % ms": ("p90_ms", 1.0)}
    print_table(title, table, {**columns, "good picks %": ("within", 100.0)})


def denoising(folder: Path, seeds: int) -> None:
    """How much noise goes, and how much of the signal with it."""
    learn, test = modelled(folder)
    noisy = with_noise(test, NO_GAINS, np.random.default_rng(2024))

    def scores(row: str, n: int, seed: int) -> Scores:
        if row == FX:
            return fx_run(learn, noisy, test, n, seed)
        made = tuned(folder, learn, row, "signal", n, seed)
        return signal_scores(network_answers(made, noisy)["signal"], noisy, test)

    table = filled(folder, "signal", FX, seeds, scores)
    before = next(iter(table.values()))[0]["input_db"]
    title = f"Denoising of {len(noisy)} gathers that come at {before:.1f} dB"
    print_table(title, table, {"gain dB": ("gain_db", 1.0), "leakage %": ("leakage", 100.0)})


def filled(
    folder: Path, task: str, tool: str, seeds: int, scores: Callable[[str, int, int], Scores]
) -> Table:
    """The scores of every row, label count and seed, from the folder or made now."""
    table: Table = {}
    for seed, n, row in product(range(seeds), LABELS, (*NETWORKS, tool)):
        found = kept(
            folder, f"scores/{tuned_name(row, task, n, seed)}",
            lambda: scores(row, n, seed),  # noqa: B023
        )  # fmt: skip
        table.setdefault((row, n), []).append(found)
    return table


def print_table(title: str, table: Table, columns: dict[str, tuple[str, float]]) -> None:
    """Rows by network, then by labels; a column is a score times a factor."""
    print(f"\n{title}\n{'':27}{'labels':>7}" + "".join(f"{head:>22}" for head in columns))
    for row, n in sorted(
        table, key=lambda key: [*dict.fromkeys(k[0] for k in table)].index(key[0])
    ):
        cells = [spread([f * s[name] for s in table[row, n]]) for name, f in columns.values()]
        print(f"{row:27}{n:7d}" + "".join(f"{cell:>22}" for cell in cells))


def labels_of_a_tool(learn: LabelledGathers, n: int, seed: int) -> LabelledGathers:
    return some(learn, n, seed).take(np.arange(min(n, _TUNED_ON)))


_TUNED_ON = 30


def classical_picks(gathers: LabelledGathers, options: PickOptions) -> np.ndarray:
    return np.stack(
        [
            pick_first_breaks(samples, gathers.dt_s, 0.0, offset_m, options)
            for samples, offset_m in zip(gathers.samples, gathers.offset_m, strict=True)
        ]
    )


def classical_run(learn: LabelledGathers, test: LabelledGathers, n: int, seed: int) -> Scores:
    """Scores of the classical picker, its options and its lag chosen on the labels."""
    noisy = with_noise(labels_of_a_tool(learn, n, seed), NOISE, np.random.default_rng(seed))
    best: tuple[float, PickOptions, float] | None = None
    for window_s, ratio, tolerance_s in product((0.03, 0.05), (2.5, 4.0), (0.025, 0.05, 0.08)):
        options = PickOptions(
            window_s=window_s, noise_ratio=ratio, guided_ratio=2.0, tolerance_s=tolerance_s
        )
        picks = classical_picks(noisy, options)
        lag_s = pick_scores(picks, live_truth(noisy))["bias_ms"] / 1000
        within = pick_scores(picks - lag_s, live_truth(noisy))["within"]
        if best is None or within > best[0]:
            best = within, options, lag_s
    assert best is not None
    return pick_scores(classical_picks(test, best[1]) - best[2], live_truth(test))


def live_truth(gathers: LabelledGathers) -> np.ndarray:
    return np.where(gathers.samples.any(axis=2), gathers.first_break_s, np.nan)


def fx_run(
    learn: LabelledGathers, noisy: LabelledGathers, clean: LabelledGathers, n: int, seed: int
) -> Scores:
    """Scores of f-x deconvolution, its options chosen on the labels."""
    known = labels_of_a_tool(learn, n, seed)
    trial = with_noise(known, NO_GAINS, np.random.default_rng(seed))
    choices = [
        FxDecon(window_traces=traces, window_s=window_s, n_coefficients=length, overlap=0.5)
        for traces, window_s, length in product((12, 20, 33), (0.2, 0.4), (2, 4, 6))
    ]
    best = max(
        choices,
        key=lambda step: signal_scores(fx_signal(trial, step), trial, known)["gain_db"],
    )
    return signal_scores(fx_signal(noisy, best), noisy, clean)


def fx_signal(gathers: LabelledGathers, step: FxDecon) -> np.ndarray:
    """Gathers after a step that saw every trace at RMS 1, as networks do."""
    scale = trace_rms(gathers.samples)[..., None]
    scaled = replace(gathers, samples=gathers.samples / scale)
    return np.stack([step(gather).values for gather in plain_gathers(scaled)]) * scale


def signal_scores(
    signal: np.ndarray, noisy: LabelledGathers, clean: LabelledGathers
) -> dict[str, float]:
    """Gain over live traces at equal weight, and the share of the signal that was removed."""
    found = GatherSignal().scores({"signal": signal}, gather_batch(noisy, clean.samples))
    live = noisy.samples.any(axis=2)
    scale = trace_rms(noisy.samples)[live][:, None]
    parts = (samples[live] / scale for samples in (noisy.samples, clean.samples, signal))
    return {**found, "leakage": leakage(*parts)}
