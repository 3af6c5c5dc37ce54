"""Laws that every smoother of curves and class probabilities keeps."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.models.logs.smoother import LOG_SMOOTHERS, MedianSmoother, ViterbiSmoother, viterbi
from geoml.samples.class_table import transition_matrix


def test_median_takes_a_spike_out_and_leaves_a_step() -> None:
    curve = np.array([0.0, 0, 9, 0, 0, 5, 5, 5])[:, None]
    smooth = MedianSmoother(3)(curve, below=None)
    assert smooth.ravel().tolist() == [0, 0, 0, 0, 0, 5, 5, 5]


def test_smoothed_probabilities_still_sum_to_one() -> None:
    chance = np.random.default_rng(0).dirichlet(np.ones(4), size=30)
    np.testing.assert_allclose(MedianSmoother(5)(chance, below=np.eye(4)).sum(axis=1), 1)


def test_viterbi_finds_the_likeliest_of_all_sequences() -> None:
    generator = np.random.default_rng(0)
    chance = generator.dirichlet(np.ones(3), size=5)
    transition = transition_matrix([np.array([0, 0, 1, 1, 2, 2, 0])], 3)
    np.testing.assert_allclose(transition.sum(axis=1), 1)
    sequences = np.stack(np.meshgrid(*[range(3)] * 5, indexing="ij"), -1).reshape(-1, 5)
    score = np.log(chance[np.arange(5), sequences]).sum(axis=1)
    score += np.log(transition[sequences[:, :-1], sequences[:, 1:]]).sum(axis=1)
    best = viterbi(chance, transition).argmax(axis=1)
    np.testing.assert_array_equal(best, sequences[score.argmax()])
    np.testing.assert_array_equal(viterbi(chance, transition, 0).argmax(1), chance.argmax(1))


@pytest.mark.parametrize("name", LOG_SMOOTHERS)
def test_every_smoother_keeps_beds_and_takes_a_flicker_out(name) -> None:
    number = np.array([0] * 8 + [1] + [0] * 8 + [1] * 8)
    chance = np.where(np.eye(2)[number] > 0, 0.6, 0.4)
    below = transition_matrix([np.array([0] * 9 + [1] * 9)], 2)
    smooth = LOG_SMOOTHERS[name]()(chance, below=below)
    assert smooth.argmax(axis=1).tolist() == [0] * 17 + [1] * 8
    np.testing.assert_allclose(smooth.sum(axis=1), 1)


def test_smoothers_refuse_what_they_cannot_do() -> None:
    with pytest.raises(OptionError, match="odd number"):
        MedianSmoother(4)
    with pytest.raises(OptionError, match="at least 0"):
        ViterbiSmoother(-1)
    with pytest.raises(OptionError, match="smooth curves with 'median'"):
        ViterbiSmoother()(np.ones((3, 1)), below=None)
