"""Inversion for layers: nearer to layered ground than cells come, and no harm to other ground."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_fwi import CELLS, OPTIONS, SPACING_M, acquisition, counted_shots, error, start, truth

from geoml.errors import OptionError
from geoml.physics import fwi_section
from geoml.physics.acoustic import model_acquisition
from geoml.physics.edges import velocity_edges
from geoml.physics.fwi import refine_windows_fwi
from geoml.physics.fwi_layers import best_cake, fitted_cake
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_section import invert_waveforms
from geoml.physics.fwi_shots import ShotSet
from geoml.physics.fwi_state import FwiState
from geoml.physics.layer_model import LayerCake, LayerUnknowns

CELLWISE = replace(OPTIONS, accuracy=8)
LAYERS = replace(CELLWISE, layer_rounds=1, layer_knots=3)
QUICK = replace(LAYERS, bands_hz=(15.0,), iterations=4, layer_knots=2)


def edges() -> NDArray[np.float64]:
    return np.asarray(0.9 * velocity_edges(truth()))


@cache
def observed() -> NDArray[np.float32]:
    """Modelled on finer cells than the inversion's, so that both do not share their errors."""
    finer = {"simulation_spacing_m": 0.5 * SPACING_M, "absorbing_cells": 20}
    return model_acquisition(truth(), acquisition(), max_velocity_m_s=3200.0, **finer).numpy()


def refine(options: FwiOptions = LAYERS, **more: object) -> FwiResult:
    return refine_windows_fwi(
        start(),
        observed(),
        acquisition(),
        options,
        edges=edges(),
        **more,  # type: ignore[arg-type]
    )[0]


@pytest.fixture(scope="module")
def refined() -> FwiResult:
    return refine()


def test_layers_come_nearer_to_layered_ground_than_cells(refined: FwiResult) -> None:
    cells = refine(CELLWISE)
    assert refined.held_out_misfit[1] < cells.held_out_misfit[1]
    assert error(refined.velocity) < 0.9 * error(cells.velocity)
    assert refined.message.endswith(": taken.") or "taken. That is" in refined.message


def test_gauss_newton_finds_the_layers_that_made_the_gathers() -> None:
    # A linear stand-in for the modelling: 40 mixed readings of the section.
    mixed = np.random.default_rng(0).standard_normal((40, 12 * 10)) / 3000
    true = LayerCake(np.array([1800.0, 2300.0, 2900.0]), np.full(3, 60.0), np.zeros((2, 10)), 12)
    true = replace(true, depth=np.stack([np.full(10, 4.3), np.full(10, 8.1)]))
    begin = replace(
        true, velocity=true.velocity + np.array([30.0, -50.0, 60.0]), depth=true.depth + 0.5
    )

    def left(section: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.asarray(mixed @ (section - true.section()).ravel(), dtype=np.float32)

    found = fitted_cake(LayerUnknowns(begin, 3, 1500.0, 4000.0), left)
    np.testing.assert_allclose(found.velocity, true.velocity, atol=4.0)
    np.testing.assert_allclose(found.depth, true.depth, atol=0.1)


def test_unknown_that_no_reading_feels_stays_where_it_was() -> None:
    begin = LayerCake(np.array([1800.0, 2300.0]), np.full(2, 60.0), np.full((1, 10), 6.0), 12)

    def left(section: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.asarray([(section[0].mean() - 1830.0) / 1000, 0.02], dtype=np.float32)

    found = fitted_cake(LayerUnknowns(begin, 3, 1500.0, 4000.0), left)
    assert abs(found.velocity[0] - 1830.0) < 10.0
    np.testing.assert_allclose(found.velocity[1], 2300.0)
    np.testing.assert_allclose(found.depth, 6.0)


def test_stack_that_fits_exactly_stays() -> None:
    begin = LayerCake(np.array([1800.0, 2300.0]), np.full(2, 60.0), np.full((1, 10), 6.0), 12)

    def left(section: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.asarray([section[0].mean() / 1800.0 - 1.0, 0.0], dtype=np.float32)

    found = fitted_cake(LayerUnknowns(begin, 3, 1500.0, 4000.0), left)
    np.testing.assert_array_equal(found.velocity, begin.velocity)
    np.testing.assert_array_equal(found.depth, begin.depth)


def test_section_without_edges_has_no_layers() -> None:
    flat = np.full((CELLS, CELLS), 2000.0)
    assert best_cake(flat, None, None, lambda _: np.zeros(1, dtype=np.float32)) is None
    state = FwiState.begin(start(), "")
    state.judged, state.candidates = [(1.0, 1.0), (0.01, 0.01)], [start(), truth()]
    state.layers_from = 2
    assert "No interface was found to invert for layers." in state.verdict().message


def test_faulted_ground_is_left_as_cells_left_it() -> None:
    rows = np.arange(CELLS)[:, None] + np.where(np.arange(CELLS) < 12, 0, 7)[None]
    ground = np.select([rows < 9, rows < 17], [1800.0, 2300.0], 2800.0).astype(np.float32)
    ground[16:, 15:] = 2050.0
    gathers = model_acquisition(
        ground, acquisition(), absorbing_cells=10, max_velocity_m_s=3200.0
    ).numpy()
    # What a network that knows layers alone might say of it: the fault is not among the edges.
    said = np.zeros(ground.shape)
    said[[6, 14]] = 0.9
    begin = np.repeat(start().mean(axis=1, keepdims=True), CELLS, axis=1)
    cells, layers = (
        refine_windows_fwi(begin, gathers, acquisition(), options, edges=said)[0]
        for options in (CELLWISE, LAYERS)
    )
    assert "not taken" in layers.message
    np.testing.assert_array_equal(layers.velocity, cells.velocity)


def test_every_solve_of_the_layers_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted_shots(monkeypatch)
    result = refine(replace(QUICK, iterations=2, update_wavelet="common"))
    assert result.solves.forward == sum(calls)
    assert [point.band for point in result.curve if point.iteration == 1] == [0, 1]


def test_held_cells_stay_and_bounds_hold() -> None:
    fixed = np.zeros(truth().shape, dtype=bool)
    fixed[:, 20:] = True
    tight = replace(QUICK, hold_above_m=40.0, min_velocity_m_s=1900.0)
    result = refine(tight, fixed=fixed)
    held = fixed | (np.arange(CELLS)[:, None] < 4)
    np.testing.assert_array_equal(result.velocity[held], start()[held])
    assert start()[held].min() < 1900.0
    assert result.velocity[~held].min() >= 1900.0
    assert (result.velocity != start())[~held].mean() > 0.9


def test_killed_among_the_layers_a_run_goes_on_from_its_last_band(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refined: FwiResult
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fwi_section, "fitted_cake", killed)
        with pytest.raises(KeyboardInterrupt):
            refine(state=tmp_path)
    with monkeypatch.context() as patched:
        began: list[int] = []
        real = fwi_section.minimised

        def counted(*given: object) -> object:
            began.append(1)
            return real(*given)  # type: ignore[arg-type]

        patched.setattr(fwi_section, "minimised", counted)
        resumed = refine(state=tmp_path)
    assert len(began) == 1
    np.testing.assert_array_equal(resumed.velocity, refined.velocity)
    assert not (tmp_path / "model_0.npz").exists()


def test_layers_are_refused_where_they_do_not_fit() -> None:
    with pytest.raises(OptionError, match="fits amplitudes; give 'misfit: waveform'"):
        FwiOptions(layer_rounds=1, misfit="correlation")
    with pytest.raises(OptionError, match="judged by receivers left out"):
        FwiOptions(layer_rounds=1, held_out=0)
    with pytest.raises(OptionError, match="'layer_knots' is 1"):
        FwiOptions(layer_knots=1)
    line = ShotSet(acquisition(), observed()[0], columns=np.arange(CELLS))
    with pytest.raises(OptionError, match="leave it 0 here, and give it to windows"):
        invert_waveforms(start(), 10.0, [line], LAYERS)


def test_layers_of_too_many_traces_are_refused_before_any_modelling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = counted_shots(monkeypatch)
    many = replace(LAYERS, layer_knots=1_000_000)
    with pytest.raises(OptionError, match=r"may need \d+ GB for \d+ samples; give windows of"):
        refine(many)
    assert not calls
