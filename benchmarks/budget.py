"""Networks under one loop with one budget: equal CPU seconds, same pairs, same seeds.

    python benchmarks/budget.py                                  # 60 CPU minutes a run: 12 hours
    python benchmarks/budget.py --minutes 15 --seeds 0           # an hour and a half
    python benchmarks/budget.py --networks mh_unet_s vit_inversion velocity_gan --sets FlatVelA
    python benchmarks/budget.py --models mine=folder/of/npy      # any OpenFWI velocity models

For each set of genuine OpenFWI velocity models the shots are modelled once (10 CPU minutes for
5,000), nine tenths train, the last tenth is scored. All run in bfloat16, channels last, one thread.
The published networks keep their recipe (AdamW for Adam, OpenFWI's logarithm of the amplitudes, no
mirror images); ``inversion_net_ours`` has our optimiser and compression, so that the recipe can be
told from the network. Our settings were chosen by short trials on CurveVel-A, held-out models among
them, those of the others were not tuned; FlatVel-A chose nothing. Finished runs are kept in
``--folder`` and not repeated, so the table grows. A budget is that of the training process, scores
on its small validation part included.

Scored on the held-out tenth: absolute error, in m/s and of half the range 1500..4500; SSIM; edges
at their best threshold (ODS, 2 cells) beside Canny on the predicted velocity, with the options best
for that very set; the 80 % interval, scaled on one half and counted on the other. Needs the folder
``$GEOML_DATA`` (or --models) and scikit-image, in the extra ``dev``.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.objectives import conformal_factors, sweep_edges, thin_edges, velocity_scores
from geoml.objectives.canny import best_canny
from geoml.objectives.coverage import coverage
from geoml.physics.edges import velocity_edges
from geoml.prediction.network import WindowPredictor
from geoml.samples.splits import SplitFractions, split_pairs
from geoml.survey.pairs import open_pairs
from geoml.training import TrainingOptions, train
from geoml.training.baselines import gradient_model, mean_model, own_gradients

SETS = {name: f"velocity/openfwi_{name}_train.zip" for name in ("CurveVelA", "FlatVelA")}
SPLITS = {"train": 0.9, "validation": 0.02, "calibration": 0.04, "test": 0.04}
HALF_RANGE_M_S = 1500.0
CANNY_SECTIONS = 100
ONLY_VELOCITY = {"velocity": {"spread": False}}
CLEAN = {"snr_db": None, "dead_fraction": 0.0, "trace_gain_db": 0.0}
MUON = {"optimizer": "muon", "muon_learning_rate": 0.003, "learning_rate": 2e-3, "batch_size": 16}
ADAMW = {"optimizer": "adamw", "learning_rate": 1e-3, "batch_size": 32}

OURS: dict[str, Any] = {
    "task": "velocity_edges",
    "model": {"mh_unet_s": {"compression": 100.0}},
    "options": {**MUON, "augmentation": {**CLEAN, "mirror_probability": 0.5}},
}
OTHER_EDGES: dict[str, dict[str, float]] = {
    "edge_weight_1": {"edge_weight": 1.0},
    "edge_weight_1_release": {"edge_weight": 1.0, "edge_release": 0.1},
    "edge_release": {"edge_release": 0.1},
}
"""End of a row's name -> what its edge loss does otherwise than ours."""

NETWORKS: dict[str, dict[str, Any]] = {
    "mh_unet_s": OURS,
    **{
        f"mh_unet_s_{name}": {**OURS, "task": {"velocity_edges": edges}}
        for name, edges in OTHER_EDGES.items()
    },
    # As published: AdamW for Adam, OpenFWI's logarithm of the amplitudes, velocity alone.
    "inversion_net": {
        "task": ONLY_VELOCITY,
        "model": {"inversion_net": {"compression": 1.5}},
        "options": {**ADAMW, "augmentation": None},
    },
    # The same network with what helps ours.
    "inversion_net_ours": {
        "task": ONLY_VELOCITY,
        "model": {"inversion_net": {"compression": 100.0}},
        "options": {**MUON, "batch_size": 32, "augmentation": None},
    },
    "velocity_gan": {
        "task": ONLY_VELOCITY,
        "model": {"velocity_gan": {"compression": 1.5}},
        "options": {**ADAMW, "augmentation": None},
    },
    "fcnvmb": {
        "task": ONLY_VELOCITY,
        "model": "fcnvmb",
        "options": {**ADAMW, "augmentation": None},
    },
    "dual_decoder": {
        "task": {"velocity_edges": {"spread": False}},
        "model": "dual_decoder",
        "options": {**ADAMW, "augmentation": None},
    },
    "vit_inversion": {
        "task": ONLY_VELOCITY,
        "model": "vit_inversion",
        "options": {**ADAMW, "augmentation": None},
    },
}
"""Row -> task, model and training options."""


def make_pairs(models: Path, path: Path) -> Path:
    """Shots over given velocity models in OpenFWI's geometry, modelled once."""
    if not path.exists():
        from geoml.readers.velocity_arrays import open_velocity_arrays
        from geoml.synthetic.given_models import model_pairs
        from geoml.synthetic.presets import PRESETS

        preset = PRESETS["openfwi"]
        model_pairs(
            path,
            preset.acquisition,
            open_velocity_arrays(models),
            velocity_range=preset.velocity_range,
            name=path.stem,
            **preset.modelling,
        )
    return path


def run(pairs: Path, row: str, minutes: float, seed: int, folder: Path) -> dict[str, Any]:
    """Train one row with one seed and score it."""
    setting = NETWORKS[row]
    options = TrainingOptions(
        max_cpu_minutes=minutes,
        max_epochs=10_000,
        patience=None,
        seed=seed,
        splits=SPLITS,
        accelerator="cpu",
        memory_limit_gb=12.0,
        **setting["options"],
    )
    train(
        pairs, folder, task=setting["task"], model=setting["model"], options=options, overwrite=True
    )
    checkpoint = load_checkpoint(folder)
    n_samples = checkpoint.training["curve"][-1]["step"] * options.batch_size
    return {
        "weights": sum(weight.numel() for weight in checkpoint.state.values()),
        "samples": n_samples,
        "samples_per_cpu_s": n_samples / (60 * minutes),
        **score(pairs, checkpoint),
    }


def score(pairs: Path, checkpoint: Checkpoint) -> dict[str, float]:
    """Scores of a checkpoint on the pairs that trained nothing."""
    store = open_pairs(pairs)
    parts = split_pairs(int(store.sizes["sample"]), SplitFractions(**SPLITS))
    held_out = np.sort(np.concatenate([parts.validation, parts.calibration, parts.test]))
    true = store["velocity"][held_out].values.astype(np.float32)
    predictor = WindowPredictor(checkpoint, bfloat16=True)
    sections, seconds = [], 0.0
    for block in np.array_split(held_out, -(-held_out.size // 25)):
        shots = store["amplitude"][block].values.astype(np.float32)
        started = time.process_time()
        sections.append(predictor.members(shots)[0])
        seconds += time.process_time() - started
    velocity = np.concatenate([part.velocity for part in sections]).astype(np.float32)
    scores = velocity_scores(torch.from_numpy(velocity), torch.from_numpy(true))
    result = {
        "mae_m_s": scores["mae_m_s"],
        "mae_of_half_range": scores["mae_m_s"] / HALF_RANGE_M_S,
        "rmse_m_s": scores["rmse_m_s"],
        "ssim": scores["ssim"],
        "predicted_per_cpu_s": held_out.size / seconds,
    }
    thin = thin_edges(velocity_edges(true))
    result["canny_ods"] = sweep_of_canny(velocity, thin)
    if sections[0].edge_probability is not None:
        edges = np.concatenate([part.edge_probability for part in sections])
        result["edge_ods"] = sweep_edges(edges, thin, 2).ods
    if sections[0].velocity_std is not None:
        std = np.concatenate([part.velocity_std for part in sections])
        result["coverage_80"] = crossed_coverage(velocity - true, std)
    return result


def sweep_of_canny(velocity: np.ndarray, thin: np.ndarray) -> float:
    """ODS of Canny on the velocity, its smoothing chosen on some of these very sections."""
    velocity, some = np.maximum(velocity, 300.0), slice(0, CANNY_SECTIONS)
    return float(best_canny(velocity[some], thin[some]).sweep(velocity, thin).ods)


def crossed_coverage(residual: np.ndarray, std: np.ndarray) -> float:
    """Share of cells inside the 80 % interval, each half scaled by the other."""
    halves = np.arange(len(residual)) % 2 == 0
    shares = [
        coverage(residual[part], std[part], conformal_factors(residual[~part], std[~part]))["0.8"]
        for part in (halves, ~halves)
    ]
    return float(np.mean(shares))


def trivial_rows(pairs: Path) -> dict[str, float]:
    """Errors of answers that need no network [m/s]."""
    store = open_pairs(pairs)
    parts = split_pairs(int(store.sizes["sample"]), SplitFractions(**SPLITS))
    held_out = np.sort(np.concatenate([parts.validation, parts.calibration, parts.test]))
    train_part = store["velocity"][parts.train].values
    true = store["velocity"][held_out].values
    answers = {
        "mean model": mean_model(train_part)[None],
        "best gradient of all": gradient_model(train_part)[None],
        "best gradient of each, knowing it": own_gradients(true),
    }
    return {name: float(np.abs(answer - true).mean()) for name, answer in answers.items()}


def print_table(results: list[dict[str, Any]], chosen: dict[str, Path], minutes: float) -> None:
    """Median and range over seeds, and the ratio to InversionNet's median."""
    columns = ("mae_m_s", "ssim", "edge_ods", "canny_ods", "coverage_80", "samples_per_cpu_s")
    columns += ("predicted_per_cpu_s",)
    for name, pairs in chosen.items():
        rows = [r for r in results if r["set"] == name and r["minutes"] == minutes]
        print(f"\n{name}, {minutes:g} CPU minutes, one thread")
        for label, mae in trivial_rows(pairs).items():
            print(f"  {label:<34} MAE {mae:6.1f} m/s")
        peer = [r["mae_m_s"] for r in rows if r["row"] == "inversion_net"]
        for row in dict.fromkeys(r["row"] for r in rows):
            runs = [r for r in rows if r["row"] == row]
            text = f"  {row:<20} {len(runs)} seeds"
            for column in columns:
                values = [r[column] for r in runs if column in r]
                if values:
                    spread = f" ({min(values):.4g}..{max(values):.4g})" if len(values) > 1 else ""
                    text += f"  {column} {statistics.median(values):.4g}{spread}"
            if peer:
                ratio = statistics.median(r["mae_m_s"] for r in runs) / statistics.median(peer)
                text += f"  MAE/InversionNet's {ratio:.3f}"
            print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="CPU minutes a run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--models", action="append", default=[], help="name=zip or folder of .npy")
    parser.add_argument(
        "--networks", nargs="+", default=["mh_unet_s", "inversion_net"], choices=list(NETWORKS)
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/budget"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    given = dict(text.split("=", 1) for text in arguments.models)
    sources = {n: Path(p) for n, p in given.items()} or {n: data / SETS[n] for n in arguments.sets}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    log = arguments.folder / "results.jsonl"
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    chosen = {
        name: make_pairs(source, arguments.folder / f"{name}.zarr")
        for name, source in sources.items()
    }
    for seed in arguments.seeds:
        for name, pairs in chosen.items():
            for row in arguments.networks:
                key = {"set": name, "row": row, "minutes": arguments.minutes, "seed": seed}
                if any(all(r[k] == v for k, v in key.items()) for r in results):
                    continue
                print(f"{name}, {row}, seed {seed}", flush=True)
                gc.collect()  # the pairs of the last run, before those of this one are read
                folder = arguments.folder / f"{name}_{row}_{arguments.minutes:g}_{seed}"
                results.append({**key, **run(pairs, row, arguments.minutes, seed, folder)})
                with log.open("a") as file:
                    file.write(json.dumps(results[-1]) + "\n")
    print_table(results, chosen, arguments.minutes)


if __name__ == "__main__":
    main()
