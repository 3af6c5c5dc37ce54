"""Worker processes end with the process that started them, however it ended."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Leave at once when the process that started this one is gone; for a pool's initializer.

    A pool whose own process is killed tells its workers nothing: each holds both ends of the pipe
    of its tasks, and would wait for the next one for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, daemon=True).start()
