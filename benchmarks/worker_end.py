"""Workers of a pool end with the benchmark, however it ended."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Initializer of a pool's worker: leave at once when the process that started it is gone.

    A pool whose own process is killed tells its workers nothing: they would finish what they
    compute, and then wait for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
