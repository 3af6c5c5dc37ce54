"""Ingest on a dask.distributed cluster: two worker processes behind a scheduler on TCP."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from shot_file import TRACES_A_SHARD, stored_bytes, write_shots

from geoml.errors import OptionError, StoreError
from geoml.preprocess.pipeline import preprocess_store
from geoml.readers.ingest import ingest

N_SHARDS = 24
STEPS = [{"bandpass": {"low_hz": 8.0, "high_hz": 60.0}}, {"agc": {"window_s": 0.08}}]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a scheduler with two worker processes."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        silence_logs=60,
    ) as running:
        assert running.scheduler_address.startswith("tcp://127.0.0.1:")
        yield running.scheduler_address


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy", 16 * N_SHARDS, doubles=True)


@pytest.fixture(scope="module")
def by_threads(line: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("threads") / "line.zarr"
    ingest(line, out)
    return out


def _worker_processes(cluster: str) -> list[int]:
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=30)
        return list(client.run(os.getpid).values())


def _killer(process: int, n_shards: int) -> tuple[Callable[[int, int], None], list[int]]:
    """A progress callback that kills a process after some shards, and what was done then."""
    at: list[int] = []

    def progress(done: int, _n_traces: int) -> None:
        if not at and done >= n_shards * TRACES_A_SHARD:
            os.kill(process, signal.SIGKILL)
            at.append(done)

    return progress, at


def test_store_of_a_cluster_has_the_bytes_of_one_by_threads(
    cluster: str, line: Path, by_threads: Path, tmp_path: Path
) -> None:
    ingest(line, tmp_path / "line.zarr", scheduler=cluster)
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(by_threads)


def test_nothing_is_lost_when_a_worker_is_killed(
    cluster: str, line: Path, by_threads: Path, tmp_path: Path
) -> None:
    victim, other = _worker_processes(cluster)
    progress, at = _killer(victim, 5)
    ingest(line, tmp_path / "line.zarr", progress=progress, scheduler=cluster)
    assert at[0] < (N_SHARDS - 4) * TRACES_A_SHARD, "the worker was killed too late to tell"
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(by_threads)
    now = _worker_processes(cluster)
    assert victim not in now
    assert other in now


def test_command_runs_on_a_cluster(
    cluster: str, line: Path, by_threads: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "geoml.cli", "ingest", str(line), str(tmp_path / "line.zarr")]
    subprocess.run([*command, "--scheduler", cluster], check=True, timeout=60, capture_output=True)
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(by_threads)


@pytest.mark.slow
def test_killed_command_goes_on_when_its_cluster_lives(
    cluster: str, line: Path, by_threads: Path, tmp_path: Path
) -> None:
    code = (
        "import os, signal, sys\nfrom geoml.readers.ingest import ingest\n"
        "def kill(done, _n):\n    if done > 2000: os.kill(os.getpid(), signal.SIGKILL)\n"
        "ingest(sys.argv[1], sys.argv[2], progress=kill, scheduler=sys.argv[3])"
    )
    out = tmp_path / "line.zarr"
    run = [sys.executable, "-c", code, str(line), str(out), cluster]
    assert subprocess.run(run, timeout=60, check=False).returncode == -signal.SIGKILL
    assert not out.exists()
    ingest(line, out, scheduler=cluster)
    assert stored_bytes(out) == stored_bytes(by_threads)


def test_processed_store_of_a_cluster_survives_a_killed_worker(
    cluster: str, by_threads: Path, tmp_path: Path
) -> None:
    preprocess_store(by_threads, tmp_path / "threads.zarr", STEPS)
    victim, _ = _worker_processes(cluster)
    progress, at = _killer(victim, 1)
    preprocess_store(
        by_threads, tmp_path / "cluster.zarr", STEPS, scheduler=cluster, progress=progress
    )
    assert at[0] < N_SHARDS * TRACES_A_SHARD
    assert stored_bytes(tmp_path / "cluster.zarr") == stored_bytes(tmp_path / "threads.zarr")


@pytest.mark.slow
def test_store_of_processes_has_the_bytes_of_one_by_threads(
    line: Path, by_threads: Path, tmp_path: Path
) -> None:
    ingest(line, tmp_path / "line.zarr", scheduler="processes")
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(by_threads)


def test_killed_process_is_told_and_the_same_call_goes_on(
    line: Path, by_threads: Path, tmp_path: Path
) -> None:
    out = tmp_path / "line.zarr"
    before = {child.pid for child in multiprocessing.active_children()}
    done: list[int] = []

    def progress(n_done: int, _n_traces: int) -> None:
        if not done:
            workers = {child.pid for child in multiprocessing.active_children()} - before
            os.kill(workers.pop() or 0, signal.SIGKILL)
        done.append(n_done)

    with pytest.raises(StoreError, match="worker process died"):
        ingest(line, out, progress=progress, scheduler="processes")
    assert not out.exists()
    ingest(line, out)
    assert stored_bytes(out) == stored_bytes(by_threads)


def test_scheduler_that_is_not_there_is_told(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoml.survey.scheduler._PATIENCE_S", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OptionError, match="no Dask scheduler answers there"):
            ingest(line, tmp_path / "line.zarr", scheduler=address)
    assert not (tmp_path / "line.zarr").exists()


def test_scheduler_without_a_worker_is_told(
    line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoml.survey.scheduler._PATIENCE_S", 1)
    with (
        LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as empty,
        pytest.raises(OptionError, match="the scheduler has no worker"),
    ):
        ingest(line, tmp_path / "line.zarr", scheduler=empty.scheduler_address)
    assert not (tmp_path / "line.zarr").exists()
