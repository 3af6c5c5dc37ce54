"""Whatever numbers headers hold, they are described and checked without a crash."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import GeometryError
from geoml.readers.geometry_check import geometry_findings
from geoml.survey.cube import cube
from geoml.survey.description import geometry_facts
from geoml.survey.line_distance import line_distance
from geoml.survey.schema import TRACE_VARIABLES

LENGTHS = st.one_of(
    st.just(0.0),
    st.integers(-5, 5).map(float),
    st.sampled_from([1e5, -2.1e9, 2.1e13, np.nan, np.inf, 1e308, 1e-300]),
    st.floats(-1e4, 1e4),
)
NUMBERS = st.one_of(
    st.just(0), st.integers(-3, 3), st.sampled_from([2**31 - 1, -(2**31), 65_536, 1_000_003])
)


@st.composite
def surveys(draw: st.DrawFn) -> xr.Dataset:
    n_traces = draw(st.integers(1, 12))
    variables = {}
    for name, kind in TRACE_VARIABLES.items():
        one = NUMBERS if kind.dtype == "int32" else LENGTHS
        values = draw(
            st.one_of(st.just([0] * n_traces), st.lists(one, min_size=n_traces, max_size=n_traces))
        )
        variables[name] = ("trace", np.array(values, dtype=kind.dtype))
    if draw(st.booleans()):
        files = draw(st.lists(st.integers(0, 2), min_size=n_traces, max_size=n_traces))
        variables["source_file"] = ("trace", np.sort(np.array(files, dtype=np.int32)))
    amplitude = ("trace", "time"), np.zeros((n_traces, 3))
    return xr.Dataset({"amplitude": amplitude, **variables}, coords={"time": [0.0, 0.1, 0.2]})


@settings(deadline=None, max_examples=200)
@given(surveys())
def test_any_headers_are_described_and_checked(survey):
    with warnings.catch_warnings():
        # Overflow to infinity is how numbers beyond any length show.
        warnings.simplefilter("ignore", RuntimeWarning)
        for finding in geometry_findings(survey):
            assert "\n" not in str(finding)
        for label, text in geometry_facts(survey):
            assert label
            assert "\n" not in text
        for view in (cube, line_distance):
            with contextlib.suppress(GeometryError):
                view(survey)
