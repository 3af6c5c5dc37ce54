"""How far a run is, in steps or in time, and the learning rate that belongs there."""

from __future__ import annotations

import math
import time


class RunClock:
    """Progress of a run from 0 to 1 by steps or by wall time, whichever is further.

    Attributes:
        total_steps: Steps of the whole run.
        max_seconds: Wall time of the whole run [s], None for no limit.
        earlier_s: Wall time spent before this process took over [s].
    """

    def __init__(self, total_steps: int, max_minutes: float | None = None) -> None:
        self.total_steps = max(total_steps, 1)
        self.max_seconds = None if max_minutes is None else 60 * max_minutes
        self.earlier_s = 0.0
        self._started: float | None = None

    def start(self) -> None:
        """Let the time run."""
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Wall time of the run so far, resumed parts together [s]."""
        running = 0.0 if self._started is None else time.monotonic() - self._started
        return self.earlier_s + running

    def progress(self, step: int) -> float:
        """Share of the run that lies behind a step, at most 1.

        The learning rate follows it, so that it reaches its end under either limit.
        """
        share = step / self.total_steps
        if self.max_seconds is not None:
            share = max(share, self.elapsed_s / self.max_seconds)
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
