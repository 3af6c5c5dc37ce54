"""Fresh pairs reach training in an order of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command import refused
from small_stream import COUNT, FRESH, MODEL, REUSE, options, streamed

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError
from geoml.samples.scaling import Scaling
from geoml.survey.pairs import open_pairs
from geoml.synthetic.stored_recipe import model_run
from geoml.training import train
from geoml.training.stream_data import StreamPairs, pair_data
from geoml.training.stream_options import StreamOptions


def test_epoch_holds_the_last_blocks_and_the_stored_pairs_before_them(
    store: Path, longer: np.ndarray
) -> None:
    pairs = streamed(store)
    expected = longer.transpose(0, 1, 3, 2)
    try:
        for epoch in range(4):
            pairs.set_epoch(epoch)
            assert len(pairs) == FRESH * REUSE
            numbers = pairs.numbers(np.arange(len(pairs)))
            shots = pairs.scaling.unscale_shots(pairs.__getitems__(range(len(pairs)))["shots"])
            scale = np.abs(expected).max()
            assert np.abs(shots.numpy() - expected[numbers]).max() < 1e-5 * scale
            fresh = numbers[numbers >= COUNT]
            first = COUNT + FRESH * max(epoch - REUSE, 0)
            assert fresh.tolist() == list(range(first, COUNT + FRESH * epoch))
            assert set(numbers[numbers < COUNT]) <= set(pairs.indices.tolist())
    finally:
        pairs.close()


class PowerCutError(Exception):
    """The machine goes dark."""


def test_resumed_stream_goes_on_as_if_never_stopped(store: Path, tmp_path: Path) -> None:
    def cut(line: str) -> None:
        if line.startswith("epoch 2/"):
            raise PowerCutError

    keep = {"keep": str(tmp_path / "kept.zarr")}
    with pytest.raises(PowerCutError):
        train(store, tmp_path / "cut", model=MODEL, options=options(stream=keep), announce=cut)
    lines: list[str] = []
    again = {"options": options(stream=keep), "resume": True, "announce": lines.append}
    resumed = load_checkpoint(train(store, tmp_path / "cut", model=MODEL, **again))
    whole = load_checkpoint(
        train(store, tmp_path / "whole", model=MODEL, options=options(), announce=lines.append)
    )
    for name, weight in whole.state.items():
        assert torch.equal(resumed.state[name], weight), name
    assert any(line.startswith("stream: ") and "training waited" in line for line in lines)
    assert resumed.training["provenance"]["stream"]["first_pair"] == COUNT

    kept = open_pairs(tmp_path / "kept.zarr")
    assert kept.seed_index.values.tolist() == list(range(COUNT, COUNT + 2 * FRESH))
    runs = resumed.training["pairs"]["model_runs"]
    first, count = kept.attrs["first_seed_index"], kept.sizes["sample"]
    assert runs["streamed"] == model_run(kept.attrs["recipe"], first, count)
    assert runs["stored"] == model_run(open_pairs(store).attrs["recipe"], 0, COUNT)
    judge = streamed(tmp_path / "kept.zarr")
    assert judge.describe()["first_pair"] == COUNT + 2 * FRESH


def test_kept_pairs_are_those_of_a_longer_store(
    store: Path, longer: np.ndarray, tmp_path: Path
) -> None:
    pairs = streamed(store, keep=str(tmp_path / "kept.zarr"))
    for epoch in range(3):
        pairs.set_epoch(epoch)
    assert "16 fresh pairs" in pairs.finish()
    kept = open_pairs(tmp_path / "kept.zarr")
    assert kept.sizes["sample"] == 2 * FRESH  # of the 3 blocks that four epochs may use
    np.testing.assert_allclose(
        kept.amplitude.values, longer[COUNT : COUNT + 2 * FRESH], atol=1e-6 * np.abs(longer).max()
    )


def test_fresh_pairs_are_held_as_the_memory_type_says(store: Path, longer: np.ndarray) -> None:
    data = pair_data(store, options(augmentation=None, memory_dtype="float16"))
    pairs = data.train_pairs
    assert isinstance(pairs, StreamPairs)
    pairs.set_epoch(1)
    pairs.close()
    assert pairs._blocks[0][0].dtype == np.float16
    last = pairs.scaling.unscale_shots(pairs[FRESH * REUSE - 1]["shots"].numpy())
    true = longer[COUNT + FRESH - 1].transpose(0, 2, 1)
    assert 0 < np.abs(last - true).max() < 1e-3 * np.abs(true).max()


def test_command_checks_the_options_of_the_stream(store: Path, tmp_path: Path) -> None:
    written = tmp_path / "stream.yaml"
    written.write_text("fresh_pair: 100\n")
    command = ("train", store, "--out", tmp_path / "run", "--stream", written)
    assert "'stream' has no option 'fresh_pair'. Did you mean 'fresh_pairs'" in refused(*command)


def test_stream_of_other_families_takes_the_store_only_for_its_judgement(store: Path) -> None:
    pairs = streamed(store, families=["curved_layers"], seed=9, first_pair=0)
    described = pairs.describe()
    assert [next(iter(family)) for family in described["families"]] == ["curved_layers"]
    assert (described["seed"], described["first_pair"]) == (9, 0)
    assert described["velocity_range"]["trend"]["surface_m_s"] == 1800.0


@pytest.mark.parametrize(
    ("stream", "more", "message"),
    [
        ({"reuse": 0}, {}, "reuse 0, ahead 1; needed at least 1, 1 and 0"),
        ({"workers": -1}, {}, "Stream with workers -1"),
        ({"fresh_pair": 3}, {}, "Did you mean 'fresh_pairs'"),
        ({"first_pair": COUNT - 1}, {}, "draws 1 of the store's own pairs.*at least 40"),
        ({}, {"workers": 2}, "set workers: 0 and devices: 1"),
        ({}, {"devices": 2}, "set workers: 0 and devices: 1"),
    ],
)
def test_streams_that_cannot_work_are_refused(
    store: Path, stream: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        pair_data(store, options(stream=stream, **more))


def test_pairs_over_models_from_files_need_families(pairs: Path) -> None:
    with pytest.raises(OptionError, match="do not tell how their velocity models were drawn"):
        StreamPairs(
            pairs,
            [0, 1],
            Scaling(1.0, 2000.0, 500.0),
            options=StreamOptions(),
            last_epoch=1,
        )
