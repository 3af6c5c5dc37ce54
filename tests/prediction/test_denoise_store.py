"""Denoising from store to store: the same as in memory, what is removed, resuming."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kill_point import run_and_kill
from made_denoiser import save_denoiser
from shot_file import stored_bytes, write_shots

from geoml.errors import CheckpointError, GeometryError, OptionError, ShapeError, StoreError
from geoml.prediction.denoise import Denoise, denoise_step, denoise_store
from geoml.prediction.remainder import Remainder
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import step_specs
from geoml.readers.ingest import ingest
from geoml.survey.gathers import usual_gather
from geoml.survey.store import open_survey, save_survey


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 40 shots of 16 traces, three shards; two traces are dead."""
    folder = tmp_path_factory.mktemp("raw")
    ingest(write_shots(folder / "line.sgy", n_shots=40), folder / "noise.zarr")
    survey = open_survey(folder / "noise.zarr").load()
    survey["amplitude"][[5, 300]] = 0
    save_survey(survey, folder / "raw.zarr")
    return folder / "raw.zarr"


def test_store_equals_the_step_in_memory_and_the_two_parts_add_up(
    raw: Path, tmp_path: Path, step: Denoise
) -> None:
    told: list[tuple[int, int]] = []
    out, removed = tmp_path / "out.zarr", tmp_path / "removed.zarr"
    denoise_store(raw, out, step, removed=removed, progress=lambda *n: told.append(n))
    survey, denoised, rest = (open_survey(path) for path in (raw, out, removed))
    expected = run(survey.load(), [step])
    np.testing.assert_array_equal(denoised["amplitude"], expected["amplitude"])
    np.testing.assert_array_equal(
        rest["amplitude"], survey["amplitude"].values - denoised["amplitude"].values
    )
    assert rest["amplitude"].values.std() > 0.05
    assert not denoised["amplitude"].values[[5, 300]].any()
    assert denoised.attrs["steps"] == step_specs([step])
    assert "denoise" in denoised.attrs["history"][-1]
    assert step.weights in denoised.attrs["history"][-1]
    assert told[-1] == (1280, 1280)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("gather", ["receiver", "offset"])
def test_other_gathers_are_denoised_too(raw: Path, denoiser_folder: Path, gather: str) -> None:
    survey = open_survey(raw).load()
    by_shot = run(survey, [denoise_step(denoiser_folder)])["amplitude"].values
    other = run(survey, [denoise_step(denoiser_folder, gather=gather)])["amplitude"].values
    assert other.shape == by_shot.shape
    assert np.abs(other - by_shot).max() > 0.01


def test_every_scheduler_writes_the_same_bytes(raw: Path, tmp_path: Path, step: Denoise) -> None:
    for name in ("synchronous", "threads"):
        denoise_store(raw, tmp_path / name, step, scheduler=name)
    assert stored_bytes(tmp_path / "threads") == stored_bytes(tmp_path / "synchronous")


@pytest.mark.slow
def test_processes_write_the_same_bytes(raw: Path, tmp_path: Path, step: Denoise) -> None:
    for name in ("synchronous", "processes"):
        denoise_store(raw, tmp_path / name, step, scheduler=name)
    assert stored_bytes(tmp_path / "processes") == stored_bytes(tmp_path / "synchronous")


@pytest.mark.parametrize("shards", [2, 4])
def test_stopped_run_goes_on_to_the_same_bytes(
    raw: Path, tmp_path: Path, step: Denoise, shards: int
) -> None:
    """Three shards a pass: stopped within the first pass, and within the second."""

    def stop(done: int, total: int) -> None:
        if done >= shards * total // 6:
            raise KeyboardInterrupt

    whole = tmp_path / "whole.zarr", tmp_path / "rest.zarr"
    parts = tmp_path / "again" / "whole.zarr", tmp_path / "again" / "rest.zarr"
    parts[0].parent.mkdir()
    denoise_store(raw, whole[0], step, removed=whole[1], scheduler="synchronous")
    with pytest.raises(KeyboardInterrupt):
        denoise_store(raw, parts[0], step, removed=parts[1], scheduler="synchronous", progress=stop)
    assert parts[0].exists() == (shards > 3)
    denoise_store(raw, parts[0], step, removed=parts[1], scheduler="synchronous")
    assert stored_bytes(parts[0]) == stored_bytes(whole[0])
    np.testing.assert_array_equal(
        open_survey(parts[1])["amplitude"], open_survey(whole[1])["amplitude"]
    )


@pytest.mark.slow
def test_killed_run_goes_on_to_the_same_bytes(raw: Path, tmp_path: Path, step: Denoise) -> None:
    def denoised(folder: Path, kill_at: int) -> tuple[int, int]:
        folder.mkdir(exist_ok=True)
        places = raw, folder / "out.zarr", step
        removed = folder / "removed.zarr"
        return run_and_kill(
            folder, kill_at, denoise_store, *places, removed=removed, scheduler="synchronous"
        )

    status, n_writes = denoised(tmp_path / "whole", 0)
    assert status == 0
    for share in (0.3, 0.5, 0.55, 0.8):
        folder = tmp_path / str(share)
        assert denoised(folder, int(share * n_writes))[0] == -9
        assert denoised(folder, 0)[0] == 0
        for name in ("out.zarr", "removed.zarr"):
            again, once = (open_survey(f / name) for f in (folder, tmp_path / "whole"))
            np.testing.assert_array_equal(again["amplitude"], once["amplitude"])


def test_network_that_was_trained_again_meanwhile_is_refused(tmp_path: Path, raw: Path) -> None:
    folder = save_denoiser(tmp_path / "n", seed=1)
    step = Denoise(str(folder), "0" * 16)
    with pytest.raises(CheckpointError, match="the work began with 0000"):
        denoise_store(raw, tmp_path / "out.zarr", step)
    assert [path.name for path in tmp_path.iterdir()] == ["n"]


def test_removed_part_never_replaces_a_store(raw: Path, tmp_path: Path, step: Denoise) -> None:
    out = tmp_path / "out.zarr"
    for taken in (raw, out):
        with pytest.raises(StoreError, match="cannot go to"):
            denoise_store(raw, out, step, removed=taken)
    (tmp_path / "removed.zarr").mkdir()
    with pytest.raises(StoreError, match="exists already"):
        denoise_store(raw, out, step, removed=tmp_path / "removed.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["removed.zarr"]


def test_remainder_of_other_traces_is_refused(raw: Path, tmp_path: Path) -> None:
    survey = open_survey(raw)
    save_survey(survey.isel(trace=slice(0, 64)), tmp_path / "part.zarr")
    with pytest.raises(ShapeError, match="holds 64 traces of 50 samples, this survey 640"):
        run(survey, [Remainder(str(tmp_path / "part.zarr"))])


def test_first_breaks_that_are_to_stay_must_have_been_picked(
    denoiser_folder: Path, raw: Path, tmp_path: Path
) -> None:
    step = denoise_step(denoiser_folder, protect_s=0.1)
    with pytest.raises(GeometryError, match="put the step 'pick_first_breaks' before it"):
        denoise_store(raw, tmp_path / "out.zarr", step)
    assert not (tmp_path / "out.zarr").exists()
    with pytest.raises(OptionError, match="protect_s is 0 s; it must be above 0"):
        denoise_step(denoiser_folder, protect_s=0.0)


def test_stacked_section_is_one_gather_of_offset(raw: Path, denoiser_folder: Path) -> None:
    survey = open_survey(raw).load()
    assert usual_gather(survey) == "shot"
    section = survey.isel(trace=slice(0, 640, 16))
    assert usual_gather(section) == "offset"
    with pytest.raises(GeometryError, match="such as gather: offset"):
        run(section, [denoise_step(denoiser_folder)])
    assert np.isfinite(
        run(section, [denoise_step(denoiser_folder, gather="offset")])["amplitude"]
    ).all()
