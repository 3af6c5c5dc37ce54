"""Small surveys with positions made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.survey.schema import TRACE_VARIABLES

SurveyMaker = Callable[..., xr.Dataset]


@pytest.fixture
def make_survey() -> SurveyMaker:
    """A survey from any trace variables; the others are 0 and every trace its own noise."""

    def make(n_traces: int, n_samples: int = 6, dt_s: float = 0.004, **given: Any) -> xr.Dataset:
        rng = np.random.default_rng(0)
        variables = {
            name: ("trace", np.broadcast_to(given.get(name, 0), n_traces).astype(kind.dtype))
            for name, kind in TRACE_VARIABLES.items()
        }
        amplitude = rng.normal(size=(n_traces, n_samples)).astype(np.float32)
        return xr.Dataset(
            {"amplitude": (("trace", "time"), amplitude), **variables},
            coords={"time": dt_s * np.arange(n_samples)},
        )

    return make


@pytest.fixture
def streamer(make_survey: SurveyMaker) -> Callable[..., xr.Dataset]:
    """A marine line: shots every 25 m, receivers 12.5 m apart behind them."""

    def make(
        n_shots: int = 8, n_receivers: int = 10, near_m: float = 100.0, step_m: float = 25.0
    ) -> xr.Dataset:
        shot, receiver = np.divmod(np.arange(n_shots * n_receivers), n_receivers)
        source_x = 1000 + step_m * shot
        return make_survey(
            shot.size,
            field_record=shot + 1,
            trace_in_record=receiver + 1,
            source_x=source_x,
            receiver_x=source_x - near_m - 12.5 * receiver,
            source_depth=6,
            receiver_elevation=-8,
            trace_kind=1,
        )

    return make


@pytest.fixture
def fixed_spread(make_survey: SurveyMaker) -> Callable[..., xr.Dataset]:
    """A land line: shots at uneven stations into the same 12 receivers, 50 m apart."""

    def make(stations: tuple[int, ...] = (0, 1, 4, 5, 9)) -> xr.Dataset:
        shot, receiver = np.divmod(np.arange(12 * len(stations)), 12)
        return make_survey(
            shot.size,
            field_record=shot + 1,
            source_x=50.0 * np.array(stations)[shot],
            receiver_x=50.0 * receiver,
            source_elevation=200.0 + 2 * receiver[shot],
            receiver_elevation=200.0 + 2 * receiver,
            source_depth=10,
            trace_kind=1,
        )

    return make


@pytest.fixture
def quiet_zarr() -> Iterator[None]:
    """Zarr warns of data types that only MDIO uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.showwarning", lambda *_args, **_kept: None)
        yield
