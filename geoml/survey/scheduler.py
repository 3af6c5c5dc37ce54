"""Where tasks run: threads, processes, or a dask.distributed cluster, behind one interface."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from geoml.errors import OptionError, StoreError
from geoml.registry import nearest
from geoml.worker_end import end_with_parent

LOCAL_SCHEDULERS = ("threads", "processes", "synchronous")

_PATIENCE_S = 30
_RETRIES = 3  # a task whose worker dies runs again elsewhere, this often

Item = TypeVar("Item")


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_scheduler(name: str) -> None:
    """Refuse a scheduler that does not exist.

    Args:
        name: ``threads``, ``processes``, ``synchronous`` or the address of a running
            dask.distributed scheduler.

    Raises:
        OptionError: If the name is none of these.
    """
    if "://" not in name and name not in LOCAL_SCHEDULERS:
        raise OptionError(
            f"Unknown scheduler '{name}'.{nearest(name, LOCAL_SCHEDULERS)} Known: "
            f"{', '.join(LOCAL_SCHEDULERS)}, or an address such as tcp://host:8786."
        )


def run_tasks(
    function: Callable[[Item], Any],
    items: Iterable[Item],
    scheduler: str,
    *,
    n_workers: int | None = None,
    done: Callable[[Any], None] | None = None,
) -> None:
    """Call a function with every item, side by side; twice as many are held as workers run.

    A task on a cluster runs again where its worker dies, so it must be safe to repeat.

    Args:
        function: Picklable where the scheduler is no local thread.
        items: One each task.
        scheduler: See ``check_scheduler``.
        n_workers: Local workers, by default one a core.
        done: Called here with each result, in the order of completion.

    Raises:
        OptionError: If the scheduler is unknown or cannot be reached.
        StoreError: If workers die more often than tasks are repeated.
    """
    check_scheduler(scheduler)
    remaining = iter(items)
    with _executor(scheduler, n_workers or n_cores()) as (pool, width):
        running: set[Future[Any]] = set()
        try:
            while True:
                fresh = islice(remaining, 2 * width - len(running))
                running.update(pool.submit(function, item) for item in fresh)
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    result = future.result()
                    if done is not None:
                        done(result)
        except BrokenExecutor as error:
            raise StoreError(
                f"A worker process died ({error}); is memory short? The same command goes on."
            ) from None
        finally:
            for future in running:
                future.cancel()


class _Here(Executor):
    """Runs each task at once, in the calling thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def _executor(scheduler: str, n_workers: int) -> Iterator[tuple[Executor, int]]:
    """An executor and how many tasks it runs at once."""
    if "://" in scheduler:
        with cluster_executor(scheduler) as found:
            yield found
    elif scheduler == "synchronous":
        yield _Here(), 1
    elif scheduler == "processes":
        # Spawned: a fork would copy the locks of the threads that Zarr runs.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(n_workers, context, initializer=end_with_parent) as pool:
            yield pool, n_workers
    else:
        with ThreadPoolExecutor(n_workers) as pool:
            yield pool, n_workers


@contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on a running dask.distributed cluster, and how many tasks it runs at once.

    Raises:
        OptionError: If no scheduler answers there, or it has no worker.
        StoreError: If workers die more often than tasks are repeated.
    """
    from distributed import Client, KilledWorker

    try:
        client = Client(address, timeout=_PATIENCE_S)
    except (OSError, ValueError) as error:
        raise OptionError(
            f"--scheduler {address}: no Dask scheduler answers there ({error}). Start one with: "
            "dask scheduler"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError:
            raise OptionError(
                f"--scheduler {address}: the scheduler has no worker. Start one with: dask worker "
                f"{address}"
            ) from None
        width = sum(client.nthreads().values())
        try:
            yield client.get_executor(pure=False, retries=_RETRIES), max(1, width)
        except KilledWorker as error:
            raise StoreError(
                f"Workers of {address} died again and again ({error}); is memory short? The same "
                "command goes on."
            ) from None
