"""Files whose samples are not what their header calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import GeomlError
from geoml.readers import IngestOptions, SegyReader, open_reader
from geoml.readers.sample_check import (
    format_findings,
    has_swapped_bytes,
    looks_like_ibm,
    looks_like_ieee,
)
from geoml.survey.sample_format import encode

NOISE = np.random.default_rng(1).normal(size=(2, 300)).astype(np.float32)
KINDS = {1: "IBM", 5: "IEEE"}


def relabelled(make_segy, data, *, stored: int, called: int, order: str = ">"):
    """A file of samples stored in one 4-byte format and called another."""
    byte_order = "big" if order == ">" else "little"
    raw = encode(np.asarray(data, dtype=np.float32), stored, byte_order)
    words = raw.view(order + "u4").reshape(len(data), -1)
    return make_segy(words, sample_format=1, order=order, binary={3225: ("h", called)})


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("stored", [1, 5])
def test_wrong_name_of_the_format_is_found_and_the_option_settles_it(make_segy, order, stored):
    called = 6 - stored
    path = relabelled(make_segy, NOISE, stored=stored, called=called, order=order)
    (finding,) = format_findings(SegyReader(path))
    assert finding.level == "warning"
    assert f"says {KINDS[called]} floating point, the samples look like {KINDS[stored]}" in str(
        finding
    )
    assert finding.option == f"--sample-format {stored}"
    settled = SegyReader(path, IngestOptions(sample_format=stored))
    assert format_findings(settled) == []
    np.testing.assert_allclose(settled.amplitude(slice(0, 2)), NOISE, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(-12, 12),
    st.sampled_from([None, 100, 3000]),
    st.integers(40, 400),
)
def test_right_name_of_the_format_raises_no_alarm(seed, decades, steps, n_samples):
    """Whatever the amplitude, quantised or not: checked on the words themselves."""
    data = np.random.default_rng(seed).normal(size=(1, n_samples))
    if steps is not None:
        data = np.rint(data * steps)
    data = (data * 10.0**decades).astype(np.float32)
    for code in KINDS:
        words = np.unique(encode(data, code, "big").view(">u4").astype(np.uint32))
        words = words[words & 0xFFFFFF != 0]
        if words.size >= 32:
            assert not has_swapped_bytes(words)
            assert not looks_like_ieee(words) if code == 1 else not looks_like_ibm(words)


def test_velocities_of_one_sign_and_narrow_range_raise_no_alarm(make_segy):
    velocity = np.random.default_rng(2).uniform(2304, 4095, size=(3, 200))
    for code in KINDS:
        path = relabelled(make_segy, velocity, stored=code, called=code)
        assert format_findings(SegyReader(path)) == []


@pytest.mark.parametrize("exponents", [[0x46], [0x44, 0x45, 0x46]])
def test_ibm_numbers_that_are_not_normalised_raise_no_alarm(make_segy, exponents):
    # Whole numbers under an exponent of their trace's or file's, as simple converters write them.
    random = np.random.default_rng(3)
    numbers = np.rint(2.0 ** random.uniform(4, 22, size=(3, 200))).astype(np.uint32)
    exponent = random.choice(exponents, size=(3, 1)).astype(np.uint32)
    path = make_segy(numbers | exponent << 24, sample_format=1)
    assert format_findings(SegyReader(path)) == []


def test_few_values_raise_no_alarm(make_segy):
    steps = np.sign(NOISE)
    for stored, called in ((1, 5), (5, 1), (1, 1), (5, 5)):
        path = relabelled(make_segy, steps, stored=stored, called=called)
        assert format_findings(SegyReader(path)) == []


@pytest.mark.parametrize("data", [NOISE, np.rint(1000 * NOISE)])
@pytest.mark.parametrize("stored", [1, 5])
def test_samples_in_the_other_byte_order_than_the_headers_are_found(make_segy, stored, data):
    raw = encode(data.astype(np.float32), stored, "little")
    path = make_segy(
        raw.view(">u4").reshape(len(data), -1),
        sample_format=1,
        binary={3225: ("h", stored)},
    )
    (finding,) = format_findings(SegyReader(path))
    assert "headers are big-endian, the samples look swapped" in str(finding)


def test_seismic_unix_file_of_ibm_samples_gets_no_option_that_it_refuses(tmp_path):
    raw = encode(NOISE, 1, "big")
    header = bytearray(240)
    header[114:116] = (300).to_bytes(2, "big")
    (tmp_path / "shot.su").write_bytes(b"".join(bytes(header) + row.tobytes() for row in raw))
    (finding,) = format_findings(open_reader(tmp_path / "shot.su"))
    assert "look like IBM" in str(finding)
    assert not finding.option


def real_readers(data_dir: Path):
    for path in sorted((data_dir / "seismic").rglob("*")):
        if path.suffix not in (".sgy", ".segy", ".su"):
            continue
        try:
            yield open_reader(path)
        except GeomlError:
            continue


@pytest.mark.data
def test_real_files_raise_no_alarm(data_dir: Path):
    judged = [reader for reader in real_readers(data_dir) if reader.sample_format in KINDS]
    assert len(judged) > 25
    for reader in judged:
        assert format_findings(reader) == [], reader.name


@pytest.mark.data
@pytest.mark.parametrize("n_traces", [1, 4])
def test_real_files_under_the_wrong_name_are_found_from_few_traces(
    data_dir: Path, make_segy, n_traces
):
    for reader in real_readers(data_dir):
        if reader.n_traces < 24 or reader.n_samples < 200:
            continue
        traces = reader.n_traces // 2 + np.arange(n_traces)
        data = reader.amplitude(traces)
        for stored in KINDS:
            if reader.name.startswith("volve10-migvel") and n_traces == 1:
                # One velocity trace of 225 samples spans one octave and a half: no telling.
                continue
            path = relabelled(make_segy, data, stored=stored, called=6 - stored)
            (finding,) = format_findings(SegyReader(path))
            assert finding.option == f"--sample-format {stored}", reader.name
