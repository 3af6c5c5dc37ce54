"""Fresh training pairs, modelled in the background while a network trains on the ones before."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError, StoreError
from geoml.physics.device import usable_device
from geoml.survey.scheduler import cluster_executor
from geoml.synthetic.generate import Process, start_worker
from geoml.synthetic.recipe import PairRecipe

Block = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]
"""Amplitude (sample, shot, receiver, time), velocity (sample, depth, distance) and family."""


@dataclass(frozen=True)
class StreamMachine:
    """Where pairs are modelled; it never changes their bytes on one kind of processor.

    Attributes:
        workers: Processes, each with one thread; 0 for a thread of this process, which spares a
            GPU a second context.
        batch: Pairs modelled at once by one of them.
        device: Where torch models the shots: ``cpu``, or ``cuda``.
        scheduler: Address of a running dask.distributed scheduler, whose workers model in place
            of own processes; None for own ones.
        patience_s: Seconds without any finished batch after which the stream gives up.
    """

    workers: int = 1
    batch: int = 4
    device: str = "cpu"
    scheduler: str | None = None
    patience_s: float = 600.0

    def __post_init__(self) -> None:
        if self.workers < 0 or self.batch < 1 or not self.patience_s > 0:
            raise OptionError(
                f"Stream with workers {self.workers}, batch {self.batch}, patience_s "
                f"{self.patience_s:g}; needed at least 0 and 1, and above 0."
            )
        if self.scheduler is None:
            usable_device(self.device)


class PairStream:
    """Blocks of consecutive pairs, in order, at most a few of them ahead of the one in use.

    Pair i is drawn from (seed, i) alone, so a block is the same whatever the machine does. Worker
    processes leave an interrupt to this one and end with it, even where it is killed.

    Attributes:
        block_pairs: Pairs a block.
        waited_s: Time spent in ``take`` waiting for pairs [s].
        n_taken: Pairs handed out.
    """

    def __init__(
        self,
        recipe: PairRecipe,
        *,
        first_pair: int,
        block_pairs: int,
        first_block: int = 0,
        stop_block: int | None = None,
        ahead: int = 1,
        machine: StreamMachine | None = None,
        process: Process | None = None,
    ) -> None:
        """Start modelling.

        Args:
            recipe: How each pair is made.
            first_pair: Number of the first pair of block 0.
            block_pairs: Pairs a block.
            first_block: Block to begin with.
            stop_block: One past the last block that is ever taken; None for no end.
            ahead: Blocks that may be modelled beyond the one that is taken next.
            machine: Where; one process if None.
            process: What the survey went through, on amplitude (sample, shot, receiver, time).

        Raises:
            OptionError: If a number is out of range or the Dask scheduler does not answer.
        """
        if block_pairs < 1 or ahead < 0 or first_pair < 0:
            raise OptionError(
                f"Stream of {block_pairs} pairs a block, {ahead} blocks ahead, from pair "
                f"{first_pair}; needed at least 1, 0 and 0."
            )
        self.block_pairs = block_pairs
        self.waited_s = 0.0
        self.n_taken = 0
        self._machine = machine or StreamMachine()
        self._task = _Task(recipe, process, self._machine.device)
        self._first_pair, self._ahead, self._stop = first_pair, ahead, stop_block
        self._next = self._submitted = first_block
        self._pending: dict[int, list[Future[Block]]] = {}
        self._others = multiprocessing.active_children()
        self._stack = contextlib.ExitStack()
        self._pool = self._stack.enter_context(self._executor())
        self._submit()

    def take(self) -> Block:
        """The next block, waited for where it is not done.

        Raises:
            StoreError: If a worker died, or none finished a batch for ``patience_s``.
        """
        if self._next not in self._pending:
            raise StoreError(f"The stream has ended before block {self._next}.")
        futures = self._pending.pop(self._next)
        began = time.monotonic()
        try:
            parts = self._results(futures)
        except BaseException:
            self.close()
            raise
        self.waited_s += time.monotonic() - began
        self.n_taken += self.block_pairs
        self._next += 1
        self._submit()
        amplitude, velocity, family = (np.concatenate(part) for part in zip(*parts, strict=True))
        return amplitude, velocity, family

    def close(self) -> None:
        """Drop what is not done and end the workers."""
        for futures in self._pending.values():
            for future in futures:
                future.cancel()
        self._pending.clear()
        for worker in multiprocessing.active_children():
            if worker not in self._others:
                worker.terminate()  # they hold nothing that another process could miss
        self._stack.close()

    def __enter__(self) -> PairStream:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _executor(self) -> contextlib.AbstractContextManager[Executor]:
        address = self._machine.scheduler
        if address is not None:
            return _cluster_pool(address)
        if self._machine.workers == 0:
            return ThreadPoolExecutor(1)
        return ProcessPoolExecutor(
            self._machine.workers,
            # Spawned, not forked: torch's threads do not survive a fork.
            multiprocessing.get_context("spawn"),
            initializer=_start_quiet_worker,
        )

    def _submit(self) -> None:
        """Hand out work up to the last block that may be held."""
        try:
            while self._submitted <= self._next + self._ahead and self._submitted != self._stop:
                start = self._first_pair + self._submitted * self.block_pairs
                stop = start + self.block_pairs
                self._pending[self._submitted] = [
                    self._pool.submit(self._task, i, min(i + self._machine.batch, stop))
                    for i in range(start, stop, self._machine.batch)
                ]
                self._submitted += 1
        except BrokenExecutor as error:
            raise _death(error) from None

    def _results(self, futures: list[Future[Block]]) -> list[Block]:
        try:
            for future in futures:
                done, _ = wait([future], self._machine.patience_s)
                if not done:
                    raise StoreError(
                        f"No modelled pairs for {self._machine.patience_s:g} s; are the workers "
                        "alive? Raise patience_s where one batch takes longer."
                    )
            return [future.result() for future in futures]
        except (BrokenExecutor, CancelledError) as error:
            raise _death(error) from None
        except Exception as error:
            # Named, not imported: only a cluster raises it, and dask is slow to import.
            if type(error).__name__ == "KilledWorker":
                raise _death(error) from None
            raise


@dataclass(frozen=True, eq=False)
class _Task:
    """What a worker does: model some pairs and process them as the survey was."""

    recipe: PairRecipe
    process: Process | None
    device: str

    def __call__(self, start: int, stop: int) -> Block:
        amplitude, velocity, family = self.recipe.simulate(start, stop, self.device)
        return amplitude if self.process is None else self.process(amplitude), velocity, family


def _death(error: Exception) -> StoreError:
    return StoreError(
        f"A process that models training pairs died ({error}); is memory short? The pairs so far "
        "are in the run: pass --resume to go on."
    )


def _start_quiet_worker() -> None:
    """One thread, the end of the parent is the end of it, and an interrupt is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_worker()


@contextlib.contextmanager
def _cluster_pool(address: str) -> Iterator[Executor]:
    with cluster_executor(address) as (pool, _):
        yield pool
