"""Stack of a survey."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import GeometryError, ShapeError
from geoml.preprocess.nmo import Nmo
from geoml.preprocess.stack import stack
from geoml.survey.cdp_position import is_stacked
from geoml.survey.gathers import GatherKind
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey

DT_S = 0.004


def survey_of(samples: np.ndarray, cdp: np.ndarray, **more: np.ndarray) -> xr.Dataset:
    """A survey with these samples, shape (trace, time), and CDP numbers; the rest is 0."""
    n_traces = len(samples)
    values = {name: np.zeros(n_traces) for name in TRACE_VARIABLES}
    values |= {"cdp": cdp, "offset": 100.0 + np.arange(n_traces), "trace_kind": np.ones(n_traces)}
    values |= more
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), np.asarray(samples, np.float32)),
            **{n: ("trace", np.asarray(values[n], k.dtype)) for n, k in TRACE_VARIABLES.items()},
        },
        coords={"time": np.arange(samples.shape[1]) * DT_S},
    )


def test_mean_of_what_is_live_and_not_muted() -> None:
    samples = np.array([[0, 2, 4.0], [2, 4, 0], [9, 9, 9], [0, 0, 0], [1, 1, 1], [np.nan, 5, 5]])
    survey = survey_of(samples, np.array([7, 7, 7, 7, 3, 7]), trace_kind=[1, 1, 2, 1, 1, 1])
    stacked = stack(survey).compute()
    np.testing.assert_array_equal(stacked["cdp"], [3, 7])
    # By hand: trace 2 is marked dead, 3 is silent, 5 holds a NaN; zeros are mutes.
    np.testing.assert_array_equal(stacked["amplitude"], [[1, 1, 1], [2, 3, 4]])
    np.testing.assert_array_equal(stacked["fold"], [1, 2])
    killed = survey.assign(live=("trace", np.array([False, True, True, True, True, True])))
    np.testing.assert_array_equal(stack(killed)["amplitude"][1], [2, 4, 0])


@settings(max_examples=25, deadline=None)
@given(
    n_traces=st.integers(1, 60),
    n_cdps=st.integers(1, 12),
    chunk=st.integers(1, 60),
    seed=st.integers(0, 999),
)
def test_any_order_and_any_chunks_give_the_means_by_groupby(
    n_traces: int, n_cdps: int, chunk: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    survey = survey_of(rng.normal(size=(n_traces, 9)), rng.integers(1, n_cdps + 1, n_traces))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geoml.preprocess.blocks._BLOCK_BYTES", 36 * 5)
        stacked = stack(survey.chunk(trace=chunk)).compute()
    expected = survey["amplitude"].groupby(survey["cdp"]).mean()
    np.testing.assert_allclose(stacked["amplitude"], expected, atol=1e-6)
    np.testing.assert_array_equal(stacked["cdp"], expected["cdp"])


def test_nothing_is_read_before_it_is_computed() -> None:
    def refuse(block: np.ndarray) -> np.ndarray:
        raise AssertionError("read")

    survey = survey_of(np.ones((6, 5)), np.array([1, 1, 2, 2, 3, 3]))
    lazy = da.from_array(survey["amplitude"].values, chunks=(2, -1)).map_blocks(
        refuse, dtype="f4", meta=np.empty((0, 0), "f4")
    )
    stacked = stack(survey.assign(amplitude=(("trace", "time"), lazy)))
    assert stacked["amplitude"].shape == (3, 5)
    with pytest.raises(AssertionError, match="read"):
        stacked["amplitude"].compute()


def test_noise_falls_with_the_root_of_the_fold() -> None:
    rng = np.random.default_rng(0)
    survey = survey_of(rng.normal(size=(400, 500)), np.repeat([1, 2], [36, 364]))
    rms = np.sqrt((stack(survey)["amplitude"] ** 2).mean("time"))
    np.testing.assert_allclose(rms, [1 / 6, 1 / np.sqrt(364)], rtol=0.1)


def test_corrected_reflections_stack_to_the_zero_offset_trace() -> None:
    offset = np.tile(np.linspace(0, 1500, 12), 2)
    time_s = np.arange(400) * DT_S
    late = time_s - np.sqrt(1.0 + (offset / 2200) ** 2)[:, None]
    samples = (1 - 2 * (np.pi * 20 * late) ** 2) * np.exp(-((np.pi * 20 * late) ** 2))
    survey = survey_of(samples, np.repeat([1, 2], 12), offset=offset)
    gathers = survey.set_coords(["offset"])["amplitude"]
    corrected = survey.assign(amplitude=Nmo(2200.0)(gathers).drop_vars("offset"))
    stacked = stack(corrected)["amplitude"].values
    np.testing.assert_allclose(stacked[:, 240:260], np.tile(samples[0, 240:260], (2, 1)), atol=0.12)
    np.testing.assert_array_equal(stacked.argmax(axis=1), 250)
    uncorrected = stack(survey)["amplitude"].values
    assert uncorrected.max() < 0.6


def test_cdp_stack_is_stacked_at_its_midpoints() -> None:
    survey = survey_of(
        np.ones((4, 3)),
        np.array([5, 5, 6, 6]),
        source_x=[0.0, 10, 20, 30],
        receiver_x=[100.0, 90, 120, 112],
        inline=[1, 1, 1, 1],
        crossline=[8, 9, 4, 4],
    )
    stacked = stack(survey)
    assert is_stacked(stacked)
    np.testing.assert_array_equal(stacked["source_x"], [50, 70.5])
    np.testing.assert_array_equal(stacked["inline"], [1, 1])
    np.testing.assert_array_equal(stacked["crossline"], [0, 4])
    assert "stack" in stacked.attrs["history"][-1]


@pytest.mark.parametrize(
    ("by", "key", "kept"), [("shot", "field_record", [1, 2]), ("offset", "offset", [100, 200])]
)
def test_other_gathers_keep_what_their_traces_share(
    by: GatherKind, key: str, kept: list[float]
) -> None:
    survey = survey_of(
        np.ones((4, 3)),
        np.array([1, 2, 2, 3]),
        field_record=[1, 1, 2, 2],
        offset=[100.0, 200, 100, 200],
        receiver_x=[1.0, 2, 3, 4],
    )
    stacked = stack(survey, by)
    np.testing.assert_array_equal(stacked[key], kept)
    assert stacked["receiver_x"].values.any()


def test_stack_is_stored_and_read_with_its_fold(tmp_path: Path) -> None:
    stacked = stack(survey_of(np.ones((4, 3)), np.array([5, 5, 6, 7])))
    save_survey(stacked, tmp_path / "stack.zarr")
    read = open_survey(tmp_path / "stack.zarr")
    np.testing.assert_array_equal(read["fold"], [2, 1, 1])
    np.testing.assert_array_equal(read["amplitude"], np.ones((3, 3)))


def test_what_cannot_be_stacked_is_refused() -> None:
    survey = survey_of(np.ones((4, 3)), np.zeros(4))
    with pytest.raises(GeometryError, match="Every CDP number is 0"):
        stack(survey)
    with pytest.raises(GeometryError, match="stacked already"):
        stack(survey.assign(offset=survey["offset"] * 0, source_x=survey["offset"]))
    with pytest.raises(ShapeError, match="no traces"):
        stack(survey.isel(trace=slice(0, 0)))
