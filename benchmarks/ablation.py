"""What each switch of the training buys: heads, edge weight, losses, symmetries, fresh data.

    python benchmarks/ablation.py                                    # 15 CPU minutes a run: 13 h
    python benchmarks/ablation.py --minutes 5 --seeds 0 --rows heads_1 heads_2 heads_3
    python benchmarks/ablation.py --models $GEOML_DATA/velocity/openfwi_FlatVelA_train.zip
    python benchmarks/ablation.py --pairs pairs.zarr                 # pairs that are there already
    python benchmarks/ablation.py --passes 2                         # equal pairs, not minutes

Every row is the reference with one thing changed: same pairs, same seeds, equal CPU minutes of the
training process, one thread (what `stream` models counts as training). With ``--passes`` every row
sees as many pairs in place of as many minutes, so that neither its cost nor the machine's load
counts; the CPU seconds stand beside it. Pairs are 5,000 genuine
OpenFWI velocity models, modelled once; nine tenths train, 2 % choose the epoch, 8 % are scored.
Printed is the median over seeds with its range, and the median and range of the differences to the
reference of the same seed. Finished runs are kept in ``--folder`` and not repeated, so that an
interrupted table goes on.

The claim of the field is that extracting edges at the same time makes the inversion better: the
last lines set two heads against one, and three against two, seed by seed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from budget import CLEAN, MUON, SETS, SPLITS, make_pairs

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.objectives import conformal_factors
from geoml.objectives.section_scores import Sections, section_scores
from geoml.prediction.network import WindowPredictor
from geoml.samples.splits import SplitFractions, split_pairs
from geoml.survey.pairs import open_pairs
from geoml.synthetic.presets import PRESETS
from geoml.training import TrainingOptions, train
from geoml.training.pair_data import pair_fingerprint
from geoml.workflow.evaluation import true_sections
from geoml.workflow.evaluation_rows import canny_row

REFERENCE = "heads_3"
TASK = "velocity_edges"
MODEL = {"compression": 100.0}
AUGMENTATION = {**CLEAN, "mirror_probability": 0.5}
STREAM = {
    "fresh_pairs": 512,
    "reuse": 4,
    "workers": 0,  # in the training process, so that its budget pays for it
    "families": ("curve_vel_a", "flat_vel_a"),
    "seed": 60_001,
}
COLUMNS = {
    "mae_m_s": "MAE [m/s]",
    "boundary_m_s": "at edges",
    "ssim": "SSIM",
    "edge_ods": "edge ODS",
    "canny_ods": "Canny ODS",
    "coverage_80": "in 80 %",
    "samples": "samples",
    "cpu_s": "CPU s",
}

ROWS: dict[str, dict[str, Any]] = {
    REFERENCE: {},
    "heads_1": {"task": {"velocity": {"spread": False}}},
    "heads_2": {"task": {TASK: {"spread": False}}},
    "heads_velocity_spread": {"task": "velocity"},
    **{
        f"edge_weight_{weight:g}": {"task": {TASK: {"edge_weight": weight}}}
        for weight in (0.0, 0.3, 1.0, 3.0)
    },
    "depth_weight_1": {"task": {TASK: {"depth_weight": 1.0}}},
    "gradient_weight_0.3": {"task": {TASK: {"gradient_weight": 0.3}}},
    "no_mirror": {"augmentation": {"mirror_probability": 0.0}},
    "velocity_time_scaling": {"augmentation": {"velocity_factor": (0.85, 1.18)}},
    "two_decoders": {"model": {"separate_decoders": True}},
    "stream": {"options": {"stream": STREAM}},
}
"""Row -> what it changes of the reference: task, or single options of model and training."""


@dataclass(frozen=True)
class Budget:
    """What every run may use: CPU minutes or, where these are None, passes over the pairs."""

    minutes: float | None
    passes: int | None

    @property
    def key(self) -> dict[str, float | int]:
        """What the kept results carry."""
        if self.passes is not None:
            return {"passes": self.passes}
        assert self.minutes is not None
        return {"minutes": self.minutes}


def training_options(row: str, budget: Budget, seed: int) -> TrainingOptions:
    """Options of one run."""
    change = ROWS[row]
    more = dict(change.get("options", {}))
    if "stream" in more:
        more["stream"] = {
            **more["stream"],
            "velocity_range": asdict(PRESETS["openfwi"].velocity_range),
        }
    return TrainingOptions(
        max_cpu_minutes=budget.minutes,
        max_epochs=budget.passes or 100_000,
        patience=None,
        seed=seed,
        splits=SPLITS,
        accelerator="cpu",
        memory_limit_gb=12.0,
        memory_dtype="float16",
        augmentation={**AUGMENTATION, **change.get("augmentation", {})},
        **{**MUON, **more},
    )


def run(pairs: Path, row: str, budget: Budget, seed: int, folder: Path) -> tuple[Checkpoint, float]:
    """Train one row with one seed; its checkpoint and CPU seconds, pairs read included."""
    clock = time.process_time()
    train(
        pairs,
        folder,
        task=ROWS[row].get("task", TASK),
        model={"mh_unet_s": {**MODEL, **ROWS[row].get("model", {})}},
        options=training_options(row, budget, seed),
        overwrite=True,
        announce=lambda line: print(f"    {line}", flush=True),
    )
    seconds = time.process_time() - clock
    return load_checkpoint(folder), seconds


def score(pairs: Path, checkpoint: Checkpoint, *, mirror: bool = False) -> dict[str, float]:
    """Scores on the calibration and test parts; what is fitted on one is counted on the other."""
    store = open_pairs(pairs)
    parts = split_pairs(int(store.sizes["sample"]), SplitFractions(**SPLITS))
    halves = []
    predictor = WindowPredictor(checkpoint, mirror=mirror)
    for part in (parts.calibration, parts.test):
        told = [
            predictor.uncalibrated(store["amplitude"][block].values.astype(np.float32))
            for block in np.array_split(part, -(-part.size // 25))
        ]
        arrays = (
            None if parts[0] is None else np.concatenate(parts).astype(np.float32)  # type: ignore[arg-type]
            for parts in zip(
                *((t.velocity, t.velocity_std, t.edge_probability) for t in told), strict=True
            )
        )
        halves.append((Sections(*arrays), true_sections(store["velocity"][part].values, ())))  # type: ignore[arg-type]
    results = []
    for (predicted, true), (other, other_true) in (halves, halves[::-1]):
        factors = None
        if other.std is not None:
            factors = conformal_factors(other.velocity - other_true.velocity, other.std)
        scores = section_scores(predicted, true, factors=factors, edge_threshold=0.5)
        canny = canny_row("", predicted.velocity, true, (other, other_true))
        result = {
            "mae_m_s": scores["mae_m_s"],
            "boundary_m_s": scores["parts"]["place"]["boundary"]["mae_m_s"],
            "ssim": scores["ssim"],
            "canny_ods": canny["edge_ods"],
        }
        if "edge_ods" in scores:
            result["edge_ods"] = scores["edge_ods"]
        if factors is not None:
            result["coverage_80"] = scores["coverage"]["0.8"]
        results.append(result)
    return {name: float(np.mean([result[name] for result in results])) for name in results[0]}


def print_table(results: list[dict[str, Any]]) -> None:
    """Median (range) over seeds, and of the differences to the reference of the same seed."""
    reference = {r["seed"]: r for r in results if r["row"] == REFERENCE}
    width = max(len(r["row"]) for r in results)
    print(f"\n{'':{width}}  seeds  " + "  ".join(f"{name:>22}" for name in COLUMNS.values()))
    for row in dict.fromkeys(r["row"] for r in results):
        runs = [r for r in results if r["row"] == row]
        cells = [_spread([r[c] for r in runs if c in r]) for c in COLUMNS]
        print(f"{row:{width}}  {len(runs):5d}  " + "  ".join(f"{cell:>22}" for cell in cells))
        pairs = [(r, reference[r["seed"]]) for r in runs if r["seed"] in reference]
        if row != REFERENCE and pairs:
            cells = [
                _spread([r[c] - other[c] for r, other in pairs if c in r and c in other], "+")
                for c in COLUMNS
            ]
            print(f"{'  beside ' + REFERENCE:{width + 9}}" + "  ".join(f"{c:>22}" for c in cells))
    claims = (("heads_2", "heads_1"), (REFERENCE, "heads_2"), (REFERENCE, "heads_1"))
    for more, fewer in (*claims, ("edge_weight_1", "heads_1")):
        print_claim(results, more, fewer)


def print_claim(results: list[dict[str, Any]], more: str, fewer: str) -> None:
    """Whether a row has a smaller error than another, seed by seed."""
    errors = [{r["seed"]: r["mae_m_s"] for r in results if r["row"] == n} for n in (more, fewer)]
    seeds = sorted(set(errors[0]) & set(errors[1]))
    if seeds:
        gains = [errors[1][seed] - errors[0][seed] for seed in seeds]
        better = sum(gain > 0 for gain in gains)
        percent = 100 * statistics.median(
            g / errors[1][s] for g, s in zip(gains, seeds, strict=True)
        )
        print(
            f"{more} against {fewer}: smaller MAE in {better} of {len(seeds)} seeds, by "
            f"{_spread(gains, '+')} m/s, median {percent:+.1f} %"
        )


def _spread(values: list[float], sign: str = "") -> str:
    """Median and range in few characters."""
    if not values:
        return "-"
    median = statistics.median(values)
    digits = 0 if abs(median) >= 1000 else 1 if abs(median) >= 10 else 3
    text = f"{median:{sign}.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):{sign}.{digits}f}..{max(values):{sign}.{digits}f})"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--minutes", type=float, default=15.0, help="CPU minutes a run")
    limit.add_argument("--passes", type=int, help="passes over the pairs, in place of minutes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="all, if not given")
    parser.add_argument("--models", type=Path, help="zip or folder of OpenFWI velocity models")
    parser.add_argument("--pairs", type=Path, help="pair store in place of --models")
    parser.add_argument("--folder", type=Path, default=Path("runs/ablation"))
    arguments = parser.parse_args()
    # Fresh pairs make no passes over the store: that row has a budget in minutes alone.
    possible = [row for row in ROWS if arguments.passes is None or row != "stream"]
    rows = arguments.rows or possible
    if not set(rows) <= set(possible):
        parser.error("'stream' makes no passes over pairs; give --minutes.")
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    pairs = arguments.pairs
    if pairs is None:
        data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
        models = arguments.models or data / SETS["CurveVelA"]
        pairs = make_pairs(models, arguments.folder / f"{models.stem}.zarr")
    log = arguments.folder / "results.jsonl"
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    passes = arguments.passes
    budget = Budget(arguments.minutes if passes is None else None, passes)
    fixed = {"pairs": pair_fingerprint(open_pairs(pairs))[:12], **budget.key}
    for seed in arguments.seeds:
        for row in rows:
            key = {**fixed, "row": row, "seed": seed}
            if any(all(r.get(name) == value for name, value in key.items()) for r in results):
                continue
            print(f"{row}, seed {seed}", flush=True)
            gc.collect()  # the pairs of the last run, before those of this one are read
            unit, limit_of = next(iter(budget.key.items()))
            folder = arguments.folder / f"{fixed['pairs']}_{row}_{limit_of:g}_{unit}_{seed}"
            checkpoint, seconds = run(pairs, row, budget, seed, folder)
            steps = checkpoint.training["curve"][-1]["step"]
            told = {"samples": steps * MUON["batch_size"], "cpu_s": seconds}
            found = [{**key, **told, **score(pairs, checkpoint)}]
            if row == REFERENCE:
                mirrored = score(pairs, checkpoint, mirror=True)
                found.append({**key, "row": f"{row}, mirrored too", **mirrored})
            results += found
            with log.open("a") as file:
                file.writelines(json.dumps(one) + "\n" for one in found)
    now = [r for r in results if all(r.get(name) == value for name, value in fixed.items())]
    print_table(now)


if __name__ == "__main__":
    main()
