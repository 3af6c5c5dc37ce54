"""The arrays of a survey store: chunks, shards, compression and checksums."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, Crc32cCodec

from geoml.survey.gathers import GatherIndex
from geoml.survey.location import AnyPath, zarr_store
from geoml.survey.schema import (
    OPTIONAL_TRACE_VARIABLES,
    SOURCE_TRACE_VARIABLES,
    TRACE_VARIABLES,
    TRACES_SHARD_FACTOR,
)
from geoml.survey.trace_header import HEADER_BYTES

_SMALL_GATHER = 16
_DEFAULT_CHUNK_TRACES = 128
# A shard of 64 MiB: two in work stay far below the memory of a laptop.
_LARGEST_CHUNK_BYTES = 4 * 2**20
_TRACE_VARIABLE_CHUNK = 65536
_LARGEST_TYPESIZE = 255


def chunk_traces(labels: NDArray[np.integer[Any]], n_samples: int) -> int:
    """Traces a chunk: the size of the commonest gather, within bounds that keep chunks useful.

    Args:
        labels: Gather of each trace, such as its record number, shape (trace,).
        n_samples: Samples a trace.
    """
    _, counts = np.unique(labels, return_counts=True)
    sizes, votes = np.unique(counts, return_counts=True)
    commonest = int(sizes[np.argmax(votes)])
    if commonest < _SMALL_GATHER:
        # Stacked data have one trace a record: a chunk a trace would take seconds to open.
        commonest = _DEFAULT_CHUNK_TRACES
    largest = max(1, _LARGEST_CHUNK_BYTES // (4 * n_samples))
    return max(1, min(commonest, largest, int(np.size(labels))))


def create_array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: str,
    dims: tuple[str, ...],
    *,
    shards: tuple[int, ...] | None = None,
    fill_value: Any = 0,
) -> Any:
    """One array; every chunk carries a checksum that each read compares.

    Bits of equal rank are compressed together: on field data this beats Zstd in size and speed.
    """
    width = np.dtype(dtype).itemsize
    if dtype == "uint8" and len(shape) == 2:
        width = min(shape[1], _LARGEST_TYPESIZE)  # bytes of equal rank in every trace
    shuffle: Literal["shuffle", "bitshuffle"] = "bitshuffle" if dtype == "float32" else "shuffle"
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        shards=shards,
        dtype=dtype,
        dimension_names=dims,
        fill_value=fill_value,
        compressors=[
            BloscCodec(cname="lz4", clevel=5, shuffle=shuffle, typesize=width),
            Crc32cCodec(),
        ],
        # A missing file must never pass for zeros.
        config={"write_empty_chunks": True},
    )


def lay_out_traces(group: zarr.Group, n_traces: int, n_samples: int, chunk: int) -> None:
    """The sharded array of amplitudes, empty."""
    amplitude = create_array(
        group,
        "amplitude",
        (n_traces, n_samples),
        (chunk, n_samples),
        "float32",
        ("trace", "time"),
        shards=(chunk * TRACES_SHARD_FACTOR, n_samples),
        fill_value=0.0,
    )
    amplitude.attrs["long_name"] = "amplitude"


def lay_out_bytes(group: zarr.Group, name: str, n_bytes: int, chunk: int) -> Any:
    """An array of untouched bytes a trace; what is there already stays.

    Args:
        group: The store.
        name: ``header_bytes``, ``extension_bytes`` or ``sample_bytes``.
        n_bytes: Bytes a trace.
        chunk: Traces a chunk of the amplitudes.
    """
    shard = chunk * TRACES_SHARD_FACTOR
    n_traces = group["amplitude"].shape[0]  # type: ignore[union-attr]
    sharded = n_bytes > HEADER_BYTES
    try:
        return create_array(
            group,
            name,
            (n_traces, n_bytes),
            (chunk if sharded else shard, n_bytes),
            "uint8",
            ("trace", name.replace("_bytes", "_byte")),
            shards=(shard, n_bytes) if sharded else None,
        )
    except zarr.errors.ContainsArrayError:  # another worker came first, with the same layout
        return group[name]


def write_trace_variables(group: zarr.Group, template: xr.Dataset, chunk: int) -> None:
    """Every known trace variable of the template, and its time axis."""
    n_traces = template.sizes["trace"]
    shard = chunk * TRACES_SHARD_FACTOR
    # Whole shards a chunk, so that no later writer of a shard shares a chunk with another.
    rows = max(1, min(n_traces, shard * max(1, _TRACE_VARIABLE_CHUNK // shard)))
    known = {**TRACE_VARIABLES, **OPTIONAL_TRACE_VARIABLES, **SOURCE_TRACE_VARIABLES}
    for name, kind in known.items():
        if name not in template:
            continue
        fill_value = False if kind.dtype == "bool" else 0
        array = create_array(
            group, name, (n_traces,), (rows,), kind.dtype, ("trace",), fill_value=fill_value
        )
        array[:] = np.asarray(template[name].values).astype(kind.dtype)
        array.attrs["long_name"] = kind.meaning
        if kind.units:
            array.attrs["units"] = kind.units
    n_samples = template.sizes["time"]
    time = create_array(group, "time", (n_samples,), (max(1, n_samples),), "float64", ("time",))
    time[:] = np.asarray(template["time"].values, dtype=np.float64)
    time.attrs.update({"long_name": "time after the shot", "units": "s"})


def write_index(group: zarr.Group, index: GatherIndex) -> None:
    """The gathers of one kind, in the group ``gathers/KIND``."""
    place = group.require_group(f"gathers/{index.kind}")
    arrays = {"key": index.keys, "start": index.starts, "trace": index.order}
    for name, values in arrays.items():
        # Numbers come as they are in the survey; positions, keys of files and records as floats.
        dtype = values.dtype.name
        dims = (name,) if values.ndim == 1 else (name, "part")
        chunks = tuple(max(1, min(n, 2**20)) for n in values.shape)
        array = create_array(place, name, values.shape, chunks, dtype, dims)
        if values.size:
            array[:] = values


def consolidated(place: AnyPath) -> zarr.Group:
    """The group of a store after all its metadata are written beside its own once more.

    xarray asks for them, and opens a store in a bucket with one request then.
    """
    with warnings.catch_warnings():
        # Every reader may pass them over: they are not in the specification yet.
        warnings.filterwarnings(
            "ignore", "Consolidated metadata is currently not part", UserWarning
        )
        return zarr.consolidate_metadata(zarr_store(place))
