"""MDIO version 1 stores, laid out by hand with Zarr alone as the MDIO data model describes them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from geoml.readers.ingest import read_survey

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data" / "marine_line.sgy"

# Name and first byte, as in the SEG-Y reader that MDIO uses; a part of its revision 1 record.
FIELDS = {
    "orig_field_record_num": (9, "i4"),
    "trace_num_orig_record": (13, "i4"),
    "ensemble_num": (21, "i4"),
    "trace_id_code": (29, "i2"),
    "source_to_receiver_distance": (37, "i4"),
    "receiver_group_elevation": (41, "i4"),
    "source_surface_elevation": (45, "i4"),
    "source_depth_below_surface": (49, "i4"),
    "elevation_depth_scalar": (69, "i2"),
    "coordinate_scalar": (71, "i2"),
    "source_coord_x": (73, "i4"),
    "source_coord_y": (77, "i4"),
    "group_coord_x": (81, "i4"),
    "group_coord_y": (85, "i4"),
    "coordinate_unit": (89, "i2"),
    "delay_recording_time": (109, "i2"),
    "sample_interval": (117, "i2"),
    "inline": (189, "i4"),
    "crossline": (193, "i4"),
}

RECORD = np.dtype([(name, "<" + kind) for name, (_, kind) in FIELDS.items()])


def write_mdio(
    path: Path,
    samples: np.ndarray,
    *,
    dims: tuple[str, ...] = ("shot_point", "channel", "time"),
    mask: np.ndarray | None = None,
    chunks: tuple[int, ...] | None = None,
    headers: dict[str, Any] | None = None,
    coords: dict[str, tuple[tuple[str, ...], Any]] | None = None,
    axis: Any = None,
    length: str = "m",
    raw: np.ndarray | None = None,
    file_header: dict[str, Any] | None = None,
    version: str = "1.1.3",
    zarr_format: Any = 3,
    name: str = "amplitude",
) -> Path:
    """An MDIO store; grid points outside the mask hold the fill values that MDIO leaves there."""
    grid = samples.shape[:-1]
    mask = np.ones(grid, dtype=bool) if mask is None else mask
    chunks = chunks or samples.shape
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    group.attrs.update({"apiVersion": version, "createdOn": "2026-01-01", "name": "AnyTemplate"})
    group.attrs["attributes"] = {"gatherType": "any", "defaultVariableName": name}

    def put(name: str, values: Any, names: tuple[str, ...], **kept: Any) -> Any:
        dimensions = {"dimension_names": names} if zarr_format == 3 else {}
        array = group.create_array(
            name,
            shape=np.shape(values),
            dtype=np.asarray(values).dtype,
            chunks=kept.pop("chunks", np.shape(values)),
            fill_value=kept.pop("fill_value", None),
            **dimensions,
        )
        array[...] = values
        if zarr_format == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = list(names)
        array.attrs.update(kept)
        return array

    filled = np.where(mask[..., None], samples, np.nan).astype(np.float32)
    put(name, filled, dims, chunks=chunks, fill_value=np.nan)
    put("trace_mask", mask, dims[:-1], fill_value=False)
    ticks = 4 * np.arange(samples.shape[-1]) if axis is None else axis
    put(dims[-1], np.asarray(ticks, dtype=np.int32), dims[-1:])
    for coordinate, (names, values) in (coords or {}).items():
        put(coordinate, np.asarray(values), names, unitsV1={"length": length})
    if headers is not None:
        records = np.zeros(grid, dtype=RECORD)
        for field, values in headers.items():
            records[field] = np.where(mask, values, 0)
        put("headers", records, dims[:-1], chunks=chunks[:-1])
    if raw is not None:
        put("raw_headers", raw.reshape(*grid, 240).view("V240")[..., 0], dims[:-1])
    if file_header is not None:
        put("segy_file_header", np.array("", dtype="U1"), (), **file_header)
    return path


def two_shots(path: Path, **kept: Any) -> Path:
    """Shots 7 and 9 of three channels, the second one dead in shot 9; all traces different."""
    samples = np.arange(24.0).reshape(2, 3, 4)
    mask = np.array([[True, True, True], [True, False, True]])
    headers = {
        "orig_field_record_num": np.array([[7], [9]]),
        "trace_num_orig_record": np.array([[1, 2, 3]]),
        "coordinate_scalar": -10,
        "source_coord_x": np.array([[1000], [2000]]),
        "group_coord_x": np.array([[10, 20, 30], [40, 50, 60]]),
        "sample_interval": 4000,
        **kept.pop("headers", {}),
    }
    return write_mdio(path, samples, mask=mask, headers=headers, **kept)


def marine_mdio(path: Path, **kept: Any) -> Path:
    """The sample line in MDIO's layout, its header records and raw headers taken from the bytes."""
    survey = read_survey(SAMPLE)
    raw = survey["header_bytes"].values
    headers = {}
    for name, (byte, kind) in FIELDS.items():
        width = int(kind[1])
        column = np.ascontiguousarray(raw[:, byte - 1 : byte - 1 + width]).view(">" + kind)
        headers[name] = column.reshape(40, 48)
    text = survey.attrs["text_header"].splitlines()
    file_header = {
        "textHeader": "\n".join(line.ljust(80) for line in text),
        "binaryHeader": {"measurement_system_code": 1, "segy_revision_major": 1},
        "rawBinaryHeader": base64.b64encode(bytes.fromhex(survey.attrs["binary_header"])).decode(),
    }
    return write_mdio(
        path,
        survey["amplitude"].values.reshape(40, 48, 500),
        chunks=(16, 32, 500),
        headers=headers,
        raw=raw,
        file_header=file_header,
        **kept,
    )


def older_mdio(path: Path) -> Path:
    """What tells a store of MDIO version 0, and no more."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs.update({"api_version": "0.9.5", "created": "2024", "trace_count": 9})
    return path
