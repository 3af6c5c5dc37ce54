from __future__ import annotations

import numpy as np
import pytest
import segyio
import xarray as xr
from segyio import TraceField

from geoml.errors import FileFormatError, ShapeError
from geoml.products.segy import NULL, write_section_segy, write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.cdp_position import cdp_positions
from geoml.survey.line_distance import line_distance
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.velocity import section

VELOCITY = np.random.default_rng(7).uniform(1500, 4500, (6, 5)).astype(np.float32)


def opened(path):
    return segyio.open(path, ignore_geometry=True)


def test_one_trace_is_one_column_and_depth_stands_for_time(tmp_path):
    write_section_segy(section(VELOCITY, 12.5, first_depth_m=50.0), tmp_path / "v.sgy")
    with opened(tmp_path / "v.sgy") as file:
        np.testing.assert_array_equal(file.trace.raw[:].T, VELOCITY)
        np.testing.assert_allclose(file.samples, 50 + 12.5 * np.arange(6))
        assert file.bin[segyio.BinField.Interval] == 12500
        assert file.bin[segyio.BinField.MeasurementSystem] == 1
        assert b"12500 MILLIMETRES" in bytes(file.text[0])
    assert (tmp_path / "v.sgy").read_bytes()[3500:3502] == b"\x01\x00"


def test_step_that_millimetres_cannot_hold_is_written_in_metres(tmp_path):
    write_section_segy(section(VELOCITY, 40.0), tmp_path / "v.sgy")
    with opened(tmp_path / "v.sgy") as file:
        assert file.bin[segyio.BinField.Interval] == 40
        assert b"40 METRES" in bytes(file.text[0])


def test_cdp_numbers_and_positions_are_where_loaders_look(tmp_path):
    x, y = 434000.25 + 20 * np.arange(5), 6477000.5 + np.arange(5)
    ds = section(VELOCITY, 20.0, cdp_x=x, cdp_y=y, attrs={"datum_elevation_m": 86.35})
    write_section_segy(ds, tmp_path / "v.sgy", first_cdp=100)
    with opened(tmp_path / "v.sgy") as file:
        scalar = file.attributes(TraceField.SourceGroupScalar)[:]
        assert (scalar == -100).all()
        np.testing.assert_array_equal(file.attributes(TraceField.CDP)[:], 100 + np.arange(5))
        for field, values in (
            (TraceField.CDP_X, x),
            (TraceField.CDP_Y, y),
            (TraceField.SourceX, x),
            (TraceField.SourceY, y),
        ):
            np.testing.assert_allclose(file.attributes(field)[:] / 100, values)
        np.testing.assert_array_equal(file.attributes(TraceField.SourceDatumElevation)[:], 8635)


def test_large_coordinates_get_a_coarser_scalar(tmp_path):
    ds = section(VELOCITY, 20.0, cdp_x=np.full(5, 3e7), cdp_y=np.zeros(5))
    write_section_segy(ds, tmp_path / "v.sgy")
    with opened(tmp_path / "v.sgy") as file:
        assert file.header[0][TraceField.SourceGroupScalar] == -10
        assert file.header[0][TraceField.CDP_X] == 300000000


def test_cells_without_a_value_hold_the_null(tmp_path):
    holed = VELOCITY.copy()
    holed[2, 3] = np.nan
    write_section_segy(section(holed, 20.0), tmp_path / "v.sgy")
    with opened(tmp_path / "v.sgy") as file:
        written = file.trace.raw[:].T
    assert written[2, 3] == np.float32(NULL)
    np.testing.assert_array_equal(np.delete(written, 3, 1), np.delete(VELOCITY, 3, 1))


def test_written_section_is_read_by_our_own_reader(tmp_path):
    write_section_segy(section(VELOCITY, 20.0), tmp_path / "v.sgy", notes=["Ünïcode note"])
    survey = read_survey(tmp_path / "v.sgy")
    np.testing.assert_array_equal(survey["amplitude"].T, VELOCITY)
    assert "?n?code note" in survey.attrs["text_header"]


def test_warnings_go_into_the_text_header_as_far_as_it_has_room(tmp_path):
    line = (
        "FWI accepted: the section is not proved better, it may be worse than what it was before."
    )
    warned = section(VELOCITY, 20.0, attrs={"warnings": [line, "Outside of training."]})
    write_section_segy(warned, tmp_path / "v.sgy")
    with opened(tmp_path / "v.sgy") as file:
        text = segyio.tools.wrap(file.text[0]).splitlines()
    assert text[6][4:].rstrip() + " " + text[7][4:].strip() == f"WARNING: {line}"
    assert text[8][4:].rstrip() == "WARNING: Outside of training."
    many = section(VELOCITY, 20.0, attrs={"warnings": ["Outside."] * 40})
    write_section_segy(many, tmp_path / "v.sgy", notes=["last"])
    with opened(tmp_path / "v.sgy") as file:
        text = segyio.tools.wrap(file.text[0]).splitlines()
    assert text[36][4:].rstrip() == "WARNING: Outside."
    assert text[37][4:].startswith("... 40 WARNINGS IN ALL")


def test_section_that_does_not_fit_is_refused_and_nothing_is_written(tmp_path):
    uneven = section(VELOCITY, 20.0).assign_coords(depth=[0, 20, 40, 60, 80, 110])
    with pytest.raises(ShapeError, match="from 20 to 30 m; one step"):
        write_section_segy(uneven, tmp_path / "v.sgy")
    with pytest.raises(ShapeError, match="no variable 'edges'"):
        write_section_segy(section(VELOCITY, 20.0), tmp_path / "v.sgy", "edges")
    far = section(VELOCITY, 20.0, cdp_x=np.full(5, 1e10), cdp_y=np.zeros(5))
    with pytest.raises(FileFormatError, match="does not fit SEG-Y's 32 bits"):
        write_section_segy(far, tmp_path / "v.sgy")
    with pytest.raises(ShapeError, match="at most 32"):
        write_section_segy(section(VELOCITY, 20.0), tmp_path / "v.sgy", notes=["x"] * 33)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def survey() -> xr.Dataset:
    """A survey that never was SEG-Y."""
    rng = np.random.default_rng(8)
    variables = {
        name: ("trace", (10 * rng.integers(1, 100, 4)).astype(kind.dtype))
        for name, kind in TRACE_VARIABLES.items()
    }
    amplitude = rng.normal(size=(4, 9)).astype(np.float32)
    return xr.Dataset(
        {"amplitude": (("trace", "time"), amplitude), **variables},
        coords={"time": -0.02 + 0.002 * np.arange(9)},
    )


def test_survey_without_headers_gets_them_from_its_variables(survey, tmp_path):
    survey["source_x"] = survey["source_x"] + 0.25
    write_survey_segy(survey, tmp_path / "s.sgy")
    again = read_survey(tmp_path / "s.sgy")
    for name in ("amplitude", "time", *TRACE_VARIABLES):
        np.testing.assert_allclose(again[name], survey[name], atol=1e-12, err_msg=name)


def test_preprocessed_survey_is_ieee_with_its_own_time_axis(survey, tmp_path):
    write_survey_segy(survey, tmp_path / "raw.sgy")
    raw_survey = read_survey(tmp_path / "raw.sgy")
    clean = raw_survey.isel(time=slice(0, 5)).assign_coords(time=0.004 * np.arange(5))
    clean = clean.assign_attrs(steps=[{"resample": {"dt_s": 0.004}}], sample_format=1)
    write_survey_segy(clean, tmp_path / "clean.sgy")
    again = read_survey(tmp_path / "clean.sgy")
    np.testing.assert_array_equal(again["amplitude"], clean["amplitude"])
    np.testing.assert_allclose(again["time"], clean["time"])
    assert again.attrs["sample_format"] == 5
    assert again.attrs["text_header"] == raw_survey.attrs["text_header"]
    assert not [finding for finding in again.attrs["findings"] if "samples" in finding]


def test_changed_samples_win_over_kept_bytes(survey, tmp_path):
    write_survey_segy(survey, tmp_path / "raw.sgy")
    raw_survey = read_survey(tmp_path / "raw.sgy").assign_attrs(sample_format=6)
    stored = (survey["amplitude"].values.astype(np.float64) + 1e-12).astype(">f8")
    kept = raw_survey.assign(sample_bytes=(("trace", "sample_byte"), stored.view(np.uint8)))
    kept["amplitude"][1] = 7.0
    write_survey_segy(kept, tmp_path / "out.sgy")
    content = np.frombuffer((tmp_path / "out.sgy").read_bytes()[3600:], dtype=np.uint8)
    written = np.ascontiguousarray(content.reshape(4, -1)[:, 240:]).view(">f8")
    np.testing.assert_array_equal(written[[0, 2, 3]], stored[[0, 2, 3]])
    np.testing.assert_array_equal(written[1], 7.0)


def test_interval_that_headers_cannot_hold_is_refused(survey, tmp_path):
    odd = survey.assign_coords(time=0.0012345678 * np.arange(9))
    with pytest.raises(FileFormatError, match=r"1234\.57 us; SEG-Y holds whole ones"):
        write_survey_segy(odd, tmp_path / "s.sgy")
    assert not list(tmp_path.iterdir())


def test_crooked_section_keeps_the_position_of_every_cdp(tmp_path):
    angle = np.linspace(0, 1.2, 5)
    x, y = 434000 + 900 * np.sin(angle), 6477000 + 900 * (1 - np.cos(angle))
    write_section_segy(section(VELOCITY, 270.0, cdp_x=x, cdp_y=y), tmp_path / "v.sgy")
    survey = read_survey(tmp_path / "v.sgy")
    line = line_distance(survey, tolerance_m=0)
    np.testing.assert_allclose(cdp_positions(survey), [x, y], atol=0.005)
    np.testing.assert_allclose(line.path.length_m, 900 * 1.2, rtol=0.005)
    np.testing.assert_array_equal(survey["cdp"], np.arange(1, 6))
