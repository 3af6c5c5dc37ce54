"""Who models fresh pairs changes nothing, and no worker outlives the training."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import small_stream
import torch
from distributed import LocalCluster
from small_stream import COUNT, FRESH, streamed

from geoml.errors import OptionError, StoreError
from geoml.synthetic.stream import PairStream, StreamMachine


class CountedPairs:
    """Pairs of zeros, and which of them were asked for."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def simulate(self, start: int, stop: int, device: str) -> tuple[np.ndarray, ...]:
        self.made += range(start, stop)
        zeros = np.zeros((stop - start, 2, 2), np.float32)
        return zeros[..., None], zeros, np.zeros(stop - start, np.int32)


def test_queue_is_bounded_however_long_nothing_is_taken() -> None:
    recipe, machine = CountedPairs(), StreamMachine(workers=0, batch=3)
    more = {"first_pair": 100, "block_pairs": 4, "ahead": 2, "stop_block": 4, "machine": machine}
    with PairStream(recipe, **more) as stream:  # type: ignore[arg-type]
        for taken, held in ((0, 12), (1, 16), (2, 16)):  # three blocks; the fourth is the last
            deadline = time.monotonic() + 30
            while len(recipe.made) < held and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.1)
            assert recipe.made == list(range(100, 100 + held)), taken
            assert len(stream.take()[1]) == 4
    assert stream.n_taken == 12


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
        "import sys; sys.path[:0] = sys.argv[3:]; import small_stream as t; "
        "from pathlib import Path; from geoml.training import train\n"
        "if __name__ == '__main__': train(Path(sys.argv[1]), Path(sys.argv[2]), model=t.MODEL, "
        "options=t.options(max_epochs=50, stream={'fresh_pairs': 400, 'workers': 2}))"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    helpers = Path(small_stream.__file__).parent
    command = [sys.executable, script, store, tmp_path / "run", helpers]
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
