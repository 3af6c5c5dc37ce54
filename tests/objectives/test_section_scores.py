"""Errors in parts of sections, and the table of all scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from geoml.errors import ShapeError
from geoml.objectives import thin_edges, velocity_scores
from geoml.objectives.section_scores import Sections, TrueSections, section_scores
from geoml.objectives.velocity_parts import error_by_depth, error_by_place, error_by_quarter
from geoml.physics.edges import velocity_edges


def truth(seed: int = 0, n_sections: int = 6, family: tuple[str, ...] = ()) -> TrueSections:
    rng = np.random.default_rng(seed)
    velocity = np.full((n_sections, 20, 24), 1800.0)
    for section in velocity:
        for top in rng.choice(np.arange(3, 18), 3, replace=False):
            section[top:] += 300
    edges = velocity_edges(velocity)
    return TrueSections(velocity, edges, thin_edges(edges), family)


def test_quarters_and_rows_by_hand() -> None:
    residual = np.zeros((2, 8, 3))
    residual[:, 2:4] = 30
    residual[0, 7] = -80
    quarters = error_by_quarter(residual)
    assert [part["mae_m_s"] for part in quarters.values()] == [0, 30, 0, 20]
    assert quarters["75-100 %"]["rmse_m_s"] == pytest.approx(40)
    np.testing.assert_allclose(error_by_depth(residual), [0, 0, 30, 30, 0, 0, 0, 40])


def test_boundary_is_what_lies_within_two_cells_of_an_edge() -> None:
    edges = np.zeros((2, 9, 9), bool)
    edges[0, 4, 4] = True
    distance = np.hypot(*(np.mgrid[:9, :9] - 4))
    residual = np.stack([np.where(distance <= 2, 10.0, 3.0), np.full((9, 9), 3.0)])
    places = error_by_place(residual, edges)
    assert places["boundary"]["mae_m_s"] == 10
    assert places["interior"]["mae_m_s"] == 3
    # The disc has 13 cells, and edges of one section reach into no other.
    assert places["boundary"]["share"] == pytest.approx(13 / 162)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 3))
def test_boundary_is_a_distance(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    edges = rng.random((1, 15, 12)) < 0.03
    residual = rng.standard_normal(edges.shape)
    if not edges.any():
        assert set(error_by_place(residual, edges, cells)) == {"interior"}
        return
    near = ndimage.distance_transform_edt(~edges[0])[None] <= cells
    expected = np.abs(residual[near]).mean()
    assert error_by_place(residual, edges, cells)["boundary"]["mae_m_s"] == pytest.approx(expected)


@given(st.integers(0, 1000))
def test_parts_add_up_to_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    residual = rng.standard_normal((2, 12, 7))
    edges = rng.random(residual.shape) < 0.1
    whole = np.abs(residual).mean()
    quarters = error_by_quarter(residual)
    assert np.mean([part["mae_m_s"] for part in quarters.values()]) == pytest.approx(whole)
    places = error_by_place(residual, edges).values()
    assert sum(p["share"] * p["mae_m_s"] for p in places) == pytest.approx(whole)
    assert error_by_depth(residual).mean() == pytest.approx(whole)


def test_every_family_is_scored_by_itself() -> None:
    true = truth(family=("flat", "curved", "flat", "curved", "flat", "flat"))
    predicted = true.velocity.copy()
    predicted[[1, 3]] += 60
    scores = section_scores(Sections(predicted), true)
    families = scores["parts"]["family"]
    assert families["curved"]["mae_m_s"] == pytest.approx(60, rel=1e-5)
    assert families["flat"]["mae_m_s"] == 0
    assert (families["curved"]["sections"], families["flat"]["sections"]) == (2, 4)
    assert scores["mae_m_s"] == pytest.approx(20, rel=1e-5)


def test_plain_f1_is_that_of_the_threshold_that_was_chosen_elsewhere() -> None:
    true = truth()
    found = Sections(true.velocity, None, 0.4 * true.thin)
    scores = {t: section_scores(found, true, edge_threshold=t) for t in (0.3, 0.6)}
    assert (scores[0.3]["edge_f1"], scores[0.6]["edge_f1"]) == (1, 0)
    assert scores[0.6]["edge_ods"] == 1


def test_right_answer_with_a_true_spread_and_right_edges() -> None:
    true = truth()
    rng = np.random.default_rng(1)
    std = rng.uniform(10, 60, true.velocity.shape)
    velocity = true.velocity + rng.laplace(scale=std / np.sqrt(2))
    factors = {"0.5": 0.49, "0.8": 1.138, "0.95": 2.118}  # those of a Laplace distribution
    predicted = Sections(velocity, std, 0.9 * true.thin)
    scores = section_scores(predicted, true, factors=factors, edge_threshold=0.5)
    assert scores["edge_f1"] == scores["edge_ods"] == scores["edges"]["1"]["ois"] == 1
    assert scores["coverage"]["0.8"] == pytest.approx(0.8, abs=0.03)
    assert scores["crps_m_s"] < scores["mae_m_s"]
    assert json.loads(json.dumps(scores)) == scores  # plain values


def test_what_is_not_predicted_is_not_scored() -> None:
    true = truth()
    scores = section_scores(Sections(true.velocity), true, factors={"0.8": 1}, edge_threshold=0.5)
    assert not {"coverage", "edge_f1"} & set(scores)
    uncalibrated = Sections(true.velocity, np.ones_like(true.velocity), true.edges)
    assert not {"coverage", "edge_f1"} & set(section_scores(uncalibrated, true))


def test_ssim_has_one_range_whatever_the_data_set() -> None:
    true = torch.from_numpy(truth().velocity)
    noise = 50 * torch.randn(true.shape, generator=torch.Generator().manual_seed(0))
    alone = velocity_scores(true + noise, true)["ssim"]
    wide = true.clone()
    wide[0, 0, 0] = 6000.0
    assert velocity_scores(wide + noise, wide)["ssim"] == pytest.approx(alone, abs=0.01)
    assert velocity_scores(true + noise, true, (1800, 2700))["ssim"] < alone - 0.05


def test_edges_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 4, 4\).*\(4, 4\)"):
        error_by_place(np.zeros((1, 4, 4)), np.zeros((4, 4)))
    with pytest.raises(ShapeError, match=r"\(4, 4\); needed \(sample, depth, distance\)"):
        error_by_depth(np.zeros((4, 4)))
