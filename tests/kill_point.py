"""Run a function in a process that is killed before its n-th write, and count the writes."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Folders are made as they are needed, more or fewer of them where threads meet: not counted.
_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["geoml.readers.ingest", "geoml.preprocess.pipeline"])


def run_and_kill(
    folder: Path, write: int, function: Callable[..., Any], *given: Any, **named: Any
) -> tuple[int, int]:
    """Call a function in another process and kill it with SIGKILL before one of its writes.

    Args:
        folder: Only what happens below it is counted.
        write: Number of the write, from 1; 0 lets the process end by itself.
        function: What to call, importable, with its arguments.

    Returns:
        Exit status, -9 after the kill, and the writes that were counted.
    """
    counted = _context.Value("i", 0)
    task = (str(folder), write, counted, function, given, named)
    process = _context.Process(target=_run, args=task)
    process.start()
    process.join(60)
    assert process.exitcode is not None, "the process did not end within a minute"
    return process.exitcode, counted.value


def _run(
    folder: str,
    write: int,
    counted: Any,
    function: Callable[..., Any],
    given: tuple[Any, ...],
    named: dict[str, Any],
) -> None:
    numbers = itertools.count(1)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            changes = isinstance(args[2], int) and bool(args[2] & _WRITING)
        else:
            changes = event in _CHANGES
        # Whole folders are removed by names relative to an opened one.
        relative = event in ("os.remove", "os.rmdir") and args[1] != -1
        if changes and (relative or os.fsdecode(_name(args[0])).startswith(folder)):
            counted.value = number = next(numbers)
            if number == write:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    function(*given, **named)


def _name(path: Any) -> Any:
    return path if isinstance(path, str | bytes | os.PathLike) else ""
