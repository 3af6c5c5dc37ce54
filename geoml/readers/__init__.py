"""Bytes on disk to surveys: one reader a file type, found by the file's suffix."""

from __future__ import annotations

from pathlib import Path

from geoml.errors import FileFormatError
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.readers.segy import SegyReader
from geoml.readers.su import SuReader
from geoml.survey.location import base_name

READERS: dict[str, type[SegyReader] | type[SuReader]] = {
    ".sgy": SegyReader,
    ".segy": SegyReader,
    ".su": SuReader,
}


def open_reader(path: str | Path, options: IngestOptions | None = None) -> Reader:
    """The reader for a file, by its suffix in any case.

    Raises:
        FileFormatError: If no reader has that suffix, or the file is not what its suffix says.
    """
    name = base_name(path)
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        raise FileFormatError(
            f"{name}: no reader for '{suffix}' files. Known: {', '.join(READERS)}."
        )
    return READERS[suffix](path, options)


__all__ = ["READERS", "IngestOptions", "Reader", "SegyReader", "SuReader", "open_reader"]
