"""MDIO version 1 stores as surveys, read with Zarr alone."""

from __future__ import annotations

import base64
import logging
import os
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import StoreError
from geoml.survey.location import AnyPath, base_name
from geoml.survey.mdio_columns import trace_columns, trace_variables
from geoml.survey.mdio_group import MdioGroup, mdio_attrs, open_group
from geoml.survey.mdio_traces import lazy_header_bytes, lazy_samples
from geoml.survey.mdio_units import position_units
from geoml.survey.schema import STORE_VERSION, TRACE_VARIABLES
from geoml.survey.store_files import history_line, plain_json
from geoml.survey.store_writer import chunk_traces

logger = logging.getLogger(__name__)

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "": 1e-3}
_TEXT_LINES, _TEXT_COLUMNS = 40, 80


def is_mdio(path: AnyPath) -> bool:
    """Whether a store was written by MDIO, of whichever version."""
    return mdio_attrs(path) is not None


def open_mdio(path: AnyPath) -> xr.Dataset:
    """An MDIO version 1 store as a survey whose samples are read when they are used.

    The grid becomes a table of its live traces, the last axis fastest. Positions come from the
    trace headers, each with its own scalar, and from the coordinates where there are no headers:
    MDIO scales every coordinate by the first trace's scalar, and cuts its time axis to whole
    milliseconds. Where the headers were kept as bytes, the survey exports to SEG-Y with them, in
    the order of the grid and with the text header in EBCDIC.

    Args:
        path: The store, a folder or an fsspec URL.

    Returns:
        Dataset of dims (trace, time). Samples over depth keep the axis that their SEG-Y gives them,
        a metre for a millisecond, and ``attrs["vertical_axis"]`` says "depth". What was noticed
        stands in ``attrs["findings"]``; missing samples are logged as well.

    Raises:
        StoreError: If it is no MDIO store, of another version, or lacks what a survey needs.
    """
    mdio = open_group(path)
    columns = trace_columns(mdio)
    units = position_units(mdio, columns)
    time, recorded, about_time = _time_axis(mdio, columns)
    missing = _missing_samples(mdio)
    findings = [*units.findings, *about_time, *missing]
    variables = trace_variables(mdio, columns, units)
    survey = xr.Dataset(
        {
            "amplitude": (("trace", "time"), lazy_samples(mdio)),
            **{
                name: ("trace", variables[name].astype(kind.dtype), _variable_attrs(name))
                for name, kind in TRACE_VARIABLES.items()
            },
        },
        coords={"time": ("time", time, {"units": "s", "long_name": "time after the shot"})},
    )
    headers = lazy_header_bytes(mdio)
    if headers is not None:
        survey["header_bytes"] = (("trace", "header_byte"), headers)
    for finding in missing:
        logger.warning("%s", finding)
    survey.attrs = {
        **_attrs(mdio, headers is not None),
        **recorded,
        "coordinate_factor_m": units.factor,
        "positions_from": "headers",
        "traces_per_gather": chunk_traces(variables["field_record"].astype(np.int64), time.size),
        "findings": findings,
    }
    if units.plane is not None:
        origin = [units.plane.longitude_deg, units.plane.latitude_deg]
        survey.attrs.update(coordinate_origin_deg=origin, coordinate_units=units.units_code)
    return survey


def _time_axis(
    mdio: MdioGroup, columns: dict[str, NDArray[Any]]
) -> tuple[NDArray[np.float64], dict[str, Any], list[str]]:
    """Time of each sample [s], what the file recorded, and what was odd."""
    n_samples = int(mdio.samples.shape[-1])
    stored = mdio.array(mdio.dims[-1])
    ticks = np.arange(n_samples) if stored is None else np.asarray(stored[...], dtype=np.float64)
    unit = mdio.time_unit()
    if unit not in _SECONDS:
        raise StoreError(
            f"{os.fspath(mdio.path)}: a time axis in '{unit}'; one of s, ms, us, ns is needed."
        )
    tick_s = _SECONDS[unit]
    start_s = float(ticks[0]) * tick_s
    dt_s = float(ticks[-1] - ticks[0]) / max(1, n_samples - 1) * tick_s
    header_dt_s = _commonest(columns.get("dt_us")) * 1e-6
    findings = []
    steps = np.diff(ticks)
    if header_dt_s > 0 and (dt_s <= 0 or np.ptp(steps) > 0):
        # Cut to whole ticks: the headers know the interval.
        exact = ticks[0] + np.arange(n_samples) * (header_dt_s / tick_s)
        if np.abs(exact - ticks).max() <= 1:
            dt_s = header_dt_s
            findings = [
                f"{base_name(mdio.path)}: the {mdio.dims[-1]} axis is cut to whole milliseconds; "
                f"reading the trace headers' {1e3 * dt_s:g} ms."
            ] * int(n_samples > 1)
    if not dt_s > 0:
        raise StoreError(
            f"{os.fspath(mdio.path)}: the {mdio.dims[-1]} axis goes from {ticks[0]:g} to "
            f"{ticks[-1]:g} and the headers hold no interval; ingest the SEG-Y with --dt-s."
        )
    if start_s == 0:
        start_s = _commonest(columns.get("delay_ms")) * 1e-3
    if mdio.dims[-1] == "depth":
        findings.append(
            f"{base_name(mdio.path)}: samples are over depth; a metre stands as a millisecond."
        )
    recorded: dict[str, Any] = {
        "recorded_samples": n_samples,
        "recorded_dt_s": dt_s,
        "recorded_start_s": start_s,
        "vertical_axis": mdio.dims[-1],
    }
    time = start_s + dt_s * np.arange(n_samples, dtype=np.float64)
    return time, recorded, findings


def _missing_samples(mdio: MdioGroup) -> list[str]:
    missing = int(mdio.traces_without_samples().sum())
    if not missing:
        return []
    return [
        f"{base_name(mdio.path)}: {missing} of {mdio.live.size} live traces lack samples, which "
        "read as NaN: the ingest into MDIO did not finish. Ingest the SEG-Y itself."
    ]


def _commonest(column: NDArray[Any] | None) -> float:
    if column is None:
        return 0.0
    values, counts = np.unique(column, return_counts=True)
    return float(values[np.argmax(counts)])


def _variable_attrs(name: str) -> dict[str, str]:
    kind = TRACE_VARIABLES[name]
    return {"long_name": kind.meaning, **({"units": kind.units} if kind.units else {})}


def _attrs(mdio: MdioGroup, has_header_bytes: bool) -> dict[str, Any]:
    kept = mdio.file_header()
    text = str(kept.get("textHeader", ""))
    fields: dict[str, Any] = kept.get("binaryHeader") or {}
    raw = base64.b64decode(kept.get("rawBinaryHeader", ""))
    attrs: dict[str, Any] = {
        "store_version": STORE_VERSION,
        "complete": True,
        "file_type": "mdio",
        "source_file": base_name(mdio.path),
        "mdio_version": str(mdio.attrs["apiVersion"]),
        "mdio_template": str(mdio.attrs.get("name", "")),
        "mdio_dims": list(mdio.dims),
        "text_header": text,
        "binary_header_fields": fields,
        "measurement_system": int(fields.get("measurement_system_code", 0)),
        "revision": int(fields.get("segy_revision_major", 0)),
        "history": [history_line("open_mdio", {"store": base_name(mdio.path)}, __version__)],
        "steps": [],
    }
    lines = text.splitlines()
    if has_header_bytes and len(raw) == 400 and len(lines) == _TEXT_LINES:
        attrs |= {
            "file_type": "segy",
            "text_header_hex": "".join(
                line[:_TEXT_COLUMNS].ljust(_TEXT_COLUMNS).encode("cp037", "replace").hex()
                for line in lines
            ),
            "binary_header": raw.hex(),
            **_sample_format(raw),
        }
    return dict(plain_json(attrs))


def _sample_format(binary_header: bytes) -> dict[str, Any]:
    big = int.from_bytes(binary_header[24:26], "big")
    # A code is below 256, so that only one order gives a known one.
    if big < 256:
        return {"byte_order": "big", "sample_format": big}
    return {
        "byte_order": "little",
        "sample_format": int.from_bytes(binary_header[24:26], "little"),
    }
