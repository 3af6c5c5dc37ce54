"""Order of traces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.preprocess.sort import sort_traces
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.store import open_survey, save_survey

ROOT = Path(__file__).resolve().parents[2]


def small(cdp: list[int], offset: list[float]) -> xr.Dataset:
    n_traces = len(cdp)
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), np.arange(2.0 * n_traces).reshape(n_traces, 2)),
            "cdp": ("trace", np.array(cdp, dtype=np.int32)),
            "offset": ("trace", np.array(offset)),
            "header_bytes": (("trace", "header_byte"), np.arange(n_traces)[:, None].astype("u1")),
        },
        coords={"time": [0.0, 0.004]},
        attrs={"history": ["ingest"]},
    )


def test_order_by_hand_with_a_falling_second_key() -> None:
    survey = small([7, 3, 7, 3], [10.0, -5.0, 20.0, 30.0])
    out = sort_traces(survey, ["cdp", "-offset"])
    assert out["amplitude"].values[:, 0].tolist() == [6, 2, 4, 0]
    assert out["header_bytes"].values[:, 0].tolist() == [3, 1, 2, 0]
    assert out["source_trace"].values.tolist() == [3, 1, 2, 0]
    assert survey["cdp"].values.tolist() == [7, 3, 7, 3]
    assert "source_trace" not in survey
    assert "sort_traces" in out.attrs["history"][-1]


@settings(max_examples=30, deadline=None)
@given(cdp=st.lists(st.integers(0, 3), min_size=1, max_size=20))
def test_equal_traces_keep_their_order_and_two_sorts_are_one(cdp: list[int]) -> None:
    survey = small(cdp, [float(i % 3) for i in range(len(cdp))])
    at_once = sort_traces(survey, ["cdp", "offset"])
    one_by_one = sort_traces(sort_traces(survey, "offset"), "cdp")
    np.testing.assert_array_equal(at_once["source_trace"], one_by_one["source_trace"])
    rows = list(zip(at_once["cdp"].values, at_once["offset"].values, strict=True))
    assert rows == sorted(rows)


def test_no_sample_is_read() -> None:
    survey = small([2, 1, 3], [0.0, 1.0, 2.0])
    reads = []

    def read(block: np.ndarray) -> np.ndarray:
        reads.append(block.shape)
        return block

    lazy = survey.chunk(trace=1)
    counted = lazy["amplitude"].data.map_blocks(read, meta=np.empty((0, 0)))
    lazy["amplitude"] = lazy["amplitude"].copy(data=counted)
    out = sort_traces(lazy, "cdp")
    assert not reads
    assert out["amplitude"].values[:, 0].tolist() == [2, 0, 4]


def test_sorted_line_is_exported_as_the_file_was(tmp_path: Path) -> None:
    source = ROOT / "sample_data" / "marine_line.sgy"
    shuffled = sort_traces(read_survey(source), ["-trace_in_record", "field_record"])
    save_survey(shuffled, tmp_path / "sorted.zarr")
    stored = open_survey(tmp_path / "sorted.zarr")
    assert np.diff(stored["trace_in_record"].values).max() <= 0
    write_survey_segy(stored, tmp_path / "back.sgy")
    assert (tmp_path / "back.sgy").read_bytes() == source.read_bytes()


def test_unknown_names_are_refused_with_the_nearest() -> None:
    survey = small([1], [0.0])
    with pytest.raises(OptionError, match=r"'ofset' to sort by\. Did you mean 'offset'"):
        sort_traces(survey, "ofset")
    with pytest.raises(OptionError, match="no trace variable 'receiver_x'"):
        sort_traces(survey, ["cdp", "receiver_x"])
    with pytest.raises(OptionError, match="Sorting needs a trace variable"):
        sort_traces(survey, [])
