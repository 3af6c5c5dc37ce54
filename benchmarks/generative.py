"""Generative priors on genuine OpenFWI models, beside classical rows; do their pairs help?

    python benchmarks/generative.py                      # about 23 CPU minutes, kept in --folder
    python benchmarks/generative.py --rows vae --seeds 0 --minutes 1
    python benchmarks/generative.py --set FlatVelA
    python benchmarks/generative.py --trial              # a network with and without drawn pairs

The last file of models, a tenth, is held out; the others train. 500 samples of each row are
measured against the training models (``geoml.physics.model_similarity``): Wasserstein distance of
the velocities; relative error of the variogram, over lags to half the section, in both directions
together and in each, and of the autocovariance; variogram at a lag of one cell over the genuine one
(under 1 where interfaces are smeared); edge density; RMS difference of two samples over that of two
training models. Distances to the nearest training model stand beside those of the training models
among themselves: the least and the median. Classical rows: a stationary Gaussian field with the
mean by depth and the power spectrum of the data; a Gaussian in their principal components; our
hand-written family. The Wasserstein GAN starts as the decoder of the autoencoder of its seed, so
its minutes come on top of those; ``wasserstein_gan_alone`` starts from nothing and has both.

The trial has 400 genuine models and no more: a prior learns from these 400, 1,600 models are drawn
from it and shot over; a network learns from 400 or 2,000 pairs for equal CPU minutes and is scored
on 200 models of the held-out file. Finished runs are kept and not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from generative_trial import run_trial
from numpy.typing import NDArray

from geoml.models.priors import PRIORS
from geoml.network_checkpoint import load_network_checkpoint
from geoml.physics.model_similarity import (
    Population,
    compare,
    diversity_m_s,
    nearest_m_s,
    population,
)
from geoml.products.statistics_figure import mosaic_figure
from geoml.products.style import png_bytes, write_whole
from geoml.registry import build
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS
from geoml.training.prior import train_prior
from geoml.training.prior_data import VelocitySections, read_velocity_sections, unscaled
from geoml.training.prior_options import PriorOptions

Models = NDArray[np.float32]

SETS = {"CurveVelA": "curve_vel_a", "FlatVelA": "flat_vel_a"}
LIMITS_M_S = (1500.0, 4500.0)
HELD_OUT = 0.1
N_SAMPLES = 500
N_COMPONENTS = 100
SHOWN = 10
MANY = 1_000_000

FIT_VAE = {"batch_size": 16, "validate_every": 500}
FIT_START = {"learning_rate": 2e-4, "critic_learning_rate": 1e-3, "critic_head_start": 100}
LOGISTIC = {"critic_learning_rate": 5e-4, "critic_head_start": 20, "validate_every": 100}

ROWS: dict[str, dict[str, Any]] = {
    "vae": {"model": "vae", "share": 1.0, "fit": FIT_VAE},
    "wasserstein_gan": {"model": "wasserstein_gan", "share": 1.0, "start": True, "fit": FIT_START},
    "conditional_vae": {"model": "conditional_vae", "share": 0.25, "fit": FIT_VAE},
    "gan": {"model": "gan", "share": 0.25, "fit": LOGISTIC},
    "non_saturating_gan": {"model": "non_saturating_gan", "share": 0.25, "fit": LOGISTIC},
    "dcgan": {"model": "dcgan", "share": 0.25, "fit": LOGISTIC},
    "conditional_gan": {"model": "conditional_gan", "share": 0.25, "fit": LOGISTIC},
    "wasserstein_gan_alone": {"model": "wasserstein_gan", "share": 2.0, "fit": {}},
}
"""Row -> network, share of the minutes, whether it starts as a decoder, options of the loop."""


def gaussian_field(models: Models, count: int, seed: int) -> Models:
    """Stationary Gaussian fields with the data's mean by depth and power spectrum."""
    rng = np.random.default_rng(seed)
    mean = models.mean(axis=(0, 2), dtype=np.float64)
    # Mirrored copies make the section periodic: the top is no neighbour of the bottom.
    whole = _mirrored(models - mean[:, None])
    power = np.zeros(whole.shape[1:])
    for block in np.array_split(whole, max(1, len(whole) // 100)):
        power += (np.abs(np.fft.fft2(block)) ** 2).sum(axis=0)
    power /= len(whole) * whole[0].size
    noise = np.fft.fft2(rng.standard_normal((count, *whole.shape[1:])))
    field = np.fft.ifft2(noise * np.sqrt(power)).real[:, : models.shape[1], : models.shape[2]]
    return np.clip(field + mean[:, None], *LIMITS_M_S).astype(np.float32)


def _mirrored(models: NDArray[np.float64]) -> NDArray[np.float64]:
    down = np.concatenate([models, models[:, ::-1]], axis=1)
    return np.concatenate([down, down[:, :, ::-1]], axis=2)


def principal_gaussian(models: Models, count: int, seed: int) -> Models:
    """Gaussian in the data's first principal components."""
    rng = np.random.default_rng(seed)
    flat = models.reshape(len(models), -1)
    mean = flat.mean(axis=0)
    _, size, component = torch.svd_lowrank(torch.from_numpy(flat - mean), N_COMPONENTS, niter=4)
    score = rng.standard_normal((count, N_COMPONENTS)) * (size.numpy() / np.sqrt(len(flat)))
    drawn = mean + score @ component.numpy().T
    return np.clip(drawn, *LIMITS_M_S).astype(np.float32).reshape(count, *models.shape[1:])


def hand_written(name: str, count: int, seed: int) -> Models:
    """Models of our own family in OpenFWI's range and grid."""
    preset = PRESETS["openfwi"]
    draw, grid = build(FAMILIES, name, "family"), SectionGrid.of(preset.acquisition)
    return np.stack(
        [draw(np.random.default_rng([seed, i]), grid, preset.velocity_range) for i in range(count)]
    )


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
            fit={**setting["fit"], **budget, "accelerator": "cpu"},
        )
        train_prior(sections, setting["model"], options, place, announce=print)
    network: Any = load_network_checkpoint(place, "prior").network(PRIORS)
    drawn = network.sample(N_SAMPLES, torch.Generator().manual_seed(seed))
    return unscaled(drawn, LIMITS_M_S)


class Kept:
    """Figures and first samples of every population, measured once and kept in a folder.

    Attributes:
        first: Name of a population -> samples of its first seed.
    """

    def __init__(self, train: Models, folder: Path, name: str) -> None:
        self._train, self._folder, self._name = train, folder, name
        self._reference: Population | None = None
        self.first: dict[str, list[Models]] = {}

    def measured(self, row: str, draw: Callable[[], Models], which: str = "") -> dict[str, float]:
        """Figures of a population, which is drawn if they are not there yet."""
        stem = f"{self._name}_{row}{which}".replace(",", "").replace(" ", "_")
        log, samples = self._folder / f"{stem}.json", self._folder / f"{stem}.npy"
        if not log.is_file():
            drawn = draw()
            np.save(samples, drawn[:SHOWN])
            log.write_text(json.dumps(self._measure(drawn)))
        self.first.setdefault(row, list(np.load(samples)))
        found: dict[str, float] = json.loads(log.read_text())
        return found

    def among(self) -> tuple[float, float]:
        """Least and median distance of a training model to the nearest other one [m/s]."""
        log = self._folder / f"{self._name}_among.json"
        if not log.is_file():
            nearest = nearest_m_s(self._train)
            log.write_text(json.dumps([float(nearest.min()), float(np.median(nearest))]))
        least, median = json.loads(log.read_text())
        return least, median

    def _measure(self, drawn: Models) -> dict[str, float]:
        if self._reference is None:
            self._reference = population(self._train, LIMITS_M_S)
        found, reference = population(drawn, LIMITS_M_S), self._reference
        nearest = nearest_m_s(drawn, self._train)
        return {
            **vars(compare(found, reference)),
            "lag_one": float(found.variograms["vertical"][0] / reference.variograms["vertical"][0]),
            "diversity": diversity_m_s(drawn) / diversity_m_s(self._train),
            "nearest_least_m_s": float(nearest.min()),
            "nearest_median_m_s": float(np.median(nearest)),
        }


COLUMNS = {
    "velocity_m_s": ("hist m/s", "9.1f"),
    "variogram_error": ("variogram", "10.1%"),
    "variogram_vertical": ("vertical", "9.1%"),
    "variogram_lateral": ("lateral", "9.1%"),
    "covariance_error": ("covar.", "8.1%"),
    "lag_one": ("lag 1", "7.2f"),
    "edge_density": ("edges", "8.1%"),
    "diversity": ("divers.", "8.2f"),
    "nearest_least_m_s": ("least", "7.0f"),
    "nearest_median_m_s": ("median", "8.0f"),
}


def print_row(name: str, runs: list[dict[str, float]]) -> None:
    """Median over the seeds; below it the range of the seeds."""
    cells = {
        key: (statistics.median(r[key] for r in runs), [r[key] for r in runs]) for key in COLUMNS
    }
    print(f"{name:24s}" + "".join(f"{cells[k][0]:{f}}" for k, (_, f) in COLUMNS.items()))
    if len(runs) > 1:
        for word, pick in (("least", min), ("most", max)):
            values = "".join(f"{pick(cells[k][1]):{f}}" for k, (_, f) in COLUMNS.items())
            print(f"  {len(runs)} seeds, {word:12s}{values}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=list(SETS), default="CurveVelA")
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS)[:-1])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=2.0, help="CPU minutes of the VAE")
    parser.add_argument("--folder", type=Path, default=Path("runs/generative"))
    parser.add_argument("--trial", action="store_true", help="pairs of drawn models, nothing else")
    parser.add_argument("--trial-minutes", type=float, default=3.0, help="CPU minutes a network")
    parser.add_argument("--trial-rows", nargs="+", default=["vae"], help="vae or our family")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    name = arguments.set
    sections = read_velocity_sections(data / f"velocity/openfwi_{name}_train.zip")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.trial:
        run_trial(
            sections, name, arguments.trial_rows, arguments.seeds, arguments.minutes,
            arguments.trial_minutes, arguments.folder,
        )  # fmt: skip
        return
    train, held = (part.velocity for part in sections.split(HELD_OUT))
    kept = Kept(train, arguments.folder, name)
    populations: dict[str, Callable[[], Models]] = {
        "held out": lambda: held,
        "Gaussian field": lambda: gaussian_field(train, N_SAMPLES, 0),
        "Gaussian, components": lambda: principal_gaussian(train, N_SAMPLES, 0),
        SETS[name]: lambda: hand_written(SETS[name], N_SAMPLES, 0),
    }
    rows = {row: [kept.measured(row, draw)] for row, draw in populations.items()}
    for seed in arguments.seeds:
        for row in arguments.rows:
            draw = partial(trained, sections, name, row, arguments.minutes, seed, arguments.folder)
            found = kept.measured(row, draw, f"_{arguments.minutes:g}_{seed}")
            rows.setdefault(row, []).append(found)
    print(
        f"\n{name}: {len(train)} models train, {len(held)} are held out; {N_SAMPLES} samples a row"
    )
    print(f"{'':24s}" + "".join(f"{h:>{int(f.split('.')[0])}s}" for h, f in COLUMNS.values()))
    for row, runs in rows.items():
        print_row(row, runs)
    least, median = kept.among()
    print(f"training models to each other: least {least:.0f}, median {median:.0f} m/s")
    picture = arguments.folder / f"{name}_samples.png"
    shown = {"training": list(train[:SHOWN]), **kept.first}
    write_whole(picture, png_bytes(mosaic_figure(shown, LIMITS_M_S)))
    print(picture)


if __name__ == "__main__":
    main()
