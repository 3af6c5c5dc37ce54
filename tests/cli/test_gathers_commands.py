"""``geoml gathers``: pre-train, tune, predict; one line with status 2 for a bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused
from judged_pairs import make_pairs
from shot_file import write_shots

from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey, save_survey

SLIM = ("--steps", 3, "--batch-size", 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line with one arrival and its picks, a pre-trained network, one tuned to first breaks."""
    folder = tmp_path_factory.mktemp("gathers")
    ingest(write_shots(folder / "raw.sgy", n_shots=16), folder / "raw.zarr")
    survey = open_survey(folder / "raw.zarr").load()
    arrival_s = 0.02 + np.abs(survey["offset"].values) / 4000
    lag_s = survey["time"].values - arrival_s[:, None]
    pulse = (1 - 2 * (np.pi * 30 * lag_s) ** 2) * np.exp(-((np.pi * 30 * lag_s) ** 2))
    survey["amplitude"] = survey["amplitude"].copy(data=pulse.astype(np.float32))
    survey["first_break"] = ("trace", arrival_s)
    save_survey(survey, folder / "line.zarr")
    assert (
        geoml("gathers", "pretrain", folder / "line.zarr", "--out", folder / "pre", *SLIM)[0] == 0
    )
    status, told, err = geoml(
        *("gathers", "finetune", folder / "line.zarr", "--out", folder / "tuned"),
        *("--start", folder / "pre", "--steps", 45, "--batch-size", 8),
    )
    assert status == 0, err
    assert "16 gathers of 16 traces and 50 samples of 4 ms." in told
    assert "validation median_ms: " in told
    return folder


def test_tuned_network_says_what_it_came_from(folder: Path) -> None:
    document = json.loads((folder / "tuned" / "network.json").read_text(encoding="utf-8"))
    assert document["kind"] == "gather"
    assert document["settings"]["task"] == {"first_breaks": {}}
    assert document["training"]["started_from"] == {"masked_traces": {}}
    assert document["training"]["store"] == "line.zarr"


def test_first_breaks_become_a_table(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "picks.csv"
    status, told, err = geoml(
        "gathers", "predict", folder / "line.zarr", "--checkpoint", folder / "tuned", "--out", out
    )
    assert status == 0, err
    assert told.strip().endswith("256 of 256 traces have a first break.")
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trace"]) for row in rows] == list(range(256))
    assert [int(row["field_record"]) for row in rows[::16]] == list(range(1, 17))
    picks = np.array([float(row["first_break_s"]) for row in rows])
    truth = open_survey(folder / "line.zarr")["first_break"].values
    # So few steps teach the moveout: the farthest traces come last.
    assert np.corrcoef(picks, truth)[0, 1] > 0.9


def test_first_breaks_go_into_a_store(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "picked.zarr"
    arguments = ("gathers", "predict", folder / "raw.zarr", "--checkpoint", folder / "tuned")
    status, _, err = geoml(*arguments, "--out", out)
    assert status == 0, err
    before, after = open_survey(folder / "raw.zarr"), open_survey(out)
    np.testing.assert_array_equal(after["amplitude"].values, before["amplitude"].values)
    assert np.isfinite(after["first_break"].values).all()
    assert json.loads(after.attrs["history"][-1])["step"] == "gathers predict"
    assert "exists already" in refused(*arguments, "--out", out)
    assert geoml(*arguments, "--out", out, "--overwrite")[0] == 0


def test_stack_velocities_are_learned_on_pairs_and_written_for_a_survey(
    folder: Path, tmp_path: Path
) -> None:
    make_pairs(tmp_path / "pairs.zarr", 0, 32)
    status, told, err = geoml(
        *("gathers", "finetune", tmp_path / "pairs.zarr", "--out", tmp_path / "run", *SLIM),
        *("--task", "stack_velocities", "--model", "gather_vit", "--count", 24),
    )
    assert status == 0, err
    assert "24 gathers of 10 traces and 48 samples of 4 ms, modelled, with noise" in told
    out = tmp_path / "velocity.csv"
    predict = ("gathers", "predict", folder / "line.zarr", "--checkpoint", tmp_path / "run")
    assert geoml(*predict, "--out", out)[0] == 0
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # Sixteen traces a shot make two windows of ten.
    assert len(rows) == 16 * 2 * 48
    assert all(0 < float(row["velocity_m_s"]) < 9000 for row in rows)
    assert "stack_velocities goes into a file that ends in .csv" in refused(
        *predict, "--out", tmp_path / "velocity.zarr"
    )


def test_signal_becomes_the_amplitude_of_a_store(folder: Path, tmp_path: Path) -> None:
    make_pairs(tmp_path / "pairs.zarr", 0, 32)
    survey = open_survey(folder / "line.zarr").load().isel(time=slice(0, 48))
    survey["amplitude"][5] = 0
    save_survey(survey, tmp_path / "short.zarr")
    learn = ("gathers", "finetune", tmp_path / "pairs.zarr", "--out", tmp_path / "run")
    assert geoml(*learn, "--task", "signal", *SLIM)[0] == 0
    predict = ("gathers", "predict", tmp_path / "short.zarr", "--checkpoint", tmp_path / "run")
    status, said, err = geoml(*predict, "--out", tmp_path / "signal.zarr")
    assert status == 0, err
    assert said.strip().endswith("256 traces without their noise.")
    after = open_survey(tmp_path / "signal.zarr")["amplitude"].values
    assert np.isfinite(after).all()
    assert not after[5].any()
    assert not np.allclose(after, survey["amplitude"].values)
    # One sample interval late, or one sample too long, and the answer would not fit.
    save_survey(survey.assign_coords(time=survey["time"] + 0.004), tmp_path / "late.zarr")
    for store in (tmp_path / "late.zarr", folder / "line.zarr"):
        predict = ("gathers", "predict", store, "--checkpoint", tmp_path / "run")
        assert "put the step 'resample'" in refused(*predict, "--out", tmp_path / "no.zarr")
    assert not (tmp_path / "no.zarr").exists()


@pytest.mark.parametrize("command", ["pretrain", "finetune"])
def test_silent_survey_teaches_nothing(folder: Path, tmp_path: Path, command: str) -> None:
    survey = open_survey(folder / "line.zarr").load()
    survey["amplitude"][:] = 0
    save_survey(survey, tmp_path / "silent.zarr")
    line = refused("gathers", command, tmp_path / "silent.zarr", "--out", tmp_path / "no", *SLIM)
    assert "no trace of the 16 gathers is live" in line
    assert not (tmp_path / "no").exists()


def test_silent_gathers_are_left_out(folder: Path, tmp_path: Path) -> None:
    survey = open_survey(folder / "line.zarr").load()
    survey["amplitude"][: 7 * 16] = 0
    save_survey(survey, tmp_path / "part.zarr")
    status, told, err = geoml(
        "gathers", "pretrain", tmp_path / "part.zarr", "--out", tmp_path / "pre", *SLIM
    )
    assert status == 0, err
    assert told.startswith("9 gathers of 16 traces")


def test_pretrained_network_predicts_nothing(folder: Path, tmp_path: Path) -> None:
    line = refused(
        *("gathers", "predict", folder / "line.zarr", "--checkpoint", folder / "pre"),
        *("--out", tmp_path / "picks.csv"),
    )
    assert "was trained for 'masked_traces'" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--task", "first_break"), "Did you mean 'first_breaks'"),
        (("--start", "nowhere"), "No checkpoint folder 'nowhere'"),
        (("--frozen",), "Only a trained network can be frozen"),
        (("--model", "gather_vid"), "Did you mean 'gather_vit'"),
        (("--task", "stack_velocities"), "no labels for the task 'stack_velocities'"),
        (("--task", "signal"), "under its noise is not known"),
        (("--steps", "0"), "'steps' is 0"),
    ],
)
def test_bad_option_is_one_line(folder: Path, tmp_path: Path, options: tuple, message: str) -> None:
    line = refused("gathers", "finetune", folder / "line.zarr", "--out", tmp_path / "no", *options)
    assert message in line
    assert not (tmp_path / "no").exists()


def test_events_of_shots_become_a_table(folder: Path, tmp_path: Path) -> None:
    status, told, err = geoml(
        *("gathers", "learn-events", "--out", tmp_path / "events", "--steps", 2),
        *("--traces", 12, "--samples", 100),
    )
    assert status == 0, err
    assert "validation f1: " in told
    out = tmp_path / "events.csv"
    pick = ("gathers", "events", folder / "line.zarr", "--checkpoint", tmp_path / "events")
    status, told, err = geoml(*pick, "--out", out, "--gather", "shot", "--least-chance", 0)
    assert status == 0, err
    assert told.strip().endswith("192 events in 16 gathers.")
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["gather"]) for row in rows[::12]] == list(range(1, 17))
    times = np.array([float(row["time_s"]) for row in rows]).reshape(16, 12)
    assert (np.diff(times, axis=1) >= 0).all()
    assert "exists already" in refused(*pick, "--out", out)
    assert "ends in .csv" in refused(*pick, "--out", tmp_path / "events.zarr")
    status, told, _ = geoml(
        *pick, "--out", out, "--gather", "shot", "--least-chance", 1, "--overwrite"
    )
    assert told.strip().endswith("0 events in 16 gathers.")
    assert out.read_text(encoding="utf-8") == "gather,time_s,velocity_m_s,amplitude,chance\n"
    wrong = ("gathers", "events", folder / "line.zarr", "--checkpoint", folder / "tuned")
    assert "is of kind 'gather'" in refused(*wrong, "--out", tmp_path / "x.csv")


def test_events_that_do_not_fit_the_record_are_refused(tmp_path: Path) -> None:
    line = refused("gathers", "learn-events", "--out", tmp_path / "no", "--samples", 40)
    assert "do not fit between" in line
