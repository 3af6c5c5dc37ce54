"""Samples of every SEG-Y format as bytes, and what they are, worked out with exact fractions.

Nothing here knows geoml.

References:
    IBM (1964), System/360 Principles of Operation; SEG (2023), SEG-Y revision 2.1, table 2.
"""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

KINDS = {
    2: "i4",
    3: "i2",
    5: "f4",
    6: "f8",
    8: "i1",
    9: "i8",
    10: "u4",
    11: "u2",
    12: "u8",
    16: "u1",
}
"""NumPy kinds of the sample formats that NumPy has; format 1 is IBM floating point."""

FORMATS = (1, *KINDS)

_LARGEST_FLOAT32 = Fraction(2**24 - 1) * 2**104


def nearest_float32(value: Fraction) -> float:
    """The float32 nearest to an exact value, ties to the even mantissa, infinite beyond range."""
    if abs(value) > _LARGEST_FLOAT32:
        # Half a step above the largest number rounds to infinity.
        beyond = abs(value) >= _LARGEST_FLOAT32 + Fraction(2) ** 103
        size = float("inf") if beyond else float(_LARGEST_FLOAT32)
        return size if value > 0 else -size
    guess = np.float32(float(value))
    with np.errstate(over="ignore"):
        near = {float(np.nextafter(guess, np.float32(way))) for way in (-np.inf, np.inf)}
    near = {float(guess), *(number for number in near if np.isfinite(number))}

    def distance(number: float) -> tuple[Fraction, int]:
        odd = int(np.float32(number).view(np.uint32)) & 1
        return abs(Fraction(number) - value), odd

    return min(near, key=distance)


def ibm_value(word: int) -> Fraction:
    """The exact value of an IBM System/360 single: sign, 7 bits of power of 16, 24 of fraction."""
    sign = -1 if word >> 31 else 1
    return sign * Fraction(word & 0xFFFFFF, 2**24) * Fraction(16) ** ((word >> 24 & 0x7F) - 64)


def _true_sample(word: bytes, sample_format: int, order: str) -> float:
    if sample_format == 1:
        return nearest_float32(ibm_value(int(struct.unpack(order + "I", word)[0])))
    letter = np.dtype(KINDS[sample_format]).char
    (value,) = struct.unpack(order + {"l": "q", "L": "Q"}.get(letter, letter), word)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return value
    return nearest_float32(Fraction(value))


def _special_words(sample_format: int) -> list[int]:
    """Words at the edges of a format: zeros of both signs, extremes, NaN, subnormals."""
    if sample_format == 1:
        return [0, 1 << 31, 0x7FFFFFFF, 0xFFFFFFFF, 1, 0x00FFFFFF, 0x42640000, 0xC2640000,
                0x40000001, 0x410FFFFF, 0x60FFFFFF, 0x61100000, 0x21200000, 0x1B123456]  # fmt: skip
    if sample_format == 5:
        return [0, 1 << 31, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFC12345, 1,
                0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x3F800000]  # fmt: skip
    if sample_format == 6:
        return [0, 1 << 63, 0x7FF << 52, 0xFFF << 52, 0x7FF8 << 48, (0x7FF << 52) + 1, 1,
                0x3FF << 52, (0x3FF << 52) + 1, 0x47EFFFFFF0000000, 0x36A0000000000000]  # fmt: skip
    bits = 8 * np.dtype(KINDS[sample_format]).itemsize
    return [0, 1, 2**bits - 1, 2 ** (bits - 1), 2 ** (bits - 1) - 1, 2 ** (bits - 2) + 1]


def sample_words(
    rng: np.random.Generator, shape: tuple[int, int], sample_format: int, order: str, special: float
) -> NDArray[np.uint8]:
    """Random words with a share of special ones, shape (trace, byte)."""
    n_bytes = 4 if sample_format == 1 else np.dtype(KINDS[sample_format]).itemsize
    words = rng.integers(0, 256, (*shape, n_bytes), dtype=np.uint8)
    pool = [
        np.frombuffer(word.to_bytes(n_bytes, "big" if order == ">" else "little"), np.uint8)
        for word in _special_words(sample_format)
    ]
    for trace, time in zip(*np.nonzero(rng.random(shape) < special), strict=True):
        words[trace, time] = pool[rng.integers(len(pool))]
    # A few dead traces: all zeros, as recorders write them.
    words[rng.random(shape[0]) < 0.1] = 0
    return words.reshape(shape[0], -1)


def true_amplitude(words: NDArray[np.uint8], sample_format: int, order: str) -> NDArray[np.float32]:
    """The float32 nearest to each sample, shape (trace, time), from bytes (trace, byte)."""
    n_bytes = 4 if sample_format == 1 else np.dtype(KINDS[sample_format]).itemsize
    rows = [
        [
            _true_sample(row[at : at + n_bytes].tobytes(), sample_format, order)
            for at in range(0, row.size, n_bytes)
        ]
        for row in words
    ]
    with np.errstate(invalid="ignore"):
        return np.array(rows, dtype=np.float64).astype(np.float32)
