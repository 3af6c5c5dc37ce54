"""Trace files into a survey: in memory, or shard by shard into a store."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import FileFormatError, OptionError
from geoml.readers.file_list import TracePaths
from geoml.readers.finding import Finding
from geoml.readers.header_table import Traces
from geoml.readers.inspection import refuse_warnings
from geoml.readers.joined_files import JoinedFiles, TracePart, read_parts
from geoml.readers.many_files import inspect_files, source_records
from geoml.readers.options import IngestOptions
from geoml.readers.sample_check import format_findings
from geoml.readers.sample_counts import count_findings
from geoml.readers.source_file import SourceFile
from geoml.survey.gathers import gather_index
from geoml.survey.location import AnyPath
from geoml.survey.memory import release_memory
from geoml.survey.scheduler import check_scheduler, n_cores, run_tasks
from geoml.survey.schema import STORE_VERSION, TRACES_SHARD_FACTOR
from geoml.survey.store import SurveyWriter, chunk_traces, create_store, plain_json
from geoml.survey.store_files import unwritable

logger = logging.getLogger(__name__)

Layout = Literal["file", "receiver"]

_HASH_BLOCK = 8 * 2**20
# Shards in work at once: raw, decoded and compressed they stay within a laptop's memory.
_MEMORY_BYTES = 256 * 2**20
_COPIES_OF_A_SHARD = 4
_BUFFER = threading.local()


def read_survey(paths: TracePaths, options: IngestOptions | None = None) -> xr.Dataset:
    """Whole trace files in memory, as ``open_survey`` would give them after ``ingest``.

    Args:
        paths: SEG-Y or Seismic Unix file, or several, or a pattern.
        options: The user's decisions.

    Raises:
        FileFormatError: If a file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If the geometry file does not fit.
    """
    options = options or IngestOptions()
    inspection = inspect_files(paths, options)
    findings = inspection.findings
    refuse_warnings(findings, options)
    files = inspection.files
    block = files.read(slice(0, files.n_traces), files.n_traces)
    findings += _sample_findings(files, np.array([[files.n_traces, *block.counts]]))
    _report(findings, options)
    survey = inspection.table.assign(amplitude=(("trace", "time"), block.amplitude))
    for name, values in block.trace_bytes.items():
        survey[name] = (("trace", name.replace("_bytes", "_byte")), values)
    tail, _ = files.trailing_bytes()
    if tail.size:
        survey["trailing_bytes"] = ("trailing_byte", tail)
    digests = [file_sha256(reader.source) for reader in files.readers]
    return survey.assign_attrs(_provenance(files, survey.attrs, digests, findings))


def ingest(
    paths: TracePaths,
    out: AnyPath,
    options: IngestOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    overwrite: bool = False,
    layout: Layout = "file",
    scheduler: str = "threads",
) -> None:
    """Stream trace files into a survey store, a few shards in memory at a time.

    A killed run is taken up by the same call, and the store is the same as that of one run. What
    was noticed is logged as warnings and kept in the store's ``findings``.

    Args:
        paths: SEG-Y or Seismic Unix file, or several, or a pattern; paths or fsspec URLs.
        out: The store to make, a path or an fsspec URL.
        options: The user's decisions.
        progress: Called with (traces done, traces in all) after each shard.
        overwrite: Replace a store that is already there.
        layout: ``file`` keeps the traces' order; ``receiver`` brings those of each receiver
            together, so that a receiver gather is one chunk, and ``source_trace`` keeps the order.
        scheduler: ``threads``, ``processes``, ``synchronous``, or the address of a
            dask.distributed scheduler whose workers see the same paths.

    Raises:
        FileFormatError: If a file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If the geometry file does not fit.
        OptionError: If the layout or the scheduler is unknown.
        StoreError: If the target exists and ``overwrite`` is False, or cannot be written.
    """
    options = options or IngestOptions()
    check_scheduler(scheduler)
    inspection = inspect_files(paths, options)
    findings = inspection.findings
    refuse_warnings(findings, options)
    table, order = _in_layout(inspection.table, layout)
    try:
        writer = create_store(
            out,
            table,
            overwrite=overwrite,
            trace_bytes=inspection.files.header_widths,
            resume_key=_resume_key(inspection.files, table),
        )
        # From here on memory holds shards only: trace variables and header columns may go.
        files, attrs = inspection.files.without_headers(), table.attrs
        del inspection, table
        release_memory()
        digests = _write_traces(files, writer, order, scheduler, progress)
        findings += _sample_findings(files, writer.counts())
        try:
            _report(findings, options)
        except FileFormatError:
            writer.abandon()
            raise
        tail, _ = files.trailing_bytes()
        if tail.size:
            writer.set_trailing_bytes(tail)
        writer.finish(**_provenance(files, attrs, digests, findings))
    except OSError as error:
        raise unwritable(out, error) from error


@dataclass(frozen=True, eq=False)
class _ShardTask:
    """Reads traces and writes them as one shard, wherever it is run.

    Attributes:
        writer: The store.
        header_widths: See ``JoinedFiles``.
        sample_width: See ``JoinedFiles``.
    """

    writer: SurveyWriter
    header_widths: dict[str, int]
    sample_width: int

    def __call__(self, work: tuple[int, int, list[TracePart]]) -> int:
        start, stop, parts = work
        amplitude = _own_buffer(stop - start, self.writer.n_samples)
        block = read_parts(parts, amplitude, self.header_widths, self.sample_width)
        self.writer.write(start, block.amplitude, block.trace_bytes, block.counts)
        return stop - start


def _own_buffer(n_traces: int, n_samples: int) -> NDArray[np.float32]:
    """Room for a shard, one a thread: large blocks that come and go leave holes in the heap."""
    held = getattr(_BUFFER, "samples", None)
    if held is None or held.size < n_traces * n_samples:
        held = _BUFFER.samples = np.empty(n_traces * n_samples, dtype=np.float32)
    return np.asarray(held[: n_traces * n_samples].reshape(n_traces, n_samples))


def _write_traces(
    files: JoinedFiles,
    writer: SurveyWriter,
    order: NDArray[np.int64] | None,
    scheduler: str,
    progress: Callable[[int, int], None] | None,
) -> list[str]:
    """Write the shards that are not there yet; SHA-256 of each file."""
    pending = writer.pending()
    n_done = files.n_traces - sum(stop - start for start, stop in pending)
    if n_done:
        logger.info("%s: going on after %d of %d traces.", writer.path, n_done, files.n_traces)

    def works() -> Iterator[tuple[int, int, list[TracePart]]]:
        for start, stop in pending:
            traces: Traces = slice(start, stop) if order is None else order[start:stop]
            yield start, stop, files.parts(traces)

    def tell(n_written: int) -> None:
        nonlocal n_done
        n_done += n_written
        if progress is not None:
            progress(n_done, files.n_traces)

    task = _ShardTask(writer, files.header_widths, files.sample_width)
    shard_bytes = 4 * writer.shard_traces * writer.n_samples
    affordable = max(1, _MEMORY_BYTES // (_COPIES_OF_A_SHARD * shard_bytes))
    with ThreadPoolExecutor(max_workers=1) as pool:
        # hashlib lets other threads run, so the hash costs next to nothing here.
        digests = pool.map(file_sha256, [reader.source for reader in files.readers])
        run_tasks(task, works(), scheduler, n_workers=min(n_cores(), affordable), done=tell)
        return list(digests)


def _in_layout(table: xr.Dataset, layout: Layout) -> tuple[xr.Dataset, NDArray[np.int64] | None]:
    """The table as the store will have it, and which trace stands where, None for as they come."""
    if layout == "file":
        return table, None
    if layout != "receiver":
        raise OptionError(f"Unknown layout '{layout}'. Known: file, receiver.")
    order = gather_index(table, "receiver").order
    table = table.isel(trace=order).assign(source_trace=("trace", order))
    receiver = gather_index(table, "receiver").labels()
    chunk = chunk_traces(receiver, table.sizes["time"])
    return table.assign_attrs(traces_per_gather=chunk), order


def _resume_key(files: JoinedFiles, table: xr.Dataset) -> str:
    """A digest of everything that decides the store's bytes but the samples themselves."""
    digest = hashlib.sha256()
    facts = {
        "geoml": __version__,
        "store": [STORE_VERSION, TRACES_SHARD_FACTOR],
        "attrs": plain_json(table.attrs),
        "files": [
            [reader.name, reader.source.n_bytes, reader.source.modified] for reader in files.readers
        ],
    }
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(map(str, table.variables)):
        digest.update(np.ascontiguousarray(table[name].values).data)
    return digest.hexdigest()


def _sample_findings(files: JoinedFiles, counts: NDArray[np.int64]) -> list[Finding]:
    name = files.readers[0].name if len(files.readers) == 1 else f"{len(files.readers)} files"
    n_traces, n_non_finite, n_dead, _ = (int(count) for count in counts.sum(axis=0))
    about_format = [finding for reader in files.readers for finding in format_findings(reader)]
    return [*about_format, *count_findings(name, n_traces, n_non_finite, n_dead)]


def _provenance(
    files: JoinedFiles, attrs: Mapping[str, Any], digests: list[str], findings: list[Finding]
) -> dict[str, Any]:
    known: dict[str, Any] = {
        "source_sha256": digests[0],
        "findings": [str(finding) for finding in findings],
    }
    if len(digests) > 1:
        known["source_files"] = source_records(files, attrs, digests)
    return known


def file_sha256(source: SourceFile | AnyPath) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    file = source if isinstance(source, SourceFile) else SourceFile(source)
    digest = hashlib.sha256()
    for start in range(0, file.n_bytes, _HASH_BLOCK):
        digest.update(file.read(start, min(start + _HASH_BLOCK, file.n_bytes)).data)
    return digest.hexdigest()


def _report(findings: list[Finding], options: IngestOptions) -> None:
    refuse_warnings(findings, options)
    for finding in findings:
        logger.log(logging.WARNING if finding.level == "warning" else logging.INFO, "%s", finding)
