"""Full-waveform inversion: it finds the ground, keeps its promises, and admits defeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_fwi import OPTIONS, acquisition, counted_shots, error, observed, start, truth

from geoml.errors import OptionError, ShapeError, StoreError
from geoml.physics import fwi_section
from geoml.physics.acoustic import model_acquisition
from geoml.physics.fwi import refine_windows_fwi
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_section import invert_waveforms
from geoml.physics.fwi_shots import ShotSet
from geoml.physics.fwi_state import FwiState


def refine(options: FwiOptions = OPTIONS, **more: object) -> FwiResult:
    return refine_windows_fwi(start(), observed(), acquisition(), options, **more)[0]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def refined() -> FwiResult:
    return refine()


def test_model_comes_nearer_to_the_truth(refined: FwiResult) -> None:
    assert refined.accepted
    assert error(refined.velocity) < 0.8 * error(start())
    assert refined.message.startswith("FWI accepted")


def test_misfit_falls_in_every_band_and_on_receivers_left_out(refined: FwiResult) -> None:
    for band in (0, 1):
        objective = [point.objective for point in refined.curve if point.band == band]
        assert len(objective) > 2
        assert all(np.diff(objective) < 0)
    assert refined.misfit[1] < 0.5 * refined.misfit[0]
    assert refined.held_out_misfit[1] < 0.5 * refined.held_out_misfit[0]


def test_every_solve_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted_shots(monkeypatch)
    result = refine(replace(OPTIONS, bands_hz=(12.0,), iterations=2, update_wavelet="common"))
    assert result.solves.forward == sum(calls)
    assert 0 < result.solves.adjoint < result.solves.forward
    assert result.curve[-1].solves <= result.solves.total


def test_bounds_hold_however_the_data_pull() -> None:
    tight = replace(OPTIONS, min_velocity_m_s=1900.0, max_velocity_m_s=2500.0)
    for options in (tight, replace(tight, smooth_m=(30.0,)), replace(tight, parameter="slowness")):
        result = refine(options)
        assert result.velocity.min() >= 1900.0
        assert result.velocity.max() <= 2500.0
        # The truth lies outside of both: bounds that nothing touches prove nothing.
        assert (result.velocity == 1900.0).any()
        assert (result.velocity > 2490.0).any()


def test_held_and_masked_cells_stay() -> None:
    fixed = np.zeros(truth().shape, dtype=bool)
    fixed[:, 20:] = True
    options = replace(OPTIONS, hold_above_m=40.0, smooth_m=(20.0,))
    result = refine(options, fixed=fixed)
    np.testing.assert_array_equal(result.velocity[:4], start()[:4])
    np.testing.assert_array_equal(result.velocity[:, 20:], start()[:, 20:])
    assert (result.velocity[4:, :20] != start()[4:, :20]).mean() > 0.9


@pytest.mark.parametrize(
    "change",
    [
        {"optimiser": "adam", "learning_rate": 0.2, "iterations": 15},
        {"parameter": "slowness"},
        {"misfit": "correlation"},
        {"precondition": "depth"},
        {"smooth_m": (30.0,), "rough_share": 0.5},
        {"update_wavelet": "shot"},
        {"trace_power": 1.0},
        {"time_power": 0.5},
    ],
    ids=str,
)
def test_each_way_of_inverting_finds_the_ground(change: dict[str, object]) -> None:
    result = refine(replace(OPTIONS, **change))  # type: ignore[arg-type]
    assert result.accepted
    assert error(result.velocity) < 0.93 * error(start())


def test_layered_prior_ends_in_steps_and_only_where_they_fit(refined: FwiResult) -> None:
    layered = refine(replace(OPTIONS, sharpen_cells=3))
    assert error(layered.velocity) < 0.8 * error(refined.velocity)
    # Ground of a smooth start fits no stairs: the gathers are modelled over the start itself.
    exact = model_acquisition(
        start(), acquisition(), accuracy=4, absorbing_cells=10, max_velocity_m_s=3200.0
    ).numpy()
    (kept,) = refine_windows_fwi(
        start(), exact, acquisition(), replace(OPTIONS, sharpen_cells=3, held_out=0)
    )
    assert np.abs(kept.velocity - start()).mean() < 1.0


def test_steps_follow_the_spread_of_the_start() -> None:
    spread = np.where(np.arange(24)[:, None] < 12, 20.0, 160.0) * np.ones((1, 24))
    moved = np.abs(refine(std=spread).velocity - start())
    even = np.abs(refine().velocity - start())
    assert moved[:12].mean() / moved[12:].mean() < 0.5 * even[:12].mean() / even[12:].mean()


def test_strong_prior_keeps_the_start() -> None:
    free = np.abs(refine(std=np.full(truth().shape, 50.0)).velocity - start()).mean()
    tied = refine(replace(OPTIONS, prior_weight=100.0), std=np.full(truth().shape, 50.0))
    assert np.abs(tied.velocity - start()).mean() < 0.2 * free


def test_windows_are_refined_by_their_own_gathers(refined: FwiResult) -> None:
    other = model_acquisition(start(), acquisition(), accuracy=8, max_velocity_m_s=3200.0).numpy()
    both = refine_windows_fwi(
        np.stack([start(), start()]),
        np.concatenate([observed(), other]),
        acquisition(),
        OPTIONS,
    )
    np.testing.assert_array_equal(both[0].velocity, refined.velocity)
    assert (
        np.abs(both[1].velocity - start()).mean() < 0.3 * np.abs(refined.velocity - start()).mean()
    )


def test_killed_run_goes_on_to_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refined: FwiResult
) -> None:
    real = fwi_section.minimised
    bands = iter([True, False])

    def killed(*arguments: object) -> object:
        if next(bands):
            return real(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(fwi_section, "minimised", killed)
    with pytest.raises(KeyboardInterrupt):
        refine(state=tmp_path)
    assert (tmp_path / "model_0.npz").is_file()
    monkeypatch.setattr(fwi_section, "minimised", real)
    resumed = refine(state=tmp_path)
    np.testing.assert_array_equal(resumed.velocity, refined.velocity)
    assert resumed.solves == refined.solves
    assert resumed.curve == refined.curve
    assert not (tmp_path / "model_0.npz").exists()


def test_state_of_another_start_or_other_options_or_gathers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    short = replace(OPTIONS, bands_hz=(12.0,), iterations=1)
    refine(short, state=tmp_path)
    with pytest.raises(StoreError, match="began elsewhere; remove it"):
        refine_windows_fwi(truth(), observed(), acquisition(), short, state=tmp_path)
    with pytest.raises(StoreError, match="other options; repeat them"):
        refine(replace(short, tv_weight=0.5), state=tmp_path)
    # The next pair of a store begins with the same gradient as the one before it.
    with pytest.raises(StoreError, match="of other gathers; remove it"):
        refine_windows_fwi(start(), 2 * observed(), acquisition(), short, state=tmp_path)
    with pytest.raises(StoreError, match="of other gathers; remove it"):
        refine(short, state=tmp_path, std=np.full(truth().shape, 50.0))


def test_refinement_that_unseen_receivers_contradict_is_refused() -> None:
    # The receivers that are fitted were swapped between shots; those left out tell the truth.
    held = np.zeros(12, dtype=bool)
    held[2::4] = True
    swapped = np.where(held[None, None, :, None], observed(), observed()[:, ::-1, ::-1])
    clear = model_acquisition(start(), acquisition(), accuracy=4, max_velocity_m_s=3200.0).numpy()
    swapped = np.where(held[None, None, :, None], clear, swapped)
    result = refine_windows_fwi(start(), swapped, acquisition(), OPTIONS)[0]
    assert not result.accepted
    np.testing.assert_array_equal(result.velocity, start())
    assert result.message.startswith("FWI refused, the start is kept: misfit of the receivers")


def test_perfect_start_is_kept_or_left_perfect() -> None:
    exact = model_acquisition(
        start(), acquisition(), accuracy=4, absorbing_cells=10, max_velocity_m_s=3200.0
    ).numpy()
    result = refine_windows_fwi(start(), exact, acquisition(), OPTIONS)[0]
    assert np.abs(result.velocity - start()).mean() < 1.0


def test_short_spread_keeps_a_receiver_for_the_verdict_and_none_is_no_proof() -> None:
    one_band = replace(OPTIONS, bands_hz=(None,), iterations=8, held_out=100)
    judged = refine(one_band)
    assert np.isfinite(judged.held_out_misfit).all()
    assert "receivers left out of the fit" in judged.message
    # A hundredth is left of the misfit, of gathers that were fitted themselves.
    state = FwiState.begin(start(), "")
    state.candidates = [start(), truth()]
    state.judged = [(1.0, np.nan), (0.01, np.nan)]
    assert state.verdict().doubtful
    assert "No receiver was left out of the fit" in state.verdict().message
    state.judged = [(1.0, 1.0), (0.01, 0.01)]
    assert not state.verdict().doubtful


def test_gathers_without_a_signal_are_refused_before_any_modelling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = counted_shots(monkeypatch)
    silent = 0 * observed()
    result = refine_windows_fwi(start(), silent, acquisition(), OPTIONS)[0]
    assert (result.accepted, calls) == (False, [])
    assert "no trace that it may fit holds a signal" in result.message
    np.testing.assert_array_equal(result.velocity, start())
    heard = silent.copy()
    heard[..., 2::4, :] = observed()[..., 2::4, :]  # left out of the fit
    assert not refine_windows_fwi(start(), heard, acquisition(), OPTIONS)[0].accepted


def test_grids_that_do_not_lie_over_the_section_are_refused() -> None:
    shots = [ShotSet(acquisition(), observed()[0])]
    for name in ("std", "edges", "fixed"):
        with pytest.raises(ShapeError, match=rf"'{name}' has shape \(3, 24\); velocity has"):
            invert_waveforms(start(), 10.0, shots, OPTIONS, **{name: np.ones((3, 24))})  # type: ignore[arg-type]
    for name in ("std", "edges"):
        with pytest.raises(ShapeError, match=f"'{name}' holds NaN or Inf; fill its gaps"):
            refine(**{name: np.full(truth().shape, np.nan)})  # type: ignore[arg-type]


def test_wrong_shapes_and_options_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"gathers \(1, 3, 12, 100\)|needed|\(3, 12, 100\)"):
        refine_windows_fwi(start(), observed()[..., :100], acquisition(), OPTIONS)
    with pytest.raises(ShapeError, match="'std' has shape"):
        refine(std=np.ones((3, 3)))
    with pytest.raises(OptionError, match="'prior_weight' measures the distance"):
        refine(replace(OPTIONS, prior_weight=1.0))
    with pytest.raises(OptionError, match="that rise"):
        FwiOptions(bands_hz=(10.0, 8.0))
    # Sides that reflect, or a traceback of the modelling's.
    for name in ("absorbing_cells", "checkpoint_segments", "simulation_spacing_m"):
        with pytest.raises(OptionError, match=f"'{name}' is 0; it must be above 0"):
            FwiOptions(**{name: 0})  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="'rough_share' is 2; choose it within 0 to 1"):
        FwiOptions(rough_share=2.0)
    with pytest.raises(OptionError, match="an odd number from 3 on"):
        FwiOptions(sharpen_cells=4)
    with pytest.raises(OptionError, match="leave no room"):
        FwiOptions(min_velocity_m_s=3000.0, max_velocity_m_s=2000.0)
