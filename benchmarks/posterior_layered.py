"""Networks' posteriors beside the exact one, on layered grounds seen by one noisy trace.

    python benchmarks/posterior_layered.py --folder runs/posterior

A section of eight equal columns and two receivers with one and the same trace: the least that the
networks take. Each network learns from 97,000 pairs for --minutes of CPU time; then traces that it
has never seen are inverted by it and by ``geoml.physics.layered_posterior``, which knows the
physics, the prior and the noise. Of the mean velocity of every 80 m, where the exact answer is not
certain within 20 m/s: the share of truths in the 90 % interval, the width of that interval over the
exact one's, and the Wasserstein distance of both distributions, beside that of the prior and that
of two halves of the exact draws. Part of ``benchmarks/posterior.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from geoml.checkpoint import load_checkpoint
from geoml.objectives.sample_score import sample_interval, sample_scores
from geoml.physics.layered_posterior import LayeredGround, layered_posterior
from geoml.physics.wavelets import ricker
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs
from geoml.training import TrainingOptions, train

Floats = NDArray[np.float64]

GROUND = LayeredGround(n_depth=32, spacing_m=20.0, n_samples=64, dt_s=0.014, peak_frequency_hz=12.0)
COLUMNS, RECEIVERS = 8, 2
PAIRS, TRACES, SAMPLES = 100_000, 120, 199
BLOCK = 4  # cells of which a mean is judged: 80 m
CERTAIN_M_S = 20.0
TRUNK = {
    "stem_widths": (24, 48),
    "widths": (32, 64),
    "map_groups": 4,
    "compression": 0.0,
    "time_reduction": 1,
    "receiver_order": None,
}
MODELS: dict[str, dict[str, Any]] = {
    "cvae": {"trunk": TRUNK, "widths": (24, 32, 32), "code_channels": 4},
    "cwgan": {"trunk": TRUNK, "widths": (24, 32, 32), "code_channels": 4},
}
OPTIONS: dict[str, Any] = {
    "batch_size": 128,
    "max_epochs": 10_000,
    "patience": None,
    "augmentation": None,
    "accelerator": "cpu",
    "learning_rate": 2e-3,
    "muon_learning_rate": 3e-3,
    "precision": "32-true",
    "splits": {"train": 0.97, "validation": 0.01, "calibration": 0.01, "test": 0.01},
}
Row = dict[str, Any]


def window(ground: LayeredGround) -> Acquisition:
    """A source and two receivers at one place above a section of equal columns."""
    middle = ground.spacing_m * (COLUMNS // 2)
    return Acquisition(
        source_distance_m=np.array([middle]),
        source_depth_m=np.zeros(1),
        receiver_distance_m=np.full((1, RECEIVERS), middle),
        receiver_depth_m=np.zeros((1, RECEIVERS)),
        dt_s=ground.dt_s,
        n_samples=ground.n_samples,
        spacing_m=ground.spacing_m,
        n_depth=ground.n_depth,
        n_distance=COLUMNS,
        wavelet=ricker(ground.peak_frequency_hz, ground.dt_s, 25),
        wavelet_start_s=-12 * ground.dt_s,
        max_frequency_hz=3 * ground.peak_frequency_hz,
        free_surface=False,
    )


def gathers(trace: Floats) -> NDArray[np.float32]:
    """Traces as (sample, shot, receiver, time)."""
    return np.repeat(trace[:, None, None], RECEIVERS, axis=2).astype(np.float32)


def layered_pairs(path: Path, ground: LayeredGround, count: int) -> Path:
    """A pair store of grounds from the prior and their noisy traces."""
    if not path.exists():
        attrs = {"steps": [], "families": ["layered"], "provenance": {"seed": 0}}
        writer = create_pairs(
            path, window(ground), count, attrs, shard_samples=4096, chunk_samples=512
        )
        rng = np.random.default_rng(0)
        for start in range(0, count, 4096):
            unknowns, trace = ground.draw(min(4096, count - start), rng)
            velocity = np.repeat(ground.profile(unknowns)[..., None], COLUMNS, axis=2)
            family = np.zeros(len(trace), dtype=np.int32)
            writer.write(start, gathers(trace), velocity.astype(np.float32), family)
        writer.finish()
    return path


def exact(ground: LayeredGround, folder: Path) -> dict[str, Floats]:
    """Truth, traces and exact draws of profiles of the judged grounds, kept in a file."""
    path = folder / "layered_exact.npz"
    if not path.exists():
        rng = np.random.default_rng(1)
        truth, trace = ground.draw(TRACES, rng)
        draws = layered_posterior(
            ground, trace, rng, walkers=100, steps=600, keep=8, prior_draws=400_000
        )
        profile = ground.profile(draws).astype(np.float32)
        np.savez(path, truth=ground.profile(truth), trace=trace, profile=profile)
    with np.load(path) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def drawn(checkpoint: Any, trace: Floats) -> Floats:
    """A network's profiles [m/s], shape (draw, trace, depth): the middle column."""
    predictor = WindowPredictor(checkpoint)
    blocks = [
        predictor.samples(gathers(some), SAMPLES, seed)[..., COLUMNS // 2]
        for seed, some in enumerate(np.array_split(trace, 6))
    ]
    return np.concatenate(blocks, axis=1)


def in_question(profiles: Floats, known: dict[str, Floats]) -> Floats:
    """Mean velocity of blocks that the exact answer leaves open, shape (draw, block)."""
    exactly = _blocks(known["profile"])
    return _blocks(profiles)[:, exactly.std(axis=0) > CERTAIN_M_S]


def _blocks(profiles: Floats) -> Floats:
    """Mean over ``BLOCK`` cells in depth, shape (draw, trace, block)."""
    return profiles.reshape(*profiles.shape[:-1], -1, BLOCK).mean(axis=-1)


def judged(profiles: Floats, known: dict[str, Floats]) -> Row:
    """Scores of profiles against the truth and against the exact draws."""
    made, exactly = in_question(profiles, known), in_question(known["profile"], known)
    scores = sample_scores(made, in_question(known["truth"][None], known)[0])
    widths = [np.subtract(*sample_interval(draws, 0.9)[::-1]).mean() for draws in (made, exactly)]
    apart = [wasserstein_distance(*pair) for pair in zip(made.T, exactly.T, strict=True)]
    return {
        **scores,
        "width_ratio_90": float(widths[0] / widths[1]),
        "wasserstein_m_s": float(np.mean(apart)),
    }


def run(name: str, minutes: float, seed: int, folder: Path) -> Row:
    """Train one network with one seed and judge it."""
    out = folder / f"layered_{name}_{minutes:g}_{seed}"
    if not (out / "checkpoint.json").exists():
        pairs = layered_pairs(folder / "layered.zarr", GROUND, PAIRS)
        options = TrainingOptions(max_cpu_minutes=minutes, seed=seed, **OPTIONS)
        train(
            pairs,
            out,
            task="velocity",
            model={name: MODELS[name]},
            options=options,
            overwrite=True,
            announce=lambda _: None,
        )
    known = exact(GROUND, folder)
    return judged(drawn(load_checkpoint(out), known["trace"]), known)


def trivial_rows(folder: Path) -> dict[str, Row]:
    """The exact draws themselves and those of the prior."""
    known = exact(GROUND, folder)
    unknowns, _ = GROUND.draw(SAMPLES * TRACES, np.random.default_rng(2))
    prior = GROUND.profile(unknowns).reshape(SAMPLES, TRACES, -1)
    halves = known["profile"][::2], known["profile"][1::2]
    own = judged(halves[0], {**known, "profile": halves[1]})
    return {"exact": own, "prior": judged(prior, known)}


def print_table(results: list[Row], minutes: float, folder: Path) -> None:
    """Median and range over the seeds."""
    columns = ("coverage_50", "coverage_80", "coverage_90", "coverage_95", "width_ratio_90")
    columns += ("wasserstein_m_s", "crps", "mae")
    print(f"\nLayered grounds, one trace, {TRACES} of them; {minutes:g} CPU minutes, one thread")
    print(f"  {'':<14}" + "".join(f"{column:>24}" for column in columns))
    rows = {name: [row] for name, row in trivial_rows(folder).items()}
    for row in results:
        if row["table"] == "layered" and row["minutes"] == minutes:
            rows.setdefault(row["row"], []).append(row)
    for name, runs in rows.items():
        cells = []
        for column in columns:
            values = [run[column] for run in runs]
            text = f"{statistics.median(values):.3g}"
            if len(values) > 1:
                text += f" ({min(values):.3g}..{max(values):.3g})"
            cells.append(f"{text:>24}")
        print(f"  {name:<14}" + "".join(cells))


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0, help="CPU minutes a run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--networks", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--folder", type=Path, default=Path("runs/posterior"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    results = []
    for seed in arguments.seeds:
        for name in arguments.networks:
            key = {"table": "layered", "row": name, "minutes": arguments.minutes, "seed": seed}
            results.append({**key, **run(name, arguments.minutes, seed, arguments.folder)})
            print(json.dumps(results[-1]), flush=True)
    print_table(results, arguments.minutes, arguments.folder)


if __name__ == "__main__":
    main()
