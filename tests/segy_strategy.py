"""Whole SEG-Y and Seismic Unix files for Hypothesis, with what is truly in them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from hypothesis import strategies as st
from true_samples import FORMATS, sample_words, true_amplitude
from true_segy import (
    BINARY_BYTES,
    END_STANZA,
    HEADER_BYTES,
    NUMBERS,
    REVISIONS,
    SCALARS,
    TEXT_BYTES,
    TrueFile,
    header_numbers,
    scaled,
    text_cards,
    trace_headers,
    true_metres,
)


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
        "coordinate_scalar": draw(st.sampled_from([*SCALARS, 7, -3, "varying"])),
        "elevation_scalar": draw(st.sampled_from([*SCALARS, "varying"])),
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
    text = text_cards(rng, encoding, first)
    extended = [text_cards(rng, encoding, f"EXTENDED {number}") for number in range(n_extended)]
    if end_stanza:
        extended[-1] = text_cards(rng, encoding, END_STANZA)

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

    numbers = header_numbers(rng, n_traces + bool(n_cut), modes)
    headers = trace_headers(rng, numbers, order, b"SEG00000" if major >= 2 else b"")
    extensions = [_extensions(rng, n_extra) for _ in headers]
    if n_cut:
        last = np.concatenate([words, words])[:1].tobytes()
        trailing = (headers.pop() + extensions.pop() + last)[:n_cut]
        numbers = {name: values[:-1] for name, values in numbers.items()}
    else:
        trailing = b"".join(text_cards(rng, encoding, f"TRAILER {n}") for n in range(n_trailers))
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
        metres=true_metres(numbers, foot),
        dt_s=(exact_dt_us or dt_us) * 1e-6,
        start_s=float(scaled(modes["delay_ms"], scale) / 1000),
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
        "coordinate_scalar": draw(st.sampled_from([*SCALARS, "varying"])),
        "elevation_scalar": draw(st.sampled_from(SCALARS)),
        "coordinate_units": draw(st.sampled_from([0, 1])),
        "delay_ms": draw(st.sampled_from([0, 0, -96, 500])),
        "time_scalar": draw(st.sampled_from([0, 77])),
        "n_samples": n_samples,
        "dt_us": draw(st.sampled_from([1, 2000, 4000, 32767])),
    }
    words = sample_words(rng, (n_traces, n_samples), 5, order, draw(st.sampled_from([0, 0.2])))
    numbers = header_numbers(rng, n_traces, modes)
    headers = trace_headers(rng, numbers, order, b"")
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
        metres=true_metres(numbers, foot=False),
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
