"""Proof that a store is whole: every checksum, and the bytes that it was ingested from."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from geoml.errors import GeomlError, StoreError
from geoml.products.segy_plan import FilePlan, plan_file
from geoml.products.source_part import source_parts
from geoml.products.survey_bytes import Piece, file_pieces, fill_files, in_file_order
from geoml.readers.source_file import SourceFile
from geoml.readers.text_header import decode_text
from geoml.survey.location import AnyPath, base_name, inside, is_url, zarr_store
from geoml.survey.mdio import is_mdio
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, SOURCE_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import open_survey
from geoml.survey.store_seal import SEAL, metadata_digest
from geoml.workflow.store_check import check_chunks

Progress = Callable[[int, int], None]

_READ_BYTES = 8 * 2**20


@dataclass(frozen=True)
class VerifyReport:
    """What ``geoml verify`` prints of a store in which nothing is wrong.

    Attributes:
        checks: Name and outcome of each check.
    """

    checks: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n".join(f"{name:<10} {outcome}" for name, outcome in self.checks)


def verify(
    store: AnyPath,
    source: AnyPath | Sequence[AnyPath] | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check that a store holds what was put into it.

    Every chunk is read and compared with its checksum, and none may be missing. The SEG-Y bytes of
    a survey that was not processed are made again and their SHA-256 is compared with that of the
    file it came from: proof that headers, samples and file headers are all there. Names, units and
    attributes are compared with a digest of their own, so that no byte of the store goes unproven
    but the blanks between the words of its JSON.

    Args:
        store: The store, a path or an fsspec URL.
        source: The file that was ingested, or all of several, or their folder, to be compared byte
            by byte.
        progress: Called with (files of the store done, files in all).

    Returns:
        One line a check.

    Raises:
        StoreError: If anything is wrong: the first thing found, and how many more there are.
        FileFormatError: If a source file is not there.
    """
    if is_mdio(store):
        raise StoreError(
            f"{store}: an MDIO store has no checksums of geoml to verify. Ingest the SEG-Y file."
        )
    with _one_line_errors(store):
        survey = open_survey(store)
        wrong = [*_attribute_damage(store, survey)]
        chunks = check_chunks(store, progress)
        wrong += chunks.damage
    _raise(store, wrong)
    megabytes = chunks.n_bytes / 1e6
    checks = [
        (
            "chunks",
            f"{chunks.n_arrays} arrays in {chunks.n_files} files, {megabytes:.1f} MB: none "
            "missing, every checksum right",
        )
    ]
    checks += _check_bytes(store, survey, _source_files(source, survey))
    return VerifyReport(tuple(checks))


@contextmanager
def _one_line_errors(store: AnyPath) -> Iterator[None]:
    """Whatever damaged metadata make Zarr or xarray raise, as one line."""
    try:
        with warnings.catch_warnings():
            # Files that belong to no array are pointed out by name.
            warnings.filterwarnings("ignore", "Object at .* is not recognized")
            yield
    except GeomlError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(f"{store}: its metadata cannot be read ({reason}).") from None


def _attribute_damage(store: AnyPath, survey: xr.Dataset) -> Iterator[str]:
    """Metadata that is not as it was written, or contradicts itself or the schema."""
    group = zarr.open_group(zarr_store(store, read_only=True), mode="r")
    if survey.attrs.get(SEAL) != metadata_digest(store, group.attrs.asdict()):
        yield f"the metadata are not those that were written ({SEAL} differs)"
    for name in TRACE_VARIABLES:
        if name not in survey:
            yield f"{name}: the trace variable is missing"
    known = {**TRACE_VARIABLES, **OPTIONAL_TRACE_VARIABLES, **SOURCE_TRACE_VARIABLES}
    for name, kind in known.items():
        if name in survey:
            values = survey[name]
            found = (values.dims, values.dtype.name, values.attrs.get("units", ""))
            if found != (("trace",), kind.dtype, kind.units):
                yield f"{name}: {found} found, {(('trace',), kind.dtype, kind.units)} expected"
    attrs = survey.attrs
    if attrs.get("file_type") in ("segy", "su"):
        for name in ("header_bytes", "source_sha256", "byte_order", "sample_format"):
            if name not in survey and name not in attrs:
                yield f"{name}: missing from a survey that came from {attrs['file_type']}"
        try:
            text = decode_text(bytes.fromhex(attrs["text_header_hex"]))
        except (KeyError, ValueError, TypeError):
            yield "text_header_hex: not the bytes of a text header"
        else:
            if text != attrs.get("text_header"):
                yield "text_header: not the text of text_header_hex"


def _check_bytes(
    store: AnyPath, survey: xr.Dataset, sources: dict[str, SourceFile]
) -> Iterator[tuple[str, str]]:
    """Outcome of the comparison with the ingested files.

    Raises:
        StoreError: If bytes differ.
    """
    if survey.attrs.get("file_type") not in ("segy", "su") or "header_bytes" not in survey:
        yield "bytes", "not from SEG-Y: there are none to compare with"
        return
    parts = source_parts(survey)
    plans = [plan_file(survey, part, as_su=part.attrs["file_type"] == "su") for part in parts]
    compared = set()
    if survey.attrs.get("steps"):
        yield "bytes", "the samples were processed: nothing to compare with"
    elif not all(plan.as_read for plan in plans):
        yield "bytes", "not all of the ingested traces or samples: nothing to compare with"
    else:
        for plan, pieces in _streams(survey, plans):
            name = plan.part.name
            digest = _compared(store, plan, pieces, sources.get(name))
            yield "bytes", f"{name}: {plan.n_bytes} bytes made again, SHA-256 {digest[:16]}..."
            compared.add(name)
    for plan in plans:
        source = sources.get(plan.part.name)
        if source is None:
            continue
        known = plan.part.attrs.get("source_sha256")
        if plan.part.name not in compared and _sha256(source) != known:
            raise StoreError(f"{store}: {source.path} is not the file that was ingested.")
        yield "source", f"{source.path}: the same bytes as were ingested"


def _streams(
    survey: xr.Dataset, plans: Sequence[FilePlan]
) -> Iterator[tuple[FilePlan, Iterator[Piece]]]:
    """The bytes of every file, from first to last."""
    if in_file_order(plans):
        for plan in plans:
            yield plan, file_pieces(survey, plan)
        return
    with tempfile.TemporaryDirectory(prefix="geoml-verify-") as folder:
        # Another order of traces is put right on disk, not in memory.
        places = [Path(folder) / str(number) for number in range(len(plans))]
        fill_files(survey, plans, places)
        for plan, place in zip(plans, places, strict=True):
            yield plan, _pieces_of(place)
            place.unlink()


def _pieces_of(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while block := file.read(_READ_BYTES):
            yield block


def _compared(
    store: AnyPath, plan: FilePlan, pieces: Iterator[Piece], source: SourceFile | None
) -> str:
    """SHA-256 of a file made again, which has to be that of the file that was ingested.

    Raises:
        StoreError: If it is not; where the source is at hand, with the first trace that differs.
    """
    digest = hashlib.sha256()
    at = 0
    for piece in pieces:
        digest.update(piece)
        stop = at + len(piece)
        if source is not None:
            theirs = source.read(min(at, source.n_bytes), min(stop, source.n_bytes))
            mine = np.frombuffer(piece, dtype=np.uint8)
            n_both = min(mine.size, theirs.size)
            differ = np.flatnonzero(mine[:n_both] != theirs[:n_both])
            if differ.size or n_both < mine.size:
                first = at + (int(differ[0]) if differ.size else n_both)
                raise StoreError(f"{store}: {_where(plan, first)} differs from {source.path}.")
        at = stop
    if source is not None and source.n_bytes != at:
        raise StoreError(
            f"{store}: {source.path} has {source.n_bytes} bytes, the ingested file had {at}."
        )
    found, expected = digest.hexdigest(), plan.part.attrs.get("source_sha256")
    if found != expected:
        raise StoreError(
            f"{store}: the bytes of {plan.part.name} made from it have SHA-256 {found[:16]}..., "
            f"those that were ingested {str(expected)[:16]}.... Ingest the file again."
        )
    return found


def _where(plan: FilePlan, byte: int) -> str:
    """The part of a file that a byte is in, and the byte, counted from 1."""
    after_header = byte - len(plan.file_header)
    trace = after_header // plan.trace_bytes
    if after_header < 0:
        return f"byte {byte + 1} of the file headers"
    if trace >= plan.part.n_traces:
        return f"byte {byte + 1}, after the last trace,"
    return f"trace {trace + 1}, byte {after_header % plan.trace_bytes + 1} of it,"


def _source_files(
    source: AnyPath | Sequence[AnyPath] | None, survey: xr.Dataset
) -> dict[str, SourceFile]:
    """The given files by their names, all of which the survey must know."""
    if source is None:
        return {}
    listed: list[dict[str, Any]] = survey.attrs.get("source_files") or [
        {"name": survey.attrs.get("source_file", "")}
    ]
    names = [str(record["name"]) for record in listed]
    given = [source] if isinstance(source, str | Path) else list(source)
    if len(given) == 1 and not is_url(given[0]) and Path(given[0]).is_dir():
        given = [inside(given[0], base_name(name)) for name in names]
    if len(given) == 1 and len(names) == 1:
        # One file may have another name by now.
        return {names[0]: SourceFile(given[0])}
    files = {base_name(path): SourceFile(path) for path in given}
    unknown = sorted(set(files) - set(names))
    if unknown:
        raise StoreError(
            f"{unknown[0]} is none of the {len(names)} files of the store, {os.fspath(names[0])} "
            "and others."
        )
    return files


def _sha256(source: SourceFile) -> str:
    digest = hashlib.sha256()
    for start in range(0, source.n_bytes, _READ_BYTES):
        digest.update(source.read(start, min(start + _READ_BYTES, source.n_bytes)).data)
    return digest.hexdigest()


def _raise(store: AnyPath, wrong: Sequence[str]) -> None:
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise StoreError(f"{store}: {wrong[0]}{more}. Ingest the file again.")
