"""What is truly in a SEG-Y or Seismic Unix file, and its parts byte by byte.

Nothing here knows geoml: every byte is placed by the standard, and every value is worked out with
exact fractions, so that a test holds the readers against an independent answer.

References:
    SEG (1975), (2002), (2017), (2023): SEG-Y revisions 0, 1, 2.0 and 2.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

REVISIONS = ((0, 0), (1, 0), (2, 0), (2, 1))

TEXT_BYTES, BINARY_BYTES, HEADER_BYTES = 3200, 400, 240

END_STANZA = "((SEG: EndText))"

TRACE_FIELDS = {
    "field_record": (9, "i"),
    "trace_in_record": (13, "i"),
    "cdp": (21, "i"),
    "trace_kind": (29, "h"),
    "offset": (37, "i"),
    "receiver_elevation": (41, "i"),
    "source_elevation": (45, "i"),
    "source_depth": (49, "i"),
    "elevation_scalar": (69, "h"),
    "coordinate_scalar": (71, "h"),
    "source_x": (73, "i"),
    "source_y": (77, "i"),
    "receiver_x": (81, "i"),
    "receiver_y": (85, "i"),
    "coordinate_units": (89, "h"),
    "delay_ms": (109, "h"),
    "n_samples": (115, "H"),
    "dt_us": (117, "h"),
    "inline": (189, "i"),
    "crossline": (193, "i"),
    "time_scalar": (215, "h"),
}
"""First byte (from 1) and struct code of what a test knows of a trace header; all else is noise."""

POSITIONS = ("source_x", "source_y", "receiver_x", "receiver_y")

ELEVATIONS = ("source_elevation", "source_depth", "receiver_elevation")

NUMBERS = ("field_record", "trace_in_record", "cdp", "trace_kind", "inline", "crossline")

SCALARS = (0, 1, 10, 100, 1000, 10000, -1, -10, -100, -1000, -10000)

_FOOT_M = Fraction(3048, 10000)


@dataclass(frozen=True, eq=False)
class TrueFile:
    """A file and what is in it.

    Attributes:
        content: Its bytes.
        suffix: ``.sgy`` or ``.su``.
        byte_order: ``big`` or ``little``.
        sample_format: Code of the standard.
        amplitude: The float32 nearest to each true value, shape (trace, time).
        numbers: Header numbers as they stand, one a trace.
        metres: Positions [m], one a trace.
        dt_s: Sample interval [s].
        start_s: Time of the first sample [s].
        text: How the text of the file begins.
        extension: Additional trace headers, shape (trace, byte).
        trailing: What follows the last whole trace.
        facts: How it was made, for the reader of a failed test.
    """

    content: bytes = field(repr=False)
    suffix: str
    byte_order: str
    sample_format: int
    amplitude: NDArray[np.float32] = field(repr=False)
    numbers: dict[str, list[int]] = field(repr=False)
    metres: dict[str, list[float]] = field(repr=False)
    dt_s: float
    start_s: float
    text: str = ""
    extension: bytes = field(default=b"", repr=False)
    trailing: bytes = field(default=b"", repr=False)
    facts: dict[str, Any] = field(default_factory=dict)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints of a failed example: how the file was made, not its bytes."""
        printer.text(f"TrueFile({len(self.content)} bytes, {self.suffix}, {self.facts})")


def header_numbers(
    rng: np.random.Generator, n_traces: int, modes: dict[str, Any]
) -> dict[str, list[int]]:
    """Header numbers: noise in the full width of each field where nothing else is said."""
    numbers: dict[str, list[int]] = {}
    for name, (_, code) in TRACE_FIELDS.items():
        top = {"i": 2**31, "h": 2**15, "H": 2**16}[code]
        low = 0 if code == "H" else -top
        numbers[name] = rng.integers(low, top, n_traces).tolist()
    for name in ("coordinate_scalar", "elevation_scalar"):
        chosen = modes[name]
        numbers[name] = (
            rng.choice(SCALARS, n_traces).tolist() if chosen == "varying" else [chosen] * n_traces
        )
    for name in ("coordinate_units", "delay_ms", "n_samples", "dt_us", "time_scalar"):
        numbers[name] = [modes[name]] * n_traces
    return numbers


def scaled(value: int, scalar: int) -> Fraction:
    if scalar == 0:
        return Fraction(value)
    return Fraction(value, -scalar) if scalar < 0 else Fraction(value * scalar)


def true_metres(numbers: dict[str, list[int]], foot: bool) -> dict[str, list[float]]:
    factor = _FOOT_M if foot else Fraction(1)
    metres = {}
    for names, scalar in ((POSITIONS, "coordinate_scalar"), (ELEVATIONS, "elevation_scalar")):
        for name in names:
            pairs = zip(numbers[name], numbers[scalar], strict=True)
            metres[name] = [float(factor * scaled(value, scale)) for value, scale in pairs]
    metres["offset"] = [float(factor * value) for value in numbers["offset"]]
    return metres


def trace_headers(
    rng: np.random.Generator, numbers: dict[str, list[int]], order: str, tail: bytes
) -> list[bytes]:
    n_traces = len(numbers["cdp"])
    headers = []
    for row in range(n_traces):
        header = bytearray(rng.integers(0, 256, HEADER_BYTES, dtype=np.uint8).tobytes())
        for name, (byte, code) in TRACE_FIELDS.items():
            struct.pack_into(order + code, header, byte - 1, numbers[name][row])
        if tail:
            header[-len(tail) :] = tail
        headers.append(bytes(header))
    return headers


def text_cards(rng: np.random.Generator, encoding: str, first: str) -> bytes:
    """40 cards of 80 bytes; the first begins with the given words."""
    cards = [f"C{number:2d} {first if number == 1 else ''}" for number in range(1, 41)]
    for at in rng.integers(1, 40, 5):
        letters = rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:()-"), 20)
        cards[at] += "".join(letters)
    raw = b"".join(card.encode(encoding).ljust(80, " ".encode(encoding)) for card in cards)
    assert len(raw) == TEXT_BYTES
    return raw
