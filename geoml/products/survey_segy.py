"""A survey as SEG-Y or Seismic Unix: the same bytes where nothing was changed."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Sequence

import xarray as xr

from geoml.errors import OptionError
from geoml.products.output_file import OutputFiles, is_folder, refuse_existing
from geoml.products.segy_plan import FilePlan, plan_file
from geoml.products.source_part import SourcePart, source_parts
from geoml.products.survey_bytes import Progress, file_pieces, fill_files, in_file_order
from geoml.survey.location import AnyPath, base_name, inside
from geoml.survey.trace_header import ByteOrder

logger = logging.getLogger(__name__)


def write_survey_segy(
    survey: xr.Dataset,
    path: AnyPath,
    *,
    sample_format: int | None = None,
    byte_order: ByteOrder | None = None,
    overwrite: bool = True,
    progress: Progress | None = None,
) -> list[AnyPath]:
    """Write a survey, a few gathers in memory at a time.

    A survey that came from SEG-Y and was not preprocessed gives the bytes that it was read from,
    in whatever order its layout keeps the traces. A preprocessed one keeps its text and trace
    headers, gets IEEE samples, and new sample counts, intervals and delays where its time axis
    changed. A survey without SEG-Y headers gets new ones from its trace variables, in metres. A
    name that ends in ``.su`` gives Seismic Unix instead: no file headers, IEEE samples.

    A survey of several files gives each of them back, under its own base name in a folder. Files
    that cannot come back are those that ingest refuses by name: sample formats 4, 7 and 15, traces
    of unequal length, tape labels.

    Args:
        survey: Dataset of dims (trace, time).
        path: The file to write, or the folder for files under their own names; may be a URL.
        sample_format: SEG-Y format code to write instead of the one that was read, such as 5 for
            IEEE floats.
        byte_order: ``big`` or ``little`` instead of the one that was read.
        overwrite: Replace files that are there already.
        progress: Called with (traces done, traces in all).

    Returns:
        The files written.

    Raises:
        FileFormatError: If the time axis, a position or a sample does not fit its field.
        OptionError: If the format or byte order cannot be written, or files have no names or the
            same one.
        ShapeError: If there are no traces.
        StoreError: If a file is there already or cannot be written, or the survey's own store is
            damaged. Nothing is left behind then.
    """
    parts = source_parts(survey)
    targets = _targets(path, parts)
    if not overwrite:
        refuse_existing(targets)
    plans = [
        plan_file(
            survey,
            part,
            as_su=_is_su(target),
            sample_format=sample_format,
            byte_order=byte_order,
        )
        for part, target in zip(parts, targets, strict=True)
    ]
    with OutputFiles() as outputs:
        if in_file_order(plans):
            for plan, target in zip(plans, targets, strict=True):
                _write_stream(survey, plan, target, outputs, progress)
        else:
            fill_files(survey, plans, [outputs.place(target) for target in targets], progress)
    return targets


def _write_stream(
    survey: xr.Dataset,
    plan: FilePlan,
    target: AnyPath,
    outputs: OutputFiles,
    progress: Progress | None,
) -> None:
    digest = hashlib.sha256()
    with outputs.open(target) as file:
        for piece in file_pieces(survey, plan, progress):
            file.write(piece)
            if plan.as_read:
                digest.update(piece)
    if plan.as_read and digest.hexdigest() != plan.part.attrs.get("source_sha256"):
        logger.warning(
            "%s: not the bytes of %s, although the survey has no processing steps: it was edited, "
            "or its store is damaged (geoml verify tells).",
            base_name(target),
            plan.part.name or "the source file",
        )


def _targets(path: AnyPath, parts: Sequence[SourcePart]) -> list[AnyPath]:
    """The file of each part: the path itself, or names in the folder that it is."""
    if len(parts) == 1 and not is_folder(path):
        return [path]
    names = [part.name for part in parts]
    if "" in names:
        raise OptionError(
            f"{os.fspath(path)}: a folder, and the survey keeps no name for the file in it. Give "
            "a name that ends in .sgy."
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise OptionError(
            f"{len(names)} files were ingested, {len(twice)} names among them more than once "
            f"('{twice[0]}'); one folder cannot hold them. Ingest them into stores of their own."
        )
    return [inside(path, name) for name in names]


def _is_su(path: AnyPath) -> bool:
    return base_name(path).lower().endswith(".su")
