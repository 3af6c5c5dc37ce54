"""Waveform inversion of a code: gradients, what it finds, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from small_fwi import CELLS, OPTIONS, SPACING_M, acquisition, error, observed, start, truth

from geoml.errors import OptionError, ShapeError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi_bands import choose_band
from geoml.physics.fwi_code import CodeOptions, CodeParameter, CodeProblem, invert_code
from geoml.physics.fwi_problem import Prior, Solves
from geoml.physics.fwi_shots import BandShots, ShotSet


def decode(code: torch.Tensor) -> torch.Tensor:
    """Three layers: a number each for the velocities, two for the depths of their interfaces."""
    depth = torch.arange(CELLS)[:, None] + 1.5 * torch.sin(torch.arange(CELLS) / 5.0)[None]
    first, second = 8 + 2 * code[3], 15 + 2 * code[4]
    below = torch.sigmoid(4 * (depth - first)), torch.sigmoid(4 * (depth - second))
    velocity = 1850 + 150 * code[0]
    velocity = velocity + below[0] * (400 + 150 * code[1])
    return velocity + below[1] * (500 + 150 * code[2])


SHOTS = [ShotSet(cast(AcquisitionLike, acquisition()), observed()[0])]
WRONG = np.array([0.6, -0.7, 0.8, 0.5, -0.6], np.float32)


def test_code_is_found_from_a_wrong_one_and_beats_its_start() -> None:
    found = invert_code(decode, [WRONG], SPACING_M, SHOTS, OPTIONS)
    before = error(decode(torch.as_tensor(WRONG)).numpy())
    assert found.result.accepted
    assert error(found.result.velocity) < 0.35 * before
    with torch.no_grad():
        np.testing.assert_allclose(
            decode(torch.as_tensor(found.code)).numpy(), found.result.velocity, rtol=1e-5
        )


def test_start_that_fits_best_goes_on() -> None:
    near = np.array([-1 / 3, 0.0, 0.0, 0.0, 0.0], np.float32)  # the true layers but for the top
    found = invert_code(
        decode, [WRONG, near], SPACING_M, SHOTS, replace(OPTIONS, iterations=1),
        CodeOptions(trial_iterations=1),
    )  # fmt: skip
    assert found.chosen == 1


def problem(begin: np.ndarray, weight: float) -> CodeProblem:
    shots = SHOTS[0]
    options = replace(OPTIONS, tv_weight=0.0)
    band = choose_band(
        10.0, shots.acquisition, options.min_velocity_m_s, options.max_velocity_m_s,
        accuracy=4, simulation_spacing_m=SPACING_M,
    )  # fmt: skip
    parameter = CodeParameter(decode, torch.as_tensor(begin), 1450.0, 3200.0)
    bands = [BandShots(shots, band, options, "cpu")]
    made = CodeProblem(bands, parameter, Prior(parameter.start), options, Solves())
    made.weight = weight
    return made


def test_gradient_of_a_band_is_that_of_finite_differences() -> None:
    at, away = np.full(5, 0.1), np.array([0.3, -0.2, 0.5, 0.1, -0.4])
    band, step = problem(0.5 * WRONG, 0.3), 0.02
    _, gradient = band(at)
    slope = (band(at + step * away)[0] - band(at - step * away)[0]) / (2 * step)
    assert gradient @ away == pytest.approx(slope, rel=0.03)


def test_weight_adds_half_the_mean_square_of_the_code() -> None:
    at = np.array([0.1, 0.0, -0.2, 0.3, 0.0])
    free, held = (problem(WRONG, weight)(at)[0] for weight in (0.0, 2.0))
    assert held - free == pytest.approx(np.square(WRONG + at).mean(), rel=1e-4)


def test_map_that_cannot_fit_better_leaves_the_start() -> None:
    still = torch.as_tensor(start())
    found = invert_code(
        lambda code: still + 0 * code.sum(), [np.zeros(2)], SPACING_M, SHOTS,
        replace(OPTIONS, iterations=1),
    )  # fmt: skip
    assert not found.result.accepted
    np.testing.assert_allclose(found.result.velocity, start(), rtol=1e-6)


def test_starts_of_two_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match="starts of one shape"):
        invert_code(decode, [np.zeros(5), np.zeros(4)], SPACING_M, SHOTS, OPTIONS)


def test_negative_weight_is_refused() -> None:
    with pytest.raises(OptionError, match="'code_weight' is -1"):
        CodeOptions(code_weight=-1.0)


def test_truth_is_a_section_of_the_map_but_for_its_sharp_steps() -> None:
    assert error(decode(torch.tensor([-1 / 3, 0.0, 0.0, 0.0, 0.0])).numpy()) < 25
    assert truth().shape == (CELLS, CELLS)
