"""Models on logs against the contests' figures, each selected on grouped folds of training wells.

    python benchmarks/wells.py                        # all parts
    python benchmarks/wells.py spwla seg2016 --seeds 1 --out predictions

SPWLA 2020 and SEG 2016 have test files without answers: ``--out`` gets ``spwla2020.csv`` (11,088
rows of DTC, DTS in us/ft) and ``seg2016.csv`` (830 rows of facies; ``seg2016_seeds.csv`` a column a
seed, for the median that the contest asks for), to be scored by others. Every
table holds the trivial rows: a constant, and for SPWLA's and SEG's random split the lookup of the
nearest depth, which sees no log. Medians over the seeds, with their range. An ensemble is given
twice: scored on the wells that chose it, and nested, each fold by what the other folds choose. The
mean of all models needs no choice. Five seeds; spwla takes 1.5 CPU minutes and seg2016
3.6; all parts together were never timed.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import well_data as data
import well_models
import xarray as xr

from geoml.prediction.logs import LogPredictor
from geoml.registry import split_spec
from geoml.samples.log_table import log_table
from geoml.samples.well_splits import WellSplit, split_wells
from geoml.samples.within_well import SUFFIX
from geoml.well_checkpoint import LogMember, load_well_checkpoint
from geoml.workflow.trivial_rows import constant_scores, sentinel_scores
from geoml.workflow.well_choice import choose_ensemble, decided_by_fold, nested_choices
from geoml.workflow.well_folds import CrossValidation, cross_validate
from geoml.workflow.well_learning import PenaltyFile, WellLearning, learning_tables
from geoml.workflow.wells import train_wells


def label(spec: Any) -> str:
    """A model's name with the options by which the benchmark's rows differ."""
    name, options = next(iter(spec.items()))
    sees = "" if "sees" not in options else f" ({', '.join(options['sees'])})"
    if SUFFIX in sees:
        sees = " (places in well)"
    sees += " on ridge" if "base" in options else ""
    sees += f", rare classes ^{options['class_power']:g}" if "class_power" in options else ""
    pretrained = options.get("training", {}).get("pretrain_steps")
    note = f", {pretrained} steps of masked logs before" if pretrained else ""
    return f"{'extra trees' if options.get('extra') else name}{sees}{note}"


def per_seed(validation: CrossValidation, weights: dict[int, float], n_seeds: int, **options: Any):
    """Scores of an ensemble of models, one a seed; places count models, not their seeds."""
    for seed in range(n_seeds):
        own = {place * n_seeds + seed: weight for place, weight in weights.items()}
        yield validation.score(own, **options)


def one_seed(validation: CrossValidation, n_seeds: int, seed: int) -> CrossValidation:
    """The validation with the models of one seed; ensembles are chosen on the first."""
    folds = [replace(part, answers=part.answers[seed::n_seeds]) for part in validation.folds]
    return replace(validation, labels=validation.labels[seed::n_seeds], folds=folds)


def line(name: str, values: Sequence[float], note: str = "") -> None:
    low, high = min(values), max(values)
    print(f"  {name:62s} {np.median(values):8.4f}   {low:.4f} .. {high:.4f}  {note}", flush=True)


def compare(
    wells: list[xr.Dataset], learning: WellLearning, score: str, larger: bool, n_seeds: int,
    smoothers: Sequence[dict[str, Any]] = ({},),
) -> tuple[dict[int, float], dict[str, Any]]:  # fmt: skip
    """Print every model on left-out wells; the ensemble and smoother that are to answer.

    They are those chosen on all wells, unless the nested score says that the choice is worse than
    the mean of all models.
    """
    task = learning.built_task()
    _, tables = learning_tables(wells, learning, task)
    learning = learning.model_copy(update={"seeds": n_seeds})
    validation = cross_validate(tables, learning, task)
    folds = [part.fold for part in validation.folds]
    print(f"  {score}, left-out rows of {len(folds)} folds, median and range of {n_seeds} seeds")
    line("constant", [constant_scores(task, tables, folds)[score]])
    for place, spec in enumerate(learning.models):
        rows = list(per_seed(validation, {place: 1.0}, n_seeds))
        line(label(spec), [row[score] for row in rows], extra(rows))
    everything = dict.fromkeys(range(len(learning.models)), 1.0)
    rows = list(per_seed(validation, everything, n_seeds))
    unchosen = float(np.median([row[score] for row in rows]))
    line("mean of all, nothing chosen", [row[score] for row in rows], extra(rows))
    first = one_seed(validation, n_seeds, 0)
    how = {"larger_is_better": larger, "smoothers": smoothers}
    choice = choose_ensemble(first, score, **how)
    weights, smoother = choice.weights, dict(choice.smoother)
    rows = list(per_seed(validation, weights, n_seeds, smoother=smoother))
    members = " + ".join(f"{w:g} {label(learning.models[p])}" for p, w in weights.items())
    line("ensemble chosen and scored on the same left-out wells", [r[score] for r in rows])
    print(f"    = {members}; smoother {smoother or 'none'}")
    nested = nested_choices(first, score, **how)
    seeds = [one_seed(validation, n_seeds, seed) for seed in range(n_seeds)]
    rows = [task.score(tables, decided_by_fold(seed, nested)) for seed in seeds]
    line("ensemble chosen on the other wells (nested)", [r[score] for r in rows], extra(rows))
    nested_score = float(np.median([row[score] for row in rows]))
    if (unchosen > nested_score) if larger else (unchosen < nested_score):
        print("    the choice costs more than it gains: the mean of all is what answers")
        weights, smoother = everything, {}
    leak = split_wells(tables, WellSplit(by="random", allow_leak=True))
    line("leak sentinel: nearest depth, random split", [sentinel_scores(task, tables, leak)[score]])
    return weights, smoother


def extra(rows: Sequence[dict[str, float]]) -> str:
    """Medians of the other scores that a contest names."""
    names = ("DTC_rmse", "DTS_rmse", "adjacent_accuracy", "penalty_score", "macro_f1", "accuracy")
    kept = [n for n in names if n in rows[0] and len(rows[0]) > 3]
    return ", ".join(f"{n} {np.median([row[n] for row in rows]):.3f}" for n in kept)


def final(
    wells: list[xr.Dataset], tests: list[xr.Dataset], learning: WellLearning,
    weights: dict[int, float], smoother: dict[str, Any], n_seeds: int, out: Path,
) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:  # fmt: skip
    """Train the chosen ensemble on all wells; answers for the test wells, of all seeds and each."""
    models = []
    for place, weight in weights.items():
        name, options = next(iter(learning.models[place].items()))
        models.append({name: {**options, "weight": weight}})
    chosen = learning.model_copy(
        update={"models": tuple(models), "seeds": n_seeds, "smoother": smoother, "calibrate": False}
    )
    checkpoint = load_well_checkpoint(train_wells(wells, out, chosen))

    def answers(members: Sequence[LogMember]) -> list[np.ndarray]:
        predictor = LogPredictor(replace(checkpoint, members=tuple(members)))
        tables = [log_table(test, predictor.channels) for test in tests]
        return [predictor.decide(predictor.answer(table)) for table in tables]

    members = checkpoint.members
    return answers(members), [answers(members[seed::n_seeds]) for seed in range(n_seeds)]


def spwla(folder: Path, out: Path, n_seeds: int, learning: WellLearning) -> None:
    print("SPWLA 2020: DTC and DTS, left out: each of the three holes that the file joins [us/ft]")
    print("  (winner 12.359, LSTM 12.552, organisers' forest 17.926, all on the hidden test rows)")
    well, test = data.spwla(folder, "train"), data.spwla(folder, "test")
    # Above the first sonic gap the hole is wider and softer than anything in the test hole.
    shallow = well["depth"].values < data.STEP_M * 8_800
    well["DTS"] = well["DTS"].where(~shallow)
    well["DTC"] = well["DTC"].where(~shallow)
    weights, smoother = compare([well], learning, "rmse", False, n_seeds)
    (values,), _ = final([well], [test], learning, weights, smoother, n_seeds, out / "spwla2020")
    write(out / "spwla2020.csv", ("DTC", "DTS"), np.round(values, 4).tolist())


def seg2016(folder: Path, out: Path, n_seeds: int, learning: WellLearning) -> None:
    print("SEG 2016: facies, one well left out (winner 0.6388 on the blind wells)")
    wells, _ = data.seg2016(folder, "seg2016_facies_vectors.csv")
    blind = "seg2016_validation_data_nofacies.csv"
    tests, rows = data.seg2016(folder, blind)
    smoothers = ({}, {"median": {"rows": 3}}, {"median": {"rows": 5}})
    weights, smoother = compare(wells, learning, "accuracy", True, n_seeds, smoothers)
    joined, by_seed = final(wells, tests, learning, weights, smoother, n_seeds, out / "seg2016")
    columns = data.read_csv(folder / blind)
    facies = np.empty((1 + n_seeds, len(columns["Depth"])), int)
    for number, values in enumerate([joined, *by_seed]):
        for mine, answer in zip(rows, values, strict=True):
            facies[number, mine] = answer[:, 0].astype(int)
    place = list(zip(columns["Well Name"], columns["Depth"], strict=True))
    head = ("Well Name", "Depth")
    write(
        out / "seg2016.csv",
        (*head, "Facies"),
        [(*p, f) for p, f in zip(place, facies[0].tolist(), strict=True)],
    )
    names = [f"Facies of seed {seed}" for seed in range(n_seeds)]
    every = [(*p, *f) for p, f in zip(place, facies[1:].T.tolist(), strict=True)]
    write(out / "seg2016_seeds.csv", (*head, *names), every)


def force(folder: Path, out: Path, n_seeds: int, learning: WellLearning) -> None:
    print("FORCE 2020: lithology of the folder's wells, four folds of wells")
    print(
        "  (to beat: -0.72; gradient boosting -0.723; minus the mean penalty of all labelled rows)"
    )
    matrix = folder / "force2020" / "penalty_matrix.npy"
    penalty = PenaltyFile(file=str(matrix), codes=tuple(range(12)))
    learning = learning.model_copy(update={"penalty": penalty})
    smoothers = ({}, {"median": {"rows": 5}}, {"median": {"rows": 11}})
    wells = [data.labelled_part(well, "LITHO") for well in data.force2020(folder)]
    compare(wells, learning, "penalty_score", True, n_seeds, smoothers)


def dts(folder: Path, out: Path, n_seeds: int, learning: WellLearning) -> None:
    print("FORCE 2020: shear slowness, one of the wells that have it left out [us/ft]")
    wells = [well for well in data.force2020(folder) if "DTS" in well]
    compare(wells, learning, "rmse", False, n_seeds)


def networks(folder: Path, out: Path, n_seeds: int, learning: WellLearning) -> None:
    print("Every network with the same small budget: SEG 2016, three folds of wells")
    wells, _ = data.seg2016(folder, "seg2016_facies_vectors.csv")
    compare(wells, learning, "accuracy", True, n_seeds)


def write(path: Path, header: Sequence[str], rows: Any) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    print(f"  wrote {path}")


Part = Callable[[Path, Path, int, WellLearning], None]
PARTS: dict[str, tuple[Part, WellLearning, int]] = {
    "spwla": (spwla, well_models.SPWLA, 5),
    "seg2016": (seg2016, well_models.SEG, 5),
    "force": (force, well_models.FORCE, 5),
    "dts": (dts, well_models.DTS, 5),
    "networks": (networks, well_models.NETWORKS, 1),
}
"""Name -> what prints the table, what it compares, and its seeds where ``--seeds`` is not given."""


def asked_for(
    learning: WellLearning, models: Sequence[str] | None, steps: int | None
) -> WellLearning:
    """The learning with only some of its models, and with so many steps of its networks."""
    kept = tuple(m for m in learning.models if not models or split_spec(m, "model")[0] in models)
    if not kept:
        raise SystemExit(f"None of {', '.join(models or ())} is among the models of this part.")
    training = {**learning.training, **({"steps": steps} if steps else {})}
    return learning.model_copy(update={"models": kept, "training": training})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="All where none is named.")
    parser.add_argument("--seeds", type=int, help="Instead of each part's own count.")
    parser.add_argument("--data", type=Path, default=data.log_folder())
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark_wells"))
    parser.add_argument("--steps", type=int, help="Steps of every network, for a glance.")
    parser.add_argument("--models", nargs="+", help="Only these models, by their names.")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.parts or PARTS:
        start, used = time.monotonic(), time.process_time()
        part, learning, n_seeds = PARTS[name]
        learning = asked_for(learning, arguments.models, arguments.steps)
        part(arguments.data, arguments.out, arguments.seeds or n_seeds, learning)
        print(
            f"  {time.monotonic() - start:.0f} s, {time.process_time() - used:.0f} s of processor\n"
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
