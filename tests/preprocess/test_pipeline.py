"""A list of steps over a survey in memory and in a store."""

from __future__ import annotations

import json
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr

import geoml
from geoml.errors import OptionError, ShapeError, StoreError
from geoml.preprocess import blocks, shard_task
from geoml.preprocess.pipeline import preprocess_store, run
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey

RECIPE = [
    {"kill": {"headers": {"field_record": [2], "trace_in_record": [3]}}},
    "pick_first_breaks",
    {"bandpass": {"low_hz": 8, "high_hz": 40}},
    {"resample": {"dt_s": 0.008}},
    {"mute_top": {"first_break_lead_s": 0.04}},
    {"normalise": {"by": "gather"}},
]


@pytest.fixture
def survey(gathers: xr.DataArray) -> xr.Dataset:
    """Seven shots of 12, 9, 12, 12, 5, 12 and 12 traces, in memory."""
    one = gathers.drop_vars("first_break").to_dataset(name="amplitude")
    one = one.reset_coords([name for name in one.coords if name != "time"])
    copies = []
    for shift in (0, 3, 6):
        copy = one.copy(deep=True)
        copy["field_record"] = copy["field_record"] + shift
        copies.append(copy)
    survey = xr.concat(copies, dim="trace", data_vars="minimal").isel(trace=slice(0, 84))
    short = (survey["field_record"] == 2) & (survey["trace_in_record"] > 9)
    short |= (survey["field_record"] == 5) & (survey["trace_in_record"] > 5)
    survey = survey.isel(trace=np.flatnonzero(~short))
    n_traces = survey.sizes["trace"]
    for name, kind in TRACE_VARIABLES.items():
        if name not in survey:
            survey[name] = ("trace", np.arange(n_traces).astype(kind.dtype))
    rng = np.random.default_rng(0)
    headers = rng.integers(0, 255, (n_traces, 240), dtype=np.uint8)
    survey["header_bytes"] = (("trace", "header_byte"), headers)
    survey.attrs = {"traces_per_gather": 2, "source_file": "made here", "history": ["first line"]}
    return survey


def by_hand(survey: xr.Dataset) -> xr.DataArray:
    """The recipe, gather by gather, with no pipeline."""
    names = [name for name in TRACE_VARIABLES if name in survey]
    gathers = survey["amplitude"].assign_coords({name: survey[name] for name in names})
    parts = []
    for record in np.unique(survey["field_record"]):
        part = gathers.isel(trace=np.flatnonzero(survey["field_record"] == record))
        for step in build_steps(RECIPE):
            part = step(part)
        parts.append(part)
    return xr.concat(parts, dim="trace")


def assert_processed(out: xr.Dataset, expected: xr.DataArray) -> None:
    np.testing.assert_array_equal(out["amplitude"].values, expected.values)
    np.testing.assert_array_equal(out["time"].values, expected["time"].values)
    np.testing.assert_array_equal(out["live"].values, expected["live"].values)
    np.testing.assert_array_equal(out["first_break"].values, expected["first_break"].values)


def test_lazy_run_equals_the_steps_by_hand(
    survey: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = by_hand(survey)
    for size in (4, 4 * 300 * 20, 2**30):
        monkeypatch.setattr(blocks, "_BLOCK_BYTES", size)
        assert_processed(run(survey, RECIPE), expected)


def test_scattered_gathers_are_brought_together_and_put_back(survey: xr.Dataset) -> None:
    shuffle = np.random.default_rng(1).permutation(survey.sizes["trace"])
    # Picks of a gather do not depend on the order of its traces, so one answer serves both.
    expected = by_hand(survey).isel(trace=shuffle)
    out = run(survey.isel(trace=shuffle), RECIPE)
    np.testing.assert_allclose(out["amplitude"].values, expected.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(out["first_break"].values, expected["first_break"].values)
    np.testing.assert_array_equal(out["offset"].values, survey["offset"].values[shuffle])


def test_run_reads_no_sample_before_it_is_asked(survey: xr.Dataset) -> None:
    def explode(block: np.ndarray) -> np.ndarray:
        raise AssertionError("a sample was read")

    guarded = survey.copy()
    lazy = survey["amplitude"].chunk(trace=10).data.map_blocks(explode, dtype=np.float32)
    guarded["amplitude"] = (("trace", "time"), lazy)
    out = run(guarded, RECIPE)
    assert out["amplitude"].shape == (survey.sizes["trace"], 150)
    with pytest.raises(AssertionError, match="a sample was read"):
        out["amplitude"].isel(trace=0).compute()


def test_survey_is_untouched(survey: xr.Dataset) -> None:
    before = survey.copy(deep=True)
    run(survey, RECIPE).compute()
    assert survey.identical(before)


def test_history_and_steps_grow_by_the_steps(survey: xr.Dataset) -> None:
    first = run(survey, RECIPE[:1])
    second = run(first, RECIPE[2:4])
    assert second.attrs["steps"] == step_specs(build_steps([RECIPE[0], *RECIPE[2:4]]))
    assert second.attrs["history"][0] == "first line"
    assert len(second.attrs["history"]) == 4
    last = json.loads(second.attrs["history"][-1])
    assert last["step"] == "resample"
    assert last["options"]["dt_s"] == 0.008
    assert last["version"] == geoml.__version__
    assert second.attrs["source_file"] == "made here"


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ([{"bandpass": {"low_hz": 8, "high_hz": 300}}], "Nyquist"),
        ([{"resample": {"dt_s": 0.02}}, {"bandpass": {"low_hz": 8, "high_hz": 30}}], "25 Hz"),
        ([{"agc": {"window_s": 0.005}}], "under two samples"),
        ([{"kill": {"traces": [500]}}], "the survey has 74 traces"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_any_sample_is_read(
    survey: xr.Dataset, recipe: list, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        run(survey, recipe)


def test_survey_without_traces_is_refused(survey: xr.Dataset) -> None:
    with pytest.raises(ShapeError, match="has no traces"):
        run(survey.isel(trace=slice(0, 0)), RECIPE)


@pytest.mark.parametrize("block_bytes", [4, 4 * 300 * 20, 2**30])
def test_store_holds_what_the_steps_give(
    survey: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", block_bytes)
    save_survey(survey, tmp_path / "raw.zarr")
    seen: list[tuple[int, int]] = []
    preprocess_store(
        tmp_path / "raw.zarr",
        tmp_path / "clean.zarr",
        RECIPE,
        progress=lambda done, total: seen.append((done, total)),
    )
    clean = open_survey(tmp_path / "clean.zarr")
    assert_processed(clean, by_hand(survey))
    np.testing.assert_array_equal(clean["header_bytes"].values, survey["header_bytes"].values)
    for name in TRACE_VARIABLES:
        np.testing.assert_array_equal(clean[name].values, survey[name].values)
    assert clean.attrs["steps"] == step_specs(build_steps(RECIPE))
    assert seen[-1] == (74, 74)


@pytest.mark.parametrize(
    ("traces_per_gather", "n_computed"),
    # One shard; or three of 32, whose edges cut the gathers of 9 and of 12 traces at 28 and 62.
    [(5, 74), (2, 74 + 12 + 12)],
)
def test_only_gathers_on_a_shard_edge_are_computed_twice(
    survey: xr.Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    traces_per_gather: int,
    n_computed: int,
) -> None:
    survey.attrs["traces_per_gather"] = traces_per_gather
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 4)
    save_survey(survey, tmp_path / "raw.zarr")
    sizes: list[int] = []
    process = shard_task.process_block

    def counted(samples: np.ndarray, *rest: object) -> xr.DataArray:
        sizes.append(len(samples))
        return process(samples, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(shard_task, "process_block", counted)
    preprocess_store(
        tmp_path / "raw.zarr", tmp_path / "clean.zarr", RECIPE, scheduler="synchronous"
    )
    assert sum(sizes) == n_computed


@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_schedulers_write_the_same_store(
    survey: xr.Dataset, tmp_path: Path, scheduler: str
) -> None:
    save_survey(survey, tmp_path / "raw.zarr")
    preprocess_store(tmp_path / "raw.zarr", tmp_path / "clean.zarr", RECIPE, scheduler=scheduler)
    assert_processed(open_survey(tmp_path / "clean.zarr"), by_hand(survey))


def test_distributed_cluster_writes_the_same_store(survey: xr.Dataset, tmp_path: Path) -> None:
    from distributed import LocalCluster

    save_survey(survey, tmp_path / "raw.zarr")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        preprocess_store(
            tmp_path / "raw.zarr",
            tmp_path / "clean.zarr",
            RECIPE,
            scheduler=cluster.scheduler_address,
        )
    assert_processed(open_survey(tmp_path / "clean.zarr"), by_hand(survey))


def test_scheduler_choice_ends_with_the_command(survey: xr.Dataset, tmp_path: Path) -> None:
    save_survey(survey, tmp_path / "raw.zarr")
    before = dask.config.get("scheduler", None)
    preprocess_store(tmp_path / "raw.zarr", tmp_path / "clean.zarr", [], scheduler="threads")
    assert dask.config.get("scheduler", None) == before


def test_unknown_scheduler_is_refused(survey: xr.Dataset, tmp_path: Path) -> None:
    save_survey(survey, tmp_path / "raw.zarr")
    with pytest.raises(OptionError, match="Unknown scheduler 'slurm'"):
        preprocess_store(tmp_path / "raw.zarr", tmp_path / "clean.zarr", [], scheduler="slurm")


def test_failure_on_the_way_leaves_nothing_behind(survey: xr.Dataset, tmp_path: Path) -> None:
    survey["amplitude"].values[70, 3] = np.nan
    save_survey(survey, tmp_path / "raw.zarr")
    with pytest.raises(OptionError, match="hold NaN"):
        preprocess_store(
            tmp_path / "raw.zarr", tmp_path / "clean.zarr", [{"bandpass": {"low_hz": 8}}]
        )
    assert [path.name for path in tmp_path.iterdir()] == ["raw.zarr"]


def test_store_is_not_overwritten_unless_asked(survey: xr.Dataset, tmp_path: Path) -> None:
    raw, clean = tmp_path / "raw.zarr", tmp_path / "clean.zarr"
    save_survey(survey, raw)
    preprocess_store(raw, clean, RECIPE)
    with pytest.raises(StoreError, match="exists already"):
        preprocess_store(raw, clean, [])
    preprocess_store(raw, clean, [], overwrite=True)
    np.testing.assert_array_equal(open_survey(clean)["amplitude"], survey["amplitude"])
    with pytest.raises(StoreError, match="is the input itself"):
        preprocess_store(raw, tmp_path / "." / "raw.zarr", [], overwrite=True)
