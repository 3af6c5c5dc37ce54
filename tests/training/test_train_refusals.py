"""What would spoil a run, or the one that is there already, is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_training import options, run, run_until_epoch

from geoml.checkpoint import load_checkpoint
from geoml.errors import CheckpointError, GeomlError, OptionError, StoreError
from geoml.training import train
from geoml.training.options import MACHINE_OPTIONS


def test_finished_run_is_not_overwritten_unasked(pairs: Path, tmp_path: Path) -> None:
    out = run(pairs, tmp_path / "run", max_epochs=1)
    for resume in (False, True):
        with pytest.raises(StoreError, match="holds a finished run"):
            run(pairs, out, max_epochs=1, resume=resume)
    run(pairs, out, max_epochs=1, seed=9, overwrite=True)
    assert load_checkpoint(out).training["options"]["seed"] == 9


def test_refused_options_leave_the_finished_run_that_they_were_to_replace(
    pairs: Path, tmp_path: Path
) -> None:
    out = run(pairs, tmp_path / "run", max_epochs=1)
    for model in ("mh_unet_z", {"mh_unet_s": {"attention_heads": "many"}}):
        with pytest.raises(GeomlError):
            train(pairs, out, model=model, options=options(max_epochs=1), overwrite=True)
    assert load_checkpoint(out).model_name == "mh_unet_s"


def test_interrupted_run_is_not_mixed_with_another(pairs: Path, tmp_path: Path) -> None:
    run_until_epoch(1, pairs, tmp_path / "cut")
    with pytest.raises(StoreError, match="interrupted run; pass --resume"):
        run(pairs, tmp_path / "cut")
    with pytest.raises(CheckpointError, match=r"other options .*batch_size: 8 before, 4 now"):
        run(pairs, tmp_path / "cut", batch_size=4, resume=True)
    with pytest.raises(CheckpointError, match="begun with other task"):
        run(pairs, tmp_path / "cut", task="velocity", resume=True)


def test_machine_may_change_on_resume_and_the_rest_may_not() -> None:
    here, there = options(devices=1, workers=0), options(devices=4, workers=2, strategy="ddp")
    assert here.lasting() == there.lasting()
    assert set(MACHINE_OPTIONS).isdisjoint(here.lasting())
    assert options(batch_size=4).lasting() != here.lasting()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_epochs": 0}, "'max_epochs' is 0"),
        ({"max_minutes": -1.0}, "'max_minutes' is -1"),
        ({"warmup": 1.0}, "'warmup' is 1"),
        ({"ema_decay": 1.5}, "'ema_decay' is 1.5"),
        ({"seed": -1}, "'seed'"),
    ],
)
def test_option_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        options(**changes)


def test_part_that_training_needs_is_not_left_empty(pairs: Path, tmp_path: Path) -> None:
    shares = {"train": 0.9, "validation": 0.1, "calibration": 0.0, "test": 0.0}
    with pytest.raises(OptionError, match="calibration part has share 0"):
        run(pairs, tmp_path / "run", splits=shares)
    assert not (tmp_path / "run").exists()


def test_unknown_names_are_refused_before_anything_is_written(pairs: Path, tmp_path: Path) -> None:
    for wrong in ({"task": "velocty"}, {"model": "mh_unet_x"}):
        with pytest.raises(OptionError, match="Did you mean"):
            run(pairs, tmp_path / "run", **wrong)
    assert not (tmp_path / "run").exists()


def test_missing_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        run(tmp_path / "none.zarr", tmp_path / "run")
