"""Names, types and units of a survey's variables; the one place that spells them."""

from __future__ import annotations

from dataclasses import dataclass

STORE_VERSION = "2"
TRACES_SHARD_FACTOR = 16  # a shard holds this many chunks, a chunk one gather


@dataclass(frozen=True)
class TraceVariable:
    """One value a trace.

    Attributes:
        dtype: NumPy type name.
        units: Unit, empty for a number without one.
        meaning: One line.
    """

    dtype: str
    units: str
    meaning: str


TRACE_VARIABLES: dict[str, TraceVariable] = {
    "source_x": TraceVariable("float64", "m", "source easting"),
    "source_y": TraceVariable("float64", "m", "source northing"),
    "receiver_x": TraceVariable("float64", "m", "receiver easting"),
    "receiver_y": TraceVariable("float64", "m", "receiver northing"),
    "offset": TraceVariable("float64", "m", "signed source-receiver distance as in the header"),
    "source_elevation": TraceVariable("float64", "m", "surface elevation at the source, up"),
    "source_depth": TraceVariable("float64", "m", "source depth below surface, down"),
    "receiver_elevation": TraceVariable("float64", "m", "receiver elevation, up"),
    "field_record": TraceVariable("int32", "", "field record number"),
    "trace_in_record": TraceVariable("int32", "", "trace number within the field record"),
    "cdp": TraceVariable("int32", "", "common depth point number"),
    "inline": TraceVariable("int32", "", "3-D inline number"),
    "crossline": TraceVariable("int32", "", "3-D crossline number"),
    "trace_kind": TraceVariable("int32", "", "trace identification code: 1 live, 2 dead, 3 dummy"),
}
"""Variables of dims (trace) that every survey has."""

OPTIONAL_TRACE_VARIABLES: dict[str, TraceVariable] = {
    "live": TraceVariable("bool", "", "False where an editing step killed the trace"),
    "first_break": TraceVariable("float64", "s", "picked first-arrival time, NaN where none"),
    "static": TraceVariable("float64", "s", "static correction, added to the times of the trace"),
    "uphole_time": TraceVariable("float64", "s", "time up the shot hole, at the receiver's place"),
    "uphole_depth": TraceVariable("float64", "m", "depth of that hole, at the receiver's place"),
    "fold": TraceVariable("int32", "", "live traces that a stacked trace was made of"),
    "bad_trace_reason": TraceVariable(
        "int32",
        "",
        "why a trace is bad: 0 ok, 1 dead, 2 spike, 3 mono-frequency, 4 reversed, 5 noisy, 6 NaN",
    ),
}
"""Variables of dims (trace) that a step may add; they travel with the survey."""

SOURCE_TRACE_VARIABLES: dict[str, TraceVariable] = {
    "source_file": TraceVariable("int32", "", "which of the ingested files the trace is from"),
    "source_trace": TraceVariable("int64", "", "place of the trace in the ingested files, from 0"),
}
"""Variables of dims (trace) where several files were ingested, or traces re-ordered."""

TRACE_BYTES = ("header_bytes", "extension_bytes", "sample_bytes")
"""Untouched bytes of dims (trace, ...), as far as a survey has them; see ``SurveyWriter``."""
