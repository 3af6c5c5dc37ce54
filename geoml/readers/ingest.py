"""A trace file into a survey: in memory, or streamed into a store."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import FileFormatError
from geoml.readers.finding import Finding
from geoml.readers.inspection import inspect_file, refuse_warnings
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.readers.sample_check import SampleTally
from geoml.survey.sample_format import is_exact
from geoml.survey.store import create_store

logger = logging.getLogger(__name__)

_HASH_BLOCK = 8 * 2**20


def read_survey(path: str | Path, options: IngestOptions | None = None) -> xr.Dataset:
    """A whole trace file in memory, as ``open_survey`` would give it after ``ingest``.

    Args:
        path: SEG-Y or Seismic Unix file.
        options: The user's decisions.

    Raises:
        FileFormatError: If the file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If its coordinates are angles, or the geometry file does not fit.
    """
    options = options or IngestOptions()
    inspection = inspect_file(path, options)
    refuse_warnings(inspection.findings, options)
    reader = inspection.reader
    amplitude = reader.amplitude(slice(0, reader.n_traces))
    tally = SampleTally(reader)
    tally.add(0, amplitude)
    findings = [*inspection.findings, *tally.findings()]
    _report(findings, options)
    survey = inspection.table.assign(
        amplitude=(("trace", "time"), amplitude),
        header_bytes=(("trace", "header_byte"), reader.header_bytes(slice(0, reader.n_traces))),
    )
    kept = inexact_samples(reader, 0, reader.n_traces)
    if kept is not None:
        survey = survey.assign(sample_bytes=(("trace", "sample_byte"), kept))
    return survey.assign_attrs(
        source_sha256=file_sha256(reader.source.path),
        findings=[str(finding) for finding in findings],
    )


def ingest(
    path: str | Path,
    out: str | Path,
    options: IngestOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Stream a trace file into a survey store, one shard in memory at a time.

    What was noticed is logged as warnings and kept in the store's ``findings``.

    Args:
        path: SEG-Y or Seismic Unix file.
        out: The store to make.
        options: The user's decisions.
        progress: Called with (traces done, traces in all) after each shard.
        overwrite: Replace a store that is already there.

    Raises:
        FileFormatError: If the file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If its coordinates are angles, or the geometry file does not fit.
        StoreError: If the target exists and ``overwrite`` is False.
    """
    options = options or IngestOptions()
    inspection = inspect_file(path, options)
    refuse_warnings(inspection.findings, options)
    reader = inspection.reader
    writer = create_store(out, inspection.table, overwrite=overwrite)
    tally = SampleTally(reader)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # hashlib lets other threads run, so the hash costs next to nothing here.
        digest = pool.submit(file_sha256, reader.source.path)
        for start in range(0, reader.n_traces, writer.shard_traces):
            stop = min(start + writer.shard_traces, reader.n_traces)
            amplitude = reader.amplitude(slice(start, stop))
            tally.add(start, amplitude)
            writer.write(
                start,
                amplitude,
                reader.header_bytes(slice(start, stop)),
                inexact_samples(reader, start, stop),
            )
            if progress is not None:
                progress(stop, reader.n_traces)
        sha256 = digest.result()
    findings = [*inspection.findings, *tally.findings()]
    try:
        _report(findings, options)
    except FileFormatError:
        writer.abandon()
        raise
    writer.finish(source_sha256=sha256, findings=[str(finding) for finding in findings])


def inexact_samples(reader: Reader, start: int, stop: int) -> NDArray[np.uint8] | None:
    """Bytes of the traces whose samples float32 cannot give back, zeros for the others.

    Returns:
        Shape (trace, sample_byte), or None where every trace is exact.
    """
    raw = reader.raw_samples(slice(start, stop))
    exact = is_exact(raw, reader.sample_format, reader.byte_order)
    if exact.all():
        return None
    return np.where(exact[:, None], np.uint8(0), raw)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _report(findings: list[Finding], options: IngestOptions) -> None:
    refuse_warnings(findings, options)
    for finding in findings:
        logger.log(logging.WARNING if finding.level == "warning" else logging.INFO, "%s", finding)
