"""Names and attributes that every store shares: unfinished ones, replacement, plain JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geoml.errors import StoreError
from geoml.survey.location import AnyPath, exists, inside, is_url

_GROUP_FILES = ("zarr.json", ".zgroup")


def part_path(path: Path) -> Path:
    """Where a store or file stands while it is being written."""
    return path.with_name(f".{path.name}.part")


def work_place(path: AnyPath) -> AnyPath:
    """Where a survey store stands while it is being written.

    An object store cannot rename: there a store is written in its place, and its ``complete``
    attribute alone tells that it is unfinished.
    """
    return path if is_url(path) else part_path(Path(path))


def publish(path: AnyPath) -> None:
    """Give the finished store of ``work_place`` its name."""
    if not is_url(path):
        replace_store(part_path(Path(path)), Path(path))


def check_target(path: AnyPath, overwrite: bool) -> None:
    """Stop before a store takes the place of anything unasked, or of what is no store.

    Args:
        path: The store's final place.
        overwrite: Whether an older store there may be replaced.

    Raises:
        StoreError: If something is there that may not be replaced.
    """
    if not exists(path):
        return
    if not overwrite:
        raise StoreError(f"{path} exists already; give another name or pass --overwrite.")
    if not is_url(path) and not _is_store(Path(path)):
        raise StoreError(
            f"{path}: a file or folder that is no store; --overwrite replaces stores alone. Give "
            "another name, or remove it yourself."
        )


def _is_store(path: Path) -> bool:
    """Whether a folder holds a Zarr group of either version, or nothing at all."""
    if not path.is_dir():
        return False
    return any((path / name).is_file() for name in _GROUP_FILES) or not any(path.iterdir())


def unwritable(path: AnyPath, error: OSError, *, goes_on: bool = True) -> StoreError:
    """What to tell where a store cannot be written: why, and whether anything is kept.

    Args:
        path: The store's final place.
        error: What stopped the writer.
        goes_on: Whether the writer goes on with an unfinished store.
    """
    why = error.strerror or str(error)
    kept = ""
    if goes_on and _readable(inside(work_place(path), "zarr.json")):
        kept = " What is done is kept: the same command goes on."
    return StoreError(f"{path}: cannot be written ({why}).{kept}")


def _readable(path: AnyPath) -> bool:
    try:
        return exists(path)
    except OSError:
        return False


def remove_litter(place: AnyPath) -> None:
    """Remove the half-written files that killed writers left in a store on a disk.

    Zarr writes each file under a name of its own ending in ``.partial`` and renames it when it is
    whole; an object store shows nothing of an upload that was cut off.
    """
    if not is_url(place):
        for file in Path(place).rglob("*.partial"):
            file.unlink(missing_ok=True)


def replace_store(part: Path, path: Path) -> None:
    """Give a finished store its name; an older one of that name goes away last."""
    old = path.with_name(f".{path.name}.old")
    if path.exists():
        # With the name taken, what stands under the old one is rubbish of a killed run.
        _discard(old)
        path.rename(old)
    part.rename(path)
    _discard(old)


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def plain_json(value: Any) -> Any:
    """The value with NumPy scalars and arrays turned into what JSON holds."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value


def history_line(step: str, options: Mapping[str, Any], version: str) -> str:
    """One entry of a survey's ``history``: what was done, with what, by which version."""
    return json.dumps(
        {"step": step, "options": plain_json(options), "version": version}, sort_keys=True
    )
