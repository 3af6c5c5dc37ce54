"""Pairs depend on (seed, number) alone, and a store is finished or says that it is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from geoml.errors import OptionError, ShapeError, StoreError, UnknownNameError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelets import ricker
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.synthetic import FAMILIES, SectionGrid, TopLayer, VelocityRange
from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.recipe import rotate_phase

FAMILY_SPECS = ["flat_layers", {"curved_layers": {"n_layers": [3, 5]}}, "faulted_layers"]
RANGE = VelocityRange(VelocityTrend(surface_m_s=1800, gradient_1_s=0.7, max_m_s=3000))
ACQUISITION = Acquisition(
    source_distance_m=np.array([40.0]),
    source_depth_m=np.array([10.0]),
    receiver_distance_m=np.array([[60.0, 130.0, 200.0]]),
    receiver_depth_m=np.zeros((1, 3)),
    dt_s=0.008,
    n_samples=40,
    spacing_m=20.0,
    n_depth=10,
    n_distance=14,
    wavelet=np.asarray(ricker(10.0, 0.008, 33)),
    wavelet_start_s=-0.128,
    max_frequency_hz=24.0,
    free_surface=False,
)

Generate = Callable[..., xr.Dataset]


@pytest.fixture
def generate(tmp_path: Path) -> Generate:
    """Generate pairs under a new or given name and open them."""
    names = iter(f"pairs_{i}.zarr" for i in range(100))

    def call(name: str | None = None, **options: Any) -> xr.Dataset:
        path = tmp_path / (name or next(names))
        defaults = {
            "acquisition": ACQUISITION, "families": FAMILY_SPECS, "velocity_range": RANGE,
            "count": 6, "seed": 3,
        }  # fmt: skip
        generate_pairs(path, **{**defaults, **options})
        return open_pairs(path).load()

    return call


def same(one: xr.Dataset, other: xr.Dataset) -> bool:
    return all(
        np.array_equal(one[name], other[name]) for name in ("amplitude", "velocity", "family")
    )


def halve(amplitude: np.ndarray) -> np.ndarray:
    return amplitude / 2


def test_each_model_is_drawn_from_its_family(generate: Generate) -> None:
    pairs = generate(count=12)
    assert pairs.attrs["families"] == ["flat_layers", "curved_layers", "faulted_layers"]
    assert set(pairs.family.values) == {0, 1, 2}
    families = [FAMILIES["flat_layers"](), FAMILIES["curved_layers"](n_layers=(3, 5)),
                FAMILIES["faulted_layers"]()]  # fmt: skip
    for index in range(12):
        rng = np.random.default_rng([3, index])
        number = int(rng.integers(3))
        expected = families[number](rng, SectionGrid.of(ACQUISITION), RANGE)
        assert pairs.family[index] == number
        assert np.array_equal(pairs.velocity[index], expected)


def test_shots_are_those_of_the_model(generate: Generate) -> None:
    pairs = generate(count=2)
    expected = model_acquisition(
        pairs.velocity.values,
        ACQUISITION,
        max_velocity_m_s=3000.0,
        simulation_spacing_m=pairs.attrs["recipe"]["simulation_spacing_m"],
    )
    # The time step differs by one part in 10^7.
    scale = float(expected.abs().max())
    assert np.allclose(pairs.amplitude, expected, atol=1e-4 * scale)
    assert np.abs(pairs.amplitude).max() > 0


def test_first_arrivals_come_no_sooner_than_the_fastest_rock_allows(generate: Generate) -> None:
    amplitude = np.abs(generate(count=8).amplitude.values)
    time_s = ACQUISITION.time_s
    loud = amplitude > 0.05 * amplitude.max(axis=-1, keepdims=True)
    onset_s = time_s[loud.argmax(axis=-1)]  # (sample, shot, receiver)
    # The wavelet begins 0.128 s before time 0, and reaches 5 % of its peak about 0.06 s before it.
    earliest = np.abs(ACQUISITION.offset_m) / 3000 - 0.08
    latest = np.abs(ACQUISITION.offset_m) / (0.75 * 1800) + 0.02
    assert (onset_s >= earliest).all()
    assert (onset_s <= latest).all()


@pytest.mark.parametrize("options", [{"batch": 1}, {"batch": 4}, {"batch": 100}])
def test_batches_do_not_change_the_bytes(generate: Generate, options: dict[str, Any]) -> None:
    assert same(generate(), generate(**options))


def test_threads_do_not_change_the_bytes(generate: Generate) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = generate(count=2)
        torch.set_num_threads(2)
        two = generate(count=2)
    finally:
        torch.set_num_threads(threads)
    assert same(one, two)


@pytest.mark.slow
def test_worker_processes_do_not_change_the_bytes(generate: Generate) -> None:
    assert same(generate(count=20, batch=4), generate(count=20, batch=3, workers=2))


def test_more_pairs_begin_with_the_same_ones(generate: Generate) -> None:
    few, many = generate(count=4), generate(count=6)
    assert same(few, many.isel(sample=slice(4)))


def test_another_seed_gives_other_pairs(generate: Generate) -> None:
    assert not np.array_equal(generate().velocity, generate(seed=4).velocity)


def test_interrupted_store_goes_on_to_the_same_bytes(generate: Generate, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    def interrupt(done: int, count: int) -> None:
        steps.append((done, count))
        if done > 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate("line.zarr", count=70, batch=4, progress=interrupt)
    assert not (tmp_path / "line.zarr").exists()
    with pytest.raises(StoreError, match="incomplete"):
        open_pairs(tmp_path / "line.zarr")
    assert open_pairs(tmp_path / "line.zarr", partial=True).sizes["sample"] == 64

    steps.clear()
    resumed = generate("line.zarr", count=70, progress=lambda *step: steps.append(step))
    assert steps[0] == (64, 70)  # the first shard was kept
    assert steps[-1] == (70, 70)
    assert same(resumed, generate(count=70))


def test_interrupted_store_of_another_recipe_is_refused_then_replaced(generate: Generate) -> None:
    def interrupt(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate("line.zarr", progress=interrupt)
    with pytest.raises(StoreError, match=r"with other options left 0 of 6 pairs; .* --overwrite"):
        generate("line.zarr", seed=8)
    assert same(generate("line.zarr", seed=8, overwrite=True), generate(seed=8))


def test_finished_store_is_never_replaced_unasked(generate: Generate) -> None:
    generate("line.zarr")
    with pytest.raises(StoreError, match=r"line.zarr exists already"):
        generate("line.zarr", seed=4)
    assert same(generate("line.zarr", seed=4, overwrite=True), generate(seed=4))


def test_processing_is_applied_before_storing(generate: Generate) -> None:
    plain, processed = generate(), generate(process=halve, steps=[{"halve": {}}])
    assert np.array_equal(processed.amplitude, plain.amplitude / 2)
    assert processed.attrs["steps"] == [{"halve": {}}]


def test_processing_that_changes_the_shape_is_refused(generate: Generate) -> None:
    with pytest.raises(ShapeError, match=r"must keep their time axis and traces"):
        generate(process=partial(np.repeat, repeats=2, axis=-1))


def test_wavelet_gain_scales_whole_pairs(generate: Generate) -> None:
    plain, varied = generate(), generate(wavelet_gain_db=3.0)
    assert np.array_equal(plain.velocity, varied.velocity)
    peak = [np.abs(p.amplitude).max(("shot", "receiver", "time")) for p in (plain, varied)]
    factor = peak[1] / peak[0]
    assert np.allclose(varied.amplitude, plain.amplitude * factor, atol=1e-6 * peak[1].max())
    assert float(factor.std()) > 0.05


def test_rotated_wavelet_keeps_its_spectrum_and_turns_a_cosine_into_a_sine() -> None:
    time = (np.arange(101) - 50) * 0.004
    envelope = np.exp(-((time / 0.06) ** 2))
    wavelet = envelope * np.cos(2 * np.pi * 15 * time)
    turned = rotate_phase(wavelet, np.pi / 2)
    assert np.allclose(turned[101:202], -envelope * np.sin(2 * np.pi * 15 * time), atol=1e-3)
    padded = np.pad(wavelet, 101)
    assert np.allclose(np.abs(np.fft.rfft(turned)), np.abs(np.fft.rfft(padded)), atol=1e-9)
    assert np.allclose(rotate_phase(wavelet, 0.0), padded)


def test_wavelet_phase_turns_whole_pairs(generate: Generate) -> None:
    plain, varied = generate(), generate(wavelet_phase_deg=60.0)
    assert np.array_equal(plain.velocity, varied.velocity)
    # A receiver that has the whole arrival: two traces of one wavelet up to a phase keep energy.
    far = {"receiver": 2, "shot": 0}
    energy = [(p.amplitude.isel(far) ** 2).sum("time") for p in (plain, varied)]
    assert np.allclose(energy[1] / energy[0], 1, atol=0.1)
    likeness = (plain.amplitude * varied.amplitude).isel(far).sum("time") / np.sqrt(
        energy[0] * energy[1]
    )
    # The cosine of the angle, between 60 degrees either way.
    assert float(likeness.min()) > 0.4
    assert float(likeness.min()) < 0.9


def test_recipe_and_origin_are_kept_with_the_store(generate: Generate) -> None:
    told: list[str] = []
    pairs = generate(provenance={"survey": "line.sgy"}, announce=told.append)
    recipe = pairs.attrs["recipe"]
    assert recipe["seed"] == 3
    assert recipe["families"][1]["curved_layers"]["n_layers"] == [3, 5]
    assert recipe["velocity_range"]["trend"]["gradient_1_s"] == 0.7
    assert pairs.attrs["provenance"] == {"survey": "line.sgy", "simulation_grid": told[0]}
    assert Acquisition.from_dict(pairs.attrs["acquisition"]).to_dict() == ACQUISITION.to_dict()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"count": 0}, OptionError, "count 0, batch 16, workers 1: each must be at least 1"),
        ({"families": []}, OptionError, "No velocity families"),
        ({"families": ["flat_layer"]}, UnknownNameError, r"Did you mean 'flat_layers'"),
        ({"seed": -1}, OptionError, "'seed' is -1"),
        ({"wavelet_phase_deg": -5.0}, OptionError, "'wavelet_phase_deg' is -5"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    generate: Generate, tmp_path: Path, options: dict[str, Any], error: type[Exception],
    message: str,
) -> None:  # fmt: skip
    with pytest.raises(error, match=message):
        generate(**options)
    assert not list(tmp_path.iterdir())


def test_water_layer_reaches_the_shots(generate: Generate) -> None:
    marine = dataclasses.replace(RANGE, top_layer=TopLayer((1500, 1500), (100, 100), shape="flat"))
    assert not np.array_equal(generate(velocity_range=marine).amplitude, generate().amplitude)
