"""The measures of the benchmark on attention that need no training."""

from __future__ import annotations

from pathlib import Path

import attention_runs
import numpy as np
import pytest
from attention_events import touching
from attention_labels import NO_GAINS, signal_scores
from land_picks import held_out_scatter_ms
from moveout_gathers import moveout_gathers

from geoml.samples.labelled_gathers import with_noise
from geoml.synthetic.event_gather import EventGathers


def line(noise_s: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picks of 12 shots into 20 places: straight moveout, shot and receiver terms, noise."""
    rng = np.random.default_rng(seed)
    station = np.tile(np.arange(20), (12, 1))
    offset_m = 50.0 * station - 80.0 * np.arange(12)[:, None]
    shot_s, place_s = rng.normal(0, 0.002, 12), rng.normal(0, 0.002, 20)
    picks = 0.03 + np.abs(offset_m) / 2000 + shot_s[:, None] + place_s[station]
    return picks + noise_s * rng.normal(size=picks.shape), offset_m, station


def test_consistent_picks_are_told_by_each_other() -> None:
    median_ms, far_ms = held_out_scatter_ms(*line(0.0))
    assert median_ms < 0.5
    assert far_ms < 1.5


def test_scatter_grows_with_the_noise_of_the_picks() -> None:
    quiet, loud = (held_out_scatter_ms(*line(noise_s))[0] for noise_s in (0.004, 0.02))
    # The median of a normal error is 0.67 of its deviation; fitting adds a little.
    assert quiet == pytest.approx(2.7, rel=0.35)
    assert loud == pytest.approx(13.5, rel=0.35)


def test_a_few_wild_picks_leave_the_others_alone() -> None:
    picks, offset_m, station = line(0.002)
    picks[::4, 3] += 0.5
    assert held_out_scatter_ms(picks, offset_m, station)[0] < 3


def test_too_few_picks_tell_nothing() -> None:
    picks, offset_m, station = line(0.0)
    picks[:, 5:] = np.nan
    assert np.isnan(held_out_scatter_ms(picks, offset_m, station)).all()


def test_gathers_whose_curves_touch_are_told_from_others() -> None:
    nan = np.nan
    gathers = EventGathers(
        np.zeros((3, 2, 4), np.float32),
        np.array([[0.0, 1000.0]] * 3, np.float32),
        # Far apart; together at the far trace; one event alone.
        np.array([[0.3, 0.9], [0.3, 0.5], [0.4, nan]], np.float32),
        np.array([[2000.0, 2500.0], [2000.0, 3240.0], [2000.0, nan]], np.float32),
        np.full((3, 2), 1.0, np.float32),
        0.008,
    )
    assert touching(gathers).tolist() == [False, True, False]


def test_a_denoiser_is_paid_for_noise_and_charged_for_signal() -> None:
    clean = moveout_gathers(4)
    noisy = with_noise(clean, NO_GAINS, np.random.default_rng(0))
    untouched, perfect, silent = (
        signal_scores(signal, noisy, clean)
        for signal in (noisy.samples, clean.samples, np.zeros_like(clean.samples))
    )
    assert untouched["gain_db"] == untouched["leakage"] == 0
    assert perfect["gain_db"] > 40
    assert abs(perfect["leakage"]) < 0.3
    assert silent["leakage"] > 0.7


def test_labelled_gathers_are_modelled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathers = moveout_gathers(3)
    monkeypatch.setattr(attention_runs, "open_pairs", lambda _: None)
    monkeypatch.setattr(attention_runs, "labelled_pairs", lambda _: gathers)
    first = attention_runs.labelled(tmp_path, tmp_path / "labelled.npz")
    monkeypatch.delattr(attention_runs, "labelled_pairs")
    again = attention_runs.labelled(tmp_path, tmp_path / "labelled.npz")
    for made in (first, again):
        assert made.dt_s == gathers.dt_s
        for name in ("samples", "offset_m", "first_break_s", "stack_m_s", "group"):
            np.testing.assert_array_equal(getattr(made, name), getattr(gathers, name))
    assert [path.name for path in tmp_path.iterdir()] == ["labelled.npz"]
