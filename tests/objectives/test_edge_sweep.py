"""Edge scores over thresholds, and the classical detector beside them."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import MissingPackageError
from geoml.objectives import edge_counts, f1_score, sweep_edges, thin_edges
from geoml.objectives.canny import Canny, best_canny
from geoml.objectives.edge_score import edge_counts_of_each, f1_scores
from geoml.objectives.edge_sweep import EdgeSweep
from geoml.physics.edges import velocity_edges


def layered(seed: int, n_sections: int = 4) -> np.ndarray:
    """Sections of sharp, gently dipping layers [m/s]."""
    rng = np.random.default_rng(seed)
    z, x = np.mgrid[:40, :50]
    sections = []
    for _ in range(n_sections):
        tops = np.cumsum(rng.integers(6, 12, 5))[:, None, None] + rng.uniform(-0.1, 0.1) * x
        sections.append(1800 + 350 * (z >= tops).sum(axis=0))
    return np.stack(sections).astype(float)


def test_best_threshold_for_all_and_for_each_by_hand() -> None:
    # Matched, predicted and true cells of two sections at three thresholds.
    counts = np.array([[[4, 8, 4], [2, 2, 4]], [[3, 3, 4], [1, 1, 4]], [[1, 1, 4], [0, 0, 4]]])
    sweep = EdgeSweep((0.2, 0.5, 0.8), counts)
    np.testing.assert_allclose(sweep.f1, [12 / 18, 8 / 12, 2 / 9])
    assert sweep.ods == pytest.approx(2 / 3)
    assert sweep.ods_threshold == 0.5  # as good as 0.2, and nearer to the middle
    assert sweep.ois == pytest.approx(2 * (3 + 2) / (3 + 4 + 2 + 4))
    assert sweep.f1_at(0.79) == sweep.f1_at(0.8) == pytest.approx(2 / 9)


def test_section_without_a_hit_counts_with_its_fewest_false_alarms() -> None:
    counts = np.array([[[5, 9, 5], [0, 60, 4]], [[5, 5, 5], [0, 3, 4]]])
    sweep = EdgeSweep((0.1, 0.9), counts)
    assert sweep.ois == sweep.ods == pytest.approx(10 / (5 + 5 + 3 + 4))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 2]))
def test_sweep_counts_what_thinning_and_matching_count_at_each_threshold(
    seed: int, tolerance: int
) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.random((3, 11, 13)).astype(np.float32)
    true = rng.random((3, 11, 13)) < 0.1
    sweep = sweep_edges(probability, true, tolerance, (0.2, 0.6))
    for threshold, f1, counts in zip((0.2, 0.6), sweep.f1, sweep.counts, strict=True):
        alone = [
            edge_counts(thin_edges(one, threshold), other, tolerance)
            for one, other in zip(probability, true, strict=True)
        ]
        np.testing.assert_array_equal(counts, alone)
        thin = thin_edges(probability, threshold)
        assert f1 == pytest.approx(f1_score(edge_counts(thin, true, tolerance)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_of_one_section_both_scores_are_the_same_and_more_tolerance_never_hurts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probability, true = rng.random((1, 12, 14)), rng.random((1, 12, 14)) < 0.15
    near, far = (sweep_edges(probability, true, cells) for cells in (1, 2))
    assert near.ods == near.ois
    assert (far.f1 >= near.f1).all()


def test_sure_and_right_edges_score_one_at_every_threshold() -> None:
    true = thin_edges(velocity_edges(layered(0)))
    sweep = sweep_edges(true, true)
    # Thinning what is thin moves a few cells at bends.
    assert sweep.f1.min() > 0.97
    assert sweep.f1.min() == sweep.f1.max() == sweep.ois


def test_nothing_to_find_and_nothing_found_is_right_section_by_section() -> None:
    none = np.zeros((2, 5, 5), bool)
    counts = edge_counts_of_each(none, none)
    assert counts.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert f1_scores(counts).tolist() == [1, 1]


def test_canny_finds_sharp_layers_to_the_cell() -> None:
    pytest.importorskip("skimage")
    velocity = layered(1)
    true = thin_edges(velocity_edges(velocity))
    canny = best_canny(velocity, true, 1)
    assert canny.sweep(velocity, true, 1).ods > 0.9


def test_threshold_of_canny_is_a_reflection_coefficient() -> None:
    pytest.importorskip("skimage")
    velocity = np.full((1, 30, 30), 2000.0)
    velocity[:, 15:] = 2200.0
    reflection = 200 / 4200
    detector = Canny(sigma_cells=0.3, low_share=0.5)  # next to no smoothing
    for factor, found in ((0.95, True), (1.05, False)):
        assert detector(velocity, factor * reflection).any() == found


@pytest.mark.parametrize(("low_share", "followed"), [(0.5, True), (0.9, False)])
def test_canny_follows_an_edge_down_to_its_lower_threshold(
    low_share: float, followed: bool
) -> None:
    pytest.importorskip("skimage")
    velocity = np.full((1, 30, 40), 2000.0)
    velocity[:, 15:, :20] *= 1.2
    velocity[:, 15:, 20:] *= 1.2**0.7
    strong = 0.5 * np.log(1.2)
    detector = Canny(sigma_cells=0.3, low_share=low_share, reflection=0.9 * strong)
    assert detector(velocity)[0, 12:18, 25:38].any() == followed
    assert detector(velocity)[0, 12:18, 2:15].any()


def test_canny_forgets_the_unit_of_velocity() -> None:
    pytest.importorskip("skimage")
    # A sharp step is as steep on either side of it, and rounding would choose.
    rough = layered(2) + 20 * np.random.default_rng(0).standard_normal((4, 40, 50))
    detector = Canny(1.0, 0.5, 0.01)
    np.testing.assert_array_equal(detector(rough), detector(rough / 1000))


def test_best_canny_keeps_the_best_of_its_options_on_blurred_layers() -> None:
    pytest.importorskip("skimage")
    from scipy import ndimage

    velocity = ndimage.gaussian_filter(layered(3), (0, 1.5, 1.5))
    velocity += 8 * np.random.default_rng(0).standard_normal(velocity.shape)
    true = thin_edges(velocity_edges(layered(3)))
    best = best_canny(velocity, true)
    ods = best.sweep(velocity, true).ods
    assert f1_score(edge_counts(best(velocity), true)) == pytest.approx(ods)
    for other in (Canny(0.5, 0.25), Canny(2.0, 0.6)):
        assert ods >= other.sweep(velocity, true).ods


def test_without_scikit_image_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(MissingPackageError, match=r"geoml\[evaluate\]"):
        Canny(1.0, 0.5)(layered(0))
