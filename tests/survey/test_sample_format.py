from __future__ import annotations

import numpy as np
import pytest
import segyio._segyio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoml.errors import FileFormatError
from geoml.survey.sample_format import SAMPLE_FORMATS, decode, encode, is_exact, require_format

ORDERS = st.sampled_from(["big", "little"])
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)


def words(*values: int) -> np.ndarray:
    return np.array([values], dtype=">u4").view(np.uint8)


def test_ibm_numbers_worked_by_hand():
    # -118.625 = -0.76A hex x 16**2; 1 = 0.1 x 16**1; the last is unnormalised 1.
    raw = words(0xC276A000, 0x41100000, 0x00000000, 0x42010000)
    np.testing.assert_array_equal(decode(raw, 1, "big")[0], [-118.625, 1.0, 0.0, 1.0])
    assert is_exact(raw[:, :12], 1, "big").all()
    assert not is_exact(raw, 1, "big").any()


def test_ibm_numbers_beyond_float32_become_infinite_not_wrapped():
    values = decode(words(0x7FFFFFFF, 0xFFFFFFFF, 0x00100000), 1, "big")[0]
    np.testing.assert_array_equal(values, [np.inf, -np.inf, 0.0])


@given(arrays(np.uint32, (3, 5), elements=st.integers(0, 2**32 - 1)))
def test_ibm_agrees_with_exact_arithmetic(word):
    mantissa = (word & 0xFFFFFF).astype(np.float64)
    exact = np.ldexp(mantissa, 4 * ((word >> 24) & 0x7F).astype(int) - 280)
    exact = np.where(word >> 31, -exact, exact)
    with np.errstate(over="ignore"):
        expected = exact.astype(np.float32)
    raw = word.astype(">u4").view(np.uint8)
    np.testing.assert_array_equal(decode(raw, 1, "big"), expected)


def exactly_rounded(lead: int, mantissas: np.ndarray) -> np.ndarray:
    """Float32 of the words with that sign-and-exponent byte, through float64, which is exact."""
    step = np.ldexp(-1.0 if lead >> 7 else 1.0, 4 * (lead & 0x7F) - 280)
    with np.errstate(over="ignore"):
        return (step * mantissas).astype(np.float32)


def assert_decodes_exactly(lead: int, mantissas: np.ndarray) -> None:
    raw = (np.uint32(lead << 24) | mantissas.astype(np.uint32)).astype(">u4").view(np.uint8)
    found = decode(raw.reshape(1, -1), 1, "big")[0]
    # Bit for bit, so that the sign of zero counts.
    np.testing.assert_array_equal(
        found.view(np.uint32), exactly_rounded(lead, mantissas).view(np.uint32)
    )


@pytest.mark.parametrize("lead", range(256))
def test_ibm_is_rounded_once_at_every_exponent(lead):
    powers = 2 ** np.arange(24)
    random = np.random.default_rng(lead).integers(0, 2**24, 500)
    assert_decodes_exactly(lead, np.concatenate([[0, 2**24 - 1], powers, powers - 1, random]))


@pytest.mark.slow
def test_every_ibm_word_is_rounded_once():
    mantissas = np.arange(2**24)
    for lead in range(256):
        assert_decodes_exactly(lead, mantissas)


@given(
    arrays(
        np.uint32,
        (4, 6),
        elements=st.integers(0, 2**32 - 1)
        | st.sampled_from([0, 1, 0x80000000, 0x22100000, 0x220FFFFF, 0x21FFFFFF, 0xE1000000])
        | st.integers(0x22100000, 0x22FFFFFF)
        | st.integers(0x60100000, 0x60FFFFFF),
        fill=st.just(0x41100000),
    )
)
def test_ibm_is_exact_where_every_word_comes_back(word):
    raw = word.astype(">u4").view(np.uint8)
    for trace, told in zip(raw, is_exact(raw, 1, "big"), strict=True):
        amplitude = decode(trace[None], 1, "big")
        back = np.isfinite(amplitude).all() and np.array_equal(
            encode(amplitude, 1, "big")[0], trace
        )
        words = [int(number) for number in trace.view(">u4")]
        normalised = all(
            number == 0 or (number & 0xF00000 and 34 <= (number >> 24) % 128 <= 96)
            for number in words
        )
        assert told == normalised
        # Numbers next to the ends of float32 may come back and still be kept: never the reverse.
        assert back or not told


def test_samples_between_headers_decode_as_samples_alone():
    word = np.random.default_rng(3).integers(0, 2**32, (5, 70_000), dtype=np.uint32)
    alone = word.astype(">u4").view(np.uint8)
    records = np.concatenate([np.zeros((5, 240), dtype=np.uint8), alone], axis=1)
    for code in (1, 2, 3, 5):
        between = decode(records[:, 240:], code, "big")
        np.testing.assert_array_equal(between, decode(alone, code, "big"))
        np.testing.assert_array_equal(
            is_exact(records[:, 240:], code, "big"), is_exact(alone, code, "big")
        )


def test_ibm_agrees_with_segyio_on_normalised_numbers():
    rng = np.random.default_rng(2)
    word = rng.integers(0x100000, 0x1000000, 20000) | (rng.integers(36, 93, 20000) << 24)
    raw = word.astype(">u4").reshape(20, -1)
    theirs = segyio._segyio.native(raw.view(">f4").view("<f4").copy(), 1)
    np.testing.assert_array_equal(decode(raw.view(np.uint8), 1, "big"), theirs)


@given(arrays(np.float32, (2, 4), elements=FLOATS), ORDERS)
def test_ieee_bytes_come_back(values, order):
    for code in (5, 6):
        np.testing.assert_array_equal(decode(encode(values, code, order), code, order), values)


@given(arrays(np.float32, (2, 4), elements=FLOATS), ORDERS)
def test_ibm_holds_float32_to_21_bits(values, order):
    again = decode(encode(values, 1, order), 1, order)
    np.testing.assert_allclose(again, values, rtol=2.0**-21, atol=0)


@settings(max_examples=300)
@given(st.data(), ORDERS, st.sampled_from(sorted(SAMPLE_FORMATS)))
def test_exact_traces_give_their_bytes_back(data, order, code):
    n_bytes = SAMPLE_FORMATS[code].n_bytes
    raw = data.draw(arrays(np.uint8, (3, 2 * n_bytes)))
    exact = is_exact(raw, code, order)
    amplitude = decode(raw, code, order)[exact]
    np.testing.assert_array_equal(encode(amplitude, code, order), raw[exact])


@pytest.mark.parametrize("code", [2, 3, 6, 8, 9, 10, 11, 12, 16])
def test_small_whole_numbers_are_exact_in_every_format(code):
    values = np.array([[0, 1, 17, 127]])
    raw = values.astype(">" + SAMPLE_FORMATS[code].kind).view(np.uint8)
    np.testing.assert_array_equal(decode(raw, code, "big"), values)
    assert is_exact(raw, code, "big").all()


def test_whole_numbers_that_float32_rounds_are_not_exact():
    raw = np.array([[2**24 + 1, 5]], dtype=">i4").view(np.uint8)
    assert not is_exact(raw, 2, "big").any()


def test_values_that_a_format_cannot_hold_are_refused():
    with pytest.raises(FileFormatError, match=r"Samples from -1 to 300 .* format 16"):
        encode(np.array([[300.0, -1.0]], dtype=np.float32), 16, "big")
    with pytest.raises(FileFormatError, match="no whole numbers"):
        encode(np.array([[0.5]], dtype=np.float32), 3, "big")
    with pytest.raises(FileFormatError, match="has no NaN"):
        encode(np.array([[np.nan]], dtype=np.float32), 1, "big")


def test_code_outside_the_standard_is_refused_with_the_known_ones():
    with pytest.raises(FileFormatError, match=r"format 77 is not in the standard; readable: 1, 2"):
        require_format(77, "line.sgy")
