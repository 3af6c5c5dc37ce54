"""Where traces start and how long they are, when headers lie about it."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoml.errors import FileFormatError, GeomlError, OptionError
from geoml.readers import IngestOptions, SegyReader, open_reader
from geoml.readers.ingest import read_survey

RANDOM = np.random.default_rng(11)
DATA = RANDOM.normal(size=(30, 40)).astype(np.float32)
HEADERS = {115: ("H", 40), 117: ("h", 2000)}
ALL = slice(0, 30)


def test_traces_of_unequal_length_are_refused_with_the_reason(make_segy):
    lengths = [40] * 25 + [30] * 3 + [40] * 2
    path = make_segy(
        [RANDOM.normal(size=length) for length in lengths],
        binary={3503: ("H", 0)},
        trace={115: ("H", lengths), 117: ("h", 2000)},
    )
    with pytest.raises(
        FileFormatError, match=r"30 to 40 samples from trace to trace; traces of eq"
    ):
        SegyReader(path)


def test_one_lying_header_of_a_file_that_does_not_fit_is_no_unequal_trace(make_segy):
    counts = [39] * 10 + [38] + [39] * 19
    path = make_segy(DATA, binary={3221: ("H", 39)}, trace={115: ("H", counts), 117: ("h", 2000)})
    with pytest.raises(FileFormatError, match=r"Pass --samples 40"):
        SegyReader(path)


def test_few_shorter_traces_at_the_end_are_not_taken_for_a_cut_one(make_segy):
    lengths = [40] * 500 + [30] * 3
    path = make_segy(
        [RANDOM.normal(size=length) for length in lengths],
        trace={115: ("H", lengths), 117: ("h", 2000)},
    )
    with pytest.raises(FileFormatError, match="30 to 40 samples from trace to trace"):
        SegyReader(path)


def test_counts_that_differ_in_a_file_of_equal_traces_are_a_warning(make_segy):
    counts = [40] * 30
    counts[7], counts[21] = 38, 36
    path = make_segy(DATA, trace={115: ("H", counts), 117: ("h", 2000)})
    survey = read_survey(path)
    np.testing.assert_array_equal(survey["amplitude"], DATA)
    assert any(
        "2 of 30 trace headers say 36 to 38 samples, the others 40" in text
        for text in survey.attrs["findings"]
    )


def test_empty_headers_of_dummy_traces_raise_no_alarm(make_segy):
    counts = [0 if row % 7 == 0 else 40 for row in range(30)]
    path = make_segy(DATA, trace={115: ("H", counts), 117: ("h", 2000)})
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
    assert not reader.findings


def test_refusal_names_the_count_that_meets_trace_headers(make_segy):
    path = make_segy(DATA, binary={3221: ("H", 999)}, trace={115: ("H", 998), 117: ("h", 2000)})
    with pytest.raises(FileFormatError, match=r"Pass --samples 40, which meets trace headers"):
        SegyReader(path)
    np.testing.assert_array_equal(SegyReader(path, IngestOptions(samples=40)).amplitude(ALL), DATA)
    path = make_segy(DATA, binary={3221: ("H", 0)}, trace={117: ("h", 2000)})
    with pytest.raises(FileFormatError, match=r"headers say 0 samples. Pass --samples 40"):
        SegyReader(path)


def test_extended_texts_announced_by_chance_in_revision_0_are_a_warning(make_segy):
    for announced in (1, 2, 32767, -1, -77):
        path = make_segy(DATA, binary={3505: ("h", announced)}, trace=HEADERS)
        reader = SegyReader(path)
        np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
        assert f"announces {announced} extended text headers" in str(reader.findings[0])


def test_extended_texts_that_revision_1_announces_must_be_there(make_segy):
    path = make_segy(DATA, binary={3501: ("H", 0x100), 3505: ("h", 32767)}, trace=HEADERS)
    with pytest.raises(
        FileFormatError, match="announces 32767 extended text headers; the file has"
    ):
        SegyReader(path)


@pytest.mark.parametrize("rest", [1, 100, 239, 240, 300, 399])
def test_cut_file_gives_its_whole_traces_wherever_it_is_cut(make_segy, rest):
    path = make_segy(DATA, trace=HEADERS)
    content = path.read_bytes()
    whole = 3600 + 29 * 400
    path.write_bytes(content[: whole + rest])
    reader = SegyReader(path)
    np.testing.assert_array_equal(reader.amplitude(slice(0, 29)), DATA[:29])
    assert reader.trailing_bytes().tobytes() == content[whole : whole + rest]
    assert f"keeping the {rest} bytes after them" in str(reader.findings[0])


def test_file_cut_within_its_first_trace_is_refused(make_segy):
    path = make_segy(DATA, trace=HEADERS)
    path.write_bytes(path.read_bytes()[: 3600 + 390])
    with pytest.raises(FileFormatError, match=r"0\.97 traces of 40 samples"):
        SegyReader(path)


@pytest.mark.parametrize("order", [">", "<"])
def test_trace_headers_in_another_byte_order_than_the_binary_header_are_refused(make_segy, order):
    path = make_segy(DATA, order=order, binary={3217: ("h", 2000)}, trace=HEADERS)
    content = bytearray(path.read_bytes())
    for place in range(3216, 3226, 2):
        content[place : place + 2] = content[place : place + 2][::-1]
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"binary header is .*-endian, the trace headers"):
        SegyReader(path)


def test_numbers_that_read_the_same_in_both_orders_raise_no_alarm(make_segy):
    data = np.zeros((3, 0x0202), dtype=np.float32)
    path = make_segy(
        data, binary={3217: ("h", 0x0303)}, trace={115: ("H", 0x0202), 117: ("h", 0x0303)}
    )
    assert SegyReader(path).n_samples == 0x0202


def test_samples_option_below_one_is_refused(make_segy):
    with pytest.raises(OptionError, match="at least 1 sample"):
        SegyReader(make_segy(DATA), IngestOptions(samples=0))


def opened(path: Path) -> tuple[SegyReader | None, str]:
    try:
        return SegyReader(path), ""
    except GeomlError as refusal:
        return None, str(refusal)


ABSURD = {
    "65,535 samples of 2**31 traces": {3221: ("H", 65535), 3513: ("Q", 2**31)},
    "2**32 - 1 samples": {3269: ("I", 2**32 - 1)},
    "2**31 - 1 additional trace headers": {3507: ("i", 2**31 - 1)},
    "32,767 extended texts": {3505: ("h", 32767)},
    "2**31 - 1 trailer records": {3529: ("i", 2**31 - 1)},
    "first trace at 2**64 - 1": {3521: ("Q", 2**64 - 1)},
}


@pytest.mark.parametrize("lie", ABSURD)
def test_absurd_number_is_settled_or_refused_without_memory(make_segy, lie):
    samples = 65535 if "65,535" in lie else 40
    path = make_segy(
        DATA,
        binary={3501: ("H", 0x200), **ABSURD[lie]},
        trace={115: ("H", samples), 117: ("h", 2000)},
    )
    tracemalloc.start()
    reader, refusal = opened(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20
    assert reader is None or (reader.n_traces == 30 and reader.findings)
    assert "\n" not in refusal


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "0 bytes; SEG-Y has 3600"),
        (3599, "3599 bytes"),
        (3600, "0 bytes after the file headers"),
    ],
)
def test_file_without_a_trace_is_refused(make_segy, size, message):
    path = make_segy(DATA)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(FileFormatError, match=message):
        SegyReader(path)


def su_file(path: Path, order: str = ">", stated: int = 40, cut: int = 0) -> Path:
    header = bytearray(240)
    struct.pack_into(order + "H", header, 114, stated)
    struct.pack_into(order + "h", header, 116, 2000)
    content = b"".join(bytes(header) + row.astype(order + "f4").tobytes() for row in DATA)
    path.write_bytes(content[: len(content) - cut])
    return path


@pytest.mark.parametrize("order", [">", "<"])
def test_cut_seismic_unix_file_gives_its_whole_traces(tmp_path, order):
    reader = open_reader(su_file(tmp_path / "shot.su", order, cut=30))
    np.testing.assert_array_equal(reader.amplitude(slice(0, 29)), DATA[:29])
    assert reader.trailing_bytes().size == 370
    assert "truncated" in str(reader.findings[0])


@pytest.mark.parametrize("order", [">", "<"])
def test_seismic_unix_refusal_names_the_options_that_read_it(tmp_path, order):
    path = su_file(tmp_path / "shot.su", order, stated=41)
    byte_order = "big" if order == ">" else "little"
    with pytest.raises(FileFormatError, match=f"--samples 40 --byte-order {byte_order}, which"):
        open_reader(path)
    reader = open_reader(path, IngestOptions(samples=40, byte_order=byte_order))
    np.testing.assert_array_equal(reader.amplitude(ALL), DATA)


def test_samples_option_leaves_the_byte_order_to_the_headers(tmp_path):
    path = su_file(tmp_path / "shot.su", "<", stated=41)
    assert open_reader(path, IngestOptions(samples=40)).byte_order == "little"


@pytest.mark.parametrize("seed", range(8))
def test_second_header_that_is_none_is_enough_to_refuse(make_segy, seed):
    # Three traces of 400 bytes are also two of 600, the second of which starts in a header.
    data = np.random.default_rng(seed).normal(size=(3, 40))
    path = make_segy(data, binary={3221: ("H", 90)}, trace={115: ("H", 90), 117: ("h", 2000)})
    with pytest.raises(FileFormatError, match="no trace headers stand where 90 samples"):
        SegyReader(path)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(min_size=400, max_size=400), st.sampled_from([b"\0\0", b"\1\0", b"\2\0", b"\2\1"]))
def test_noise_for_a_binary_header_is_settled_or_refused_in_one_line(make_segy, noise, revision):
    path = make_segy(DATA, trace=HEADERS)
    content = bytearray(path.read_bytes())
    content[3200:3600] = noise
    content[3500:3502] = revision
    content[3224:3226] = b"\0\5"
    path.write_bytes(content)
    reader, refusal = opened(path)
    assert "\n" not in refusal
    if reader is not None:
        np.testing.assert_array_equal(reader.amplitude(ALL), DATA)
