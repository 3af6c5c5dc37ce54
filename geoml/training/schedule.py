"""How far a run is, in steps, in time or in processor time, and the learning rate there."""

from __future__ import annotations

import math
import time


class RunClock:
    """Progress of a run from 0 to 1 by steps, wall time or CPU time, whichever is furthest.

    Attributes:
        total_steps: Steps of the whole run.
        max_seconds: Wall time of the whole run [s], None for no limit.
        max_cpu_seconds: CPU time of the whole run, all threads of this process [s], None for no
            limit. It measures the same work on a busy machine as on an idle one.
        earlier_s: Wall time spent before this process took over [s].
        earlier_cpu_s: CPU time spent before this process took over [s].
    """

    def __init__(
        self,
        total_steps: int,
        max_minutes: float | None = None,
        max_cpu_minutes: float | None = None,
    ) -> None:
        self.total_steps = max(total_steps, 1)
        self.max_seconds = None if max_minutes is None else 60 * max_minutes
        self.max_cpu_seconds = None if max_cpu_minutes is None else 60 * max_cpu_minutes
        self.earlier_s = 0.0
        self.earlier_cpu_s = 0.0
        self._started: float | None = None
        self._cpu_started = 0.0

    def start(self) -> None:
        """Let the time run."""
        self._started = time.monotonic()
        self._cpu_started = time.process_time()

    @property
    def has_time_limit(self) -> bool:
        """True where wall or CPU time may end the run."""
        return self.max_seconds is not None or self.max_cpu_seconds is not None

    @property
    def elapsed_s(self) -> float:
        """Wall time of the run so far, resumed parts together [s]."""
        running = 0.0 if self._started is None else time.monotonic() - self._started
        return self.earlier_s + running

    @property
    def cpu_s(self) -> float:
        """CPU time of the run so far, resumed parts together [s]."""
        running = 0.0 if self._started is None else time.process_time() - self._cpu_started
        return self.earlier_cpu_s + running

    def progress(self, step: int) -> float:
        """Share of the run that lies behind a step, at most 1.

        The learning rate follows it, so that it reaches its end under any limit.
        """
        share = step / self.total_steps
        if self.max_seconds is not None:
            share = max(share, self.elapsed_s / self.max_seconds)
        if self.max_cpu_seconds is not None:
            share = max(share, self.cpu_s / self.max_cpu_seconds)
        return min(share, 1.0)


def learning_rate_factor(progress: float, warmup: float, end: float = 0.01) -> float:
    """Share of the highest learning rate: linear rise, then half a cosine down to ``end``.

    Args:
        progress: Share of the run that is done, 0..1.
        warmup: Share of the run in which the rate rises, 0 <= warmup < 1.
        end: Factor at the end.

    References:
        Loshchilov and Hutter (2017), SGDR, ICLR.
    """
    if progress < warmup:
        return max(progress / warmup, end)
    fall = (progress - warmup) / (1 - warmup)
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * fall))
