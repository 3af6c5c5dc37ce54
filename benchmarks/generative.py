"""Generative priors on genuine OpenFWI models, beside classical rows; do their pairs help?

    python benchmarks/generative.py                      # 24 CPU minutes, 17 on two cores
    python benchmarks/generative.py --rows vae --seeds 0 --minutes 1
    python benchmarks/generative.py --set FlatVelA
    python benchmarks/generative.py --trial              # a network with and without drawn pairs

The last file of models, a tenth, is held out; the others train. 2,000 samples of each row are
measured against the held-out models, which nothing here was trained or chosen by
(``geoml.physics.model_similarity``): Wasserstein distance of the velocities; relative error of the
variogram, over lags to half the section, in both directions together and in each, and of the
autocovariance; variogram at a lag of one cell over the genuine one (under 1 where interfaces are
smeared); edge density; RMS difference of two samples over that of two genuine models. The row
"training models" says how far these are from the held-out ones, "two genuine sets" how far chance
alone takes 2,000 of them from 500 others, five times: smaller errors say nothing. Distances are
those to the nearest training model, the least and the median: samples that come nearer than
training models to each other are copies. Where a training chooses weights by samples
(``fit_adversaries``) it looks at the training models alone, and so does the choice of the number
of Gaussians of an autoencoder's codes.

Classical rows: a stationary Gaussian field with the mean by depth and the power spectrum of the
data; a Gaussian in their principal components; our hand-written family. The Wasserstein GAN starts
as the decoder of the autoencoder of its seed, so its minutes come on top of those;
``wasserstein_gan_alone`` starts from nothing and has both.

The trial has 400 genuine models and no more: a prior learns from these 400, 1,600 models are drawn
from it and shot over; a network learns from 400 or 2,000 pairs for equal CPU minutes and is scored
on 200 models of the held-out file. Finished runs are kept and not repeated.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from generative_classics import (
    LIMITS_M_S,
    Models,
    gaussian_field,
    hand_written,
    principal_gaussian,
)
from generative_measures import COLUMNS, SHOWN, Genuine, Kept, print_row, two_sets
from generative_trial import run_trial

from geoml.models.priors import PRIORS
from geoml.network_checkpoint import load_network_checkpoint
from geoml.physics.model_similarity import nearest_m_s
from geoml.products.statistics_figure import mosaic_figure
from geoml.products.style import png_bytes, write_whole
from geoml.training.prior import train_prior
from geoml.training.prior_data import VelocitySections, read_velocity_sections, unscaled
from geoml.training.prior_options import PriorOptions
from geoml.worker_end import end_with_parent

SETS = {"CurveVelA": "curve_vel_a", "FlatVelA": "flat_vel_a"}
HELD_OUT = 0.1
N_SAMPLES = 2000
N_SETS = 5
MANY = 1_000_000

CODES = {"components": 16}
FIT_VAE = {"batch_size": 16, "validate_every": 500}
FIT_START = {"learning_rate": 2e-4, "critic_learning_rate": 1e-3, "critic_head_start": 100}
LOGISTIC = {"critic_learning_rate": 5e-4, "critic_head_start": 20, "validate_every": 100}

ROWS: dict[str, dict[str, Any]] = {
    "vae": {"model": "vae", "share": 1.0, "network": CODES, "fit": FIT_VAE},
    "wasserstein_gan": {"model": "wasserstein_gan", "share": 1.0, "start": True, "fit": FIT_START},
    "conditional_vae": {
        "model": "conditional_vae",
        "share": 0.25,
        "network": CODES,
        "fit": FIT_VAE,
    },
    "gan": {"model": "gan", "share": 0.25, "fit": LOGISTIC},
    "non_saturating_gan": {"model": "non_saturating_gan", "share": 0.25, "fit": LOGISTIC},
    "dcgan": {"model": "dcgan", "share": 0.25, "fit": LOGISTIC},
    "conditional_gan": {"model": "conditional_gan", "share": 0.25, "fit": LOGISTIC},
    "wasserstein_gan_alone": {"model": "wasserstein_gan", "share": 2.0, "fit": {}},
}
"""Row -> network, its options, share of the minutes, start as a decoder, options of the loop."""


def trained(
    sections: VelocitySections, name: str, row: str, minutes: float, seed: int, folder: Path
) -> Models:
    """Samples of a prior, trained unless its checkpoint is there."""
    setting = ROWS[row]
    place = folder / f"{name}_{row}_{minutes:g}_{seed}"
    if not (place / "network.json").is_file():
        print(f"{name}, {row}, seed {seed}", flush=True)
        start = folder / f"{name}_vae_{minutes:g}_{seed}" if setting.get("start") else None
        budget = {"max_cpu_minutes": minutes * setting["share"], "steps": MANY, "seed": seed}
        options = PriorOptions(
            limits_m_s=LIMITS_M_S,
            held_out=HELD_OUT,
            start=None if start is None else str(start),
            network=setting.get("network", {}),
            fit={**setting["fit"], **budget, "accelerator": "cpu"},
        )
        train_prior(sections, setting["model"], options, place, announce=print)
    network: Any = load_network_checkpoint(place, "prior").network(PRIORS)
    drawn = network.sample(N_SAMPLES, torch.Generator().manual_seed(seed))
    return unscaled(drawn, LIMITS_M_S)


def of_seed(given: argparse.Namespace, seed: int) -> dict[str, dict[str, float]]:
    """Figures of every network at one seed; trained and measured where they are not there yet."""
    torch.set_num_threads(1)
    sections = read_sections(given.set)
    train, held = (part.velocity for part in sections.split(HELD_OUT))
    genuine, kept = Genuine.of(held), Kept(given.folder, given.set)
    found = {}
    for row in given.rows:
        draw = partial(trained, sections, given.set, row, given.minutes, seed, given.folder)
        measure = partial(genuine.measured, draw, train)
        found[row] = kept.once(run_name(row, given, seed), measure)
    return found


def run_name(row: str, given: argparse.Namespace, seed: int) -> str:
    return f"{row}_{given.minutes:g}_{seed}"


def read_sections(name: str) -> VelocitySections:
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    return read_velocity_sections(data / f"velocity/openfwi_{name}_train.zip")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=list(SETS), default="CurveVelA")
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS)[:-1])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=2.0, help="CPU minutes of the VAE")
    parser.add_argument("--workers", type=int, default=2, help="seeds at a time")
    parser.add_argument("--folder", type=Path, default=Path("runs/generative"))
    parser.add_argument("--trial", action="store_true", help="pairs of drawn models, nothing else")
    parser.add_argument("--trial-minutes", type=float, default=3.0, help="CPU minutes a network")
    parser.add_argument("--trial-rows", nargs="+", default=["vae"], help="vae or our family")
    given = parser.parse_args()
    torch.set_num_threads(1)
    name, sections = given.set, read_sections(given.set)
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.trial:
        run_trial(
            sections, name, given.trial_rows, given.seeds, given.minutes,
            given.trial_minutes, given.folder,
        )  # fmt: skip
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(given.workers, spawn, end_with_parent) as pool:
        runs = list(pool.map(partial(of_seed, given), given.seeds))
    train, held = (part.velocity for part in sections.split(HELD_OUT))
    genuine, kept = Genuine.of(held), Kept(given.folder, name)
    classical: dict[str, Callable[[], Models]] = {
        "Gaussian field": lambda: gaussian_field(train, N_SAMPLES, 0),
        "Gaussian, components": lambda: principal_gaussian(train, N_SAMPLES, 0),
        SETS[name]: lambda: hand_written(SETS[name], N_SAMPLES, 0),
    }

    among = partial(genuine.measured, lambda: train, None)
    rows = {"training models": [kept.once("training models", among)]}
    rows["two genuine sets"] = [
        kept.once(f"two genuine sets {i}", partial(two_sets, train, (N_SAMPLES, len(held)), i))
        for i in range(N_SETS)
    ]
    for row, draw in classical.items():
        rows[row] = [kept.once(row, partial(genuine.measured, draw, train))]
    rows |= {row: [run[row] for run in runs] for row in given.rows}
    print(
        f"\n{name}: {len(train)} models train, {len(held)} are held out; {N_SAMPLES} samples a row"
    )
    print(f"{'':24s}" + "".join(f"{h:>{int(f.split('.')[0])}s}" for h, f in COLUMNS.values()))
    for row, found in rows.items():
        print_row(row, found)
    nearest = nearest_m_s(held, train)
    print(
        f"held-out models to the nearest training model: least {nearest.min():.0f}, "
        f"median {np.median(nearest):.0f} m/s"
    )
    picture = given.folder / f"{name}_samples.png"
    shown = {"held out": list(held[:SHOWN])} | {row: kept.examples(row) for row in classical}
    shown |= {row: kept.examples(run_name(row, given, given.seeds[0])) for row in given.rows}
    write_whole(picture, png_bytes(mosaic_figure(shown, LIMITS_M_S)))
    print(picture)


if __name__ == "__main__":
    main()
