"""Laws that hold for every registered step, on its own examples."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeomlError, OptionError
from geoml.preprocess import STEPS, Step
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.registry import build
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, TRACE_VARIABLES

DEAD = 5  # the silent trace of the fixture
EXAMPLES = [(name, dict(options)) for name, cls in STEPS.items() for options in cls.examples]
OPTIONS = [
    (name, field.name)
    for name, cls in STEPS.items()
    for field in dataclasses.fields(cls)  # type: ignore[arg-type]
]
every_example = pytest.mark.parametrize(("name", "options"), EXAMPLES, ids=str)


def step_of(name: str, options: dict[str, Any]) -> Step:
    return build(STEPS, {name: options}, "step")


def survey_of(gathers: xr.DataArray) -> xr.Dataset:
    """A survey with every trace variable, zeros where the gathers have none."""
    survey = gathers.to_dataset(name="amplitude").reset_coords(
        [name for name in gathers.coords if name != "time"]
    )
    for name, kind in TRACE_VARIABLES.items():
        if name not in survey:
            survey[name] = ("trace", np.zeros(survey.sizes["trace"], dtype=kind.dtype))
    return survey


@every_example
def test_float32_stays_float32_of_trace_and_time(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    out = step_of(name, options)(gathers)
    assert out.dtype == np.float32
    assert out.dims == ("trace", "time")
    assert out.sizes["trace"] == gathers.sizes["trace"]
    assert np.isfinite(out.values).all()


@every_example
def test_input_is_untouched_and_shares_no_memory(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    before = gathers.copy(deep=True)
    out = step_of(name, options)(gathers)
    assert gathers.identical(before)
    out.values[...] = 99
    assert gathers.identical(before)


@every_example
def test_dead_trace_stays_zero(name: str, options: dict[str, Any], gathers: xr.DataArray) -> None:
    assert not gathers[DEAD].values.any()
    assert not step_of(name, options)(gathers)[DEAD].values.any()


REVIVING = {"interpolate_traces"}  # to bring killed traces back is what it is for


@every_example
def test_killed_trace_stays_killed(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    if name in REVIVING:
        pytest.skip("the step fills killed traces")
    live = np.arange(gathers.sizes["trace"]) != DEAD
    out = step_of(name, options)(gathers.assign_coords(live=("trace", live)))
    assert not out["live"].values[DEAD]
    assert not out[DEAD].values.any()


@every_example
def test_coordinates_and_units_are_kept(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    out = step_of(name, options)(gathers)
    assert out.attrs == gathers.attrs
    assert out.name == gathers.name
    assert out["time"].attrs == gathers["time"].attrs
    for coordinate in set(gathers.coords) - {"time", *OPTIONAL_TRACE_VARIABLES}:
        assert out[coordinate].identical(gathers[coordinate].assign_coords(out[coordinate].coords))
    for added in set(out.coords) - set(gathers.coords):
        assert added in OPTIONAL_TRACE_VARIABLES


@every_example
def test_lazy_blocks_equal_one_array(
    name: str,
    options: dict[str, Any],
    gathers: xr.DataArray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Blocks of one gather: a step that looked across gathers, or at an unlucky cut, would differ.
    monkeypatch.setattr("geoml.preprocess.blocks._BLOCK_BYTES", 4)
    step = step_of(name, options)
    direct = step(gathers)
    lazy = run(survey_of(gathers).chunk(trace=7), [step])
    assert len(lazy["amplitude"].chunks[0]) >= 3
    np.testing.assert_array_equal(lazy["amplitude"].values, direct.values)
    np.testing.assert_array_equal(lazy["time"].values, direct["time"].values)
    for variable in OPTIONAL_TRACE_VARIABLES:
        if variable in direct.coords:
            np.testing.assert_array_equal(lazy[variable].values, direct[variable].values)


@every_example
def test_order_of_traces_does_not_matter(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    if "traces" in options:
        pytest.skip("the option is the order of traces itself")
    shuffle = np.random.default_rng(3).permutation(gathers.sizes["trace"])
    step = step_of(name, options)
    direct = step(gathers)
    shuffled = run(survey_of(gathers).isel(trace=shuffle), [step])
    np.testing.assert_allclose(shuffled["amplitude"].values, direct.values[shuffle], rtol=1e-5)
    for variable in OPTIONAL_TRACE_VARIABLES:
        if variable in direct.coords:
            np.testing.assert_array_equal(shuffled[variable].values, direct[variable][shuffle])


def differs(one: Step, other: Step, gathers: xr.DataArray) -> bool:
    """Whether two steps give different samples, times or trace values, or one of them refuses."""
    outcomes = []
    for step in (one, other):
        try:
            out = step(gathers).reset_coords(drop=False)
        except GeomlError as refusal:
            outcomes.append(str(refusal))
        else:
            outcomes.append(out)
    first, second = outcomes
    if isinstance(first, str) or isinstance(second, str):
        return False
    return not first.equals(second)


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=str)
def test_every_option_changes_the_output(
    name: str, option: str, gathers: xr.DataArray, damaged: xr.DataArray, killed: xr.DataArray
) -> None:
    steps = [step_of(name, dict(options)) for options in STEPS[name].examples]
    pairs = [
        (one, other)
        for one in steps
        for other in steps
        if [
            f.name
            for f in dataclasses.fields(one)
            if getattr(one, f.name) != getattr(other, f.name)
        ]  # type: ignore[arg-type]
        == [option]
    ]
    assert pairs, f"no two examples of '{name}' differ in '{option}' alone"
    assert any(differs(*pair, data) for pair in pairs for data in (gathers, damaged, killed))


@every_example
def test_step_survives_its_plain_form(name: str, options: dict[str, Any]) -> None:
    step = step_of(name, options)
    assert build_steps(step_specs([step])) == [step]


@pytest.mark.parametrize("name", STEPS)
def test_unknown_option_is_refused_by_name(name: str) -> None:
    with pytest.raises(OptionError, match=f"'{name}' has no option 'colour'"):
        build(STEPS, {name: {"colour": 1}}, "step")


@pytest.mark.parametrize("name", STEPS)
def test_gathers_of_other_dimensions_are_refused(name: str, gathers: xr.DataArray) -> None:
    step = step_of(name, dict(STEPS[name].examples[0]))
    with pytest.raises(GeomlError, match=r"trace.*time"):
        step(gathers.rename(time="depth"))


REFUSING_NAN = {
    "agc",
    "apply_statics",
    "balance",
    "bandpass",
    "decon",
    "elevation_statics",
    "fk_filter",
    "fx_decon",
    "interpolate_traces",
    "median",
    "nmo",
    "normalise",
    "notch",
    "rank_reduction",
    "resample",
    "rotate_phase",
    "shift_time",
    "spectral_match",
    "to_2d",
    "trace_mix",
    "vibroseis_correlation",
}


@pytest.mark.parametrize("name", sorted(STEPS.keys() - REFUSING_NAN))
def test_nan_does_not_spread(name: str, damaged: xr.DataArray) -> None:
    out = step_of(name, dict(STEPS[name].examples[0]))(damaged)
    assert (~np.isfinite(out.values)).sum() <= (~np.isfinite(damaged.values)).sum()


@pytest.mark.parametrize("name", sorted(REFUSING_NAN))
def test_step_that_would_spread_nan_refuses_and_says_what_to_do(
    name: str, damaged: xr.DataArray
) -> None:
    with pytest.raises(OptionError, match=rf"3 of 36 traces hold NaN .* '{name}' .* 'fill_nan'"):
        step_of(name, dict(STEPS[name].examples[0]))(damaged)


@pytest.mark.parametrize(
    ("name", "options"), [each for each in EXAMPLES if STEPS[each[0]].only_scales], ids=str
)
def test_step_that_only_scales_turns_no_sign_and_fills_no_zero(
    name: str, options: dict[str, Any], gathers: xr.DataArray
) -> None:
    out = step_of(name, options)(gathers).values
    assert (np.sign(out) * np.sign(gathers.values) >= 0).all()
    assert not out[gathers.values == 0].any()
