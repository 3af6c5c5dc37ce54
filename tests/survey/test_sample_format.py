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
