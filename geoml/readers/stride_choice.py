"""How many samples a trace has and where traces start, where headers contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.source_file import SourceFile
from geoml.readers.trace_extension import SegExtension
from geoml.readers.trace_place import MOST_TRAILER_BYTES, TracePlace
from geoml.readers.trace_stride import TraceStride, agreement
from geoml.readers.unequal_traces import unequal_traces
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

# More samples a trace are advised by no message, and not more than these counts are tried.
_MOST_SAMPLES = 2**20
_MOST_TRIALS = 200


@dataclass(frozen=True)
class FileNumbers:
    """What a file says about its traces before they are looked for.

    Attributes:
        source: The file.
        byte_order: Byte order of its headers.
        sample_bytes: Bytes a sample.
        sample_counts: Samples a trace by the file header, the field that counts most first.
        n_traces: Traces by the file header, 0 where it does not say.
    """

    source: SourceFile
    byte_order: ByteOrder
    sample_bytes: int
    sample_counts: Sequence[int] = ()
    n_traces: int = 0


def settle_stride(
    numbers: FileNumbers, places: Iterable[TracePlace], options: IngestOptions
) -> tuple[TraceStride, list[Finding]]:
    """Where the traces are and how long, and what was contradictory about it.

    At every place where traces may be, the file header's sample counts and the first trace
    header's are tried. A count holds if it divides the place into whole traces, with something
    like trace headers where they should be. If none does, one that meets trace headers up to a
    cut last trace holds.

    Args:
        numbers: What the file says.
        places: Parts of the file that may hold the traces, the likeliest first.
        options: The user's decisions.

    Raises:
        OptionError: If the chosen count does not fit the file.
        FileFormatError: If no count fits it, or traces are not of equal length.
    """
    if options.samples is not None and options.samples < 1:
        raise OptionError(f"--samples {options.samples}: at least 1 sample is needed.")
    places = list(places)
    guesses = list(_guesses(numbers, places, options))
    # Traces where the file header puts text come first: no text passes for their headers.
    guesses.sort(key=lambda guess: guess[0].first_byte >= places[0].first_byte)
    for may_be_cut in (False, True):
        for place, strides in guesses:
            fitting = [one for one in strides if _fits(numbers, place, one, may_be_cut)]
            if fitting:
                # A multiple of the true length also meets headers, but not all of them.
                stride = min(fitting, key=lambda one: one.n_samples)
                return stride, _findings(numbers, place, stride, options)
    raise _refusal(numbers, places, options)


def first_trace_counts(numbers: FileNumbers, place: TracePlace) -> list[int]:
    """Samples by the first trace's headers, 0 left out, the field that counts most first."""
    source, at = numbers.source, place.first_byte
    headers_stop = at + HEADER_BYTES * (1 + place.n_extra_headers)
    if headers_stop > source.n_bytes:
        return []
    raw = source.read(at, min(headers_stop, at + 2 * HEADER_BYTES)).reshape(-1, HEADER_BYTES)
    counts = [int(HeaderTable(raw[:1], numbers.byte_order).column("n_samples")[0])]
    if len(raw) > 1:
        extension = SegExtension(raw[1:], numbers.byte_order)
        counts.insert(0, int(extension.column("n_samples")[0]))
    return [count for count in counts if count]


def _guesses(
    numbers: FileNumbers, places: Sequence[TracePlace], options: IngestOptions
) -> Iterator[tuple[TracePlace, list[TraceStride]]]:
    for place in places:
        chosen = [options.samples] if options.samples is not None else None
        counts = chosen or [*numbers.sample_counts, *first_trace_counts(numbers, place)]
        strides = [
            TraceStride(
                place.first_byte,
                place.stop_byte,
                place.n_extra_headers,
                count,
                numbers.sample_bytes,
            )
            for count in dict.fromkeys(counts)
        ]
        whole = [stride for stride in strides if stride.n_traces > 0]
        if numbers.n_traces:
            counted = [one.cut_after(numbers.n_traces) for one in whole if _may_end(numbers, one)]
            yield place, counted
        yield place, whole


def _may_end(numbers: FileNumbers, stride: TraceStride) -> bool:
    """Whether no trace follows those that the file header counts."""
    left = stride.stop_byte - stride.first_byte - numbers.n_traces * stride.trace_bytes
    if numbers.n_traces >= stride.n_traces or left > MOST_TRAILER_BYTES:
        return False
    after = stride.cut_after(numbers.n_traces + 1)
    two = np.array([0, numbers.n_traces])
    table = after.headers(numbers.source, two, numbers.byte_order)
    return any(len(set(table.column(name).tolist())) > 1 for name in ("n_samples", "dt_us"))


def _fits(numbers: FileNumbers, place: TracePlace, stride: TraceStride, may_be_cut: bool) -> bool:
    if stride.rest and not may_be_cut:
        return False
    against_header = bool(place.contradiction)
    said = agreement(numbers.source, stride, numbers.byte_order, strict=against_header)
    return said == "yes" if stride.rest or against_header else said != "no"


def _findings(
    numbers: FileNumbers, place: TracePlace, stride: TraceStride, options: IngestOptions
) -> list[Finding]:
    name = numbers.source.name
    found = []
    if place.contradiction:
        message = (
            f"{name}: the binary header is wrong where {place.contradiction}; the trace headers "
            f"show {stride.n_traces} traces from byte {stride.first_byte} to "
            f"{stride.stop_byte - stride.rest}."
        )
        found.append(Finding("warning", message))
    stated, in_trace = numbers.sample_counts, first_trace_counts(numbers, place)
    if options.samples is None and stated and in_trace and stated[0] != in_trace[0]:
        which = "binary" if stride.n_samples == stated[0] else "trace"
        message = (
            f"{name}: trace headers say {in_trace[0]} samples, the binary header {stated[0]}; "
            f"reading {stride.n_samples}, as the {which} header and the file size say."
        )
        found.append(Finding("warning", message, "--samples"))
    if numbers.n_traces not in (0, stride.n_traces):
        message = (
            f"{name}: the binary header counts {numbers.n_traces} traces, the file holds "
            f"{stride.n_traces}; reading these."
        )
        found.append(Finding("warning", message))
    if stride.rest:
        message = (
            f"{name}: truncated; reading {stride.n_traces} whole traces of {stride.n_samples} "
            f"samples and keeping the {stride.rest} bytes after them as they are."
        )
        found.append(Finding("warning", message, "--samples"))
    return found


def fitting_count(numbers: FileNumbers, place: TracePlace) -> int:
    """The smallest sample count with trace headers where it puts them, 0 where there is none.

    Only for advice: a file may meet a count by chance.
    """
    payload = place.stop_byte - place.first_byte
    header_bytes = HEADER_BYTES * (1 + place.n_extra_headers)
    most = min(_MOST_SAMPLES, (payload // 2 - header_bytes) // numbers.sample_bytes)
    counts = np.arange(1, most + 1)
    dividing = counts[payload % (header_bytes + counts * numbers.sample_bytes) == 0]
    for count in dividing[:_MOST_TRIALS]:
        stride = TraceStride(
            place.first_byte,
            place.stop_byte,
            place.n_extra_headers,
            int(count),
            numbers.sample_bytes,
        )
        if agreement(numbers.source, stride, numbers.byte_order) == "yes":
            return int(count)
    return 0


def _refusal(
    numbers: FileNumbers,
    places: Sequence[TracePlace],
    options: IngestOptions,
) -> FileFormatError | OptionError:
    name, place = numbers.source.name, places[0]
    stated, in_trace = numbers.sample_counts, first_trace_counts(numbers, place)
    count = options.samples or next(iter([*stated, *in_trace]), 0)
    trace_bytes = HEADER_BYTES * (1 + place.n_extra_headers) + count * numbers.sample_bytes
    n_traces = (place.stop_byte - place.first_byte) / trace_bytes
    if options.samples is not None:
        return OptionError(
            f"{name}: --samples {count} divides the file into {n_traces:.2f} traces; the headers "
            f"say {next(iter(stated), 0)} (binary) and {next(iter(in_trace), 0)} (trace)."
        )
    unequal = unequal_traces(
        numbers.source,
        place.first_byte,
        place.n_extra_headers,
        numbers.sample_bytes,
        numbers.byte_order,
    )
    if unequal:
        return FileFormatError(
            f"{name}: {unequal}; traces of equal length are needed. Split the file by trace "
            "length, or pad its traces, first."
        )
    fitting = fitting_count(numbers, place)
    advice = (
        f"Pass --samples {fitting}, which meets trace headers all over the file."
        if fitting
        else "Copy it again, or pass --samples if the headers are wrong."
    )
    if not count:
        return FileFormatError(f"{name}: both binary and trace headers say 0 samples. {advice}")
    if n_traces.is_integer():
        return FileFormatError(
            f"{name}: no trace headers stand where {count} samples a trace put them. {advice}"
        )
    return FileFormatError(
        f"{name}: {place.stop_byte - place.first_byte} bytes of traces make {n_traces:.2f} traces "
        f"of {count} samples: truncated, of unequal traces, or wrong headers. {advice}"
    )
