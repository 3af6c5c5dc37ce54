"""Ways to damage a trace file, each drawn from a seeded generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TEXT_BYTES, FILE_HEADER_BYTES, HEADER_BYTES = 3200, 3600, 240

BINARY_FIELDS = {
    3205: 4, 3213: 2, 3215: 2, 3217: 2, 3219: 2, 3221: 2, 3223: 2, 3225: 2, 3227: 2, 3229: 2,
    3255: 2, 3261: 4, 3269: 4, 3273: 8, 3297: 4, 3501: 2, 3503: 2, 3505: 2, 3507: 4, 3513: 8,
    3521: 8, 3529: 4,
}  # fmt: skip
"""Position (from 1) and width of the binary header's numbers that a reader may go by."""

TRACE_FIELDS = {
    9: 4, 13: 4, 21: 4, 29: 2, 37: 4, 41: 4, 45: 4, 49: 4, 69: 2, 71: 2, 73: 4, 77: 4, 81: 4, 85: 4,
    89: 2, 109: 2, 115: 2, 117: 2, 157: 2, 181: 4, 185: 4, 189: 4, 193: 4, 215: 2, 233: 8,
}  # fmt: skip
"""Position (from 1) and width of a trace header's numbers that a reader may go by."""

Damage = Callable[[bytearray, np.random.Generator, str], bytearray]


def _noise(rng: np.random.Generator, n_bytes: int) -> bytes:
    return rng.integers(0, 256, n_bytes, dtype=np.uint8).tobytes()


def _number(rng: np.random.Generator, width: int) -> bytes:
    """A value that readers trip over: 0, 1, extremes, powers of two, small numbers, noise."""
    top = 1 << 8 * width
    power = 1 << int(rng.integers(8 * width))
    known = [0, 1, 2, 3, top - 1, top - 2, top // 2, top // 2 - 1, power, power - 1, top - power]
    known += [int(rng.integers(20)), int.from_bytes(_noise(rng, width), "big")]
    value = known[rng.integers(len(known))]
    return value.to_bytes(width, "big" if rng.random() < 0.5 else "little")


def _bit(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return content


def _byte(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    content[rng.integers(len(content))] = int(rng.integers(256))
    return content


def _burst(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    at, width = int(rng.integers(len(content))), int(rng.integers(2, 600))
    width = min(width, len(content) - at)
    fill = [_noise(rng, width), bytes(width), b"\xff" * width, b"\x40" * width]
    content[at : at + width] = fill[rng.integers(len(fill))]
    return content


def _header_bit(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    """A bit of the binary header or of the first trace header."""
    start = 0 if suffix == ".su" else TEXT_BYTES
    stop = min(len(content), start + (HEADER_BYTES if suffix == ".su" else 400 + HEADER_BYTES))
    content[int(rng.integers(start, stop))] ^= 1 << int(rng.integers(8))
    return content


def _binary_field(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    if suffix == ".su":
        return _trace_field(content, rng, suffix)
    for _ in range(int(rng.integers(1, 4))):
        byte, width = list(BINARY_FIELDS.items())[rng.integers(len(BINARY_FIELDS))]
        content[byte - 1 : byte - 1 + width] = _number(rng, width)
    return content


def _trace_field(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    """A number of one trace header, or of all, as far as the stride of the file is guessed."""
    start = 0 if suffix == ".su" else FILE_HEADER_BYTES
    if len(content) < start + HEADER_BYTES:
        return content
    counts = [int.from_bytes(content[start + 114 : start + 116], order) for order in _ORDERS]
    strides = [HEADER_BYTES + 4 * count for count in counts if count]
    stride = strides[rng.integers(len(strides))] if strides else HEADER_BYTES
    places = range(start, len(content) - HEADER_BYTES + 1, stride)
    if rng.random() < 0.5:
        places = places[: 1 + int(rng.integers(len(places)))][-1:]
    byte, width = list(TRACE_FIELDS.items())[rng.integers(len(TRACE_FIELDS))]
    number = _number(rng, width)
    for place in places:
        content[place + byte - 1 : place + byte - 1 + width] = number
    return content


def _cut(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    return content[: int(rng.integers(len(content)))]


def _grown(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    tail = _noise(rng, int(rng.integers(1, 5000)))
    return content + (tail if rng.random() < 0.5 else bytes(len(tail)))


def _shifted(content: bytearray, rng: np.random.Generator, suffix: str) -> bytearray:
    """Bytes lost or doubled in the middle, as a broken copy has them."""
    at, width = int(rng.integers(len(content))), int(rng.integers(1, 1000))
    if rng.random() < 0.5:
        return content[:at] + content[at + width :]
    return content[:at] + content[max(0, at - width) : at] + content[at:]


_ORDERS = ("big", "little")

MUTATIONS: dict[str, Damage] = {
    "one bit": _bit,
    "one byte": _byte,
    "burst of bytes": _burst,
    "bit of a header": _header_bit,
    "binary header field": _binary_field,
    "trace header field": _trace_field,
    "file cut": _cut,
    "file grown": _grown,
    "bytes lost or doubled": _shifted,
}
"""Kind of damage to function of (content, random generator, suffix)."""
