"""Workers of a pool end with the process that started them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from geoml.worker_end import end_with_parent

pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_parent)
print(pool.submit(os.getpid).result(), flush=True)
pool.submit(time.sleep, 60).result()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_worker_ends_when_what_started_it_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    place = Path("/proc") / parent.stdout.readline().strip()
    assert place.exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(50):
        if not place.exists() or ") Z " in (place / "stat").read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"Worker {place.name} outlives what started it.")
