"""SEG-Y sample formats: raw bytes to float32 and back.

segyio reads normalised IBM numbers fast, but takes unnormalised ones for others and turns large
ones into NaN; it also trusts the binary header's sample count. So geoml decodes by itself, and
the tests hold the result against segyio's wherever segyio is right.
"""

from __future__ import annotations

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
_BLOCK = 1 << 18
# Formats of which float32 holds every value.
_NARROW = ("i1", "u1", "i2", "u2", "f4")
# Whole numbers from here on are not taken back from float32 by ``encode``.
_LARGEST_EXACT = {"i4": 2.0**31, "u4": 2.0**32, "i8": 2.0**63, "u8": 2.0**64}
# IBM exponents whose normalised numbers are normal float32 numbers.
_IBM_EXACT = (34, 96)
# Value of one mantissa step for each sign-and-exponent byte: +-16**(exponent - 64 - 6).
_IBM_STEP = np.concatenate([np.ldexp(1.0, 4 * np.arange(128) - 280)] * 2)
_IBM_STEP[128:] *= -1


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
        return _from_ibm(values)
    with np.errstate(over="ignore"):
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
        exponent = (values >> 24) & 0x7F
        normalised = (values & 0x00F00000) != 0
        normalised &= (exponent >= _IBM_EXACT[0]) & (exponent <= _IBM_EXACT[1])
        return np.asarray((normalised | (values == 0)).all(axis=1))
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
    return np.ascontiguousarray(raw).view(_order(byte_order) + kind)


def _from_ibm(words: NDArray[Any]) -> NDArray[np.float32]:
    out = np.empty(words.shape, dtype=np.float32)
    flat_in, flat_out = words.reshape(-1), out.reshape(-1)
    # In blocks that stay in the processor cache.
    for start in range(0, flat_in.size, _BLOCK):
        word = flat_in[start : start + _BLOCK].astype(np.uint32)
        step = _IBM_STEP[word >> 24]
        step *= word & 0x00FFFFFF
        with np.errstate(over="ignore"):
            flat_out[start : start + _BLOCK] = step
    return out


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
