"""``geoml train --task denoise`` on a survey and on synthetic sections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused
from shot_file import write_shots

from geoml.network_checkpoint import load_network_checkpoint
from geoml.survey.store import open_survey, save_survey
from geoml.tasks.denoise import BlindTrace, Supervised, denoise_task

SMALL = ("--option", "steps=2", "--option", "patch_shape=[8, 16]", "--batch-size", 4)
SLIM = ("--option", "network={widths: [8], blocks: 1}")


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    write_shots(folder / "line.sgy", n_shots=16, n_samples=120)
    status, _, err = geoml("ingest", folder / "line.sgy", folder / "line.zarr")
    assert status == 0, err
    return folder / "line.zarr"


def test_blind_trace_learns_from_a_survey_and_starts_warm(survey: Path, tmp_path: Path) -> None:
    mode = ("--option", "mode={blind_trace: {every: 3}}")
    status, out, err = geoml(
        "train", survey, "--task", "denoise", "--out", tmp_path / "net", *SMALL, *SLIM, *mode
    )
    assert status == 0, err
    assert "14 gathers" in out  # one in eight is held out
    checkpoint = load_network_checkpoint(tmp_path / "net", "denoise")
    assert denoise_task(checkpoint.settings["task"]) == BlindTrace(every=3)
    assert checkpoint.settings["dt_s"] == pytest.approx(0.004)
    assert checkpoint.training["data"]["name"] == "line.zarr"
    again = ("--option", f"start={tmp_path / 'net'}", "--option", "mode=blind_spot")
    status, _, err = geoml(
        "train", survey, "--task", "denoise", "--out", tmp_path / "warm", *SMALL, *again
    )
    assert status == 0, err
    warm = load_network_checkpoint(tmp_path / "warm", "denoise")
    assert warm.model == checkpoint.model
    assert warm.training["started_from"] == checkpoint.training["data"]


def test_supervised_takes_band_and_noise_from_the_survey(survey: Path, tmp_path: Path) -> None:
    status, out, err = geoml(
        "train", survey, "--task", "denoise", "--out", tmp_path / "net", *SMALL, *SLIM
    )
    assert status == 0, err
    # White samples at 4 ms have their mean at half of the Nyquist of 125 Hz: 0.8 octaves round it.
    assert "Wavelets of 36 to" in out
    assert "No noise of the survey's own" in out
    checkpoint = load_network_checkpoint(tmp_path / "net", "denoise")
    assert isinstance(denoise_task(checkpoint.settings["task"]), Supervised)
    assert np.isfinite(checkpoint.training["scores"]["gain_db/network"])


def test_synthetic_sections_make_a_network_for_any_interval(tmp_path: Path) -> None:
    noises = ("--option", "noises=[{white: {level: [1, 1]}}]")
    status, _, err = geoml(
        "train", "synthetic", "--task", "denoise", "--out", tmp_path / "net", *SMALL, *SLIM, *noises
    )
    assert status == 0, err
    checkpoint = load_network_checkpoint(tmp_path / "net", "denoise")
    assert checkpoint.settings["dt_s"] is None
    assert len(checkpoint.training["data"]["noises"]) == 1


@pytest.mark.parametrize("bad", [0.0, np.nan])
@pytest.mark.parametrize("mode", ["blind_spot", "blind_trace", "supervised"])
def test_survey_without_numbers_to_learn_from_is_refused_at_once(
    survey: Path, tmp_path: Path, mode: str, bad: float
) -> None:
    spoiled = open_survey(survey).load()
    spoiled["amplitude"][:, 3] = bad
    if bad == 0:
        spoiled["amplitude"][:] = bad
    save_survey(spoiled, tmp_path / "bad.zarr")
    line = refused(
        *("train", tmp_path / "bad.zarr", "--task", "denoise", "--out", tmp_path / "net"),
        *("--option", f"mode={mode}"),
    )
    n_traces = spoiled.sizes["trace"]
    said = {
        "0.0": "no live trace", "nan": f"of {n_traces} traces hold NaN or Inf",
        "supervised": "No trace of the survey is live and finite",
    }  # fmt: skip
    assert said["supervised" if mode == "supervised" else str(bad)] in line
    assert not (tmp_path / "net").exists()


def test_wrong_choices_are_refused_in_one_line(survey: Path, tmp_path: Path) -> None:
    start = ("train", survey, "--task", "denoise", "--out", tmp_path / "net")
    assert "Did you mean 'blind_spot'" in refused(*start, "--option", "mode=blind_spt")
    assert "Did you mean 'white'" in refused(*start, "--option", "noises=[whit]")
    assert "no option 'patches'" in refused(*start, "--option", "patches=3")
    assert "--stream and --resume" in refused(*start, "--resume")
    blind = ("synthetic", "--task", "denoise", "--out", tmp_path / "net")
    assert "give its store" in refused("train", *blind, "--option", "mode=blind_trace")
    assert not (tmp_path / "net").exists()
