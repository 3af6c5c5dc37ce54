from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from geoml.errors import FileFormatError, OptionError
from geoml.products.segy import write_survey_segy
from geoml.readers import IngestOptions, SuReader
from geoml.readers.ingest import read_survey

DATA = np.random.default_rng(3).normal(size=(3, 7)).astype(np.float32)


def write_su(path: Path, order: str = ">", n_samples: int = 7) -> Path:
    content = b""
    for number, values in enumerate(DATA):
        header = bytearray(240)
        struct.pack_into(order + "i", header, 8, 11)
        struct.pack_into(order + "i", header, 12, number + 1)
        struct.pack_into(order + "H", header, 114, n_samples)
        struct.pack_into(order + "h", header, 116, 2000)
        struct.pack_into(order + "h", header, 108, -4)
        # Seismic Unix's own floats, which SEG-Y would read as line numbers and a time scalar.
        struct.pack_into(order + "f", header, 188, 1.5)
        struct.pack_into(order + "h", header, 214, -10)
        content += bytes(header) + values.astype(order + "f4").tobytes()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("order", [">", "<"])
def test_byte_order_is_found_out_and_samples_are_read(tmp_path, order):
    survey = read_survey(write_su(tmp_path / "shot.su", order))
    np.testing.assert_array_equal(survey["amplitude"], DATA)
    np.testing.assert_array_equal(survey["trace_in_record"], [1, 2, 3])
    np.testing.assert_allclose(survey["time"].values[:2], [-0.004, -0.002])
    assert not survey["inline"].values.any()
    assert survey.attrs["findings"][0].endswith("recording starts at -4 ms.")


@pytest.mark.parametrize("order", [">", "<"])
def test_unchanged_gather_gives_its_bytes_back(tmp_path, order):
    path = write_su(tmp_path / "shot.su", order)
    write_survey_segy(read_survey(path), tmp_path / "out.su")
    assert (tmp_path / "out.su").read_bytes() == path.read_bytes()


def test_gather_becomes_segy_with_headers_of_its_own(tmp_path):
    survey = read_survey(write_su(tmp_path / "shot.su", "<"))
    write_survey_segy(survey, tmp_path / "out.sgy")
    again = read_survey(tmp_path / "out.sgy")
    np.testing.assert_array_equal(again["amplitude"], DATA)
    np.testing.assert_array_equal(again["field_record"], 11)
    np.testing.assert_allclose(again["time"], survey["time"])


def test_wrong_sample_count_is_refused_until_given(tmp_path):
    path = write_su(tmp_path / "shot.su", n_samples=6)
    with pytest.raises(FileFormatError, match="do not divide into traces of 6"):
        SuReader(path)
    assert SuReader(path, IngestOptions(samples=7, byte_order="big")).n_traces == 3


def test_ibm_samples_are_refused(tmp_path):
    with pytest.raises(OptionError, match="IEEE floats"):
        SuReader(write_su(tmp_path / "shot.su"), IngestOptions(sample_format=1))


def test_file_without_a_whole_trace_is_refused(tmp_path):
    (tmp_path / "shot.su").write_bytes(bytes(200))
    with pytest.raises(FileFormatError, match="200 bytes, not one trace"):
        SuReader(tmp_path / "shot.su")


@pytest.mark.data
def test_real_gather_starts_before_the_shot(data_dir: Path):
    survey = read_survey(data_dir / "seismic" / "oz" / "ozdata.9.su")
    assert survey.sizes == {"trace": 96, "time": 1050, "header_byte": 240}
    assert survey["time"].values[0] == pytest.approx(-0.096)
