"""The salt body: one velocity, one piece, overhanging flanks, layers dragged up beside it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.registry import build
from geoml.synthetic import FAMILIES, SectionGrid, VelocityRange

GRID = SectionGrid(90, 140, 10.0)
RANGE = VelocityRange(VelocityTrend(1800, 0.8, 4700), max_m_s=4700)


def models(count: int, **options: object) -> NDArray[np.float32]:
    family = build(FAMILIES, {"salt": {"salt_velocity_m_s": (4600, 4600), **options}}, "family")
    return np.stack([family(np.random.default_rng([5, i]), GRID, RANGE) for i in range(count)])


def test_body_is_one_piece_of_one_velocity_in_every_model() -> None:
    for velocity in models(60):
        pieces, count = label(velocity == np.float32(4600))
        sizes = np.bincount(pieces.ravel())[1:]
        assert count >= 1
        # Bumps of the top may cut off crumbs.
        assert sizes.max() > 0.97 * sizes.sum()
        assert 0.01 < sizes.sum() / velocity.size < 0.5


def test_flanks_overhang() -> None:
    """Somewhere under the body's edge lies slower rock, and under that no salt."""
    overhangs = 0
    for velocity in models(60, rooted_probability=1.0):
        salt = velocity == np.float32(4600)
        below_salt = np.maximum.accumulate(salt, axis=0)
        overhangs += bool((below_salt & ~salt).sum() > 20)
    assert overhangs > 30


def test_rooted_bodies_reach_the_bottom_and_others_do_not() -> None:
    rooted, floating = (
        (models(40, rooted_probability=chance)[:, -1] == np.float32(4600)).any(axis=1)
        for chance in (1.0, 0.0)
    )
    assert rooted.all()
    assert floating.mean() < 0.2


def test_drag_lifts_the_layers_beside_the_body() -> None:
    plain = models(30, drag_fraction=(0.0, 0.0))
    dragged = models(30, drag_fraction=(0.12, 0.12))
    outside = (plain != np.float32(4600)) & (dragged != np.float32(4600))
    change = (dragged - plain)[outside]
    # Deeper rock is faster but for inversions.
    assert change.mean() > 5
    assert (change >= -0.01).mean() > 0.9


def test_salt_is_no_faster_than_the_range_allows() -> None:
    tight = VelocityRange(VelocityTrend(1800, 0.8, 4000))
    velocity = FAMILIES["salt"]()(np.random.default_rng(0), GRID, tight)
    assert velocity.max() == 4000


def test_option_out_of_range_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'rooted_probability' is 1\.5"):
        build(FAMILIES, {"salt": {"rooted_probability": 1.5}}, "family")
    with pytest.raises(OptionError, match=r"'drag_fraction' ends at 0\.9"):
        build(FAMILIES, {"salt": {"drag_fraction": [0, 0.9]}}, "family")
