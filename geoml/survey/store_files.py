"""Names and attributes that every store shares: unfinished ones, replacement, plain JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def part_path(path: Path) -> Path:
    """Where a store or file stands while it is being written."""
    return path.with_name(f".{path.name}.part")


def replace_store(part: Path, path: Path) -> None:
    """Give a finished store its name; an older one of that name goes away last."""
    old = path.with_name(f".{path.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if path.exists():
        path.rename(old)
    part.rename(path)
    if old.is_dir():
        shutil.rmtree(old)
    elif old.exists():
        old.unlink()


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
