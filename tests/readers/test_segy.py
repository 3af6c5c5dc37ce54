from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio

from geoml.errors import FileFormatError, OptionError
from geoml.readers import IngestOptions, SegyReader, open_reader
from geoml.readers.ingest import read_survey

DATA = np.arange(12.0, dtype=np.float32).reshape(3, 4) - 5


def test_samples_headers_and_time_are_those_that_were_written(make_segy):
    path = make_segy(
        DATA,
        binary={3501: ("H", 0x0100)},
        trace={9: ("i", [7, 7, 8]), 13: ("i", [1, 2, 1]), 109: ("h", 12)},
    )
    survey = read_survey(path)
    np.testing.assert_array_equal(survey["amplitude"], DATA)
    np.testing.assert_array_equal(survey["field_record"], [7, 7, 8])
    np.testing.assert_array_equal(survey["trace_in_record"], [1, 2, 1])
    np.testing.assert_allclose(survey["time"], [0.012, 0.016, 0.020, 0.024])


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("code", [2, 3, 5, 6, 8, 9, 10, 11, 12, 16])
def test_byte_order_and_format_are_found_out(make_segy, order, code):
    data = np.abs(DATA) if code >= 10 else DATA
    survey = read_survey(make_segy(data, order=order, sample_format=code))
    np.testing.assert_array_equal(survey["amplitude"], data)
    assert survey.attrs["byte_order"] == ("big" if order == ">" else "little")


@pytest.mark.parametrize("order", [">", "<"])
def test_ibm_samples_are_read(make_segy, order):
    # 0x42640000 is 0x64 / 256 * 16**2 = 100, with the first bit -100; 0x40800000 is a half.
    words = np.array([[0x42640000, 0xC2640000], [0x40800000, 0]])
    survey = read_survey(make_segy(words, sample_format=1, order=order))
    np.testing.assert_array_equal(survey["amplitude"], [[100, -100], [0.5, 0]])


def test_positive_scalar_multiplies_and_negative_divides(make_segy):
    path = make_segy(
        DATA,
        trace={
            69: ("h", -100),
            71: ("h", [10, -10, 0]),
            73: ("i", 500),
            41: ("i", 1234),
            49: ("i", 250),
        },
    )
    survey = read_survey(path)
    np.testing.assert_allclose(survey["source_x"], [5000.0, 50.0, 500.0])
    np.testing.assert_allclose(survey["receiver_elevation"], 12.34)
    np.testing.assert_allclose(survey["source_depth"], 2.5)


def test_feet_become_metres_in_every_length(make_segy):
    path = make_segy(
        DATA,
        binary={3255: ("h", 2)},
        trace={37: ("i", 1000), 73: ("i", 100), 41: ("i", 10), 81: ("i", 1100)},
    )
    survey = read_survey(path)
    np.testing.assert_allclose(survey["offset"], 304.8)
    np.testing.assert_allclose(survey["source_x"], 30.48)
    np.testing.assert_allclose(survey["receiver_elevation"], 3.048)
    assert survey.attrs["coordinate_factor_m"] == 0.3048
    assert any("feet" in finding for finding in survey.attrs["findings"])


def test_unit_option_overrules_the_header(make_segy):
    path = make_segy(DATA, binary={3255: ("h", 2)}, trace={73: ("i", 100)})
    survey = read_survey(path, IngestOptions(coordinate_unit="m"))
    np.testing.assert_allclose(survey["source_x"], 100.0)


def test_time_scalar_holds_from_revision_1_on(make_segy):
    numbers = {109: ("h", 500), 215: ("h", -10)}
    new = read_survey(make_segy(DATA, binary={3501: ("H", 0x0100)}, trace=numbers))
    old = read_survey(make_segy(DATA, trace=numbers, name="old.sgy"))
    assert new["time"].values[0] == pytest.approx(0.05)
    assert old["time"].values[0] == pytest.approx(0.5)


def test_negative_delay_starts_before_time_zero(make_segy):
    survey = read_survey(make_segy(DATA, trace={109: ("h", -96)}))
    assert survey["time"].values[0] == pytest.approx(-0.096)


def test_contradicting_sample_counts_are_settled_by_the_file_size(make_segy):
    wrong_trace = SegyReader(make_segy(DATA, trace={115: ("H", 9)}))
    assert wrong_trace.n_samples == 4
    assert "9 samples, the binary header 4; reading 4" in str(wrong_trace.findings[0])
    wrong_binary = SegyReader(make_segy(DATA, binary={3221: ("H", 9)}, trace={115: ("H", 4)}))
    assert wrong_binary.n_samples == 4
    assert len(wrong_binary.findings) == 1


def test_count_that_divides_the_file_but_not_into_headers_is_not_believed(make_segy):
    # 6 traces of 64 bytes of samples (304 a trace) are also 3 traces of 368 (608 a trace).
    data = np.random.default_rng(0).normal(size=(6, 16))
    path = make_segy(data, binary={3221: ("H", 92)}, trace={115: ("H", 16), 117: ("h", 4000)})
    assert SegyReader(path).n_samples == 16


def test_samples_option_decides_and_must_fit(make_segy):
    path = make_segy(DATA, binary={3221: ("H", 9)})
    assert SegyReader(path, IngestOptions(samples=4)).n_traces == 3
    with pytest.raises(OptionError, match=r"--samples 5 divides the file into 2\.95 traces"):
        SegyReader(path, IngestOptions(samples=5))


def test_extended_text_headers_are_skipped_by_count_and_by_end_stanza(make_segy):
    block = "((SEG: EndText))".ljust(3200).encode("cp037")
    for count, blocks in ((2, 2), (-1, 3)):
        extended = b"\x40" * 3200 * (blocks - 1) + block
        path = make_segy(DATA, binary={3505: ("h", count)}, extended=extended)
        np.testing.assert_array_equal(read_survey(path)["amplitude"], DATA)


def test_ascii_text_is_read_as_text(make_segy):
    text = "C 1 plain ASCII".ljust(80) + " " * 3120
    survey = read_survey(make_segy(DATA, text=text.encode()))
    assert survey.attrs["text_header"] == "C 1 plain ASCII"
    ebcdic = read_survey(make_segy(DATA, text=text.encode("cp037"), name="e.sgy"))
    assert ebcdic.attrs["text_header"] == "C 1 plain ASCII"


def test_revision_2_counts_and_interval_hold(make_segy):
    binary = {3501: ("H", 0x0200), 3221: ("H", 1), 3269: ("I", 4), 3273: ("d", 2500.0)}
    survey = read_survey(make_segy(DATA, binary=binary))
    np.testing.assert_allclose(np.diff(survey["time"]), 0.0025)


def test_cut_last_trace_is_left_out_with_a_warning_and_kept_as_bytes(make_segy):
    path = make_segy(DATA, trace={115: ("H", 4)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    survey = read_survey(path)
    np.testing.assert_array_equal(survey["amplitude"], DATA[:2])
    assert any("truncated; reading 2 whole traces" in text for text in survey.attrs["findings"])
    assert SegyReader(path).trailing_bytes().tobytes() == whole[-256:-5]
    with pytest.raises(FileFormatError, match=r"truncated.*Strict"):
        read_survey(path, IngestOptions(strict=True))


@pytest.mark.parametrize(
    ("code", "name"), [(4, "fixed point"), (7, "3-byte integer"), (15, "3-byte unsigned")]
)
def test_format_that_is_not_read_is_refused_by_name(make_segy, code, name):
    path = make_segy(DATA, binary={3225: ("h", code)})
    with pytest.raises(FileFormatError, match=f"sample format {code}, .*{name}"):
        read_survey(path)


def test_varying_delays_are_refused(make_segy):
    path = make_segy(DATA, trace={109: ("h", [0, 0, 8])})
    with pytest.raises(FileFormatError, match="delays go from 0 to 8 ms"):
        read_survey(path)


def test_missing_interval_is_refused_until_given(make_segy):
    path = make_segy(DATA, binary={3217: ("h", -2000)})
    with pytest.raises(FileFormatError, match="-2000 us in the file header and 0 us"):
        read_survey(path)
    survey = read_survey(path, IngestOptions(dt_s=0.002))
    np.testing.assert_allclose(np.diff(survey["time"]), 0.002)


def test_impossible_angles_are_lengths(make_segy):
    survey = read_survey(make_segy(DATA, trace={73: ("i", 3237), 89: ("h", 3)}))
    np.testing.assert_allclose(survey["source_x"], 3237.0)
    assert any("marked as decimal degrees" in finding for finding in survey.attrs["findings"])


def test_strict_turns_the_first_warning_into_a_refusal(make_segy):
    path = make_segy(DATA, trace={115: ("H", 9)})
    with pytest.raises(FileFormatError, match=r"reading 4.*Strict"):
        read_survey(path, IngestOptions(strict=True))


def test_ieee_samples_under_an_ibm_header_are_pointed_out(make_segy):
    data = np.random.default_rng(1).normal(size=(20, 500)).astype(np.float32)
    path = make_segy(data, binary={3225: ("h", 1)})
    findings = read_survey(path).attrs["findings"]
    assert any("look like IEEE" in finding for finding in findings)
    right = read_survey(make_segy(data, name="right.sgy")).attrs["findings"]
    assert not any("look like" in finding for finding in right)


def test_non_finite_samples_are_reported_and_kept(make_segy):
    data = DATA.copy()
    data[1, 2] = np.nan
    survey = read_survey(make_segy(data))
    np.testing.assert_array_equal(survey["amplitude"], data)
    assert any("1 of 3 traces hold NaN" in finding for finding in survey.attrs["findings"])


def test_offsets_that_contradict_coordinates_are_pointed_out(make_segy):
    path = make_segy(DATA, trace={37: ("i", [100, 100, 180]), 81: ("i", 100)})
    findings = read_survey(path).attrs["findings"]
    assert any("offsets of 1 of 3 traces contradict" in finding for finding in findings)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"x" * 3600, bytes(9000)])
def test_what_is_no_segy_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "no.sgy"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        read_survey(path)
    assert "\n" not in str(caught.value)


def test_unknown_suffix_and_missing_file_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"no reader for '\.doc'"):
        open_reader(tmp_path / "line.doc")
    with pytest.raises(FileFormatError, match="no such file"):
        open_reader(tmp_path / "line.sgy")


@pytest.mark.data
def test_viking_line_reads_600_samples_in_metres(data_dir: Path):
    path = data_dir / "seismic" / "viking_small.segy"
    survey = read_survey(path)
    with segyio.open(path, ignore_geometry=True) as file:
        np.testing.assert_array_equal(survey["amplitude"], file.trace.raw[:])
    assert survey.sizes["time"] == 600
    assert any("1500 samples" in finding for finding in survey.attrs["findings"])
    assert survey["source_x"].values.min() == 3237
    assert survey["source_x"].values.max() == 3312
    np.testing.assert_allclose(
        survey["receiver_x"] - survey["source_x"], survey["offset"], atol=1e-9
    )


@pytest.mark.data
def test_land_line_is_in_metres(data_dir: Path):
    survey = read_survey(data_dir / "seismic" / "land_line_18shots.sgy")
    assert survey["receiver_x"].values.max() == pytest.approx(7040 * 0.3048)
    assert survey["receiver_elevation"].values.max() == pytest.approx(283.3 * 0.3048)
    assert survey["source_depth"].values.min() == pytest.approx(80 * 0.3048)
