"""Header numbers to metres and seconds: scalars, feet, recording delay, sample interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.survey.header_scalar import scaled

FOOT_M = 0.3048
_POWERS_OF_TEN = (0, 1, 10, 100, 1000, 10000)
_MOST_NAMED = 4
_METRES = 1
_EASTINGS = ("source_x", "receiver_x")


def scalar_findings(reader: Reader, name: str, scaled_fields: Sequence[str]) -> list[Finding]:
    """Warnings where a scalar is no power of ten, as the standard asks, or changes between traces.

    Args:
        reader: The opened file.
        name: Header field of the scalar.
        scaled_fields: Header fields it applies to; traces that have 0 in all of them do not count.
    """
    scalar = reader.headers.column(name)
    what = name.replace("_", " ")
    found = []
    odd = ~np.isin(np.abs(scalar), _POWERS_OF_TEN)
    if odd.any():
        message = (
            f"{reader.name}: {int(odd.sum())} traces have the {what} {int(scalar[odd][0])}, not a "
            "power of ten up to 10000; applying it as it stands."
        )
        found.append(Finding("warning", message))
    if (scalar == scalar[0]).all():
        return found
    used = np.zeros(scalar.size, dtype=np.bool_)
    for field in scaled_fields:
        used |= reader.headers.column(field) != 0
    # 0, 1 and -1 all leave a number as it is.
    values, counts = np.unique(np.where(np.abs(scalar) <= 1, 1, scalar)[used], return_counts=True)
    if values.size > 1:
        order = np.argsort(-counts)[:_MOST_NAMED]
        each = ", ".join(f"{values[at]} on {counts[at]} traces" for at in order)
        more = f" and {values.size - order.size} more" if values.size > order.size else ""
        message = (
            f"{reader.name}: the {what} changes from trace to trace: {each}{more}; each trace is "
            "read by its own."
        )
        advice = "Pass --geometry if positions come out wrong."
        found.append(Finding("warning", message, "--geometry", advice))
    return found


def length_factor(reader: Reader, options: IngestOptions) -> tuple[float, list[Finding]]:
    """Metres in a length unit of the file, and what was noticed about the unit.

    Raises:
        OptionError: If the chosen unit is none.
    """
    if options.coordinate_unit is not None:
        if options.coordinate_unit not in ("m", "ft"):
            raise OptionError(
                f"Coordinate unit '{options.coordinate_unit}' is unknown; 'm' or 'ft' is needed."
            )
        return (FOOT_M if options.coordinate_unit == "ft" else 1.0), []
    if reader.in_feet:
        message = f"{reader.name}: lengths are in feet; stored in metres."
        return FOOT_M, [Finding("info", message, "--unit")]
    says_metres = reader.file_attrs()["measurement_system"] == _METRES
    has_positions = any(reader.headers.column(name).any() for name in _EASTINGS)
    if says_metres or not has_positions:
        return 1.0, []
    message = f"{reader.name}: does not say whether lengths are metres or feet; reading metres."
    return 1.0, [Finding("info", message, "--unit")]


def sample_interval(reader: Reader, options: IngestOptions) -> tuple[float, list[Finding]]:
    """Sample interval [s], and what was contradictory about it.

    Raises:
        OptionError: If the chosen interval is not positive.
        FileFormatError: If no header gives a positive one.
    """
    if options.dt_s is not None:
        if not options.dt_s > 0:
            raise OptionError(f"--dt-s {options.dt_s}: a sample interval above 0 s is needed.")
        return options.dt_s, []
    name = reader.name
    trace_us, counts = np.unique(reader.headers.column("dt_us"), return_counts=True)
    commonest_us = float(trace_us[np.argmax(counts)])
    usable = [value for value in (reader.dt_us, commonest_us) if value > 0]
    if not usable:
        raise FileFormatError(
            f"{name}: the sample interval is {reader.dt_us:g} us in the file header and "
            f"{commonest_us:g} us in the trace headers; above 0 is needed. Pass --dt-s."
        )
    findings = []
    if trace_us.size > 1:
        message = (
            f"{name}: trace headers give {trace_us.size} sample intervals from {trace_us[0]} to "
            f"{trace_us[-1]} us; reading {usable[0]:g} us for all."
        )
        findings.append(Finding("warning", message, "--dt-s"))
    elif commonest_us not in (0, usable[0]) or reader.dt_us < 0:
        message = (
            f"{name}: the sample interval is {reader.dt_us:g} us in the file header and "
            f"{commonest_us:g} us in the trace headers; reading {usable[0]:g} us."
        )
        findings.append(Finding("warning", message, "--dt-s"))
    return usable[0] * 1e-6, findings


def recording_delay(reader: Reader, dt_s: float) -> tuple[float, list[Finding]]:
    """Time of the first sample [s], and what was odd about it.

    Args:
        reader: The opened file.
        dt_s: Sample interval [s].

    Raises:
        FileFormatError: If it differs between traces.
    """
    delay = reader.headers.column("delay_ms")
    scalar = np.zeros_like(delay)
    if reader.has_time_scalar:
        scalar = reader.headers.column("time_scalar")
    findings = []
    odd = ~np.isin(np.abs(scalar), _POWERS_OF_TEN)
    if odd.any() and delay.any():
        message = (
            f"{reader.name}: time scalar {int(scalar[odd][0])} is no power of ten; "
            "reading delays as milliseconds."
        )
        findings.append(Finding("warning", message))
    delay_ms = scaled(delay, np.where(odd, 0, scalar))
    if np.ptp(delay_ms) > 0:
        raise FileFormatError(_about_delays(reader.name, delay_ms, dt_s))
    if delay_ms[0] != 0:
        message = f"{reader.name}: recording starts at {delay_ms[0]:g} ms."
        findings.append(Finding("info", message))
    return float(delay_ms[0]) * 1e-3, findings


def _about_delays(name: str, delay_ms: NDArray[np.float64], dt_s: float) -> str:
    values, counts = np.unique(delay_ms, return_counts=True)
    each = ", ".join(
        f"{value:g} ms on {count} traces"
        for value, count in zip(values[:_MOST_NAMED], counts[:_MOST_NAMED], strict=True)
    )
    more = f" and {values.size - _MOST_NAMED} more" if values.size > _MOST_NAMED else ""
    samples = 1e-3 * (values - values[0]) / dt_s
    whole = np.abs(samples - np.rint(samples)).max() < 1e-3
    apart = "whole samples apart" if whole else "not whole samples apart"
    shift = "pad each trace to the first delay" if whole else "resample each trace to one time axis"
    return (
        f"{name}: recording delays go from {values[0]:g} to {values[-1]:g} ms ({each}{more}), "
        f"{apart}; one time axis is needed, and no "
        f"option gives it. Split the file by delay (trace header bytes 109-110), or {shift}."
    )
