"""A block of a survey's traces as the bytes that a SEG-Y file holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import StoreError
from geoml.products.byte_swap import swapped_trace_headers, swapped_words
from geoml.products.segy_plan import IEEE, FilePlan
from geoml.survey.sample_format import SAMPLE_FORMATS, decode, encode
from geoml.survey.trace_header import HEADER_BYTES, HeaderTable

_SCALED_COLUMNS = {
    "coordinate_scalar": ("source_x", "source_y", "receiver_x", "receiver_y"),
    "elevation_scalar": ("source_elevation", "source_depth", "receiver_elevation"),
}
_PLAIN_COLUMNS = ("field_record", "trace_in_record", "cdp", "inline", "crossline", "trace_kind")
_CENTIMETRES = -100
_PIECE_BYTES = 2**20
_READ = (
    *_PLAIN_COLUMNS,
    *(name for columns in _SCALED_COLUMNS.values() for name in columns),
    "offset",
    "amplitude",
    "header_bytes",
    "extension_bytes",
    "sample_bytes",
)


def read_block(survey: xr.Dataset, start: int, stop: int) -> xr.Dataset:
    """A run of traces with all that a file may need of them, in memory.

    Raises:
        StoreError: If the store that they are read from is damaged.
    """
    block = survey[[name for name in _READ if name in survey]].isel(trace=slice(start, stop))
    try:
        # Blocks run side by side already: more threads a block would only take more memory.
        return block.compute(scheduler="synchronous")
    except (ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(
            f"Traces {start} to {stop - 1} cannot be read back ({reason}). Look with: geoml verify"
        ) from None


def trace_records(block: xr.Dataset, plan: FilePlan) -> NDArray[np.uint8]:
    """Headers and samples of a block as they stand in the file, shape (trace, byte).

    Args:
        block: Dataset of dims (trace, time), all its traces of the plan's file.
        plan: The file.

    Raises:
        FileFormatError: If a position or a sample does not fit its field.
    """
    samples_at = HEADER_BYTES + plan.n_extension
    records = np.empty((block.sizes["trace"], plan.trace_bytes), dtype=np.uint8)
    headers = _trace_headers(block, plan).header_bytes
    if plan.byte_order != plan.made_in:
        headers = swapped_trace_headers(headers, su=not plan.file_header)
    records[:, :HEADER_BYTES] = headers
    if plan.n_extension:
        records[:, HEADER_BYTES:samples_at] = block["extension_bytes"].values[:, : plan.n_extension]
    # Encoding takes several times the room of what it encodes: a few traces at a time.
    step = max(1, _PIECE_BYTES // plan.trace_bytes)
    for start in range(0, len(records), step):
        piece = slice(start, start + step)
        records[piece, samples_at:] = _samples(block, plan, piece)
    return records


def _trace_headers(block: xr.Dataset, plan: FilePlan) -> HeaderTable:
    if plan.headers_as_read:
        table = HeaderTable(np.asarray(block["header_bytes"].values), plan.made_in)
    else:
        table = _new_trace_headers(block)
    if not plan.retimed:
        return table
    n_samples, dt_us, delay_ms = plan.time.in_headers()
    table = table.with_column("n_samples", n_samples).with_column("dt_us", dt_us)
    if plan.headers_as_read and int(plan.part.attrs.get("revision", 0)) >= 1:
        table = table.with_column("time_scalar", 0)
    return table.with_column("delay_ms", delay_ms)


def _new_trace_headers(block: xr.Dataset) -> HeaderTable:
    table = HeaderTable(np.zeros((block.sizes["trace"], HEADER_BYTES), dtype=np.uint8), "big")
    for name in _PLAIN_COLUMNS:
        table = table.with_column(name, block[name].values.astype(np.int64))
    table = table.with_column("offset", _rounded(block["offset"].values))
    table = table.with_column("coordinate_units", 1)
    for scalar, columns in _SCALED_COLUMNS.items():
        table = table.with_column(scalar, _CENTIMETRES)
        for name in columns:
            table = table.with_column(name, _rounded(100 * block[name].values))
    return table


def _rounded(values: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(np.rint(values)).astype(np.int64)


def _samples(block: xr.Dataset, plan: FilePlan, traces: slice) -> NDArray[np.uint8]:
    """Bytes of the samples of some traces of a block, shape (trace, byte)."""
    amplitude = np.asarray(block["amplitude"].values[traces], dtype=np.float32)
    n_samples = plan.time.n_samples
    amplitude = amplitude[:, :n_samples]
    code, order = plan.sample_format, plan.byte_order
    as_read = code == plan.part.attrs.get("sample_format")
    if code == IEEE or not as_read or "sample_bytes" not in block:
        return encode(amplitude, code, order)
    n_bytes = n_samples * SAMPLE_FORMATS[code].n_bytes
    kept = np.asarray(block["sample_bytes"].values)[traces, :n_bytes]
    # The kept bytes hold only as long as they still decode to the amplitude.
    same = (decode(kept, code, plan.made_in).view(np.uint32) == amplitude.view(np.uint32)).all(
        axis=1
    )
    raw = kept.copy() if order == plan.made_in else swapped_words(kept, n_bytes // n_samples)
    raw[~same] = encode(amplitude[~same], code, order)
    return raw
