"""The learning rate reaches its end under a limit of steps and under one of time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.training.schedule import RunClock, learning_rate_factor


def test_learning_rate_by_hand() -> None:
    rates = [learning_rate_factor(p, warmup=0.2, end=0.01) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    assert rates == pytest.approx([0.01, 0.5, 1.0, 0.505, 0.01])


@given(st.floats(0, 1), st.floats(0, 0.9))
def test_learning_rate_rises_to_its_highest_and_then_falls(progress: float, warmup: float) -> None:
    here, later = (learning_rate_factor(p, warmup) for p in (progress, min(progress + 0.01, 1)))
    assert 0.01 <= here <= 1
    if progress >= warmup:
        assert later <= here
    elif progress + 0.01 <= warmup:
        assert later >= here


def test_progress_is_by_steps_where_time_has_no_limit() -> None:
    clock = RunClock(total_steps=200)
    clock.start()
    assert [clock.progress(step) for step in (0, 50, 200, 300)] == [0, 0.25, 1, 1]


def test_progress_is_whichever_limit_is_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RunClock(total_steps=100, max_minutes=2)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    clock.start()
    monkeypatch.setattr(time, "monotonic", lambda: 1030.0)
    assert clock.progress(10) == 0.25
    assert clock.progress(60) == 0.6
    clock.earlier_s = 90
    assert clock.progress(60) == 1


def test_time_stands_still_before_the_start() -> None:
    clock = RunClock(total_steps=10, max_minutes=1)
    clock.earlier_s = 15
    assert clock.elapsed_s == 15
    assert clock.progress(0) == 0.25


def test_processor_time_limits_a_run_whatever_the_clock_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = RunClock(total_steps=100, max_cpu_minutes=1)
    monkeypatch.setattr(time, "process_time", lambda: 50.0)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    clock.start()
    monkeypatch.setattr(time, "process_time", lambda: 65.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1e6)
    assert clock.progress(10) == 0.25
    clock.earlier_cpu_s = 45
    assert clock.progress(10) == 1
    assert clock.has_time_limit
