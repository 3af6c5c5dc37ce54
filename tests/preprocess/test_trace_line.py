"""Lines of traces, and what every step across traces does with them."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.trace_line import trace_lines


def survey(**values: np.ndarray) -> xr.Dataset:
    return xr.Dataset({name: ("trace", np.asarray(value)) for name, value in values.items()})


def one_line(values: xr.Dataset, kind: str = "shot"):  # type: ignore[no-untyped-def]
    labels = np.zeros(values.sizes["trace"], dtype=np.int64)
    (line,) = trace_lines(values, labels, kind, "a_step")  # type: ignore[arg-type]
    return line


def test_split_spread_is_in_order_of_its_signed_offset() -> None:
    # The header's offsets carry no sign; the positions do.
    x = np.array([100.0, 300.0, 200.0, 0.0])
    line = one_line(
        survey(
            source_x=np.full(4, 140.0),
            source_y=np.zeros(4),
            receiver_x=x,
            receiver_y=np.zeros(4),
            offset=np.abs(x - 140),
        )
    )
    np.testing.assert_array_equal(line.rows, [3, 0, 2, 1])
    np.testing.assert_allclose(line.position_m, [-140, -40, 60, 160])


def test_line_in_any_direction_gives_distances_along_it() -> None:
    along = np.array([50.0, 0.0, 100.0, 25.0])
    line = one_line(
        survey(
            source_x=np.full(4, 1e5),
            source_y=np.full(4, 6e6),
            receiver_x=1e5 - 0.6 * along,
            receiver_y=6e6 + 0.8 * along,
            offset=along,
        )
    )
    np.testing.assert_allclose(np.abs(line.position_m), [0, 25, 50, 100], atol=1e-6)


def test_stacked_traces_lie_along_their_midpoints() -> None:
    zeros = np.zeros(3)
    values = survey(
        source_x=[7e5, 7e5 + 24, 7e5 + 12],
        source_y=zeros,
        receiver_x=zeros,
        receiver_y=zeros,
        offset=zeros,
    )
    for kind in ("shot", "offset"):
        line = one_line(values, kind)
        np.testing.assert_array_equal(line.rows, [0, 2, 1])
        np.testing.assert_allclose(np.diff(line.position_m), 12)


def test_common_offset_lies_along_its_midpoints() -> None:
    source = np.array([50.0, 0.0, 25.0])
    line = one_line(
        survey(
            source_x=source,
            source_y=np.zeros(3),
            receiver_x=source + 400,
            receiver_y=np.zeros(3),
            offset=np.full(3, 400.0),
        ),
        "offset",
    )
    np.testing.assert_array_equal(line.rows, [1, 2, 0])
    np.testing.assert_allclose(np.diff(line.position_m), 25)


def test_traces_without_positions_are_in_the_order_of_their_numbers() -> None:
    zeros = np.zeros(3)
    by_record = one_line(survey(trace_in_record=[3, 1, 2], cdp=[1, 2, 3], offset=zeros))
    np.testing.assert_array_equal(by_record.rows, [1, 2, 0])
    assert by_record.position_m is None
    np.testing.assert_array_equal(
        one_line(survey(trace_in_record=[0, 0, 0], cdp=[9, 7, 8])).rows, [1, 2, 0]
    )


def test_parallel_cables_are_refused_with_the_numbers() -> None:
    x, y = (values.ravel() for values in np.meshgrid(np.arange(8) * 25.0, [0.0, 100.0, 200.0]))
    values = survey(
        source_x=np.zeros(24),
        source_y=np.full(24, 50.0),
        receiver_x=x + 150,
        receiver_y=y,
        offset=x,
    )
    with pytest.raises(GeometryError, match=r"'a_step' .* shot gather on one line.* one cable"):
        one_line(values)


def test_file_without_geometry_is_told_of_once(
    gathers: xr.DataArray, caplog: pytest.LogCaptureFixture
) -> None:
    names = [name for name in gathers.coords if name != "time"]
    numbered = gathers.to_dataset(name="amplitude").reset_coords(names)
    with caplog.at_level(logging.WARNING, logger="geoml"):
        FxDecon().check(numbered)
        assert not caplog.records
        for name in ("offset", "source_x", "source_y", "receiver_x", "receiver_y"):
            numbered[name] = 0 * numbered[name]
        FxDecon().check(numbered)
    assert len(caplog.records) == 1
    assert "'fx_decon': the traces have no positions" in caplog.text


def test_cdp_gathers_of_a_survey_without_cdp_numbers_are_refused(gathers: xr.DataArray) -> None:
    names = [name for name in gathers.coords if name != "time"]
    numbered = gathers.to_dataset(name="amplitude").reset_coords(names)
    FxDecon(gather="cdp").check(numbered)
    numbered["cdp"] = 0 * numbered["cdp"]
    with pytest.raises(GeometryError, match="no trace has a CDP number; give the survey"):
        FxDecon(gather="cdp").check(numbered)
