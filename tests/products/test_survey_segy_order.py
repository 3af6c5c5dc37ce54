"""Files written in the other byte order: the same numbers, and back to the same bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import segyio
import xarray as xr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from segy_strategy import segy_files, su_files
from true_segy import TrueFile

from geoml.errors import OptionError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.schema import TRACE_VARIABLES

OTHER = {"big": "little", "little": "big"}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(segy_files(), segy_files(), su_files()))
def test_other_order_holds_the_same_and_comes_back_the_same(tmp_path: Path, true: TrueFile):
    assume(not true.extension)
    paths = [tmp_path / f"{name}{true.suffix}" for name in ("line", "turned", "again")]
    paths[0].write_bytes(true.content)
    survey = read_survey(paths[0])
    write_survey_segy(survey, paths[1], byte_order=OTHER[true.byte_order])
    turned = read_survey(paths[1])
    assert turned.attrs["byte_order"] == OTHER[true.byte_order]
    assert turned.attrs["text_header_hex"] == survey.attrs["text_header_hex"]
    for name in ("amplitude", "time", *TRACE_VARIABLES):
        np.testing.assert_array_equal(turned[name], survey[name], err_msg=name)
    write_survey_segy(turned, paths[2], byte_order=true.byte_order)
    # Only a cut last trace stays behind: its numbers cannot be told from one another.
    cut = len(true.trailing) if true.facts.get("cut") else 0
    assert paths[2].read_bytes() == true.content[: len(true.content) - cut]


def test_every_field_that_segyio_knows_is_turned_in_its_width(tmp_path: Path):
    rng = np.random.default_rng(5)
    binary = bytearray(rng.integers(0, 256, 400, dtype=np.uint8).tobytes())
    fields = {3217: 4000, 3221: 5, 3225: 5, 3501: 0x0100, 3503: 1, 3505: 0}
    for byte, value in fields.items():
        struct.pack_into(">h", binary, byte - 3201, value)
    content = 3200 * b"\x40" + bytes(binary)
    for _ in range(3):
        header = bytearray(rng.integers(0, 256, 240, dtype=np.uint8).tobytes())
        for byte, value in {89: 1, 109: 0, 115: 5, 117: 4000}.items():
            struct.pack_into(">h", header, byte - 1, value)
        content += bytes(header) + rng.normal(size=5).astype(">f4").tobytes()
    (tmp_path / "big.sgy").write_bytes(content)
    write_survey_segy(
        read_survey(tmp_path / "big.sgy"), tmp_path / "little.sgy", byte_order="little"
    )
    with (
        segyio.open(tmp_path / "big.sgy", ignore_geometry=True) as big,
        segyio.open(tmp_path / "little.sgy", ignore_geometry=True, endian="little") as little,
    ):
        # segyio counts the fields of later revisions in; those are left alone in revision 1.
        known = {name: value for name, value in big.bin.items() if int(name) < 3260}
        assert known == {name: little.bin[name] for name in known}
        for trace in range(3):
            # segyio reads the three angles at 219 as a mantissa and an exponent.
            fields = [name for name in big.header[trace] if int(name) < 233 and int(name) != 219]
            mine = {name: big.header[trace][name] for name in fields}
            assert mine == {name: little.header[trace][name] for name in mine}
        np.testing.assert_array_equal(big.trace.raw[:], little.trace.raw[:])


def test_new_headers_come_in_either_order(tmp_path: Path):
    kinds = TRACE_VARIABLES.items()
    values = {name: ("trace", np.arange(3).astype(kind.dtype)) for name, kind in kinds}
    amplitude = np.arange(12, dtype=np.float32).reshape(3, 4)
    survey = xr.Dataset(
        {"amplitude": (("trace", "time"), amplitude), **values},
        coords={"time": 0.004 * np.arange(4)},
    )
    for name in ("new.sgy", "new.su"):
        write_survey_segy(survey, tmp_path / name, byte_order="little")
        again = read_survey(tmp_path / name)
        assert again.attrs["byte_order"] == "little"
        np.testing.assert_array_equal(again["amplitude"], amplitude)
        np.testing.assert_array_equal(again["source_x"], survey["source_x"])


def test_orders_that_cannot_be_are_refused(tmp_path: Path):
    survey = read_survey(_small(tmp_path))
    with pytest.raises(OptionError, match="Byte order 'middle' is unknown"):
        write_survey_segy(survey, tmp_path / "out.sgy", byte_order="middle")
    extended = survey.assign_attrs(n_extra_trace_headers=1)
    extended["extension_bytes"] = (("trace", "extension_byte"), np.zeros((2, 240), dtype=np.uint8))
    with pytest.raises(OptionError, match="stays big-endian"):
        write_survey_segy(extended, tmp_path / "out.sgy", byte_order="little")
    assert not (tmp_path / "out.sgy").exists()


def _small(folder: Path) -> Path:
    binary = bytearray(400)
    for byte, value in {3217: 4000, 3221: 2, 3225: 5}.items():
        struct.pack_into(">h", binary, byte - 3201, value)
    trace = bytes(114) + struct.pack(">Hh", 2, 4000) + bytes(122) + np.ones(2, ">f4").tobytes()
    path = folder / "small.sgy"
    path.write_bytes(3200 * b"\x40" + bytes(binary) + 2 * trace)
    return path
