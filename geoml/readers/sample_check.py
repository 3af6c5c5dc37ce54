"""Samples that are not what the headers say: IEEE called IBM, IBM called IEEE, swapped bytes.

All three show in the bits alone, so that no amplitude has to be believed. A 4-byte word is read
as IBM floating point here whatever it is: a sign, an exponent of 16 and six hexadecimal digits.

- IBM numbers are normalised: their first digit is 1 to F, the digit d as often as
  ``log16(1 + 1/d)`` where amplitudes spread over decades (Benford's law in base 16).
- IEEE numbers read so have their last exponent bit in the first digit, and so the digit 0 for
  every number in the lowest eighth of every other octave, one number in twelve.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.reader import Reader

_IBM, _IEEE = 1, 5
_JUDGED_TRACES = 64
_JUDGED_SAMPLES = 4096
_ENOUGH_WORDS = 32
_MANTISSA, _EXPONENT = 0x00FFFFFF, 0x7F

_DIGITS = np.arange(16)
_EIGHTHS = 1 + _DIGITS % 8 / 8
_IEEE_SHARE = np.log2((_EIGHTHS + 1 / 8) / _EIGHTHS) / 2
# A digit 0 in IBM numbers is a writer's mistake, and not quite impossible.
_IBM_SHARE = np.concatenate([[1e-4], np.log2(1 + 1 / _DIGITS[1:]) / 4])
_IBM_EVIDENCE = np.log(_IBM_SHARE / _IEEE_SHARE)
_SURE = 12.0  # logarithm of the odds: 160,000 to 1


def format_findings(reader: Reader) -> list[Finding]:
    """A warning where the samples of a file are not in the format or byte order of its headers.

    Up to 64 traces are looked at. Nothing is said where amplitudes are too few or too alike to
    tell.
    """
    if reader.sample_format not in (_IBM, _IEEE):
        return []
    words = _judged_words(reader)
    if words.size < _ENOUGH_WORDS:
        return []
    name, called = reader.name, {_IBM: "IBM", _IEEE: "IEEE"}
    if has_swapped_bytes(words):
        message = (
            f"{name}: the headers are {reader.byte_order}-endian, the samples look swapped; such "
            "samples are not read right. Pass --byte-order if the headers are wrong, or write the "
            "file anew in one order."
        )
        return [Finding("warning", message)]
    looks_like = {_IBM: _IEEE, _IEEE: _IBM}[reader.sample_format]
    if not (looks_like_ieee(words) if looks_like == _IEEE else looks_like_ibm(words)):
        return []
    message = (
        f"{name}: the header says {called[reader.sample_format]} floating point, the samples look "
        f"like {called[looks_like]}."
    )
    if reader.file_attrs()["file_type"] == "su":
        message += " Seismic Unix holds IEEE only; write the file anew from its source."
        return [Finding("warning", message)]
    return [Finding("warning", message, f"--sample-format {looks_like}")]


def looks_like_ieee(words: NDArray[np.uint32]) -> bool:
    """Whether words called IBM floating point are IEEE floating point beyond doubt.

    IBM numbers that a writer did not normalise also start with the digit 0; they give themselves
    away by more zeros after it, or by one exponent for all.

    Args:
        words: Different samples without zeros, as unsigned numbers, shape (sample,).
    """
    digits = _digit_counts(words)
    exponents = np.unique(words >> 24 & _EXPONENT)
    two_zeros = np.mean(words & 0x00FF0000 == 0)
    return bool(
        -_odds(digits) > _SURE and digits[0] >= 4 and two_zeros < 0.05 and exponents.size > 1
    )


def looks_like_ibm(words: NDArray[np.uint32]) -> bool:
    """Whether words called IEEE floating point are IBM floating point beyond doubt.

    Args:
        words: Different samples without zeros, as unsigned numbers, shape (sample,).
    """
    digits = _digit_counts(words)
    if digits[0] > 5e-4 * words.size:
        return False
    negative = float(np.mean(words >> 31))
    # Amplitudes of both signs cross zero, and so spread over many octaves.
    crosses_zero = 0.05 < negative < 0.95 and np.unique(words >> 24 & _EXPONENT).size > 1
    return bool((crosses_zero and _odds(digits) > _SURE) or _expected_zeros(words) > _SURE)


def has_swapped_bytes(words: NDArray[np.uint32]) -> bool:
    """Whether floating-point words make sense only with their four bytes in reverse.

    Of either format the exponent takes few values, the mantissa next to it many. At its far end
    the mantissa takes all values, or is 0 where amplitudes were whole numbers once.

    Args:
        words: Different samples without zeros, as unsigned numbers, shape (sample,).
    """
    first, _, third, last = (words >> shift & _EXPONENT for shift in (24, 16, 8, 0))
    exponent_last = _entropy_bits(last) < 4.0 < _entropy_bits(third)
    mantissa_first = _entropy_bits(first) > 4.5 or np.mean(first == 0) > 0.9
    return bool(exponent_last and mantissa_first)


def _judged_words(reader: Reader) -> NDArray[np.uint32]:
    """Different samples of traces from all over a file, without zeros."""
    n_looked_at = min(reader.n_traces, _JUDGED_TRACES)
    numbers = np.unique(np.linspace(0, reader.n_traces - 1, n_looked_at).astype(np.int64))
    raw = np.ascontiguousarray(reader.raw_samples(numbers)[:, : 4 * _JUDGED_SAMPLES])
    order = ">" if reader.byte_order == "big" else "<"
    # What repeats, such as a constant or few steps of a converter, counts once.
    words = np.unique(raw.view(order + "u4").astype(np.uint32))
    return words[words & _MANTISSA != 0]


def _digit_counts(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.bincount(words >> 20 & 0xF, minlength=16)


def _odds(digits: NDArray[np.int64]) -> float:
    """Logarithm of the odds of IBM against IEEE by the first digits."""
    return float(digits @ _IBM_EVIDENCE)


def _expected_zeros(words: NDArray[np.uint32]) -> float:
    """Numbers that IEEE data would hold between their neighbours where IBM data leave a gap.

    Digit F of one exponent and digit 1 of the next are neighbours in IBM; in IEEE the digit 0 of
    the next lies between. What is expected there follows from how many lie on either side.
    """
    table = np.zeros((_EXPONENT + 1, 16), dtype=np.int64)
    np.add.at(table, (words >> 24 & _EXPONENT, words >> 20 & 0xF), 1)
    below = table[:-1, 15] * _IEEE_SHARE[0] / _IEEE_SHARE[15]
    above = table[1:, 1] * _IEEE_SHARE[0] / _IEEE_SHARE[1]
    return float(np.minimum(below, above).sum())


def _entropy_bits(values: NDArray[Any]) -> float:
    share = np.bincount(values) / values.size
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum())
