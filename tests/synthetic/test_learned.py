"""Sections of a trained prior as one more velocity family."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geoml.errors import CheckpointError, OptionError, UnknownNameError
from geoml.physics.trend import VelocityTrend
from geoml.synthetic import SectionGrid, TopLayer, VelocityRange
from geoml.synthetic.family_spec import build_family, family_spec
from geoml.synthetic.learned import resample_sharp
from tests.made_prior import SHAPE, SPACING_M, small_prior

GRID = SectionGrid(*SHAPE, SPACING_M)
WIDE = VelocityRange(VelocityTrend(2000, 2.0, 4500), min_m_s=1500, max_m_s=4500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("priors") / "layers"
    small_prior(place, steps=60)
    return place


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("priors") / "kinds"
    small_prior(place, "conditional_vae", steps=150, n_trend=2)
    return place


def draw(spec: Any, seed: int = 0, grid: SectionGrid = GRID, limits: Any = WIDE) -> Any:
    return build_family(spec)(np.random.default_rng([3, seed]), grid, limits)


def test_same_seed_gives_the_same_section_and_each_another(folder: Path) -> None:
    first, again, other = (draw(f"vae:{folder}", seed) for seed in (0, 0, 1))
    assert first.dtype == np.float32
    assert first.shape == SHAPE
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("grid", [SectionGrid(30, 70, 25.0), SectionGrid(5, 6, 10.0)])
def test_any_grid_is_filled_and_limits_are_kept(folder: Path, grid: SectionGrid) -> None:
    narrow = VelocityRange(VelocityTrend(2000, 1.0, 2600), min_m_s=1900, max_m_s=2600)
    drawn = np.stack([draw(f"vae:{folder}", i, grid, narrow) for i in range(10)])
    assert drawn.shape == (10, *grid.shape)
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 1900
    assert drawn.max() <= 2600


def test_smaller_section_is_a_window_below_the_surface(folder: Path) -> None:
    whole = build_family(f"vae:{folder}")
    small = SectionGrid(6, 8, SPACING_M)
    found = draw(f"vae:{folder}", 0, small)
    # The same random numbers: trend, then code, then where the window starts.
    section = whole(np.random.default_rng([3, 0]), GRID, WIDE)
    lateral = [section[:6, i : i + 8] for i in range(SHAPE[1] - 7)]
    assert min(np.abs(part - found).max() for part in lateral) < 80


def test_larger_section_is_the_same_one_drawn_larger(folder: Path) -> None:
    section = draw(f"vae:{folder}")
    for down, along in ((2, 2), (1, 3), (2, 1)):
        grid = SectionGrid(down * (SHAPE[0] - 1) + 1, along * (SHAPE[1] - 1) + 1, SPACING_M)
        larger = draw(f"vae:{folder}", grid=grid)
        np.testing.assert_allclose(larger[::down, ::along], section, atol=0.5)


def test_stretched_section_has_the_limits_of_the_range(folder: Path) -> None:
    low = VelocityRange(VelocityTrend(700, 0.1, 900), min_m_s=600, max_m_s=900)
    spec = {f"vae:{folder}": {"stretch": True}}
    plain, stretched = draw(f"vae:{folder}"), draw(spec, limits=low)
    np.testing.assert_allclose((stretched - 600) / 300, (plain - 1500) / 3000, atol=1e-4)


def test_water_lies_on_top(folder: Path) -> None:
    marine = VelocityRange(
        VelocityTrend(1700, 0.6, 4500), top_layer=TopLayer((1480, 1520), (30, 60))
    )
    drawn = draw(f"vae:{folder}", 0, GRID, marine)
    assert ((drawn[0] >= 1480) & (drawn[0] <= 1520)).all()
    assert (drawn[7:] >= 1.03 * drawn[0, 0] - 0.1).all()


def test_label_decides_the_kind_and_trend_the_velocity(conditional: Path) -> None:
    steps = {
        kind: np.mean([np.ptp(draw({f"vae:{conditional}": {"label": kind}}, i)) for i in range(40)])
        for kind in ("weak", "strong")
    }
    assert steps["strong"] > 1.3 * steps["weak"]
    slow, fast = (
        VelocityRange(VelocityTrend(v, 1.0, 4500), min_m_s=1500, max_m_s=4500, surface_spread=0.01)
        for v in (1800, 3300)
    )
    means = [
        np.mean([draw(f"vae:{conditional}", i, GRID, limits) for i in range(20)])
        for limits in (slow, fast)
    ]
    assert means[1] > means[0] + 500
    level, steep = (
        VelocityRange(
            VelocityTrend(1800, gradient, 4500),
            min_m_s=1500,
            max_m_s=4500,
            surface_spread=0.01,
            gradient_spread=0.0,
        )
        for gradient in (0.0, 12.0)
    )
    deep = [
        np.mean([draw(f"vae:{conditional}", i, GRID, limits)[-4:] for i in range(20)])
        for limits in (level, steep)
    ]
    assert deep[1] > deep[0] + 400
    with pytest.raises(UnknownNameError, match="Did you mean 'strong'"):
        draw({f"vae:{conditional}": {"label": "stronk"}})


def test_spec_rebuilds_the_family_and_names_its_weights(folder: Path) -> None:
    family = build_family({f"vae:{folder}": {"stretch": True}})
    spec = family_spec(family)
    assert list(spec) == [f"vae:{folder}"]
    assert len(spec[f"vae:{folder}"]["weights_sha256"]) == 64
    assert build_family(spec) == family
    plain = build_family("salt")
    assert family_spec(plain) == {"salt": asdict(plain)}  # type: ignore[call-overload]


def test_recipe_of_other_weights_is_refused(folder: Path) -> None:
    with pytest.raises(OptionError, match="other weights than those that the recipe names"):
        build_family({f"vae:{folder}": {"weights_sha256": "0" * 64}})


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("vae:no_such", CheckpointError, "No checkpoint folder 'no_such'"),
        ({"vae:x": {"checkpoint": "y"}}, OptionError, "names its checkpoint already"),
        ("sallt", UnknownNameError, "Did you mean 'salt'"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(spec: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        build_family(spec)


def test_wrong_option_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(OptionError, match="Did you mean 'stretch'"):
        build_family({f"vae:{folder}": {"strech": True}})


def test_resampling_makes_no_new_velocity_and_keeps_an_interface_straight() -> None:
    depth, distance = np.meshgrid(np.arange(20.0), np.arange(20.0), indexing="ij")
    velocity = np.where(depth > 0.5 * distance + 4.2, 3000.0, 2000.0)
    fine = np.arange(0, 19.01, 0.25)
    found = resample_sharp(velocity, fine, fine)
    assert set(np.unique(found)) == {2000.0, 3000.0}
    wanted = 0.5 * fine + 4.2
    base = fine[(found == 3000).argmax(axis=0)]
    assert np.abs(base - wanted).max() < 1.0
    np.testing.assert_array_equal(resample_sharp(velocity, fine[::4], fine[::4]), velocity)
