"""Networks that draw velocity sections: honest, sharp, right, and of use to waveform inversion?

    python benchmarks/posterior.py --tables samples         # these two side by side, in one folder,
    python benchmarks/posterior.py --tables layered fwi     # are some 20 minutes on two cores
    python benchmarks/posterior.py --tables samples --sets FlatVelA --seeds 0
    python benchmarks/posterior.py --trunks CurveVelA=FOLDER --pairs CurveVelA=STORE

**samples**: on genuine OpenFWI models, a conditional VAE and a conditional Wasserstein GAN on the
trunk of a trained ``mh_unet_s``, beside that network's own log-variance head as a Laplace
distribution: coverage of the 50, 80, 90 and 95 % intervals, CRPS, MAE of the mean, width. Each row
as it comes out of training, and scaled by one factor that is fitted on the calibration part. The
trunk learns for --trunk-minutes of CPU time and one thread, unless --trunks names one; the seeds
are those of the drawing parts. **layered**: beside the exact posterior, see
``posterior_layered.py``. **fwi**: see ``posterior_fwi.py``; with the first seed's cvae.

Finished runs are kept in --folder and not repeated, so the tables grow. The minutes, added up from
the parts and never timed as a whole, are with trunk and pairs at hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import posterior_fwi
import posterior_layered
import torch
from budget import CLEAN, MUON, NETWORKS, SETS, SPLITS, make_pairs
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.objectives.sample_score import SAMPLE_LEVELS, sample_interval, sample_scores
from geoml.objectives.spread_score import laplace_crps, laplace_half_width
from geoml.prediction.network import WindowPredictor
from geoml.samples.splits import SplitFractions, split_pairs
from geoml.survey.pairs import open_pairs
from geoml.training import TrainingOptions, train

Floats = NDArray[np.float64]
Row = dict[str, Any]

MODELS = ("cvae", "cwgan")
TRUNK = {"compression": 100.0}  # as in budget.py
SAMPLES = 39  # they hold the ends of the 95 % interval
SCORED = 100
TABLES = ("samples", "layered", "fwi")
COLUMNS = (
    *(f"coverage_{100 * level:g}" for level in SAMPLE_LEVELS),
    *("crps", "mae", "width_90", "std"),
)


def train_trunk(pairs: Path, minutes: float, folder: Path) -> Path:
    """The network of ``budget.py``, trained once."""
    if not (folder / "checkpoint.json").exists():
        setting = NETWORKS["mh_unet_s"]
        options = TrainingOptions(**_options(minutes, 0, setting["options"]))
        train(
            pairs, folder, task=setting["task"], model=setting["model"], options=options,
            overwrite=True,
        )  # fmt: skip
    return folder


def train_drawing(
    name: str, pairs: Path, trunk: Path, minutes: float, seed: int, folder: Path
) -> Path:
    """A drawing part on a frozen trunk, trained once."""
    if not (folder / "checkpoint.json").exists():
        more = {**MUON, "augmentation": {**CLEAN, "mirror_probability": 0.5}}
        options = _options(minutes, seed, {**more, "posterior": {"trunk": str(trunk)}})
        train(
            pairs,
            folder,
            task="velocity",
            model={name: {"trunk": TRUNK}},
            options=TrainingOptions(**options),
            overwrite=True,
        )
    return folder


def _options(minutes: float, seed: int, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "max_cpu_minutes": minutes,
        "max_epochs": 10_000,
        "patience": None,
        "seed": seed,
        "splits": SPLITS,
        "accelerator": "cpu",
        "memory_limit_gb": 12.0,
        "memory_dtype": "float16",
        **more,
    }


def predicted(checkpoint: Checkpoint, pairs: Path, numbers: NDArray[np.int64]) -> Row:
    """Truth, and what a network draws or says of it, uncalibrated [m/s]."""
    store, predictor = open_pairs(pairs), WindowPredictor(checkpoint, bfloat16=True)
    draws = checkpoint.model_name in MODELS
    parts = []
    for seed, some in enumerate(np.array_split(numbers, -(-len(numbers) // 20))):
        shots = store["amplitude"][some].values.astype(np.float32)
        if draws:
            parts.append((predictor.samples(shots, SAMPLES, seed),))
        else:
            told = predictor.uncalibrated(shots)
            parts.append((told.velocity[None], told.velocity_std[None]))
    joined = [np.concatenate(part, axis=1) for part in zip(*parts, strict=True)]
    truth = store["velocity"][numbers].values.astype(np.float64)
    return {"truth": truth, **dict(zip(("samples", "std"), joined, strict=False))}


def laplace_scores(velocity: Floats, std: Floats, truth: Floats) -> Row:
    """Scores of a Laplace distribution a cell, named as those of samples."""
    residual = velocity - truth
    ratio = np.abs(residual) / std
    scores = {"mae": np.abs(residual).mean(), "crps": laplace_crps(residual, std)}
    scores["std"] = std.mean()
    for level in SAMPLE_LEVELS:
        half = float(laplace_half_width(level))
        scores[f"coverage_{100 * level:g}"] = (ratio <= half).mean()
        scores[f"width_{100 * level:g}"] = 2 * half * std.mean()
    return {name: float(value) for name, value in scores.items()}


def factor_of(told: Row) -> float:
    """One factor on all departures that lets the 90 % interval hold 90 % of a part's cells."""
    drawn, truth = told["samples"], told["truth"]
    if "std" in told:
        low = drawn[0] - float(laplace_half_width(0.9)) * told["std"][0]
        high = 2 * drawn[0] - low
    else:
        low, high = sample_interval(drawn, 0.9)
    away = truth - drawn.mean(axis=0)
    room = np.where(away > 0, high, low) - drawn.mean(axis=0)
    return float(np.quantile(away / np.where(room == 0, np.copysign(1e-9, away), room), 0.9))


def scored(told: Row, factor: float = 1.0) -> Row:
    """Scores of a prediction with its departures from the mean scaled."""
    drawn, truth = told["samples"], told["truth"]
    if "std" in told:
        return laplace_scores(drawn[0], factor * told["std"][0], truth)
    mean = drawn.mean(axis=0)
    return sample_scores(mean + factor * (drawn - mean), truth)


def judged(folder: Path, pairs: Path) -> Row:
    """Scores of a checkpoint on the test part, as trained and scaled."""
    checkpoint = load_checkpoint(folder)
    parts = split_pairs(int(open_pairs(pairs).sizes["sample"]), SplitFractions(**SPLITS))
    test = predicted(checkpoint, pairs, parts.test[:SCORED])
    factor = factor_of(predicted(checkpoint, pairs, parts.calibration[: SCORED // 2]))
    return {"as_trained": scored(test), "scaled": {**scored(test, factor), "factor": factor}}


def print_samples(results: list[Row], sets: list[str], minutes: float) -> None:
    """Median and range over the seeds, of rows as trained and scaled."""
    for name in sets:
        chosen = [r for r in results if r["table"] == "samples" and r["set"] == name]
        chosen = [r for r in chosen if r["minutes"] in (minutes, None)]
        print(
            f"\n{name}, {SCORED} held-out models, {SAMPLES} samples each; {minutes:g} CPU minutes"
        )
        print(f"  {'':<22}" + "".join(f"{column:>22}" for column in COLUMNS))
        for row in dict.fromkeys(r["row"] for r in chosen):
            runs = [r for r in chosen if r["row"] == row]
            for form, label in (("as_trained", row), ("scaled", f"{row}, scaled")):
                cells = [_cell([run[form][column] for run in runs]) for column in COLUMNS]
                print(f"  {label:<22}" + "".join(f"{cell:>22}" for cell in cells))


def _cell(values: list[float]) -> str:
    text = f"{statistics.median(values):.3g}"
    return text + (f" ({min(values):.3g}..{max(values):.3g})" if len(values) > 1 else "")


def _run(arguments: argparse.Namespace, name: str, row: str, seed: int | None = None) -> Path:
    """Folder of a drawing part, by default of the first seed."""
    seed = arguments.seeds[0] if seed is None else seed
    folder: Path = arguments.folder
    return folder / f"{name}_{row}_{arguments.minutes:g}_{seed}"


class Kept:
    """Results in a file of lines, one a finished run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows: list[Row] = [json.loads(line) for line in lines]

    def once(self, key: Row, run: Any) -> None:
        """Run and keep what is not there yet."""
        if any(all(r.get(k) == v for k, v in key.items()) for r in self.rows):
            return
        print(" ".join(str(value) for value in key.values()), flush=True)
        self.rows.append({**key, **run()})
        with self.path.open("a") as file:
            file.write(json.dumps(self.rows[-1]) + "\n")


def main() -> None:
    """Run what is missing, then print every table asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--sets", nargs="+", default=["CurveVelA"], choices=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--networks", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--trunk-minutes", type=float, default=6.0, help="CPU minutes a trunk")
    parser.add_argument("--minutes", type=float, default=1.0, help="CPU minutes a drawing part")
    parser.add_argument("--layered-minutes", type=float, default=2.0)
    parser.add_argument("--layered-networks", nargs="+", default=["cvae"], choices=MODELS)
    parser.add_argument("--fwi-models", type=int, default=3)
    parser.add_argument("--trunks", nargs="*", default=[], help="set=folder of a trained mh_unet_s")
    parser.add_argument("--pairs", nargs="*", default=[], help="set=pair store made by budget.py")
    parser.add_argument("--folder", type=Path, default=Path("runs/posterior"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(folder / "results.jsonl")
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    trunks, stores = (
        {name: Path(path) for name, path in (text.split("=", 1) for text in given)}
        for given in (arguments.trunks, arguments.pairs)
    )
    minutes = arguments.minutes
    if {"samples", "fwi"} & set(arguments.tables):
        for name in arguments.sets:
            path = stores.get(name) or make_pairs(data / SETS[name], folder / f"{name}.zarr")
            stores[name] = path
            trunk = trunks.get(name) or train_trunk(
                path, arguments.trunk_minutes, folder / f"{name}_trunk"
            )
            drawing = partial(train_drawing, pairs=path, trunk=trunk, minutes=minutes)
            if "samples" not in arguments.tables:
                drawing("cvae", seed=arguments.seeds[0], folder=_run(arguments, name, "cvae"))
                continue
            key: Row = {"table": "samples", "set": name, "row": "mh_unet_s", "minutes": None}
            kept.once({**key, "seed": 0}, partial(judged, trunk, path))
            for seed, row in itertools.product(arguments.seeds, arguments.networks):
                key = {"table": "samples", "set": name, "row": row, "minutes": minutes}
                out = _run(arguments, name, row, seed)
                run = partial(drawing, row, seed=seed, folder=out)
                kept.once({**key, "seed": seed}, lambda run=run, path=path: judged(run(), path))
    if "layered" in arguments.tables:
        for seed, row in itertools.product(arguments.seeds, arguments.layered_networks):
            key = {"table": "layered", "row": row, "minutes": arguments.layered_minutes}
            run = partial(posterior_layered.run, row, arguments.layered_minutes, seed, folder)
            kept.once({**key, "seed": seed}, run)
    if "samples" in arguments.tables:
        print_samples(kept.rows, arguments.sets, minutes)
    if "layered" in arguments.tables:
        posterior_layered.print_table(kept.rows, arguments.layered_minutes, folder)
    if "fwi" in arguments.tables:
        rows = posterior_fwi.run(
            stores["CurveVelA"],
            SPLITS,
            _run(arguments, "CurveVelA", "cvae"),
            folder,
            minutes=minutes,
            models=arguments.fwi_models,
        )
        posterior_fwi.print_table(rows)


if __name__ == "__main__":
    main()
