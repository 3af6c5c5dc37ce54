"""Fill step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.fill_nan import FillNan

Maker = Callable[..., xr.DataArray]
NAN, INF = np.nan, np.inf


def test_short_gap_is_a_line_and_long_gap_is_zero(one_trace: Maker) -> None:
    trace = one_trace([1, NAN, INF, 4, NAN, NAN, NAN, 8], dt_s=0.004)
    filled = FillNan(max_gap_s=0.008)(trace).values[0]
    np.testing.assert_allclose(filled, [1, 2, 3, 4, 0, 0, 0, 8])


def test_ends_are_zero(one_trace: Maker) -> None:
    filled = FillNan(max_gap_s=1.0)(one_trace([NAN, 2, 3, -INF])).values[0]
    np.testing.assert_array_equal(filled, [0, 2, 3, 0])


def test_trace_of_nan_becomes_a_dead_trace(one_trace: Maker) -> None:
    assert not FillNan()(one_trace([NAN] * 9)).values.any()


def test_gap_of_exactly_the_limit_is_bridged(one_trace: Maker) -> None:
    # 0.3 s over 0.1 s is 2.9999999999999996 in binary.
    filled = FillNan(max_gap_s=0.3)(one_trace([0, NAN, NAN, NAN, 4], dt_s=0.1)).values[0]
    np.testing.assert_allclose(filled, [0, 1, 2, 3, 4])


def test_lines_agree_with_pandas(one_trace: Maker) -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(size=400)
    samples[1:-1][rng.random(398) < 0.3] = NAN
    expected = pd.Series(samples.astype(np.float32)).interpolate().to_numpy()
    filled = FillNan(max_gap_s=10.0)(one_trace(samples)).values[0]
    np.testing.assert_allclose(filled, expected, rtol=1e-5)


def test_negative_gap_is_refused() -> None:
    with pytest.raises(OptionError, match="max_gap_s is -1 s"):
        FillNan(max_gap_s=-1)
