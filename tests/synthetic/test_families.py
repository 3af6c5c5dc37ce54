"""Laws that every velocity family obeys; a new line in FAMILIES is tested by being there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.registry import build
from geoml.synthetic import FAMILIES, Family, SectionGrid, TopLayer, VelocityRange

LAND_GRID = SectionGrid(50, 108, 20.0)
MARINE_GRID = SectionGrid(60, 132, 25.0)
LAND = VelocityRange(
    VelocityTrend(surface_m_s=1800, gradient_1_s=0.7, max_m_s=4500),
    top_layer=TopLayer((900, 1300), (10, 40)),
)
MARINE = VelocityRange(
    VelocityTrend(surface_m_s=1700, gradient_1_s=0.6, max_m_s=4500),
    surface_spread=0.15,
    top_layer=TopLayer((1480, 1530), (50, 400)),
)
BARE = VelocityRange(VelocityTrend(surface_m_s=2000, gradient_1_s=0.8, max_m_s=5000))
CASES = {
    "land": (LAND_GRID, LAND),
    "marine": (MARINE_GRID, MARINE),
    "bare": (LAND_GRID, BARE),
    "tiny": (SectionGrid(2, 2, 10.0), BARE),
}

every_family = pytest.mark.parametrize("name", FAMILIES)
every_trend_family = pytest.mark.parametrize(
    "name", [name for name, family in FAMILIES.items() if family.follows_trend]
)
every_case = pytest.mark.parametrize("case", CASES)


def models(
    family: Family, case: str, count: int, velocity_range: VelocityRange | None = None
) -> NDArray[np.float32]:
    grid, default_range = CASES[case]
    drawn = [
        family(np.random.default_rng([7, i]), grid, velocity_range or default_range)
        for i in range(count)
    ]
    return np.stack(drawn)


@every_family
@every_case
def test_shape_type_and_limits(name: str, case: str) -> None:
    grid, velocity_range = CASES[case]
    velocity = models(FAMILIES[name](), case, 40)
    low, high = velocity_range.limits_m_s
    assert velocity.shape == (40, *grid.shape)
    assert velocity.dtype == np.float32
    assert np.isfinite(velocity).all()
    assert velocity.min() >= np.float32(low)
    assert velocity.max() <= np.float32(high)


@every_family
def test_narrow_limits_are_kept(name: str) -> None:
    tight = dataclasses.replace(BARE, min_m_s=1900.0, max_m_s=2300.0, inversion_probability=1.0)
    velocity = models(FAMILIES[name](), "bare", 20, tight)
    assert velocity.min() >= 1900
    assert velocity.max() <= 2300


@every_family
def test_same_seed_gives_same_bytes(name: str) -> None:
    first, second = (models(FAMILIES[name](), "land", 5).tobytes() for _ in range(2))
    assert first == second


@every_family
def test_each_seed_gives_another_model(name: str) -> None:
    velocity = models(FAMILIES[name](), "land", 20)
    assert len({model.tobytes() for model in velocity}) == 20


@every_trend_family
@pytest.mark.parametrize("case", ["land", "marine", "bare"])
def test_velocity_mostly_rises_with_depth(name: str, case: str) -> None:
    velocity = models(FAMILIES[name](), case, 60)
    falls = np.diff(velocity, axis=1) < -1
    assert falls.mean() < 0.08
    # Every single model is faster in its lowest quarter than in its highest.
    quarter = velocity.shape[1] // 4
    assert (velocity[:, -quarter:].mean((1, 2)) > velocity[:, :quarter].mean((1, 2))).all()


@every_trend_family
def test_population_surrounds_the_trend(name: str) -> None:
    velocity = models(FAMILIES[name](), "bare", 300)
    trend = BARE.trend.surface_m_s + BARE.trend.gradient_1_s * LAND_GRID.depth_m
    mean = velocity.mean((0, 2))
    assert np.abs(mean / trend - 1).max() < 0.06
    surface = velocity[:, 0].mean(1)
    low, high = (BARE.trend.surface_m_s * (1 + s * BARE.surface_spread) for s in (-0.7, 0.7))
    assert (surface < low).sum() > 15
    assert (surface > high).sum() > 15


@pytest.mark.parametrize("name", ["flat_layers", "curved_layers"])
def test_velocity_drops_only_where_and_as_far_as_inversions_say(name: str) -> None:
    # Reverse faults are left out: they lay old, fast rock over young rock.
    blocky = build(FAMILIES, {name: {"gradient_share": (0.0, 0.0)}}, "family")
    ordered = models(blocky, "bare", 40, dataclasses.replace(BARE, inversion_probability=0.0))
    assert (np.diff(ordered, axis=1) > -0.01).all()
    often = dataclasses.replace(BARE, inversion_probability=1.0, inversion_size=0.12)
    inverted = models(blocky, "bare", 40, often)
    drop = 1 - inverted[:, 1:] / inverted[:, :-1]
    assert 0.11 < drop.max() < 0.12 + 1e-4


def test_no_two_layers_in_a_row_are_inverted() -> None:
    options = {"gradient_share": (0, 0), "lateral_variation": (0, 0), "max_dip_deg": 0}
    blocky = build(FAMILIES, {"flat_layers": options}, "family")
    always = dataclasses.replace(BARE, inversion_probability=1.0)
    for velocity in models(blocky, "bare", 20, always)[:, :, 0]:
        step = np.diff(velocity)
        falls = step[np.abs(step) > 0.01] < 0
        assert falls[0]
        assert not (falls[1:] & falls[:-1]).any()
        assert falls.sum() >= falls.size // 2


@every_family
def test_water_is_water_and_lies_on_top(name: str) -> None:
    velocity = models(FAMILIES[name](), "marine", 40)
    assert ((velocity[:, 0] >= 1480) & (velocity[:, 0] <= 1530)).all()
    assert (velocity[:, 0] == velocity[:, :1, 0]).all()  # one velocity along the surface
    # 50 m of water at least: rows 0 and 1 (to 37.5 m) hold nothing else.
    assert (velocity[:, 1] == velocity[:, 0]).all()
    # 400 m at most: below 425 m everything is at least 3 % faster than the water.
    below = velocity[:, 17:]
    assert (below >= 1.03 * velocity[:, :1, :1] - 0.1).all()


def test_layers_are_at_least_two_cells_thick() -> None:
    options = {"n_layers": (200, 200), "gradient_share": (0, 0), "lateral_variation": (0, 0)}
    many = build(FAMILIES, {"flat_layers": options}, "family")
    steps = np.abs(np.diff(models(many, "bare", 10), axis=1)) > 0.01
    assert steps.any()
    assert not (steps[:, 1:] & steps[:, :-1]).any()


def _other_value(name: str, value: object) -> object:
    """A value of the same type, inside every option's bounds, that is not the default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple) and all(isinstance(v, int) for v in value):
        return (value[1] + 1, value[1] + 2)
    if isinstance(value, tuple):
        return (value[1], value[1])
    if isinstance(value, float):
        return 1.0 if name.endswith("probability") else value / 4
    raise TypeError(f"option '{name}' has a default of a type unknown to the law: {value!r}")


@pytest.mark.parametrize(
    ("name", "option"),
    [(name, field.name) for name, cls in FAMILIES.items() for field in dataclasses.fields(cls)],
)
def test_every_option_matters(name: str, option: str) -> None:
    default = FAMILIES[name]()
    changed = build(
        FAMILIES, {name: {option: _other_value(option, getattr(default, option))}}, "family"
    )
    before, after = (models(family, "land", 10) for family in (default, changed))
    assert (before != after).any()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("surface_spread", 0.05),
        ("gradient_spread", 0.05),
        ("min_m_s", 1790.0),
        ("max_m_s", 1900.0),
        ("inversion_probability", 0.9),
        ("inversion_size", 0.3),
        ("top_layer", TopLayer((900, 1300), (10, 40), shape="flat")),
        ("top_layer", TopLayer((900, 1300), (10, 40), max_slope_deg=1.0)),
    ],
)
def test_every_option_of_the_range_matters(option: str, value: object) -> None:
    other = dataclasses.replace(LAND, **{option: value})
    family = FAMILIES["flat_layers"]()
    assert (models(family, "land", 10) != models(family, "land", 10, other)).any()


@every_trend_family
def test_wrong_option_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(OptionError, match=r"no option 'n_layer'. Did you mean 'n_layers'"):
        build(FAMILIES, {name: {"n_layer": [3, 4]}}, "family")


@every_trend_family
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_layers": [5, 3]}, "'n_layers' is 5..3; write the smaller number first"),
        ({"n_layers": [0, 3]}, "'n_layers' starts at 0; it must be at least 1"),
        ({"contrast": [0.1, 0.9]}, "'contrast' ends at 0.9; it must be at most 0.4"),
    ],
)
def test_option_out_of_range_is_refused(
    name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        build(FAMILIES, {name: options}, "family")
