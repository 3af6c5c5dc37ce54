"""Rungs on single windows whose ground is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged_pairs import untrained, window
from scipy.ndimage import gaussian_filter

from geoml.errors import OptionError
from geoml.physics.wavelets import ricker
from geoml.prediction import RUNGS
from geoml.prediction.network import WindowPredictor, WindowSections
from geoml.prediction.refine_pairs import Windows, check_window_rungs, refine_windows

COUNT = 3
CONSISTENCY = RUNGS["consistency"]


def ground() -> np.ndarray:
    """Two layers each, shape (window, depth, distance)."""
    velocity = np.full((COUNT, 14, 19), 1700.0)
    for number, model in enumerate(velocity):
        model[4 + 2 * number :] = 2300
    return velocity


@pytest.fixture(scope="module")
def windows() -> Windows:
    """Their gathers modelled in the ground, and a network that has learned nothing."""
    acquisition = replace(window(), wavelet=ricker(20.0, 0.004, 25), wavelet_start_s=-0.048)
    empty = np.zeros((COUNT, 2, 10, 48), np.float32)
    bare = Windows(empty, acquisition, untrained(None))
    shots = np.stack([bare.modelled(model) for model in ground()])
    scaling = {**bare.checkpoint.scaling, "amplitude": float(shots.std())}
    network = replace(bare.checkpoint, scaling=scaling)
    return replace(bare, shots=shots, checkpoint=network, batch=2)


@pytest.fixture(scope="module")
def start(windows: Windows) -> WindowSections:
    return windows.predict()


def test_true_ground_leaves_nothing_unexplained(windows: Windows, start: WindowSections) -> None:
    misfit, residual = windows.residual(ground())
    assert misfit.max() < 1e-3
    assert np.linalg.norm(residual) < 1e-3 * np.linalg.norm(windows.shots)
    loud = replace(windows, shots=5 * windows.shots)
    assert np.linalg.norm(loud.residual(ground())[1]) < 1e-3 * np.linalg.norm(loud.shots)
    assert windows.misfit(start.velocity) > 0.1


def test_windows_are_modelled_as_their_store_was(windows: Windows) -> None:
    how = {"accuracy": 4, "simulation_spacing_m": 10.0}
    known = replace(windows, modelling=how)
    stored = replace(known, shots=np.stack([known.modelled(model) for model in ground()]))
    assert stored.misfit(ground()) < 1e-6
    assert replace(stored, modelling={}).misfit(ground()) > 0.05
    true = WindowSections(ground()[:1], None, None)
    rung = RUNGS["fwi"](iterations=1, bands_hz=(None,), held_out=5)
    one = replace(stored, shots=stored.shots[:1])
    # Nothing is left to fit of gathers that are modelled alike, whatever the network's own cells.
    assert refine_windows(rung, one, true).note.startswith("0 of 1 accepted")
    named = replace(rung, accuracy=8)
    assert named.modelled_as(how) == named
    assert rung.modelled_as(how).stencil == 4
    assert rung.modelled_as({}).stencil == 8


def test_dead_trace_asks_for_no_correction(windows: Windows, start: WindowSections) -> None:
    shots = windows.shots.copy()
    shots[0, 1, 3] = 0
    _, residual = replace(windows, shots=shots).residual(start.velocity)
    assert not residual[0, 1, 3].any()
    assert residual[0, 1, 4].any()


def test_trace_at_its_source_neither_counts_nor_scales_the_others(windows: Windows) -> None:
    at_source = windows.acquisition.receiver_distance_m == [[20.0], [160.0]]
    assert at_source.sum() == 2
    # As cells of another size would have made them.
    other = replace(windows, shots=np.where(at_source[..., None], 1.4, 1) * windows.shots)
    other.shots[:, at_source] = np.roll(other.shots[:, at_source], 3, axis=-1)
    misfit, residual = other.residual(ground())
    assert misfit.max() < 1e-3
    assert np.linalg.norm(residual) < 1e-3 * np.linalg.norm(windows.shots)


def test_mirror_is_that_of_the_predictor_and_goes_on(
    windows: Windows, start: WindowSections
) -> None:
    step = refine_windows(RUNGS["mirror"](), windows, start)
    expected = WindowPredictor(windows.checkpoint, mirror=True).predict(windows.shots)
    np.testing.assert_allclose(step.sections.velocity, expected.velocity, rtol=1e-6)
    assert np.abs(step.sections.velocity - start.velocity).max() > 1
    assert (step.windows.mirror, step.passes, step.solves) == (True, 2 * COUNT, 0)
    one = refine_windows(CONSISTENCY(rounds=1), step.windows, step.sections)
    assert one.passes == 2 * COUNT


def test_consistent_windows_never_explain_less(windows: Windows, start: WindowSections) -> None:
    before, residual = windows.residual(start.velocity)
    step = refine_windows(CONSISTENCY(rounds=1, strength=2.0), windows, start)
    said = windows.predict(windows.shots + 2 * residual)
    after = windows.residual(said.velocity)[0]
    assert (after != before).all()
    place = (after < before)[:, None, None]
    expected = np.where(place, said.velocity, start.velocity)
    np.testing.assert_allclose(step.sections.velocity, expected, rtol=1e-6)
    more = refine_windows(CONSISTENCY(rounds=3, strength=2.0), windows, start)
    assert (windows.residual(more.sections.velocity)[0] <= np.minimum(before, after) + 1e-9).all()
    assert (more.solves, more.passes) == (4 * COUNT * 2, 3 * COUNT)


def test_windows_do_not_know_of_each_other(windows: Windows, start: WindowSections) -> None:
    rung = CONSISTENCY(rounds=2, strength=2.0)
    together = refine_windows(rung, windows, start).sections.velocity
    for number in range(COUNT):
        part = slice(number, number + 1)
        alone = replace(windows, shots=windows.shots[part])
        one = refine_windows(rung, alone, alone.predict()).sections.velocity
        np.testing.assert_allclose(one[0], together[number], rtol=1e-4)


def test_waveforms_bring_a_smooth_start_nearer_and_say_what_it_proves(windows: Windows) -> None:
    one = replace(windows, shots=windows.shots[:1])
    smooth = gaussian_filter(ground()[:1], (0, 1.5, 1.5))
    begun = WindowSections(smooth, 0.05 * smooth, None)
    step = refine_windows(RUNGS["fwi"](iterations=3, bands_hz=(None,), held_out=5), one, begun)
    assert one.misfit(step.sections.velocity) < 0.8 * one.misfit(smooth)
    np.testing.assert_allclose(step.sections.velocity_std, 0.05 * step.sections.velocity)
    assert step.solves > 2 * 2 * 3  # shots, forward and backward, iterations
    assert step.passes == 0
    # Three steps leave more than a tenth of the misfit, which proves nothing.
    assert step.note == "1 of 1 accepted, 1 of them may be worse"
    true = WindowSections(ground()[:1], None, None)
    none = refine_windows(RUNGS["fwi"](iterations=1, bands_hz=(None,), held_out=5), one, true)
    assert none.note == "0 of 1 accepted, 0 of them may be worse"


@pytest.mark.parametrize("name", ["first_arrivals", "ensemble"])
def test_rung_that_needs_a_line_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=rf"'{name}' needs a line.*: mirror, consistency, fwi;"):
        check_window_rungs([(name, RUNGS[name])])
