"""Batches are the stored pairs, scaled; their order depends on (seed, epoch) alone."""

from __future__ import annotations

import dataclasses
import pickle
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_pairs import ACQUISITION, COUNT, SCALING, as_numpy, write_pairs

from geoml.errors import OptionError, StoreError
from geoml.physics.edges import velocity_edges
from geoml.samples.dataset import PairDataset, fit_pair_scaling
from geoml.samples.loader import pair_loader


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
def test_samples_are_the_stored_pairs_scaled(pairs: Any, memory_limit_gb: float) -> None:
    path, amplitude, velocity = pairs
    dataset = PairDataset(path, [7, 2, 9], SCALING, memory_limit_gb=memory_limit_gb)
    assert dataset.in_memory == (memory_limit_gb > 0)
    assert len(dataset) == 3
    for position, index in enumerate([7, 2, 9]):
        sample = as_numpy(dataset[position])
        assert {name: v.dtype for name, v in sample.items()} == dict.fromkeys(sample, np.float32)
        # Stored (shot, receiver, time), batched (shot, time, receiver).
        assert np.allclose(sample["shots"], amplitude[index].transpose(0, 2, 1) / 2)
        assert np.allclose(sample["velocity"], (velocity[index] - 2000) / 500, atol=1e-5)
        assert np.array_equal(sample["edges"], velocity_edges(velocity[index]))


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
@pytest.mark.parametrize("workers", [0, 1])
def test_loader_gives_every_pair_once(pairs: Any, memory_limit_gb: float, workers: int) -> None:
    path, amplitude, _ = pairs
    dataset = PairDataset(path, np.arange(COUNT), SCALING, memory_limit_gb=memory_limit_gb)
    batches = list(pair_loader(dataset, 5, shuffle=True, workers=workers))
    assert [tuple(batch["shots"].shape) for batch in batches] == [
        (5, 2, 20, 3), (5, 2, 20, 3), (2, 2, 20, 3),
    ]  # fmt: skip
    shots = torch.cat([batch["shots"] for batch in batches]).numpy()
    expected = amplitude.transpose(0, 1, 3, 2) / 2
    order = [int(np.abs(expected - shot).max(axis=(1, 2, 3)).argmin()) for shot in shots]
    assert sorted(order) == list(range(COUNT))
    assert order != list(range(COUNT))
    assert np.allclose(shots, expected[order])


@cache
def half_dataset() -> PairDataset:
    with tempfile.TemporaryDirectory() as folder:
        write_pairs(Path(folder) / "pairs")
        return PairDataset(Path(folder) / "pairs", [0], SCALING, memory_dtype="float16")


@settings(deadline=None, max_examples=50)
@given(st.floats(-6, 6), st.integers(0, 1000))
def test_half_precision_in_memory_is_66_db_under_the_gathers(magnitude: float, seed: int) -> None:
    # Field amplitudes have any unit and span many decades within a record.
    rng = np.random.default_rng(seed)
    decades = rng.uniform(-4, 2, (1, 2, 20, 3))
    shots = (10**magnitude * 10**decades * rng.standard_normal((1, 2, 20, 3))).astype(np.float32)
    rms = float(np.sqrt(np.mean(np.square(shots, dtype=np.float64))))
    half = half_dataset()
    half.scaling = dataclasses.replace(SCALING, amplitude=rms)
    error = half.unpacked(half.packed(shots)) - shots
    assert np.sqrt(np.mean(error**2)) < 10 ** (-66 / 20) * rms
    # No sample is lost but those 120 dB under the rest.
    assert (np.abs(error) <= np.maximum(np.abs(shots) / 2000, 1e-6 * rms)).all()


def test_half_precision_holds_the_same_pairs_in_half_the_memory(pairs: Any) -> None:
    path, amplitude, velocity = pairs
    whole_bytes = amplitude.nbytes + velocity.nbytes
    half = PairDataset(
        path, np.arange(COUNT), SCALING, memory_dtype="float16",
        memory_limit_gb=(amplitude.nbytes / 2 + velocity.nbytes + 1) / 1e9,
    )  # fmt: skip
    assert half.in_memory
    limit = (whole_bytes - 1) / 1e9
    assert not PairDataset(path, np.arange(COUNT), SCALING, memory_limit_gb=limit).in_memory
    sample = as_numpy(half[3])
    assert sample["shots"].dtype == np.float32
    assert np.allclose(sample["shots"], amplitude[3].transpose(0, 2, 1) / 2, rtol=1e-3, atol=1e-6)
    assert np.allclose(sample["velocity"], (velocity[3] - 2000) / 500, atol=1e-5)
    assert not np.array_equal(sample["shots"], amplitude[3].transpose(0, 2, 1) / 2)


def test_gathers_beyond_half_precision_are_refused(pairs: Any) -> None:
    faint = dataclasses.replace(SCALING, amplitude=1e-5)
    with pytest.raises(OptionError, match=r"times their RMS amplitude, float16 holds 65000; keep"):
        PairDataset(pairs[0], [0], faint, memory_dtype="float16")


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
def test_dataset_survives_pickling(pairs: Any, memory_limit_gb: float) -> None:
    dataset = PairDataset(pairs[0], [1, 2], SCALING, memory_limit_gb=memory_limit_gb)
    before = dataset[1]["shots"]
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[1]["shots"], before)


def test_order_depends_on_seed_and_epoch_alone(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], np.arange(COUNT), SCALING)

    def order(seed: int, epoch: int, shuffle: bool = True) -> list[int]:
        sampler = pair_loader(dataset, 4, shuffle=shuffle, seed=seed).sampler
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)
    assert order(0, 3, shuffle=False) == list(range(COUNT))


def test_scaling_is_fitted_on_the_chosen_pairs_only(pairs: Any) -> None:
    path, amplitude, velocity = pairs
    chosen = np.array([1, 4, 6])
    scaling = fit_pair_scaling(path, chosen)
    rms = np.sqrt(np.mean(amplitude[chosen].astype(float) ** 2))
    assert scaling.amplitude == pytest.approx(rms, rel=1e-6)
    assert scaling.velocity_centre_m_s == pytest.approx(velocity[chosen].mean(dtype=float))
    assert scaling.velocity_scale_m_s == pytest.approx(velocity[chosen].std(dtype=float))


@pytest.mark.parametrize(("drop_last", "batches"), [(False, 3), (True, 2)])
def test_last_batch_is_dropped_on_request(pairs: Any, drop_last: bool, batches: int) -> None:
    dataset = PairDataset(pairs[0], np.arange(COUNT), SCALING)
    assert len(list(pair_loader(dataset, 5, drop_last=drop_last))) == batches


def test_small_part_gives_a_batch_even_when_the_last_is_dropped(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], np.arange(3), SCALING)
    assert len(list(pair_loader(dataset, 5, drop_last=True))) == 1


@pytest.mark.parametrize("indices", [[COUNT], [-1], []])
def test_pairs_that_are_not_there_are_refused(pairs: Any, indices: list[int]) -> None:
    with pytest.raises(OptionError, match=f"holds {COUNT} pairs; asked for {len(indices)}"):
        PairDataset(pairs[0], indices, SCALING)


def test_missing_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        PairDataset(tmp_path / "nothing.zarr", [0], SCALING)


def test_empty_batches_are_refused(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [0], SCALING)
    with pytest.raises(OptionError, match="Batches of 0 by 0 workers"):
        pair_loader(dataset, 0)


def test_acquisition_comes_with_the_pairs(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [0], SCALING)
    assert dataset.acquisition.to_dict() == ACQUISITION.to_dict()
    assert dataset.input_acquisition is dataset.acquisition
    assert dataclasses.astuple(dataset.scaling) == (2.0, 2000.0, 500.0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("amplitude", np.nan, "gathers that are not finite"),
        ("amplitude", np.inf, "gathers that are not finite"),
        ("velocity", np.nan, "velocities that are not finite"),
        ("velocity", 0.0, "or not above 0 m/s"),
    ],
)
@pytest.mark.parametrize("memory_limit_gb", [0.0, 4.0])
def test_pair_that_holds_no_numbers_is_named(
    tmp_path: Path, name: str, value: float, message: str, memory_limit_gb: float
) -> None:
    write_pairs(tmp_path / "p.zarr")
    group = zarr.open_group(tmp_path / "p.zarr", mode="r+")
    values = group[name][:]
    values[5, ..., 1] = value
    group[name][:] = values
    with pytest.raises(StoreError, match=f"Pair 5 of the store holds .*{message}"):
        PairDataset(tmp_path / "p.zarr", [2, 5], SCALING, memory_limit_gb=memory_limit_gb)[1]
    PairDataset(tmp_path / "p.zarr", [2, 3], SCALING, memory_limit_gb=memory_limit_gb)[1]
