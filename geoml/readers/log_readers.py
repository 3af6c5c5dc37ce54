"""Log files to wells: one reader a file type, found by the file's suffix."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geoml.errors import FileFormatError
from geoml.readers.dlis import read_dlis
from geoml.readers.las import read_las
from geoml.readers.log_options import LogOptions
from geoml.readers.log_table import read_log_table
from geoml.readers.raw_log import RawLog
from geoml.readers.well_reader import WellPair, wells_of

_TABLES: dict[str, Callable[..., list[RawLog]]] = {
    ".csv": read_log_table,
    ".tsv": read_log_table,
    ".txt": read_log_table,
}
LOG_READERS: dict[str, Callable[..., list[RawLog]]] = {
    ".las": read_las,
    ".dlis": read_dlis,
    **_TABLES,
}
"""Suffix -> function that reads the logs of a file; tables take the options as well."""


def read_wells(path: str | Path, options: LogOptions | None = None) -> list[WellPair]:
    """The wells of one log file, each with the curves as its file has them.

    Args:
        path: LAS, DLIS, or a table of one well or many.
        options: What the file does not say, or says wrongly.

    Returns:
        Pairs of a well in standard names and units on a regular grid, and its original.

    Raises:
        FileFormatError: If there is no reader for the suffix, or the file cannot be read.
        GeometryError: If the depths of a log make no grid.
        MissingPackageError: If a package for this type is not installed.
        OptionError: If an option does not fit the file.
    """
    path, options = Path(path), options or LogOptions()
    suffix = path.suffix.lower()
    if suffix not in LOG_READERS:
        raise FileFormatError(
            f"{path.name}: no log reader for '{suffix}' files. Known: {', '.join(LOG_READERS)}."
        )
    if not path.is_file():
        raise FileFormatError(f"{path}: no such file.")
    reader = LOG_READERS[suffix]
    logs = reader(path, options) if suffix in _TABLES else reader(path)
    return wells_of(logs, options, path.name, _source(path))


def _source(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"source_file": path.name, "source_sha256": digest}
