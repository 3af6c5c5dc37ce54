"""The trace files that a user names: one, several, or a pattern."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from geoml.errors import FileFormatError
from geoml.survey.location import AnyPath, filesystem, is_url

TracePaths = AnyPath | Sequence[AnyPath]


def trace_files(paths: TracePaths) -> list[AnyPath]:
    """The files in the order given; those of a pattern in natural order, 2 before 10.

    Args:
        paths: A path, URL or pattern such as ``line/*.sgy``, or several.

    Raises:
        FileFormatError: If a pattern fits no file, no path is given, or one comes twice.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    files = [file for path in given for file in _expanded(path)]
    if not files:
        raise FileFormatError("No trace file is given; one at least is needed.")
    seen: set[str] = set()
    for file in files:
        place = os.fspath(file) if is_url(file) else os.path.realpath(file)
        if place in seen:
            raise FileFormatError(f"{file}: the file is given twice; name each once.")
        seen.add(place)
    return files


def _expanded(path: AnyPath) -> list[AnyPath]:
    name = os.fspath(path)
    if not glob.has_magic(name) or (not is_url(path) and os.path.exists(path)):
        return [path]
    if is_url(path):
        fs, pattern = filesystem(path)
        found = [fs.unstrip_protocol(one) for one in fs.glob(pattern)]
    else:
        found = glob.glob(name)
    if not found:
        raise FileFormatError(f"{name}: no file fits the pattern.")
    return sorted(found, key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorting key that reads digits as numbers."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
