"""Whole SEG-Y and Seismic Unix files for Hypothesis, with what is truly in them.

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
from hypothesis import strategies as st
from numpy.typing import NDArray
from true_samples import FORMATS, sample_words, true_amplitude

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
_SCALARS = (0, 1, 10, 100, 1000, 10000, -1, -10, -100, -1000, -10000)
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


def _numbers(
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
            rng.choice(_SCALARS, n_traces).tolist() if chosen == "varying" else [chosen] * n_traces
        )
    for name in ("coordinate_units", "delay_ms", "n_samples", "dt_us", "time_scalar"):
        numbers[name] = [modes[name]] * n_traces
    return numbers


def _scaled(value: int, scalar: int) -> Fraction:
    if scalar == 0:
        return Fraction(value)
    return Fraction(value, -scalar) if scalar < 0 else Fraction(value * scalar)


def _metres(numbers: dict[str, list[int]], foot: bool) -> dict[str, list[float]]:
    factor = _FOOT_M if foot else Fraction(1)
    metres = {}
    for names, scalar in ((POSITIONS, "coordinate_scalar"), (ELEVATIONS, "elevation_scalar")):
        for name in names:
            pairs = zip(numbers[name], numbers[scalar], strict=True)
            metres[name] = [float(factor * _scaled(value, scale)) for value, scale in pairs]
    metres["offset"] = [float(factor * value) for value in numbers["offset"]]
    return metres


def _trace_headers(
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


def _text(rng: np.random.Generator, encoding: str, first: str) -> bytes:
    """40 cards of 80 bytes; the first begins with the given words."""
    cards = [f"C{number:2d} {first if number == 1 else ''}" for number in range(1, 41)]
    for at in rng.integers(1, 40, 5):
        letters = rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:()-"), 20)
        cards[at] += "".join(letters)
    raw = b"".join(card.encode(encoding).ljust(80, " ".encode(encoding)) for card in cards)
    assert len(raw) == TEXT_BYTES
    return raw


@st.composite
def segy_files(
    draw: st.DrawFn, formats: tuple[int, ...] = FORMATS, same_axis: bool = False
) -> TrueFile:
    """SEG-Y files that contradict themselves nowhere, so that every one has to be read right.

    Args:
        draw: Given by Hypothesis.
        formats: Sample formats to choose from.
        same_axis: Whether all files have 7 samples of 2 ms from 0 on, so that they fit together.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    order = draw(st.sampled_from([">", "<"]))
    major, minor = draw(st.sampled_from(REVISIONS))
    sample_format = draw(st.sampled_from(formats))
    encoding = draw(st.sampled_from(["cp037", "ascii", "utf-8"]))
    n_traces = draw(st.integers(1, 7))
    n_samples = 7 if same_axis else draw(st.integers(1, 20))
    foot = draw(st.booleans())
    n_extended = draw(st.sampled_from([0, 0, 0, 1, 2])) if major >= 1 else 0
    end_stanza = bool(n_extended) and draw(st.booleans())
    n_extra = draw(st.sampled_from([0, 0, 1, 2])) if major >= 2 else 0
    n_trailers = draw(st.sampled_from([0, 0, 1, 2])) if major >= 2 else 0
    intervals = [2000] if same_axis else [1, 250, 500, 1000, 2000, 4000, 20000, 32767]
    dt_us = draw(st.sampled_from(intervals))
    exact_dt_us = 0.0
    if major >= 2 and not same_axis:
        exact_dt_us = draw(st.sampled_from([0.0, 0.0, 62.5, 4000.0]))
    modes = {
        "coordinate_scalar": draw(st.sampled_from([*_SCALARS, 7, -3, "varying"])),
        "elevation_scalar": draw(st.sampled_from([*_SCALARS, "varying"])),
        "coordinate_units": draw(st.sampled_from([0, 1])),
        "delay_ms": 0 if same_axis else draw(st.sampled_from([0, 1, 96, -96, 32767, -32768])),
        "time_scalar": draw(st.sampled_from([0, 1, 10, -10, -1000])),
        "n_samples": draw(st.sampled_from([n_samples, n_samples, 0])),
        "dt_us": draw(st.sampled_from([dt_us, dt_us, 0])) if not exact_dt_us else 0,
    }
    words = sample_words(
        rng, (n_traces, n_samples), sample_format, order, draw(st.sampled_from([0, 0.2, 0.9]))
    )
    trace_bytes = HEADER_BYTES * (1 + n_extra) + words.shape[1]
    cut = draw(st.sampled_from([0, 0, 1])) * (n_traces > 2 and not n_trailers)
    n_cut = draw(st.integers(1, trace_bytes - 1)) if cut else 0

    first = draw(st.sampled_from(["LINE 7", "CLIENT GEO; AREA NORTH"]))
    if encoding == "utf-8":
        first += " SØR-ÅSEN 東"
    text = _text(rng, encoding, first)
    extended = [_text(rng, encoding, f"EXTENDED {number}") for number in range(n_extended)]
    if end_stanza:
        extended[-1] = _text(rng, encoding, END_STANZA)

    binary = bytearray(BINARY_BYTES)
    stated = -1 if end_stanza else n_extended
    wide_only = bool(major >= 2 and draw(st.booleans()))
    fields: dict[int, tuple[str, Any]] = {
        3217: ("h", dt_us),
        3221: ("H", 0 if wide_only else n_samples),
        3225: ("h", sample_format),
        3255: ("h", 2 if foot else draw(st.sampled_from([0, 1]))),
        3505: ("h", stated),
    }
    if major == 1:
        fields[3501] = ("H", draw(st.sampled_from([0x0100, 1])))
    if major >= 2:
        fields |= {
            3269: ("I", n_samples if wide_only else draw(st.sampled_from([0, n_samples]))),
            3273: ("d", exact_dt_us),
            3297: ("I", draw(st.sampled_from([0x01020304, 0])) if order == ">" else 0x01020304),
            3501: ("B", major),
            3502: ("B", minor),
            3503: ("h", 1),
            3507: ("i", n_extra),
            3513: ("Q", draw(st.sampled_from([0, n_traces])) if not n_cut else 0),
            3521: ("Q", draw(st.sampled_from([0, 3600 + TEXT_BYTES * n_extended]))),
            3529: ("i", n_trailers),
        }
    for byte, (code, value) in fields.items():
        struct.pack_into(order + code, binary, byte - 1 - TEXT_BYTES, value)

    numbers = _numbers(rng, n_traces + bool(n_cut), modes)
    headers = _trace_headers(rng, numbers, order, b"SEG00000" if major >= 2 else b"")
    extensions = [_extensions(rng, n_extra) for _ in headers]
    if n_cut:
        last = np.concatenate([words, words])[:1].tobytes()
        trailing = (headers.pop() + extensions.pop() + last)[:n_cut]
        numbers = {name: values[:-1] for name, values in numbers.items()}
    else:
        trailing = b"".join(_text(rng, encoding, f"TRAILER {n}") for n in range(n_trailers))
    content = text + bytes(binary) + b"".join(extended)
    for header, extension, raw in zip(headers, extensions, words, strict=True):
        content += header + extension + raw.tobytes()
    scale = modes["time_scalar"] if major >= 1 else 0
    return TrueFile(
        content=content + trailing,
        suffix=".sgy",
        byte_order="big" if order == ">" else "little",
        sample_format=sample_format,
        amplitude=true_amplitude(words, sample_format, order),
        numbers={name: numbers[name] for name in NUMBERS},
        metres=_metres(numbers, foot),
        dt_s=(exact_dt_us or dt_us) * 1e-6,
        start_s=float(_scaled(modes["delay_ms"], scale) / 1000),
        text=f"C 1 {first}",
        extension=b"".join(extensions),
        trailing=trailing,
        facts={
            "format": sample_format,
            "order": order,
            "revision": (major, minor),
            "text": encoding,
            "traces": n_traces,
            "samples": n_samples,
            "extended": stated,
            "extra": n_extra,
            "trailers": n_trailers,
            "cut": n_cut,
            "foot": foot,
            **modes,
        },
    )


@st.composite
def su_files(draw: st.DrawFn) -> TrueFile:
    """Seismic Unix files of either byte order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    order = draw(st.sampled_from([">", "<"]))
    n_traces, n_samples = draw(st.integers(1, 7)), draw(st.integers(1, 20))
    modes = {
        "coordinate_scalar": draw(st.sampled_from([*_SCALARS, "varying"])),
        "elevation_scalar": draw(st.sampled_from(_SCALARS)),
        "coordinate_units": draw(st.sampled_from([0, 1])),
        "delay_ms": draw(st.sampled_from([0, 0, -96, 500])),
        "time_scalar": draw(st.sampled_from([0, 77])),
        "n_samples": n_samples,
        "dt_us": draw(st.sampled_from([1, 2000, 4000, 32767])),
    }
    words = sample_words(rng, (n_traces, n_samples), 5, order, draw(st.sampled_from([0, 0.2])))
    numbers = _numbers(rng, n_traces, modes)
    headers = _trace_headers(rng, numbers, order, b"")
    known = {name: numbers[name] for name in NUMBERS if name not in ("inline", "crossline")}
    return TrueFile(
        content=b"".join(
            header + raw.tobytes() for header, raw in zip(headers, words, strict=True)
        ),
        suffix=".su",
        byte_order="big" if order == ">" else "little",
        sample_format=5,
        amplitude=true_amplitude(words, 5, order),
        numbers=known,
        metres=_metres(numbers, foot=False),
        dt_s=modes["dt_us"] * 1e-6,
        start_s=modes["delay_ms"] / 1000,
        facts={"order": order, "traces": n_traces, "samples": n_samples, **modes},
    )


def trace_files() -> st.SearchStrategy[TrueFile]:
    """SEG-Y five times in six, else Seismic Unix."""
    return st.integers(0, 5).flatmap(lambda kind: segy_files() if kind else su_files())


def _extensions(rng: np.random.Generator, n_extra: int) -> bytes:
    """Additional trace headers: the first as revision 2 defines it, the others a company's own."""
    headers = b""
    for number in range(n_extra):
        noise = rng.integers(0, 256, HEADER_BYTES, dtype=np.uint8).tobytes()
        # Bytes 1-156 of the first would overrule the trace header; zeros say nothing.
        own = bytes(160) + noise[160:232] if number == 0 else noise[:232]
        headers += own + (b"SEG00001" if number == 0 else b"GEO00001")
    return headers
