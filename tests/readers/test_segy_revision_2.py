"""What revision 2 added to SEG-Y, each thing placed by hand."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from geoml.errors import FileFormatError
from geoml.readers import IngestOptions, SegyReader
from geoml.readers.ingest import read_survey

DATA = np.arange(20.0, dtype=np.float32).reshape(5, 4) - 5
REVISION_2 = {3501: ("B", 2)}
ALL = slice(0, 5)


def extension(order: str = ">", name: bytes = b"SEG00001", **numbers) -> bytes:
    """Trace header extension 1; keyword ``b97`` is the number at its byte 97."""
    header = bytearray(240)
    codes = {"b17": "q", "b25": "q", "b137": "I", "b157": "H"}
    for place, value in numbers.items():
        struct.pack_into(order + codes.get(place, "d"), header, int(place[1:]) - 1, value)
    header[232:] = name
    return bytes(header)


@pytest.mark.parametrize(
    ("stored", "revision"),
    [(b"\0\0", 0), (b"\1\0", 1), (b"\0\1", 1), (b"\2\0", 2), (b"\0\2", 2), (b"\2\1", 2.1)],
)
@pytest.mark.parametrize("order", [">", "<"])
def test_revision_is_read_in_every_way_it_is_written(make_segy, order, stored, revision):
    path = make_segy(DATA, order=order, binary={3501: ("2s", stored)})
    assert SegyReader(path).file_attrs()["revision"] == revision


def test_number_that_is_no_revision_is_none(make_segy):
    assert SegyReader(make_segy(binary={3501: ("2s", b"@@")})).file_attrs()["revision"] == 0


@pytest.mark.parametrize("order", [">", "<"])
def test_byte_order_mark_decides(make_segy, order):
    # Format 0 is none, so that nothing but the mark tells.
    path = make_segy(
        DATA, order=order, binary={**REVISION_2, 3225: ("h", 0), 3297: ("I", 0x01020304)}
    )
    reader = SegyReader(path, IngestOptions(sample_format=5))
    assert reader.byte_order == ("big" if order == ">" else "little")
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)


@pytest.mark.parametrize("mark", [0x02010403, 0x03040102])
def test_swapped_pairs_of_bytes_are_refused_by_name(make_segy, mark):
    path = make_segy(DATA, binary={**REVISION_2, 3297: ("I", mark)})
    with pytest.raises(FileFormatError, match="pairs of bytes are swapped"):
        SegyReader(path)


@pytest.mark.parametrize("order", [">", "<"])
def test_additional_trace_headers_are_kept_and_passed_over(make_segy, order):
    more = [extension(order) + bytes([row]) * 240 for row in range(5)]
    path = make_segy(
        DATA,
        order=order,
        binary={**REVISION_2, 3507: ("i", 2)},
        trace={115: ("H", 4), 9: ("i", [1, 2, 3, 4, 5])},
        additional=more,
    )
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    np.testing.assert_array_equal(reader.headers.column("field_record"), [1, 2, 3, 4, 5])
    assert reader.extension_bytes(ALL).tobytes() == b"".join(more)
    assert reader.extension_bytes(np.array([3, 0])).tobytes() == more[3] + more[0]
    assert reader.file_attrs()["n_extra_trace_headers"] == 2
    assert not reader.findings


def test_file_without_additional_headers_has_no_extension_bytes(make_segy):
    assert SegyReader(make_segy(DATA)).extension_bytes(ALL) is None


@pytest.mark.parametrize("encoding", ["ascii", "cp037"])
def test_double_precision_positions_replace_the_short_ones_where_they_are_not_zero(
    make_segy, encoding
):
    name = b"SEG00001".decode().encode(encoding)
    more = [extension(name=name, b97=431234.125, b121=6e6 + row, b33=0.5) for row in range(4)]
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3507: ("i", 1), 3255: ("h", 1)},
        trace={115: ("H", 4), 71: ("h", 10), 69: ("h", -10), 73: ("i", 7), 81: ("i", 9)},
        additional=[*more, extension(name=name)],
    )
    survey = read_survey(path)
    # The scalar of the standard header (times 10) does not apply to the long numbers.
    np.testing.assert_array_equal(survey["source_x"], [431234.125] * 4 + [70.0])
    np.testing.assert_array_equal(survey["receiver_y"], [6e6, 6e6 + 1, 6e6 + 2, 6e6 + 3, 0])
    np.testing.assert_array_equal(survey["receiver_x"], 90.0)
    np.testing.assert_array_equal(survey["receiver_elevation"], [0.5] * 4 + [0.0])


def test_long_record_numbers_replace_the_short_ones(make_segy):
    more = [extension(b17=record, b25=40 + record) for record in (0, 7, 8, 2**31 - 1, 2)]
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3507: ("i", 1)},
        trace={115: ("H", 4), 9: ("i", 3)},
        additional=more,
    )
    headers = SegyReader(path).headers
    np.testing.assert_array_equal(headers.column("field_record"), [3, 7, 8, 2**31 - 1, 2])
    np.testing.assert_array_equal(headers.column("cdp"), [40, 47, 48, 2**31 + 39, 42])


def test_additional_header_of_another_name_gives_no_numbers(make_segy):
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3507: ("i", 1)},
        trace={115: ("H", 4), 73: ("i", 7)},
        additional=extension(name=b"ACME0001", b97=431234.125),
    )
    np.testing.assert_array_equal(read_survey(path)["source_x"], 7.0)


def test_varying_numbers_of_additional_headers_are_refused_with_the_reason(make_segy):
    one, two = extension(b157=1), extension(b157=2) + bytes(240)
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3507: ("i", 2)},
        trace={115: ("H", 4), 117: ("h", 4000)},
        additional=[one, two, one, two, b""],
    )
    with pytest.raises(FileFormatError, match="0 to 2 additional trace headers from trace to"):
        SegyReader(path)


@pytest.mark.parametrize("announced", [1, 65535, -4, 2**31 - 1])
def test_announced_additional_headers_that_are_not_there_are_a_warning(make_segy, announced):
    path = make_segy(DATA, binary={**REVISION_2, 3507: ("i", announced)}, trace={115: ("H", 4)})
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert f"announces {announced} additional trace headers" in str(reader.findings[0])


def test_extension_header_holds_sample_counts_beyond_16_bits(make_segy):
    data = np.arange(2 * 70_000, dtype=np.int8).reshape(2, -1)
    path = make_segy(
        data,
        sample_format=8,
        binary={**REVISION_2, 3221: ("H", 0), 3269: ("I", 70_000), 3507: ("i", 1)},
        trace={117: ("h", 500)},
        additional=extension(b137=70_000),
    )
    reader = SegyReader(path)
    assert (reader.n_traces, reader.n_samples) == (2, 70_000)
    np.testing.assert_array_equal(reader.amplitude(slice(0, 2)), data)
    assert not reader.findings


def test_interval_in_double_precision_holds(make_segy):
    path = make_segy(DATA, binary={**REVISION_2, 3273: ("d", 62.5)})
    assert SegyReader(path).dt_us == 62.5


def test_first_trace_offset_is_honoured_and_the_bytes_before_it_are_kept(make_segy):
    before = b"((SEG: user bytes))".ljust(1000)
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3521: ("Q", 4600)},
        trace={115: ("H", 4)},
        extended=before,
    )
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert bytes.fromhex(reader.file_attrs()["text_header_hex"])[3200:] == before
    assert not reader.findings


@pytest.mark.parametrize("offset", [1, 3700, 2**63])
def test_offset_that_leads_to_no_trace_is_a_warning(make_segy, offset):
    path = make_segy(DATA, binary={**REVISION_2, 3521: ("Q", offset)}, trace={115: ("H", 4)})
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert f"first trace at byte {offset}" in str(reader.findings[0])


@pytest.mark.parametrize("stated", [2, -1])
def test_trailer_stanzas_are_kept_and_not_taken_for_traces(make_segy, stated):
    trailer = b"((SEG: User data))".ljust(3200) + b"\x41" * 3200
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3529: ("i", stated)},
        trace={115: ("H", 4)},
        trailer=trailer,
    )
    reader = SegyReader(path)
    assert reader.n_traces == 5
    assert reader.trailing_bytes().tobytes() == trailer
    assert not reader.findings


def test_announced_trailer_that_is_not_there_is_a_warning(make_segy):
    path = make_segy(DATA, binary={**REVISION_2, 3529: ("i", 900)}, trace={115: ("H", 4)})
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert "announces 900 trailer records" in str(reader.findings[0])


def test_stated_number_of_traces_ends_them(make_segy):
    path = make_segy(
        DATA,
        binary={**REVISION_2, 3513: ("Q", 5)},
        trace={115: ("H", 4)},
        trailer=b"\x41" * 700,
    )
    reader = SegyReader(path)
    assert reader.n_traces == 5
    assert reader.trailing_bytes().tobytes() == b"\x41" * 700


@pytest.mark.parametrize("stated", [3, 2**63])
def test_stated_number_of_traces_that_the_file_contradicts_is_a_warning(make_segy, stated):
    path = make_segy(DATA, binary={**REVISION_2, 3513: ("Q", stated)}, trace={115: ("H", 4)})
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert f"counts {stated} traces, the file holds 5" in str(reader.findings[0])


def test_tape_label_is_refused_by_name(make_segy):
    path = make_segy(DATA)
    path.write_bytes(b"   1SY2.0RECORD".ljust(128) + path.read_bytes())
    with pytest.raises(FileFormatError, match="tape label of 128 bytes"):
        SegyReader(path)
