"""SEG-Y sample formats: raw bytes to float32 and back.

segyio reads normalised IBM numbers fast, but takes unnormalised ones for others and turns large
ones into NaN; it also trusts the binary header's sample count. So geoml decodes by itself, and
the tests hold the result against segyio's wherever segyio is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError
from geoml.survey.trace_header import ByteOrder


@dataclass(frozen=True)
class SampleFormat:
    """One way to store a sample.

    Attributes:
        name: As the standard calls it.
        n_bytes: Bytes a sample.
        kind: NumPy code without byte order, empty where NumPy has no such type.
    """

    name: str
    n_bytes: int
    kind: str


SAMPLE_FORMATS: dict[int, SampleFormat] = {
    1: SampleFormat("4-byte IBM floating point", 4, ""),
    2: SampleFormat("4-byte integer", 4, "i4"),
    3: SampleFormat("2-byte integer", 2, "i2"),
    5: SampleFormat("4-byte IEEE floating point", 4, "f4"),
    6: SampleFormat("8-byte IEEE floating point", 8, "f8"),
    8: SampleFormat("1-byte integer", 1, "i1"),
    9: SampleFormat("8-byte integer", 8, "i8"),
    10: SampleFormat("4-byte unsigned integer", 4, "u4"),
    11: SampleFormat("2-byte unsigned integer", 2, "u2"),
    12: SampleFormat("8-byte unsigned integer", 8, "u8"),
    16: SampleFormat("1-byte unsigned integer", 1, "u1"),
}

REFUSED_FORMATS: dict[int, str] = {
    4: "4-byte fixed point with gain (obsolete)",
    7: "3-byte integer",
    15: "3-byte unsigned integer",
}

_IBM = 1
# Words worked on at a time: they and what is made of them stay in the processor cache.
_BLOCK = 1 << 16
# Formats of which float32 holds every value.
_NARROW = ("i1", "u1", "i2", "u2", "f4")
# Whole numbers from here on are not taken back from float32 by ``encode``.
_LARGEST_EXACT = {"i4": 2.0**31, "u4": 2.0**32, "i8": 2.0**63, "u8": 2.0**64}
# IBM exponents whose normalised numbers are normal float32 numbers.
_IBM_EXACT = (34, 96)
_MANTISSA, _SIGN_AND_EXPONENT, _EXPONENT = map(np.uint32, (0x00FFFFFF, 0xFF000000, 0x7F000000))
_SIGN, _FIRST_DIGIT = np.uint32(0x80000000), np.uint32(0x00F00000)
# IBM counts steps of 16**(exponent - 70), and a square of 2**(2 * exponent - 127) is 2**26 more.
_IBM_STEP = np.float32(2.0**-26)


def require_format(code: int, where: str) -> SampleFormat:
    """The format of a code.

    Raises:
        FileFormatError: If geoml does not read it; the message names it.
    """
    if code in SAMPLE_FORMATS:
        return SAMPLE_FORMATS[code]
    known = ", ".join(map(str, SAMPLE_FORMATS))
    if code in REFUSED_FORMATS:
        raise FileFormatError(
            f"{where}: sample format {code}, {REFUSED_FORMATS[code]}, is not read; readable: "
            f"{known}. Convert the file to format 5 (IEEE float) first."
        )
    raise FileFormatError(
        f"{where}: sample format {code} is not in the standard; readable: {known}. If the header "
        "is wrong, pass --sample-format."
    )


def decode(
    raw: NDArray[np.uint8], sample_format: int, byte_order: ByteOrder
) -> NDArray[np.float32]:
    """Samples as float32; what float32 cannot hold becomes infinite, never wrapped.

    Args:
        raw: Bytes of the samples, shape (trace, byte).
        sample_format: A code of ``SAMPLE_FORMATS``.
        byte_order: Byte order of the samples.

    Returns:
        Shape (trace, time).
    """
    values = _values(raw, sample_format, byte_order)
    if sample_format == _IBM:
        amplitude = np.empty(values.shape, dtype=np.float32)
        for words, block in zip(_blocks(values), _blocks(amplitude), strict=True):
            _from_ibm(words, block)
        return amplitude
    with np.errstate(over="ignore", invalid="ignore"):  # invalid: a signalling NaN
        return values.astype(np.float32)


def is_exact(
    raw: NDArray[np.uint8], sample_format: int, byte_order: ByteOrder
) -> NDArray[np.bool_]:
    """Whether ``encode`` of ``decode`` gives a trace's bytes back, shape (trace,).

    False where float32 has too few digits or too small a range, and for IBM numbers that are not
    normalised.

    Args:
        raw: Bytes of the samples, shape (trace, byte).
        sample_format: A code of ``SAMPLE_FORMATS``.
        byte_order: Byte order of the samples.
    """
    values = _values(raw, sample_format, byte_order)
    kind = SAMPLE_FORMATS[sample_format].kind
    if sample_format == _IBM:
        return np.concatenate([_ibm_is_exact(words) for words in _blocks(values)])
    if kind in _NARROW:
        return np.ones(raw.shape[0], dtype=np.bool_)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = values.astype(np.float32)
        inside = np.abs(rounded) < _LARGEST_EXACT.get(kind, np.inf)
        again = np.where(inside, rounded, 0).astype(kind)
    return np.asarray((inside & (again == values)).all(axis=1))


def encode(
    amplitude: NDArray[np.float32], sample_format: int, byte_order: ByteOrder
) -> NDArray[np.uint8]:
    """Bytes of samples, the inverse of ``decode`` for every value the format holds.

    Args:
        amplitude: Shape (trace, time).
        sample_format: A code of ``SAMPLE_FORMATS``.
        byte_order: Byte order to write.

    Returns:
        Shape (trace, byte).

    Raises:
        FileFormatError: If a sample is outside the format's range, or no whole number of it.
    """
    form = SAMPLE_FORMATS[sample_format]
    order = _order(byte_order)
    if sample_format == _IBM:
        stored: Any = _to_ibm(amplitude).astype(order + "u4")
    elif form.kind.startswith("f"):
        stored = np.ascontiguousarray(amplitude).astype(order + form.kind)
    else:
        rounded = np.rint(amplitude.astype(np.float64))
        limits = np.iinfo(form.kind)
        # The top of 64-bit ranges is no float64: stay one step below.
        top = np.nextafter(float(limits.max) + 1.0, 0.0)
        if not ((rounded >= limits.min) & (rounded <= top) & (rounded == amplitude)).all():
            raise FileFormatError(
                f"Samples from {np.nanmin(amplitude):g} to {np.nanmax(amplitude):g} are no whole "
                f"numbers of format {sample_format} ({form.name}); write format 5 (IEEE float)."
            )
        stored = rounded.astype(order + form.kind)
    return stored.view(np.uint8).reshape(len(amplitude), form.n_bytes * amplitude.shape[1])


def _order(byte_order: ByteOrder) -> str:
    return ">" if byte_order == "big" else "<"


def _values(raw: NDArray[np.uint8], code: int, byte_order: ByteOrder) -> NDArray[Any]:
    kind = SAMPLE_FORMATS[code].kind or "u4"
    rows = raw if raw.strides[-1] == 1 else np.ascontiguousarray(raw)
    return rows.view(_order(byte_order) + kind)


def _blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Runs of traces of about ``_BLOCK`` samples."""
    step = max(1, _BLOCK // max(1, values.shape[1]))
    for start in range(0, max(1, len(values)), step):
        yield values[start : start + step]


def _from_ibm(words: NDArray[Any], out: NDArray[np.float32]) -> None:
    """IBM words as float32, each rounded once: right for all 2**32 of them.

    Sign and exponent of an IBM word, read as IEEE float, are +-2**(2 * exponent - 127) or zero.
    The mantissa times this is exact; times its magnitude and ``_IBM_STEP``, both powers of two,
    it is the value. What is lost on the way, at exponents below 14, is far below the smallest
    float32.
    """
    power = words.astype(np.uint32)
    mantissa = power & _MANTISSA
    # Signed: processors convert those in one instruction.
    np.copyto(out, mantissa.view(np.int32), casting="unsafe")
    power &= _SIGN_AND_EXPONENT
    factor = power.view(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        out *= factor
        power &= _EXPONENT
        factor *= _IBM_STEP
        out *= factor


def _ibm_is_exact(stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether every word of a trace is 0, or normalised with an exponent inside float32."""
    words = stored.astype(np.uint32)
    normalised = (words & _FIRST_DIGIT) != 0
    lowest, highest = (np.uint32(exponent << 24) for exponent in _IBM_EXACT)
    # Extremes and counts are cheaper than a mask, and mostly they settle it.
    if words.size and np.count_nonzero(normalised) == np.count_nonzero(words != 0):
        size = words & ~_SIGN
        if size.max() <= highest | _MANTISSA:
            # One step down, 0 is the largest number of all.
            size -= np.uint32(1)
            if size.min() >= lowest:
                return np.ones(len(words), dtype=np.bool_)
    normalised &= (words & _EXPONENT) - lowest <= highest - lowest
    normalised |= words == 0
    return np.asarray(normalised.all(axis=1))


def _to_ibm(amplitude: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Normalised IBM words: the mantissa's first hexadecimal digit is not 0."""
    if not np.isfinite(amplitude).all():
        raise FileFormatError(
            "IBM floating point has no NaN or infinity; write format 5 (IEEE float)."
        )
    values = amplitude.astype(np.float64)
    fraction, binary = np.frexp(np.abs(values))
    exponent = -(-binary // 4)
    mantissa = np.rint(np.ldexp(fraction, binary - 4 * exponent + 24))
    carry = mantissa >= 1 << 24
    mantissa = np.where(carry, mantissa / 16, mantissa).astype(np.uint32)
    words = ((exponent + carry + 64).astype(np.uint32) << 24) | mantissa
    words |= np.signbit(values).astype(np.uint32) << 31
    return np.where(mantissa == 0, np.uint32(0), words)
