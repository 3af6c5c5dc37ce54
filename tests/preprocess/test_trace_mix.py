"""Trace mix step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.trace_mix import TraceMix


def gather(samples: np.ndarray) -> xr.DataArray:
    n_traces, n_time = samples.shape
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={"time": 0.004 * np.arange(n_time), "offset": ("trace", 25.0 * np.arange(n_traces))},
    )


def test_three_traces_by_hand() -> None:
    samples = np.array([[2.0, 4], [4, 8], [8, 0], [16, 16]])
    out = TraceMix(weights=(1, 2, 1))(gather(samples)).values
    expected = [[8 / 3, 16 / 3], [4.5, 5], [9, 6], [40 / 3, 32 / 3]]
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_weights_are_not_turned_round() -> None:
    samples = np.eye(5)[:, [2, 2]] + 1e-9
    out = TraceMix(weights=(0, 1, 3))(gather(samples)).values[:, 0]
    np.testing.assert_allclose(out, [0, 0.75, 0.25, 0, 0], atol=1e-6)


def test_dead_trace_has_no_weight() -> None:
    samples = np.array([[3.0, 3], [0, 0], [6, 6], [6, 6]])
    out = TraceMix(weights=(1, 1, 1, 1, 1))(gather(samples)).values[:, 0]
    np.testing.assert_allclose(out, [4.5, 0, 5, 6])


def test_mix_is_linear_in_its_samples() -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 12, 20))
    step = TraceMix()
    both = step(gather(2 * x - y)).values
    np.testing.assert_allclose(both, 2 * step(gather(x)).values - step(gather(y)).values, atol=1e-5)


def test_uneven_weights_over_uneven_noise_gain_what_their_squares_say() -> None:
    noise = np.random.default_rng(2).normal(size=(4001, 4))
    out = TraceMix()(gather(noise)).values[2:-2]
    weights = np.array([1, 2, 3, 2, 1]) / 9
    np.testing.assert_allclose(out.std(), np.sqrt(np.sum(weights**2)), rtol=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": (1, 1)}, "has 2 weights; give an odd number"),
        ({"weights": (1, -1, 1)}, "each 0 or more"),
        ({"weights": (1, 0, 1)}, "gives the trace itself no weight"),
        ({"weights": ()}, "has 0 weights"),
    ],
)
def test_impossible_weights_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        TraceMix(**options)
