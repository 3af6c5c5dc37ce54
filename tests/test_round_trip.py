"""What is read is what the file holds, and what is written is what was read: byte by byte."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segy_strategy import segy_files, trace_files
from true_samples import FORMATS, nearest_float32
from true_segy import REVISIONS, TrueFile

from geoml.errors import GeomlError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import ingest, read_survey
from geoml.readers.options import IngestOptions
from geoml.readers.scan import scan
from geoml.survey.store import open_survey, save_survey

laws = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round_trip")


def written(survey: xr.Dataset, path: Path) -> bytes:
    assert write_survey_segy(survey, path) == [path]
    return path.read_bytes()


def check_values(survey: xr.Dataset, true: TrueFile) -> None:
    assert survey.attrs["byte_order"] == true.byte_order
    assert survey.attrs["sample_format"] == true.sample_format
    np.testing.assert_array_equal(survey["amplitude"], true.amplitude)
    for name, values in true.numbers.items():
        np.testing.assert_array_equal(survey[name], values, err_msg=name)
    for name, metres in true.metres.items():
        # Two roundings: the scalar's and the foot's.
        np.testing.assert_allclose(survey[name], metres, rtol=1e-15, err_msg=name)
    time = true.start_s + true.dt_s * np.arange(true.amplitude.shape[1])
    np.testing.assert_allclose(survey["time"], time, rtol=1e-12, atol=1e-12)
    assert survey.attrs["text_header"].startswith(true.text)


@settings(laws, max_examples=150)
@given(trace_files())
def test_every_value_is_read_and_every_byte_written_again(folder: Path, true: TrueFile):
    path = folder / f"line{true.suffix}"
    path.write_bytes(true.content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NaN of either kind must not make NumPy talk
        assert "traces" in str(scan(path))
        survey = read_survey(path)
        again = written(survey, folder / f"again{true.suffix}")
    check_values(survey, true)
    assert again == true.content


@settings(laws, max_examples=6)
@given(trace_files())
def test_a_store_and_its_copy_give_the_file_back(folder: Path, true: TrueFile):
    path = folder / f"line{true.suffix}"
    path.write_bytes(true.content)
    ingest(path, folder / "line.zarr", overwrite=True)
    survey = open_survey(folder / "line.zarr")
    check_values(survey, true)
    assert written(survey, folder / f"stored{true.suffix}") == true.content
    save_survey(survey, folder / "copy.zarr", overwrite=True)
    copy = open_survey(folder / "copy.zarr")
    assert written(copy, folder / f"copied{true.suffix}") == true.content


@settings(laws, max_examples=40)
@given(st.lists(segy_files(same_axis=True), min_size=2, max_size=4), st.integers(0, 2**32 - 1))
def test_files_of_any_kind_join_and_part_again(folder: Path, files: list[TrueFile], seed: int):
    paths = [folder / f"part_{number}.sgy" for number in range(len(files))]
    for path, true in zip(paths, files, strict=True):
        path.write_bytes(true.content)
    survey = read_survey(paths)
    amplitude = np.concatenate([true.amplitude for true in files])
    np.testing.assert_array_equal(survey["amplitude"], amplitude)
    for name in files[0].metres:
        metres = np.concatenate([true.metres[name] for true in files])
        np.testing.assert_allclose(survey[name], metres, rtol=1e-15, err_msg=name)
    order = np.random.default_rng(seed).permutation(len(amplitude))
    mixed = survey.isel(trace=order).assign(source_trace=("trace", order))
    for each in (survey, mixed):
        for out, true in zip(write_survey_segy(each, folder / "parts"), files, strict=True):
            assert Path(out).read_bytes() == true.content


def test_cards_of_text_are_no_trace_headers(folder: Path):
    """Blanks agree with one another like the counts of headers; these state no interval."""
    binary = bytearray(400)
    fields = {3217: ("h", 4000), 3221: ("H", 4), 3225: ("h", 5), 3505: ("h", 1), 3513: ("Q", 3)}
    for byte, (code, value) in fields.items():
        struct.pack_into(">" + code, binary, byte - 3201, value)
    binary[300] = 2
    header = bytearray(240)
    struct.pack_into(">H", header, 114, 4)
    samples = np.arange(12, dtype=">f4").reshape(3, 4)
    # Three headers' worth of blanks, then words.
    content = 3200 * b"\x40" + bytes(binary) + 800 * b"\x40" + 2400 * b"\xe7"
    for row in samples:
        content += bytes(header) + row.tobytes()
    path = folder / "cards.sgy"
    path.write_bytes(content)
    np.testing.assert_array_equal(read_survey(path)["amplitude"], samples)


def test_the_independent_answer_rounds_as_ieee_does():
    # 2**24 + 1 lies half way between two floats and goes to the even one.
    assert nearest_float32(2**24 + 1) == 2**24
    assert nearest_float32(2**24 + 3) == 2**24 + 4
    assert nearest_float32(-(2**128)) == -np.inf
    assert nearest_float32(2**128 - 2**103 - 1) == float(np.finfo(np.float32).max)


def test_the_strategy_reaches_every_corner():
    """Else the laws above would hold for want of cases."""
    seen: dict[str, set] = {}

    @settings(laws, max_examples=300, database=None, derandomize=True)
    @given(trace_files())
    def collect(true: TrueFile) -> None:
        facts = {**true.facts, "cut": bool(true.facts.get("cut"))}
        for name, value in facts.items():
            seen.setdefault(name, set()).add(value)

    collect()
    assert seen["order"] == {">", "<"}
    assert seen["format"] == set(FORMATS)
    assert seen["revision"] == set(REVISIONS)
    assert seen["text"] == {"cp037", "ascii", "utf-8"}
    assert seen["extended"] == {-1, 0, 1, 2}
    assert seen["extra"] == seen["trailers"] == {0, 1, 2}
    assert seen["cut"] == seen["foot"] == {True, False}
    assert "varying" in seen["coordinate_scalar"]


REFUSED = {
    "text.sgy": "not one trace",
    **{
        f"Format{code}{order}.sgy": f"sample format {code}, "
        for code in (4, 7, 15)
        for order in ("msb", "lsb")
    },
}
"""Real files that are not read, and so not written either: no traces, or a format without a name
in use."""


@pytest.mark.slow
@pytest.mark.data
def test_every_real_file_comes_back_from_its_store_byte_for_byte(data_dir: Path, folder: Path):
    seismic = data_dir / "seismic"
    paths = sorted(path for path in seismic.rglob("*") if path.suffix in (".sgy", ".segy", ".su"))
    assert len(paths) > 50
    refused = {}
    for path in paths:
        # Some state no interval; a user would pass one.
        silent = "interval-neg-bin-neg" in path.name or path.name in ("small.su", "small-lsb.su")
        options = IngestOptions(dt_s=0.004 if silent else None)
        try:
            ingest(path, folder / "real.zarr", options, overwrite=True)
        except GeomlError as error:
            refused[path.name] = str(error)
            continue
        survey = open_survey(folder / "real.zarr")
        assert written(survey, folder / f"real{path.suffix}") == path.read_bytes(), path.name
    assert refused.keys() == REFUSED.keys()
    for name, message in refused.items():
        assert REFUSED[name] in message
        assert "\n" not in message


@pytest.mark.data
@pytest.mark.parametrize("layout", ["file", "receiver"])
@pytest.mark.parametrize("name", ["viking_small.segy", "land_line_18shots.sgy", "oz/ozdata.9.su"])
def test_real_line_comes_back_from_either_layout(
    data_dir: Path, folder: Path, name: str, layout: Literal["file", "receiver"]
):
    path = data_dir / "seismic" / name
    ingest(path, folder / "real.zarr", layout=layout, overwrite=True)
    survey = open_survey(folder / "real.zarr")
    assert written(survey, folder / f"real{path.suffix}") == path.read_bytes()
