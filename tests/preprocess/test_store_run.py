"""Preprocessing from store to store: passes, resume, schedulers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import xarray as xr
from kill_point import run_and_kill
from shot_file import stored_bytes, write_shots

from geoml.errors import OptionError
from geoml.preprocess import STEPS
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import build_steps
from geoml.preprocess.step import Step, gather_labels, trace_samples, with_samples
from geoml.preprocess.store_pass import step_runs
from geoml.preprocess.store_run import preprocess_store
from geoml.readers.ingest import ingest
from geoml.survey.gathers import GatherKind
from geoml.survey.store import open_survey

STEPS_OF_ONE_PASS = [{"gain_time_power": {"power": 1.0}}, {"kill": {"traces": [3, 700]}}]


@dataclass(frozen=True)
class LessTheMean(Step):
    """Takes the mean trace of each gather away."""

    shapes_wavelet = True
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    gather: GatherKind = "shot"

    @property
    def needs_whole_gathers(self) -> bool:
        return True

    @property
    def gathered_by(self) -> GatherKind:
        return self.gather

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        samples = trace_samples(gathers).copy()
        labels = gather_labels(gathers, self.gather)
        for label in np.unique(labels):
            samples[labels == label] -= samples[labels == label].mean(axis=0)
        return with_samples(gathers, samples)


@pytest.fixture(autouse=True)
def less_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "less_the_mean", LessTheMean)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 60 shots, four shards."""
    folder = tmp_path_factory.mktemp("raw")
    ingest(write_shots(folder / "line.sgy", n_shots=60), folder / "raw.zarr")
    return folder / "raw.zarr"


def test_steps_of_one_kind_of_gather_make_one_pass() -> None:
    by_receiver = LessTheMean("receiver")
    plain = build_steps(STEPS_OF_ONE_PASS)
    shot = LessTheMean()
    assert [(len(r.steps), r.kind) for r in step_runs(plain)] == [(2, None)]
    assert [(len(r.steps), r.kind) for r in step_runs([*plain, shot, *plain])] == [(5, "shot")]
    mixed = step_runs([shot, *plain, by_receiver, shot])
    assert [(len(r.steps), r.kind) for r in mixed] == [(3, "shot"), (1, "receiver"), (1, "shot")]
    assert [(len(r.steps), r.kind) for r in step_runs([])] == [(0, None)]


@pytest.mark.parametrize(
    "steps",
    [
        STEPS_OF_ONE_PASS,
        [LessTheMean("receiver")],
        [LessTheMean(), {"kill": {"traces": [3, 700]}}, LessTheMean("offset")],
        [LessTheMean("receiver"), {"resample": {"dt_s": 0.008}}, LessTheMean("shot")],
        [],
    ],
    ids=["traces", "receiver", "shot and offset", "receiver and shot", "none"],
)
def test_store_equals_steps_on_the_whole_survey_in_memory(
    raw: Path, tmp_path: Path, steps: list[Any]
) -> None:
    preprocess_store(raw, tmp_path / "clean.zarr", steps)
    survey = open_survey(raw)
    expected = run(survey.load(), steps)
    clean = open_survey(tmp_path / "clean.zarr")
    np.testing.assert_array_equal(clean["amplitude"], expected["amplitude"])
    np.testing.assert_array_equal(clean["time"], expected["time"])
    for name in ("source_x", "receiver_x", "header_bytes", "live"):
        if name in expected:
            np.testing.assert_array_equal(clean[name], expected[name])
    assert clean.attrs["steps"] == expected.attrs["steps"]
    assert clean.attrs["history"] == expected.attrs["history"]
    assert [path.name for path in tmp_path.iterdir()] == ["clean.zarr"]


@pytest.mark.parametrize("steps", [STEPS_OF_ONE_PASS, [{"normalise": {"by": "gather"}}]])
def test_every_scheduler_writes_the_same_bytes(raw: Path, tmp_path: Path, steps: list[Any]) -> None:
    for name in ("synchronous", "threads", "processes"):
        preprocess_store(raw, tmp_path / name, steps, scheduler=name)
    first = stored_bytes(tmp_path / "synchronous")
    assert stored_bytes(tmp_path / "threads") == first
    assert stored_bytes(tmp_path / "processes") == first


def test_run_killed_before_any_write_goes_on_to_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.zarr"
    preprocess_store(raw, whole, STEPS_OF_ONE_PASS)
    status, n_writes = run_and_kill(
        tmp_path / "all",
        0,
        preprocess_store,
        raw,
        tmp_path / "all" / "clean.zarr",
        STEPS_OF_ONE_PASS,
        scheduler="synchronous",
    )
    assert status == 0
    rng = np.random.default_rng(0)
    # The layout's writes are those of ingest, which are tried one by one; here the rest.
    for write in [*rng.integers(2, n_writes + 1, 5).tolist(), n_writes]:
        out = tmp_path / f"{write}.zarr"
        status, _ = run_and_kill(
            tmp_path, write, preprocess_store, raw, out, STEPS_OF_ONE_PASS, scheduler="synchronous"
        )
        assert status == -9
        preprocess_store(raw, out, STEPS_OF_ONE_PASS, overwrite=True)
        assert stored_bytes(out) == stored_bytes(whole), write
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_other_steps_are_not_taken_for_the_interrupted_ones(raw: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "clean.zarr"
    with pytest.raises(KeyboardInterrupt):
        preprocess_store(raw, out, STEPS_OF_ONE_PASS, progress=stop)
    preprocess_store(raw, out, [])
    np.testing.assert_array_equal(open_survey(out)["amplitude"], open_survey(raw)["amplitude"])


def test_step_that_refuses_leaves_nothing_between_the_passes(raw: Path, tmp_path: Path) -> None:
    class Refuses(LessTheMean):
        def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
            if gathers.sizes["trace"] > 1:
                raise OptionError("no")
            return gathers

    STEPS["refuses"] = Refuses
    try:
        with pytest.raises(OptionError, match="no"):
            preprocess_store(
                raw, tmp_path / "clean.zarr", [LessTheMean("receiver"), Refuses("shot")]
            )
    finally:
        del STEPS["refuses"]
    assert list(tmp_path.iterdir()) == []
