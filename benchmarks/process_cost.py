"""What a whole command costs: wall time, processor time, and memory of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_S = 0.01


@dataclass(frozen=True)
class Cost:
    """One run of a command.

    Attributes:
        wall_s: Elapsed time [s].
        cpu_s: Processor time of the command and its children [s].
        anonymous_mb: Highest anonymous memory of all its processes together [MB]; pages of mapped
            files do not count, the kernel takes them back when it needs room.
        output: What it printed.
    """

    wall_s: float
    cpu_s: float
    anonymous_mb: float
    output: str


def run_command(command: Sequence[str], env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end and measure it.

    Raises:
        RuntimeError: If it fails.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
    )
    highest = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        highest = max(highest, _anonymous_kb(process.pid))
        time.sleep(_POLL_S)
    wall_s = time.perf_counter() - start
    output = process.stdout.read() if process.stdout else ""
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ...: status {process.returncode}\n{output}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, highest / 1e3, output)


def _anonymous_kb(pid: int) -> int:
    """Anonymous memory of a process and its children now [kB]."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return total
    return total + sum(_anonymous_kb(int(child)) for child in children)
