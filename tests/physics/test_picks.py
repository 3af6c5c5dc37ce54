from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, ShapeError
from geoml.physics.picks import PickOptions, pick_first_breaks

DT = 0.004
FOOT_M = 0.3048


def gather(onsets: np.ndarray, noise: float, seed: int = 0, n_samples: int = 500) -> np.ndarray:
    """Traces that begin sharply at their onset, ring, and lie in noise."""
    t = np.arange(n_samples) * DT - onsets[:, None]
    signal = np.where(t > 0, np.sin(2 * np.pi * 20 * t) * np.exp(-8 * t), 0.0)
    return signal + noise * np.random.default_rng(seed).normal(size=signal.shape)


def diving(offset_m: np.ndarray) -> np.ndarray:
    return 0.05 + 2 / 0.8 * np.arcsinh(0.8 * np.abs(offset_m) / 3600)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), noise=st.sampled_from([0.005, 0.02, 0.05]))
def test_picks_lie_on_the_onsets_to_half_a_sample_in_the_median(seed: int, noise: float) -> None:
    offset = np.linspace(-1500, 2000, 71)
    onsets = diving(offset)
    picks = pick_first_breaks(gather(onsets, noise, seed), DT, 0.0, offset)
    error = picks - onsets
    assert np.isfinite(picks).mean() > 0.95
    assert abs(np.nanmedian(error)) < 0.5 * DT
    assert np.nanmax(np.abs(error)) < 3 * DT


def test_trace_order_and_strength_do_not_matter() -> None:
    offset = np.linspace(100, 2500, 60)
    traces = gather(diving(offset), 0.02)
    picks = pick_first_breaks(traces, DT, 0.0, offset)
    shuffled = np.random.default_rng(1).permutation(60)
    again = pick_first_breaks(3e7 * traces[shuffled], DT, 0.0, offset[shuffled])
    np.testing.assert_allclose(again, picks[shuffled], atol=1e-9)


def test_start_time_moves_the_picks_with_it() -> None:
    offset = np.linspace(100, 2500, 60)
    onsets = diving(offset)
    early = gather(onsets + 0.2, 0.02)
    picks = pick_first_breaks(early, DT, -0.2, offset)
    assert np.isfinite(picks).mean() > 0.95
    assert np.nanmax(np.abs(picks - onsets)) < 3 * DT


def test_dead_trace_has_no_pick_and_spoils_no_other() -> None:
    offset = np.linspace(100, 2500, 60)
    traces = gather(diving(offset), 0.02)
    clean = pick_first_breaks(traces, DT, 0.0, offset)
    traces[20], traces[30], traces[40] = 0.0, np.nan, 7.0
    picks = pick_first_breaks(traces, DT, 0.0, offset)
    dead = [20, 30, 40]
    assert np.isnan(picks[dead]).all()
    np.testing.assert_allclose(np.delete(picks, dead), np.delete(clean, dead), atol=DT)


def test_bursts_before_the_arrival_are_not_picked() -> None:
    offset = np.linspace(100, 2500, 60)
    onsets = diving(offset)
    traces = gather(onsets, 0.02)
    for i in (25, 45, 50):
        first = round(onsets[i] / DT) - 40
        traces[i, first : first + 8] += 1.0
    picks = pick_first_breaks(traces, DT, 0.0, offset)
    assert np.isfinite(picks[[25, 45, 50]]).all()
    assert np.nanmax(np.abs(picks - onsets)) < 3 * DT


def test_weak_first_arrival_is_kept_before_a_strong_later_one() -> None:
    # A direct wave that fades with offset, and a reflection a thousand times its size behind it.
    offset = np.arange(262.5, 1500, 25.0)
    onsets = offset / 1490
    later = np.hypot(offset, 700) / 1490 + 0.03
    fading = (0.5 * np.exp(-offset / 500))[:, None]
    traces = fading * gather(onsets, 0.0) + 20 * gather(later, 0.0)
    traces += 0.003 * np.random.default_rng(0).normal(size=traces.shape)
    picks = pick_first_breaks(traces, DT, 0.0, offset)
    assert np.isfinite(picks).mean() > 0.9
    assert np.nanmax(np.abs(picks - onsets)) < 4 * DT


def test_pure_noise_has_almost_no_picks() -> None:
    traces = np.random.default_rng(0).normal(size=(60, 500))
    picks = pick_first_breaks(traces, DT, 0.0, np.linspace(100, 3000, 60))
    assert np.isfinite(picks).mean() < 0.05


def test_bad_gathers_and_options_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 500\)"):
        pick_first_breaks(np.zeros((3, 500)), DT, 0.0, [1.0, 2.0])
    with pytest.raises(ShapeError, match="under eight windows of 5"):
        pick_first_breaks(np.zeros((3, 30)), DT, 0.0, [1.0, 2.0, 3.0])
    with pytest.raises(OptionError, match="above 0"):
        PickOptions(window_s=0.0)


def read_gathers(path: Path, factor: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """(traces, offsets in metres) of each field record."""
    with segyio.open(path, ignore_geometry=True) as file:
        traces = file.trace.raw[:]
        offset = factor * file.attributes(segyio.TraceField.offset)[:]
        record = file.attributes(segyio.TraceField.FieldRecord)[:]
    return [(traces[record == r], offset[record == r]) for r in np.unique(record)]


@pytest.mark.data
def test_marine_line_direct_wave_then_refraction(data_dir: Path) -> None:
    for traces, offset in read_gathers(data_dir / "seismic" / "viking_small.segy", 1.0):
        distance = np.abs(offset)
        picks = pick_first_breaks(traces, DT, 0.0, offset)
        assert np.isfinite(picks).mean() > 0.85
        near = (distance < 1500) & np.isfinite(picks)
        assert near.sum() > 45
        np.testing.assert_allclose(picks[near], distance[near] / 1490, atol=0.02)
        # The refraction behind it is 50 ms late here and ten times as strong.
        fading = (distance > 1500) & (distance < 1900)
        assert np.nanmax(picks[fading] - distance[fading] / 1490) < 0.03
        # Onsets by themselves jump half a cycle between traces; a vote puts them on one phase.
        jumps = np.abs(np.diff(picks, n=2))
        assert np.nanmedian(jumps) < 0.0015
        assert picks[distance.argmax()] == pytest.approx(2.01, abs=0.02)
        # The refraction is faster than water: it gains on the direct wave.
        assert np.nanmin(picks[distance > 3000] - distance[distance > 3000] / 1490) < -0.12


@pytest.mark.data
def test_land_line_agrees_between_shots(data_dir: Path) -> None:
    offsets, picks = [], []
    for traces, offset in read_gathers(data_dir / "seismic" / "land_line_18shots.sgy", FOOT_M):
        offsets.append(np.abs(offset))
        picks.append(pick_first_breaks(traces, 0.002, 0.0, offset))
    distance, times = np.concatenate(offsets), np.concatenate(picks)
    assert np.isfinite(times).mean() > 0.88
    assert np.nanmedian(times[distance > 2140]) == pytest.approx(1.14, abs=0.02)
    station = np.round(distance / 67.056).astype(int)
    for k in range(1, 32):
        same = times[station == k]
        assert np.nanmax(np.abs(same - np.nanmedian(same))) < 0.045
