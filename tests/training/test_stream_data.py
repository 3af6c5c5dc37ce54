"""Fresh pairs reach training in an order of their own, and their workers never outlive it."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command import refused
from distributed import LocalCluster

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError, StoreError
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelet_shapes import ricker
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.synthetic import VelocityRange
from geoml.synthetic.generate import generate_pairs
from geoml.training import TrainingOptions, train
from geoml.training.stream_data import StreamData, StreamPairs, pair_data
from geoml.training.stream_options import StreamOptions

WINDOW = Acquisition(
    source_distance_m=np.array([20.0, 100.0]),
    source_depth_m=np.full(2, 10.0),
    receiver_distance_m=np.array([20.0 * np.arange(7)] * 2),
    receiver_depth_m=np.full((2, 7), 10.0),
    dt_s=0.008,
    n_samples=24,
    spacing_m=20.0,
    n_depth=8,
    n_distance=8,
    wavelet=ricker(8.0, 0.008, 13),
    wavelet_start_s=-0.048,
    max_frequency_hz=22.0,
    free_surface=False,
)
COUNT, FRESH, REUSE = 40, 8, 2
SPLITS = {"train": 0.3, "validation": 0.3, "calibration": 0.3, "test": 0.1}
MODEL = {"mh_unet_s": {"widths": [16], "stem_widths": [8], "map_groups": 4}}


def simulated(path: Path, count: int = COUNT, **more: Any) -> Path:
    generate_pairs(
        path,
        WINDOW,
        families=["flat_layers", {"curved_layers": {"max_dip_deg": 20.0}}],
        velocity_range=VelocityRange(VelocityTrend(1800.0, 1.0, 3000.0)),
        count=count,
        seed=4,
        **{"batch": 10, **more},
    )
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("stream") / "pairs.zarr")


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The amplitudes that the same recipe gives when asked for more pairs."""
    path = simulated(tmp_path_factory.mktemp("longer") / "pairs.zarr", COUNT + 3 * FRESH)
    return open_pairs(path).amplitude.values


def options(max_epochs: int = 3, stream: dict[str, Any] | None = None, **more: Any) -> Any:
    base: dict[str, Any] = {
        "max_epochs": max_epochs,
        "batch_size": 8,
        "precision": "32-true",
        "accelerator": "cpu",
        "patience": None,
        "splits": SPLITS,
    }
    stream = {"fresh_pairs": FRESH, "reuse": REUSE, "workers": 0, **(stream or {})}
    return TrainingOptions(**{**base, "stream": stream, **more})


def streamed(store: Path, **stream: Any) -> StreamPairs:
    data = pair_data(store, options(augmentation=None, max_epochs=4, stream=stream))
    assert isinstance(data, StreamData)
    return data.train_pairs


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


@pytest.mark.slow
def test_workers_and_batches_change_nothing(store: Path) -> None:
    found = []
    for machine in ({"workers": 0, "batch": 4}, {"workers": 2, "batch": 3, "ahead": 0}):
        pairs = streamed(store, **machine)
        try:
            pairs.set_epoch(2)
            found.append(pairs.__getitems__(range(len(pairs)))["shots"])
        finally:
            pairs.close()
    assert torch.equal(*found)


@pytest.mark.slow
def test_cluster_models_the_same_pairs(store: Path, longer: np.ndarray) -> None:
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        silence_logs=60,
    ) as cluster:
        pairs = streamed(store, scheduler=cluster.scheduler_address)
        pairs.set_epoch(1)
        pairs.close()
    shots, _ = pairs._blocks[0]
    expected = longer[COUNT : COUNT + FRESH].transpose(0, 1, 3, 2)
    np.testing.assert_allclose(shots, expected, atol=1e-6 * np.abs(expected).max())


def test_cluster_that_does_not_answer_is_refused(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoml.survey.scheduler._PATIENCE_S", 1)
    with pytest.raises(OptionError, match="no Dask scheduler answers there"):
        streamed(store, scheduler="tcp://127.0.0.1:1").set_epoch(0)


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


def test_dead_worker_stops_the_run_with_one_line(store: Path) -> None:
    pairs = streamed(store, workers=1, fresh_pairs=200, batch=4)
    pairs.set_epoch(0)
    assert pairs._stream is not None
    for worker in multiprocessing.active_children():
        worker.kill()
    with pytest.raises(StoreError, match="that models training pairs died"):
        pairs.set_epoch(1)
    pairs.close()


def test_stalled_workers_stop_the_run(store: Path) -> None:
    pairs = streamed(store, fresh_pairs=64, batch=64, patience_s=0.05)
    pairs.set_epoch(0)
    with pytest.raises(StoreError, match=r"No modelled pairs for 0.05 s"):
        pairs.set_epoch(1)
    pairs.close()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_stopped_run_leaves_no_worker_behind(store: Path, tmp_path: Path, sign: int) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[3:]; import test_stream_data as t; "
        "from pathlib import Path; from geoml.training import train\n"
        "if __name__ == '__main__': train(Path(sys.argv[1]), Path(sys.argv[2]), model=t.MODEL, "
        "options=t.options(max_epochs=50, stream={'fresh_pairs': 400, 'workers': 2}))"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    folder = Path(__file__).parent
    command = [sys.executable, script, store, tmp_path / "run", folder, folder.parent]
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell that runs the tests in the background has interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 300
        while len(children(process.pid)) < 3 and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.05)
        workers = children(process.pid)
        assert len(workers) >= 2
        process.send_signal(sign)
        assert process.wait(200) != 0
        deadline = time.monotonic() + 100
        while any(alive(worker) for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [worker for worker in workers if alive(worker)]
    finally:
        process.kill()


def children(parent: int) -> list[int]:
    """Processes that another one started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def alive(process: int) -> bool:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"


@pytest.mark.parametrize(
    ("stream", "more", "message"),
    [
        ({"reuse": 0}, {}, "reuse 0, ahead 1; needed at least 1, 1 and 0"),
        ({"workers": -1}, {}, "Stream with workers -1"),
        ({"fresh_pair": 3}, {}, "Did you mean 'fresh_pairs'"),
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
