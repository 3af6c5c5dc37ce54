"""Header numbers to metres and seconds: scalars, feet, recording delay, sample interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, GeometryError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader

FOOT_M = 0.3048
_POWERS_OF_TEN = (0, 1, 10, 100, 1000, 10000)
# Coordinate units of the standard: 2 seconds of arc, 3 decimal degrees, 4 degrees-minutes-seconds.
_UNITS_A_DEGREE = {2: 3600.0, 3: 1.0, 4: 1e4}

Floats = NDArray[np.float64]


def scaled(values: NDArray[np.int64], scalar: NDArray[np.int64]) -> Floats:
    """Values with the standard's scalar applied: multiply by a positive, divide by a negative.

    Args:
        values: Header numbers, shape (trace,).
        scalar: Scalar of each trace, 0 means none, shape (trace,).
    """
    size = np.where(scalar == 0, 1, np.abs(scalar)).astype(np.float64)
    return np.where(scalar < 0, values / size, values * size)


def unusual_scalars(reader: Reader, name: str) -> list[Finding]:
    """A warning where a scalar is no power of ten, as the standard asks."""
    scalar = reader.headers.column(name)
    odd = ~np.isin(np.abs(scalar), _POWERS_OF_TEN)
    if not odd.any():
        return []
    what = name.replace("_", " ")
    message = (
        f"{reader.name}: {int(odd.sum())} traces have the {what} {int(scalar[odd][0])}, not a "
        "power of ten up to 10000; applying it as it stands."
    )
    return [Finding("warning", message)]


def length_factor(reader: Reader, options: IngestOptions) -> tuple[float, list[Finding]]:
    """Metres in a length unit of the file, and what was noticed about the unit.

    Raises:
        OptionError: If the chosen unit is none.
        GeometryError: If the coordinates are angles.
    """
    if options.coordinate_unit is not None:
        if options.coordinate_unit not in ("m", "ft"):
            raise OptionError(
                f"Coordinate unit '{options.coordinate_unit}' is unknown; 'm' or 'ft' is needed."
            )
        return (FOOT_M if options.coordinate_unit == "ft" else 1.0), []
    findings = []
    if options.geometry is None:
        findings += _refuse_angles(reader)
    if not reader.in_feet:
        return 1.0, findings
    message = f"{reader.name}: lengths are in feet; stored in metres."
    return FOOT_M, [*findings, Finding("info", message, "--unit")]


def _refuse_angles(reader: Reader) -> list[Finding]:
    units = reader.headers.column("coordinate_units")
    code = int(np.bincount(np.clip(units, 0, 5)).argmax())
    if code not in _UNITS_A_DEGREE:
        return []
    scalar = reader.headers.column("coordinate_scalar")
    farthest = {
        axis: max(
            float(np.abs(scaled(reader.headers.column(f"{who}_{axis}"), scalar)).max())
            for who in ("source", "receiver")
        )
        / _UNITS_A_DEGREE[code]
        for axis in ("x", "y")
    }
    if farthest["x"] == 0 and farthest["y"] == 0:
        return []
    name = reader.name
    if farthest["x"] <= 180 and farthest["y"] <= 90:
        raise GeometryError(
            f"{name}: coordinates are angles (units code {code}), up to {farthest['x']:.4f} and "
            f"{farthest['y']:.4f} degrees; metres are needed. Pass --geometry with projected "
            "positions, or --unit m if the code is wrong."
        )
    message = (
        f"{name}: coordinates are marked as angles (units code {code}) but reach "
        f"{max(farthest.values()):.0f} degrees; reading them as lengths."
    )
    return [Finding("warning", message, "--unit")]


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


def recording_delay(reader: Reader) -> tuple[float, list[Finding]]:
    """Time of the first sample [s], and what was odd about it.

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
        raise FileFormatError(
            f"{reader.name}: recording delays go from {delay_ms.min():g} to "
            f"{delay_ms.max():g} ms; one time axis is needed. Split the file by delay."
        )
    if delay_ms[0] != 0:
        message = f"{reader.name}: recording starts at {delay_ms[0]:g} ms."
        findings.append(Finding("info", message))
    return float(delay_ms[0]) * 1e-3, findings
