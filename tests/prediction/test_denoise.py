"""Denoising from store to store: amplitudes, dead traces, sampling, what is removed, resuming."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from kill_point import run_and_kill
from made_denoiser import save_denoiser
from shot_file import stored_bytes, write_shots

from geoml.errors import CheckpointError, GeometryError, OptionError, ShapeError, StoreError
from geoml.network_checkpoint import load_network_checkpoint
from geoml.prediction.denoise import Denoise, denoise_step, denoise_store
from geoml.prediction.denoiser import denoiser_of, local_level, within_spectrum
from geoml.prediction.remainder import Remainder
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import step_specs
from geoml.readers.ingest import ingest
from geoml.survey.gathers import usual_gather
from geoml.survey.store import open_survey, save_survey


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_denoiser(tmp_path_factory.mktemp("network") / "tiny")


@pytest.fixture(scope="module")
def step(checkpoint: Path) -> Denoise:
    return denoise_step(checkpoint)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 40 shots of 16 traces, three shards; two traces are dead."""
    folder = tmp_path_factory.mktemp("raw")
    ingest(write_shots(folder / "line.sgy", n_shots=40), folder / "noise.zarr")
    survey = open_survey(folder / "noise.zarr").load()
    survey["amplitude"][[5, 300]] = 0
    save_survey(survey, folder / "raw.zarr")
    return folder / "raw.zarr"


def _gather(samples: np.ndarray, dt_s: float = 0.004, **coords: np.ndarray) -> xr.DataArray:
    n_traces, n_times = samples.shape
    values = {"offset": 25.0 * np.arange(1, n_traces + 1), **coords}
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={
            "time": dt_s * np.arange(n_times),
            **{name: ("trace", value) for name, value in values.items()},
        },
    )


def test_network_that_finds_no_noise_gives_the_samples_back(tmp_path: Path) -> None:
    step = denoise_step(save_denoiser(tmp_path / "n", removes=False))
    samples = 1e4 * np.random.default_rng(0).normal(size=(13, 75))
    np.testing.assert_allclose(step(_gather(samples)), samples, rtol=1e-4, atol=1)
    half = step(_gather(samples, dt_s=0.002))
    np.testing.assert_allclose(half, samples, rtol=1e-4, atol=1)


def test_amplitude_is_put_back(step: Denoise) -> None:
    samples = np.random.default_rng(1).normal(size=(20, 60))
    once = step(_gather(samples)).values
    assert np.abs(once - samples).max() > 0.05, "the network does something"
    np.testing.assert_allclose(step(_gather(1e6 * samples)).values / 1e6, once, atol=1e-4)


def test_traces_are_taken_along_their_line_and_given_back_in_their_order(step: Denoise) -> None:
    samples = np.random.default_rng(2).normal(size=(20, 60))
    order = np.random.default_rng(3).permutation(20)
    offset = 25.0 * np.arange(1, 21)
    straight = step(_gather(samples, offset=offset)).values
    mixed = step(_gather(samples[order], offset=offset[order])).values
    np.testing.assert_array_equal(mixed, straight[order])


def test_dead_traces_stay_dead_and_have_no_say(step: Denoise) -> None:
    samples = np.random.default_rng(4).normal(size=(20, 60))
    live = np.ones(20, dtype=np.int8)
    live[[3, 11]] = 0
    dead = np.where(live[:, None], samples, 0)
    out = step(_gather(dead, live=live)).values
    assert not out[live == 0].any()
    rest = live == 1
    offset = 25.0 * np.arange(1, 21)[rest]
    np.testing.assert_array_equal(out[rest], step(_gather(samples[rest], offset=offset)).values)


def test_dead_traces_are_filled_when_asked(checkpoint: Path) -> None:
    samples = np.random.default_rng(4).normal(size=(20, 60))
    live = np.ones(20, dtype=np.int8)
    live[7] = 0
    out = denoise_step(checkpoint, fill_dead=True)(_gather(live[:, None] * samples, live=live))
    assert out.values[7].any()
    assert out.coords["live"].values.all()


def test_finer_sampling_is_handled_and_an_odd_one_is_refused(checkpoint: Path) -> None:
    denoiser = denoiser_of(load_network_checkpoint(checkpoint, "denoise"))
    time_s = 0.001 * np.arange(400)
    above = np.tile(np.sin(2 * np.pi * 300 * time_s), (16, 1)).astype(np.float32)
    # The network works below 125 Hz: what it has never seen stays, but for the ends of the trace.
    kept = denoiser(above, 0.001)[:, 60:-60]
    np.testing.assert_allclose(kept, above[:, 60:-60], atol=0.05)
    with pytest.raises(OptionError, match=r"sampled every 3\.3 ms.*resample: \{dt_s: 0\.004\}"):
        denoiser(above, 0.0033)


def test_network_works_at_the_interval_asked_for(checkpoint: Path) -> None:
    samples = np.random.default_rng(6).normal(size=(16, 120))
    own = denoise_step(checkpoint)(_gather(samples)).values
    coarse = denoise_step(checkpoint, dt_s=0.008)(_gather(samples)).values
    removed = np.abs(np.fft.rfft(samples - coarse, axis=1)).mean(axis=0)
    assert np.abs(own - coarse).max() > 0.01
    # Above 62.5 Hz, the Nyquist frequency of 8 ms, next to nothing is touched.
    assert removed[40:].max() < 0.1 * removed[:25].max()


def test_bfloat16_is_near_single_precision(checkpoint: Path, step: Denoise) -> None:
    samples = np.random.default_rng(8).normal(size=(16, 64))
    single = step(_gather(samples)).values
    half = denoise_step(checkpoint, bfloat16=True)(_gather(samples)).values
    error = np.std(half - single) / np.std(single)
    assert 0 < error < 0.02


def test_no_more_is_removed_at_a_frequency_than_there_is() -> None:
    rng = np.random.default_rng(9)
    time_s = 0.004 * np.arange(256)
    samples = np.tile(np.sin(2 * np.pi * 15.625 * time_s), (12, 1)).astype(np.float32)
    floor = (0.1 * rng.normal(size=samples.shape)).astype(np.float32)
    left = within_spectrum(floor, samples)
    quiet = np.abs(np.fft.rfft(left, axis=1))[:, 60:]
    assert quiet.max() < 0.05 * np.abs(np.fft.rfft(floor, axis=1))[:, 60:].max()
    np.testing.assert_array_equal(within_spectrum(0.5 * samples, samples), 0.5 * samples)


def test_muted_samples_stay_muted(step: Denoise) -> None:
    samples = np.random.default_rng(7).normal(size=(16, 120))
    samples[:, :40] = 0
    samples[3, 60] = 0  # a single zero is no mute
    out = step(_gather(samples)).values
    assert not out[:, :40].any()
    assert (out[:, 40:] != 0).all()


def test_gain_is_taken_off_and_put_back(checkpoint: Path) -> None:
    denoiser = denoiser_of(load_network_checkpoint(checkpoint, "denoise"))
    rng = np.random.default_rng(5)
    decay = np.exp(-np.arange(300) / 30)
    samples = (rng.normal(size=(16, 300)) * decay).astype(np.float32)
    removed = samples - denoiser(samples, 0.004, gain_window_s=0.1)
    level = local_level(samples, 25)
    assert level.min() > 0
    early, late = (np.std((removed / decay)[:, part]) for part in (slice(20, 60), slice(80, 120)))
    assert late == pytest.approx(early, rel=0.3)


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
def test_other_gathers_are_denoised_too(raw: Path, checkpoint: Path, gather: str) -> None:
    survey = open_survey(raw).load()
    by_shot = run(survey, [denoise_step(checkpoint)])["amplitude"].values
    other = run(survey, [denoise_step(checkpoint, gather=gather)])["amplitude"].values
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


def test_step_travels_without_its_network(step: Denoise) -> None:
    step(_gather(np.ones((9, 30))))
    assert len(pickle.dumps(step)) < 1000
    assert pickle.loads(pickle.dumps(step)) == step


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


def test_what_was_recorded_up_to_the_first_breaks_stays(checkpoint: Path) -> None:
    samples = np.random.default_rng(3).normal(size=(12, 200))
    pick_s = np.where(np.arange(12) % 4 == 3, np.nan, 0.2 + 0.02 * np.arange(12))
    gathers = _gather(samples, first_break=pick_s)
    whole = denoise_step(checkpoint)(gathers).values
    kept = denoise_step(checkpoint, protect_s=0.08)(gathers).values
    late_s = gathers["time"].values - pick_s[:, None]
    early = late_s < 0.079
    late = ~(late_s < 0.121)  # a trace without a pick is late all along
    assert late[3].all()
    np.testing.assert_array_equal(kept[early], gathers.values[early])
    np.testing.assert_array_equal(kept[late], whole[late])
    assert np.abs(whole - gathers.values)[early].max() > 0.05, "it would have been changed"
    # In between it is a mean of the two.
    low, high = np.minimum(whole, gathers.values), np.maximum(whole, gathers.values)
    assert (kept >= low - 1e-6).all()
    assert (kept <= high + 1e-6).all()


def test_first_breaks_that_are_to_stay_must_have_been_picked(
    checkpoint: Path, raw: Path, tmp_path: Path
) -> None:
    step = denoise_step(checkpoint, protect_s=0.1)
    with pytest.raises(GeometryError, match="put the step 'pick_first_breaks' before it"):
        denoise_store(raw, tmp_path / "out.zarr", step)
    assert not (tmp_path / "out.zarr").exists()
    with pytest.raises(OptionError, match="protect_s is 0 s; it must be above 0"):
        denoise_step(checkpoint, protect_s=0.0)


def test_stacked_section_is_one_gather_of_offset(raw: Path, checkpoint: Path) -> None:
    survey = open_survey(raw).load()
    assert usual_gather(survey) == "shot"
    section = survey.isel(trace=slice(0, 640, 16))
    assert usual_gather(section) == "offset"
    with pytest.raises(GeometryError, match="such as gather: offset"):
        run(section, [denoise_step(checkpoint)])
    assert np.isfinite(run(section, [denoise_step(checkpoint, gather="offset")])["amplitude"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overlap": 0.95}, "overlap is 0.95; it must be 0 to 0.9"),
        ({"gain_window_s": 0.0}, "gain_window_s is 0 s"),
        ({"dt_s": -0.004}, "dt_s is -0.004 s; it must be above 0"),
        ({"device": "abacus"}, "Device 'abacus' cannot be used"),
        ({"gather": "shots"}, "Unknown gather kind 'shots'. Did you mean 'shot'"),
    ],
)
def test_wrong_option_is_refused_in_one_line(checkpoint: Path, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message) as refusal:
        denoise_step(checkpoint, **options)
    assert "\n" not in str(refusal.value)
