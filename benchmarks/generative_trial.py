"""Whether pairs over drawn models improve a network; run by ``generative.py --trial``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.checkpoint import load_checkpoint
from geoml.objectives import velocity_scores
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs
from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.given_models import HeldModels, model_pairs
from geoml.synthetic.presets import PRESETS
from geoml.training import TrainingOptions, train
from geoml.training.baselines import mean_model
from geoml.training.prior import train_prior
from geoml.training.prior_data import VelocitySections
from geoml.training.prior_options import PriorOptions

N_GENUINE, N_DRAWN, N_SCORED = 400, 1600, 200
LIMITS_M_S = (1500.0, 4500.0)
NETWORK = {"mh_unet_s": {"compression": 100.0}}
OPTIONS: dict[str, Any] = {
    "optimizer": "muon",
    "muon_learning_rate": 0.003,
    "learning_rate": 2e-3,
    "augmentation": {
        "snr_db": None,
        "dead_fraction": 0.0,
        "trace_gain_db": 0.0,
        "mirror_probability": 0.5,
    },
}


def run_trial(
    sections: VelocitySections,
    name: str,
    rows: Sequence[str],
    seeds: Sequence[int],
    prior_minutes: float,
    minutes: float,
    folder: Path,
) -> None:
    """Train on 400 genuine pairs alone and with drawn ones, and print errors on held-out models."""
    few = sections.part(0, N_GENUINE)
    last = len(sections.velocity)
    genuine = shoot(few.velocity, folder / f"{name}_genuine.zarr")
    scored = shoot(sections.part(last - N_SCORED, last).velocity, folder / f"{name}_held_out.zarr")
    stores = {f"{N_GENUINE} genuine": genuine}
    for row in rows:
        label = f"{N_GENUINE} genuine + {N_DRAWN} {row}"
        path = folder / f"{name}_with_{row}.zarr"
        if not path.exists():
            family = row
            if row in ("vae", "wasserstein_gan"):
                family = f"vae:{few_prior(few, name, row, prior_minutes, folder)}"
            join([genuine, shoot_family(family, folder / f"{name}_{row}_drawn.zarr")], path)
        stores[label] = path
    true = open_pairs(scored)["velocity"].values
    error = np.abs(mean_model(open_pairs(genuine)["velocity"].values)[None] - true).mean()
    print(f"\n{name}: mean absolute error on {N_SCORED} held-out genuine models [m/s]")
    print(f"{'mean model of the 400':36s}{error:8.1f}")
    for label, store in stores.items():
        found = [
            kept_run(
                store, scored, minutes, seed, folder / f"trial_{store.stem}_{minutes:g}_{seed}"
            )
            for seed in seeds
        ]
        low, high = min(found), max(found)
        seeds_text = f"({low:.1f}..{high:.1f}, {len(found)} seeds)"
        print(f"{label:36s}{statistics.median(found):8.1f}  {seeds_text}")


def few_prior(few: VelocitySections, name: str, row: str, minutes: float, folder: Path) -> Path:
    """A prior that has seen the 400 models and no others."""
    place = folder / f"{name}_{row}_of_{N_GENUINE}"
    if not (place / "network.json").is_file():
        fit = {"max_cpu_minutes": minutes, "steps": 10**6, "accelerator": "cpu"}
        options = PriorOptions(limits_m_s=LIMITS_M_S, fit=fit)
        train_prior(few, row, options, place, announce=print)
    return place


def shoot(velocity: NDArray[np.float32], path: Path) -> Path:
    """Pairs over given models in OpenFWI's geometry, modelled once."""
    preset = PRESETS["openfwi"]
    if not path.exists():
        model_pairs(
            path,
            preset.acquisition,
            HeldModels(velocity),
            velocity_range=preset.velocity_range,
            **preset.modelling,
        )
    return path


def shoot_family(family: str, path: Path) -> Path:
    """Pairs over drawn models, modelled once."""
    preset = PRESETS["openfwi"]
    if not path.exists():
        generate_pairs(
            path,
            preset.acquisition,
            families=[family],
            velocity_range=preset.velocity_range,
            count=N_DRAWN,
            seed=1,
            **preset.modelling,
        )
    return path


def join(paths: Sequence[Path], out: Path) -> None:
    """One pair store of several on one acquisition."""
    stores = [open_pairs(path) for path in paths]
    acquisition = Acquisition.from_dict(stores[0].attrs["acquisition"])
    count = sum(int(store.sizes["sample"]) for store in stores)
    attrs = {
        "families": [path.stem for path in paths],
        "steps": [],
        "provenance": {"joined": [path.name for path in paths]},
    }
    writer = create_pairs(out, acquisition, count, attrs, shard_samples=64)
    columns: dict[str, list[NDArray[Any]]] = {"amplitude": [], "velocity": [], "family": []}
    for number, store in enumerate(stores):
        columns["amplitude"].append(store["amplitude"].values)
        columns["velocity"].append(store["velocity"].values)
        columns["family"].append(np.full(int(store.sizes["sample"]), number, np.int32))
    whole = {key: np.concatenate(parts) for key, parts in columns.items()}
    writer.write(0, whole["amplitude"], whole["velocity"], whole["family"])
    writer.finish()


def kept_run(pairs: Path, scored: Path, minutes: float, seed: int, folder: Path) -> float:
    """Mean absolute error of a network trained for so many CPU minutes [m/s]."""
    log = folder / "error_m_s.json"
    if not log.is_file():
        options = TrainingOptions(
            max_cpu_minutes=minutes,
            max_epochs=10_000,
            patience=None,
            seed=seed,
            splits={"train": 0.9, "validation": 0.05, "calibration": 0.025, "test": 0.025},
            accelerator="cpu",
            **OPTIONS,
        )
        train(pairs, folder, task="velocity_edges", model=NETWORK, options=options, overwrite=True)
        log.write_text(json.dumps(score(folder, scored)))
    return float(json.loads(log.read_text()))


def score(folder: Path, scored: Path) -> float:
    """Mean absolute error of a checkpoint on a pair store [m/s]."""
    store = open_pairs(scored)
    predictor = WindowPredictor(load_checkpoint(folder), bfloat16=True)
    shots = store["amplitude"].values.astype(np.float32)
    velocity = np.concatenate(
        [predictor.members(part)[0].velocity for part in np.array_split(shots, len(shots) // 25)]
    ).astype(np.float32)
    true = torch.from_numpy(store["velocity"].values.astype(np.float32))
    return float(velocity_scores(torch.from_numpy(velocity), true)["mae_m_s"])
