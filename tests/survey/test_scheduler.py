from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from geoml.errors import OptionError, StoreError
from geoml.survey.scheduler import LOCAL_SCHEDULERS, run_tasks


def squared(number):
    return number * number


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def tell_and_wait(path):
    (path / f"{os.getpid()}").touch()
    time.sleep(60)


def work_in_processes(path):
    run_tasks(tell_and_wait, [path] * 4, "processes", n_workers=2)


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    parent = multiprocessing.get_context("spawn").Process(
        target=work_in_processes, args=(tmp_path,)
    )
    parent.start()
    assert _within(40, lambda: len(list(tmp_path.iterdir())) == 2)
    parent.kill()
    parent.join()
    workers = [int(file.name) for file in tmp_path.iterdir()]
    assert _within(10, lambda: not any(_lives(worker) for worker in workers))


def _within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def _lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A dead child that nobody waited for still has its number.
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("scheduler", LOCAL_SCHEDULERS)
def test_every_item_is_done_once(scheduler):
    results = []
    run_tasks(squared, range(23), scheduler, n_workers=2, done=results.append)
    assert sorted(results) == [number * number for number in range(23)]


def test_items_are_taken_no_faster_than_they_are_worked_on():
    taken, open_items = [], []

    def items():
        for number in range(40):
            taken.append(number)
            yield number

    def work(number):
        open_items.append(len(taken) - number)
        time.sleep(0.001)

    run_tasks(work, items(), "threads", n_workers=3)
    assert len(taken) == 40
    assert max(open_items) <= 6


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_error_of_a_task_ends_the_run(scheduler):
    started = []

    def work(number):
        started.append(number)
        if number == 3:
            raise StoreError("task 3")
        time.sleep(0.001)

    with pytest.raises(StoreError, match="task 3"):
        run_tasks(work, range(1000), scheduler, n_workers=2)
    assert len(started) < 100


def test_dead_worker_process_is_told_in_one_line():
    with pytest.raises(StoreError, match=r"worker process died .* same command goes on"):
        run_tasks(die, range(3), "processes", n_workers=1)


def test_threads_work_side_by_side():
    both = threading.Barrier(2, timeout=10)
    run_tasks(lambda _: both.wait(), range(2), "threads", n_workers=2)


def test_unknown_and_silent_schedulers_are_refused(monkeypatch):
    with pytest.raises(OptionError, match="Did you mean 'threads'"):
        run_tasks(squared, range(2), "thread")
    monkeypatch.setattr("geoml.survey.scheduler._PATIENCE_S", 1)
    with pytest.raises(OptionError, match="no Dask scheduler answers"):
        run_tasks(squared, range(2), "tcp://127.0.0.1:9")
