"""Losses and scores of edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geoml.errors import ShapeError
from geoml.objectives import (
    balanced_cross_entropy,
    dice_loss,
    edge_counts,
    f1_score,
    sweep_edges,
    thin_edges,
)


def test_balanced_cross_entropy_by_hand() -> None:
    edges = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    logit = torch.tensor([[[0.0, 0.0, 0.0, 2.0]]])
    no = [np.log(2), np.log(2), np.log(1 + np.exp(2))]
    expected = 0.3 * np.log(2) + 0.7 * np.mean(no)
    assert balanced_cross_entropy(logit, edges, 0.3).item() == pytest.approx(expected, rel=1e-6)


def test_dice_loss_by_hand() -> None:
    edges = torch.tensor([[[1.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0, 0.0]]])
    odds = torch.tensor([[[1.0, 1.0, 1.0, 1.0]], [[3.0, 1 / 3, 3.0, 1 / 3]]])
    # Probabilities of 1/2 in the first section, of 3/4 and 1/4 in the second; 1 on both sides.
    first = (2 * 0.5 + 1) / (4 * 0.25 + 1 + 1)
    second = (2 * (0.75 + 0.25) + 1) / (2 * (9 / 16 + 1 / 16) + 2 + 1)
    expected = 1 - (first + second) / 2
    assert dice_loss(odds.log(), edges).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", [balanced_cross_entropy, dice_loss])
def test_edge_losses_fall_to_nothing_as_the_answer_gets_sure_and_right(loss) -> None:
    edges = (torch.rand(2, 9, 9, generator=torch.Generator().manual_seed(0)) > 0.8).float()
    wrong, unsure, right = (float(loss(s * (2 * edges - 1), edges)) for s in (-9.0, 0.0, 9.0))
    assert wrong > unsure > right
    assert right < 0.01


@pytest.mark.parametrize("loss", [balanced_cross_entropy, dice_loss])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_edge_losses_stay_finite_where_there_is_no_edge_or_nothing_else(loss, share) -> None:
    logit = torch.zeros(2, 4, 4, requires_grad=True)
    value = loss(logit, torch.full((2, 4, 4), share))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logit.grad).all()


def test_thinning_keeps_one_cell_of_a_thick_edge() -> None:
    thick = np.zeros((20, 30))
    thick[8:13] = 1
    rows = np.flatnonzero(thin_edges(thick).any(axis=1))
    assert rows.tolist() == [10]
    assert thin_edges(thick)[10].all()


@pytest.mark.parametrize("thickness", [2, 4, 6])
def test_thinning_of_an_even_thickness_keeps_one_of_the_two_middle_cells(thickness: int) -> None:
    thick = np.zeros((20, 30))
    thick[7 : 7 + thickness] = 1
    middle = (6 + thickness // 2, 7 + thickness // 2)
    for turned in (False, True):
        crest = thin_edges(thick.T if turned else thick)
        rows = np.nonzero(crest.T if turned else crest)[0]
        assert len(rows) == 30
        assert len(set(rows)) == 1
        assert rows[0] in middle


def test_two_cells_thick_stairs_are_thinned_wherever_they_run() -> None:
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, 3), (3, -1)):
        z, x = np.mgrid[:41, :41] - 20
        away = (across * z - down * x) / np.hypot(down, across)
        crest = thin_edges((away >= -1) & (away < 1))[5:-5, 5:-5]
        length = crest.shape[0] * np.hypot(down, across) / max(abs(down), abs(across))
        assert 0.6 * length < crest.sum() < 1.5 * length


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_edge_along_either_diagonal_is_thinned_across_it(slope: float) -> None:
    z, x = np.mgrid[:40, :40]
    away = (z - 19.5 - slope * (x - 19.5)) / np.sqrt(2)
    crest = thin_edges(np.exp(-0.5 * (away / 2) ** 2))[:, 3:-3]
    assert np.abs(away[:, 3:-3][crest]).max() < 1
    assert crest.any(axis=0).all()


def test_threshold_itself_counts_as_an_edge() -> None:
    faint = np.zeros((9, 9))
    faint[4] = 0.3
    assert thin_edges(faint, 0.3)[4].all()
    assert sweep_edges(faint[None], np.zeros((1, 9, 9), bool), 1, (0.3, 0.31)).counts[
        :, 0, 1
    ].tolist() == [9, 0]


def test_thinning_leaves_a_thin_edge_where_it_is() -> None:
    for turn in (False, True):
        thin = np.zeros((21, 21))
        thin[7] = 1
        thin = thin.T if turn else thin
        np.testing.assert_array_equal(thin_edges(thin), thin.astype(bool))


def test_thinned_dipping_edge_is_connected_and_near_the_line() -> None:
    z, x = np.mgrid[:40, :60]
    blur = np.exp(-0.5 * ((z - 8 - 0.4 * x) / 2) ** 2)
    crest = thin_edges(blur)
    # The outermost columns have no neighbours to be compared with.
    found_z, found_x = np.nonzero(crest[:, 2:58])
    assert np.abs(found_z - 8 - 0.4 * (found_x + 2)).max() <= 1
    assert set(found_x) == set(range(56))
    assert crest.sum() <= 1.5 * 60


def test_thinning_treats_each_map_alone() -> None:
    maps = np.random.default_rng(0).random((3, 15, 17))
    together = thin_edges(maps)
    for one, alone in zip(together, maps, strict=True):
        np.testing.assert_array_equal(one, thin_edges(alone))


def _most_pairs(predicted: list, true: list, tolerance: float) -> int:
    """Largest one-to-one matching, by trying all of them."""
    if not predicted or not true:
        return 0
    first, rest = predicted[0], predicted[1:]
    best = _most_pairs(rest, true, tolerance)
    for i, cell in enumerate(true):
        if np.hypot(first[0] - cell[0], first[1] - cell[1]) <= tolerance:
            best = max(best, 1 + _most_pairs(rest, true[:i] + true[i + 1 :], tolerance))
    return best


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 1.5, 2]))
def test_matching_is_the_largest_there_is(seed: int, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    predicted, true = (rng.random((2, 5, 6)) < 0.1 for _ in range(2))
    assume(predicted.sum() <= 7)
    expected = sum(
        _most_pairs([*np.argwhere(one)], [*np.argwhere(other)], tolerance)
        for one, other in zip(predicted, true, strict=True)
    )
    assert edge_counts(predicted, true, tolerance) == (expected, predicted.sum(), true.sum())


def test_two_predictions_cannot_claim_one_edge() -> None:
    predicted, true = np.zeros((5, 5), bool), np.zeros((5, 5), bool)
    true[2, 2] = predicted[1, 2] = predicted[3, 2] = True
    assert edge_counts(predicted, true, 2) == (1, 2, 1)


def test_edge_within_the_tolerance_counts_and_beyond_it_does_not() -> None:
    true = np.zeros((12, 8), bool)
    true[5] = True
    for shift, tolerance in itertools.product((0, 1, 2, 3), (1, 2)):
        score = f1_score(edge_counts(np.roll(true, shift, 0), true, tolerance))
        assert (score == 1) == (shift <= tolerance)


def test_edges_of_different_windows_are_never_paired() -> None:
    predicted, true = np.zeros((2, 4, 4), bool), np.zeros((2, 4, 4), bool)
    predicted[0, 3, 3] = true[1, 0, 0] = True
    assert edge_counts(predicted, true, 2).matched == 0


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    none = np.zeros((4, 4), bool)
    assert f1_score(edge_counts(none, none)) == 1
    assert f1_score(edge_counts(~none, none)) == 0


def test_maps_of_different_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(4, 4\).*\(4, 5\)"):
        edge_counts(np.zeros((4, 4)), np.zeros((4, 5)))
