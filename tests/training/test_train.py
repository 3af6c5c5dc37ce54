"""A run learns, resumes exactly, keeps its budget and refuses what would spoil it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from small_training import MODEL, options, run, run_until_epoch

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError
from geoml.samples import split_pairs
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition
from geoml.tasks import TASKS
from geoml.training import train
from geoml.training.pair_data import PairData
from geoml.training.scores import predict_pairs

TESTS = Path(__file__).parents[1]


def test_trained_network_beats_the_trivial_answers(pairs: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    changes = {"max_epochs": 40, "augmentation": None, "learning_rate": 5e-3, "patience": None}
    out = run(pairs, tmp_path / "run", lines, ema_decay=0.95, **changes)
    scores = load_checkpoint(out).training["scores"]
    assert scores["network"]["mae_m_s"] < 0.5 * scores["mean model"]["mae_m_s"]
    assert scores["network"]["mae_m_s"] < 0.5 * scores["best gradient of all"]["mae_m_s"]
    assert scores["network"]["edge_f1"] > 0.9
    assert any(line.startswith("mean model: MAE") for line in lines)


def test_checkpoint_predicts_what_the_run_scored(
    pairs: Path, acquisition: Acquisition, tmp_path: Path
) -> None:
    checkpoint = load_checkpoint(run(pairs, tmp_path / "run", augmentation=None))
    assert Acquisition.from_dict(checkpoint.acquisition).to_dict() == acquisition.to_dict()
    assert checkpoint.layout == {"n_shots": 2}
    assert checkpoint.trend == {"surface_m_s": 1500.0}
    assert checkpoint.steps == [{"normalise": {"by": "trace"}}]
    assert set(checkpoint.calibration["factors"]) == {"0.5", "0.8", "0.95"}
    assert 0 < checkpoint.calibration["edge_threshold"] < 1
    assert "spectrum_db" in checkpoint.input_statistics["quantiles"]

    store = xr.open_zarr(pairs, consolidated=False)
    test = split_pairs(96).test
    shots = store.amplitude.values[test].transpose(0, 1, 3, 2)
    scaling = Scaling.from_dict(checkpoint.scaling)
    with torch.no_grad():
        output = checkpoint.network()(torch.from_numpy(scaling.scale_shots(shots)))
    velocity = scaling.unscale_velocity(output["velocity"].numpy())
    mae = np.abs(velocity - store.velocity.values[test]).mean()
    assert checkpoint.training["scores"]["network"]["mae_m_s"] == pytest.approx(mae, rel=1e-4)


def test_same_seed_same_weights_and_another_seed_others(pairs: Path, tmp_path: Path) -> None:
    one, two, other = (
        load_checkpoint(run(pairs, tmp_path / name, max_epochs=1, seed=seed)).state
        for name, seed in (("one", 3), ("two", 3), ("other", 4))
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("stop_after", [1, 2])
def test_resumed_run_ends_with_the_weights_of_one_that_was_never_stopped(
    pairs: Path, tmp_path: Path, stop_after: int
) -> None:
    whole = load_checkpoint(run(pairs, tmp_path / "whole", max_epochs=3))
    run_until_epoch(stop_after, pairs, tmp_path / "cut", max_epochs=3)
    resumed = load_checkpoint(run(pairs, tmp_path / "cut", max_epochs=3, resume=True))
    for name, weight in whole.state.items():
        assert torch.equal(resumed.state[name], weight), name
    assert resumed.calibration == whole.calibration

    def without_time(curve: list[dict[str, float]]) -> list[dict[str, float]]:
        return [{k: v for k, v in line.items() if k != "minutes"} for line in curve]

    assert without_time(resumed.training["curve"]) == without_time(whole.training["curve"])


@pytest.mark.slow
def test_killed_process_resumes_to_the_same_weights(pairs: Path, tmp_path: Path) -> None:
    whole = load_checkpoint(run(pairs, tmp_path / "whole", max_epochs=4, batch_size=4))
    code = (
        "import sys; sys.path.insert(0, sys.argv[3]); import small_training as t; "
        "from pathlib import Path; "
        "t.run(Path(sys.argv[1]), Path(sys.argv[2]), max_epochs=4, batch_size=4)"
    )
    command = [sys.executable, "-c", code, pairs, tmp_path / "cut", TESTS]
    process = subprocess.Popen([str(part) for part in command])
    while not (tmp_path / "cut" / "resume" / "last.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = run(pairs, tmp_path / "cut", max_epochs=4, batch_size=4, resume=True)
    state = load_checkpoint(resumed).state
    assert all(torch.equal(state[name], weight) for name, weight in whole.state.items())


def test_finished_folder_holds_checkpoint_and_curve_alone(pairs: Path, tmp_path: Path) -> None:
    out = run(pairs, tmp_path / "run")
    names = ["checkpoint.json", "curve.csv", "weights.safetensors"]
    assert sorted(path.name for path in out.iterdir()) == names
    with (out / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for name in ("train/loss", "train/edge_loss", "validation/loss", "validation/mae_m_s"):
        assert all(float(row[name]) > 0 for row in rows)


def test_time_limit_ends_the_run_and_its_schedule(pairs: Path, tmp_path: Path) -> None:
    out = run(pairs, tmp_path / "run", max_epochs=10_000, max_minutes=1.5 / 60, patience=None)
    training = load_checkpoint(out).training
    last = training["curve"][-1]
    assert last["epoch"] < 10_000
    assert last["minutes"] < 4 / 60
    # Far from the last step, yet at the foot of the cosine.
    assert last["learning_rate"] < 0.05 * training["options"]["learning_rate"]
    assert "validation/loss" in last


def test_run_stops_where_validation_no_longer_improves_and_keeps_its_best_epoch(
    pairs: Path, tmp_path: Path
) -> None:
    # A rate this high keeps throwing the network about: soon nothing gets better.
    changes = {"max_epochs": 60, "patience": 2, "learning_rate": 0.3, "ema_decay": 0.0}
    checkpoint = load_checkpoint(run(pairs, tmp_path / "run", **changes))
    losses = [line["validation/velocity_loss"] for line in checkpoint.training["curve"]]
    assert len(losses) < 60
    assert len(losses) == int(np.argmin(losses)) + 1 + 2
    validation = PairData(pairs, options(**changes)).part("validation")
    output, batch = predict_pairs(checkpoint.network(), validation, 8)
    loss = TASKS["velocity_edges"]().loss(output, batch)["velocity_loss"]
    assert float(loss) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize("part", ["velocity_loss", "edge_loss", "spread_loss"])
def test_the_part_that_the_task_names_chooses_the_epoch(
    part: str, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TASKS["velocity_edges"], "kept_by", part)
    changes = {"max_epochs": 8, "learning_rate": 0.3, "ema_decay": 0.0}
    checkpoint = load_checkpoint(run(pairs, tmp_path / "run", **changes))
    validation = PairData(pairs, options(**changes)).part("validation")
    output, batch = predict_pairs(checkpoint.network(), validation, 8)
    kept = float(TASKS["velocity_edges"]().loss(output, batch)[part])
    losses = [line[f"validation/{part}"] for line in checkpoint.training["curve"]]
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_run_that_diverges_says_so(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="diverged; lower learning_rate"):
        run(pairs, tmp_path / "run", learning_rate=1e18, warmup=0.0, gradient_clip=1e30)


@pytest.mark.parametrize("task", ["velocity", {"velocity_edges": {"edge_weight": 0.3}}])
def test_every_task_trains_and_says_what_it_was(
    pairs: Path, tmp_path: Path, task: str | dict[str, Any]
) -> None:
    checkpoint = load_checkpoint(run(pairs, tmp_path / "run", max_epochs=1, task=task))
    assert checkpoint.task == (task if isinstance(task, str) else "velocity_edges")
    assert ("edge_threshold" in checkpoint.calibration) == (checkpoint.task == "velocity_edges")
    if checkpoint.task == "velocity_edges":
        assert checkpoint.task_options["edge_weight"] == 0.3


def test_bfloat16_run_ends_near_the_float32_one(pairs: Path, tmp_path: Path) -> None:
    losses = [
        load_checkpoint(
            run(pairs, tmp_path / precision, max_epochs=3, augmentation=None, precision=precision)
        ).training["curve"][-1]["validation/loss"]
        for precision in ("32-true", "bf16-mixed")
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_resume_where_nothing_was_begun_begins(pairs: Path, tmp_path: Path) -> None:
    assert load_checkpoint(run(pairs, tmp_path / "new", max_epochs=1, resume=True)).state


def test_progress_is_told_up_to_the_end(pairs: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    train(
        pairs,
        tmp_path / "run",
        model=MODEL,
        options=options(),
        announce=lambda line: None,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == sorted(told)
    assert told[-1] == (1000, 1000)


@pytest.mark.slow
def test_two_processes_train_one_network(pairs: Path, tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        "from pathlib import Path\n"
        "import small_training\n"
        f"small_training.run(Path({str(pairs)!r}), Path({str(tmp_path / 'run')!r}), "
        "devices=2, strategy='ddp')\n"
    )
    subprocess.run([sys.executable, str(script)], check=True, timeout=120)
    curve = load_checkpoint(tmp_path / "run").training["curve"]
    # 78 pairs in batches of 8 on each of two processes.
    assert [line["step"] for line in curve] == [4, 8]
