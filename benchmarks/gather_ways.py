"""Ways to read the gathers of one line: geoml's, a plain memory map, and peers."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import segyio
from field_file import N_CHANNELS, N_SAMPLES

from geoml.samples.gather_dataset import GatherDataset
from geoml.samples.gather_loader import gather_loader

Timed = tuple[float, float]
"""Seconds that a read took, and the sum of the magnitudes of its samples."""


class Way(Protocol):
    """One way to read; see ``RawMap``."""

    def shot(self, shot: int) -> Timed:
        """One shot gather."""
        ...

    def gather(self, gather: int, traces: np.ndarray) -> Timed:
        """Any traces; ``gather`` is their place in an index of receivers."""
        ...

    def all_shots(self, check: bool) -> Timed:
        """Every shot, one after another; without ``check`` the sum may be 0."""
        ...


class RawMap:
    """A memory map of an IEEE file, turned to native floats: what no reader can be under."""

    def __init__(self, path: Path) -> None:
        record = np.dtype([("header", "u1", 240), ("samples", ">f4", N_SAMPLES)])
        self._traces = np.memmap(path, dtype=record, mode="r", offset=3600)["samples"]
        self._n_shots = len(self._traces) // N_CHANNELS

    def shot(self, shot: int) -> Timed:
        """One shot gather."""
        first = shot * N_CHANNELS
        return timed(lambda: self._traces[first : first + N_CHANNELS].astype(np.float32))

    def gather(self, gather: int, traces: np.ndarray) -> Timed:
        """Any traces."""
        return timed(lambda: self._traces[traces].astype(np.float32))

    def all_shots(self, check: bool) -> Timed:
        """Every shot, one after another."""
        first = range(0, self._n_shots * N_CHANNELS, N_CHANNELS)
        shots = (self._traces[k : k + N_CHANNELS].astype(np.float32) for k in first)
        return timed_all(shots, check)


class Segyio:
    """segyio's own way: a slice of traces, or one trace after another."""

    def __init__(self, path: Path) -> None:
        self._file = segyio.open(path, ignore_geometry=True)
        self._raw = self._file.trace.raw
        self._n_traces = self._file.tracecount

    def shot(self, shot: int) -> Timed:
        """One shot gather."""
        first = shot * N_CHANNELS
        return timed(lambda: self._raw[first : first + N_CHANNELS])

    def gather(self, gather: int, traces: np.ndarray) -> Timed:
        """Any traces."""
        return timed(lambda: np.stack([self._raw[int(trace)] for trace in traces]))

    def all_shots(self, check: bool) -> Timed:
        """Every shot, one after another."""
        first = range(0, self._n_traces, N_CHANNELS)
        return timed_all((self._raw[k : k + N_CHANNELS] for k in first), check)


class Geoml:
    """Tensors of geoml's datasets.

    Args:
        shots: Shot gathers, by ascending record number.
        receivers: Receiver gathers.
        workers: Processes that read ``all_shots``; 0 reads here.
    """

    def __init__(self, shots: GatherDataset, receivers: GatherDataset, workers: int = 0) -> None:
        self._shots = shots
        self._receivers = receivers
        self._loader = None
        if workers:
            self._loader = gather_loader(shots, 8, shuffle=False, workers=workers)
            for _ in self._loader:  # workers start and stay
                pass

    def shot(self, shot: int) -> Timed:
        """One shot gather."""
        return timed(lambda: self._shots[shot]["samples"].numpy())

    def gather(self, gather: int, traces: np.ndarray) -> Timed:
        """One receiver gather."""
        return timed(lambda: self._receivers[gather]["samples"].numpy())

    def all_shots(self, check: bool) -> Timed:
        """Every shot, one after another."""
        gathers: Iterable[Any] = self._loader or (
            self._shots[shot] for shot in range(len(self._shots))
        )
        return timed_all((gather["samples"].numpy() for gather in gathers), check)


class Mdio:
    """An MDIO store, read by an interpreter that has multidimio.

    Args:
        python: The interpreter.
        store: The store.
    """

    def __init__(self, python: str, store: Path) -> None:
        script = Path(__file__).parent / "peers" / "mdio_read.py"
        self._process = subprocess.Popen(
            [python, str(script), str(store)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def shot(self, shot: int) -> Timed:
        """One shot gather."""
        return self._asked("shot", shot)

    def gather(self, gather: int, traces: np.ndarray) -> Timed:
        """Any traces."""
        shots, channels = np.divmod(traces, N_CHANNELS)
        return self._asked("traces", shots.tolist(), channels.tolist())

    def all_shots(self, check: bool) -> Timed:
        """Every shot, a chunk of shots after another."""
        return self._asked("pass")

    def close(self) -> None:
        """End the process; forked workers hold its pipe open, so it is told and not left alone."""
        self._process.terminate()
        self._process.wait(timeout=30)

    def _asked(self, *question: Any) -> Timed:
        assert self._process.stdin is not None, "Popen was given a pipe"
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        seconds, total = json.loads(self._answer())
        return seconds, total

    def _answer(self) -> str:
        assert self._process.stdout is not None, "Popen was given a pipe"
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("mdio_read.py ended early; run it by hand to see why.")
        return line


def timed(read: Callable[[], np.ndarray]) -> Timed:
    """One read."""
    start = time.perf_counter()
    samples = read()
    seconds = time.perf_counter() - start
    return seconds, magnitude(samples)


def timed_all(reads: Iterable[np.ndarray], check: bool) -> Timed:
    """Reads one after another, timed as a whole; with ``check`` their samples are summed too."""
    total = 0.0
    start = time.perf_counter()
    for samples in reads:
        if check:
            total += magnitude(samples)
    return time.perf_counter() - start, total


def magnitude(samples: np.ndarray) -> float:
    """Sum of the magnitudes of some samples."""
    return float(np.abs(samples).sum(dtype=np.float64))
