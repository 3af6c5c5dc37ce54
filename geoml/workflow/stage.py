"""A stage of a workflow: run when its inputs or options changed, skipped when they did not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import geoml
from geoml.checkpoint import Checkpoint
from geoml.errors import StoreError

_WHOLE_FILE_BYTES = 256 * 2**20
_SAMPLE_BYTES = 2**20


@dataclass(frozen=True)
class Stage:
    """One product of a workflow.

    Attributes:
        name: What is done, such as ``ingest``.
        options: Everything that decides the product besides its inputs, as plain JSON.
        inputs: Fingerprints of what it reads, by name.
        products: Files or folders that it makes.
        make: Does the work; its argument is True where an interrupted run of the very same stage
            left something to continue.
    """

    name: str
    options: Mapping[str, Any]
    inputs: Mapping[str, str]
    products: tuple[Path, ...]
    make: Callable[[bool], None]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of version, name, options and inputs: what the product depends on."""
        plain = {
            "version": geoml.__version__,
            "name": self.name,
            "options": self.options,
            "inputs": self.inputs,
        }
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


class StageRecords:
    """What was finished, and from what, in a run's folder.

    One JSON file a stage holds the fingerprint and the seconds it took; a second one exists while
    the stage is under way, so that an interrupted stage can tell whether it may go on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "stages"

    def is_finished(self, stage: Stage) -> bool:
        """Whether the stage's products are there and made from the same inputs and options."""
        if not all(path.exists() for path in stage.products):
            return False
        return self._read(f"{stage.name}.json").get("fingerprint") == stage.fingerprint

    def seconds(self, name: str) -> float | None:
        """How long a finished stage took [s]."""
        return self._read(f"{name}.json").get("seconds")

    def all_seconds(self) -> dict[str, float]:
        """How long each finished stage took [s], in the order they were finished."""
        files = sorted(self._folder.glob("[!.]*.json"), key=lambda file: file.stat().st_mtime)
        plain = {file.stem: self._read(file.name) for file in files}
        return {name: entry["seconds"] for name, entry in plain.items() if "seconds" in entry}

    def run(self, stage: Stage) -> bool:
        """Make the stage's products unless they are there already; True where work was done.

        Raises:
            StoreError: If the stage did not make what it promised.
        """
        if self.is_finished(stage):
            return False
        under_way = f"{stage.name}.under_way.json"
        resume = self._read(under_way).get("fingerprint") == stage.fingerprint
        (self._folder / f"{stage.name}.json").unlink(missing_ok=True)
        if not resume:
            for path in stage.products:
                _remove(path)
        self._write(under_way, {"fingerprint": stage.fingerprint})
        start = time.monotonic()
        stage.make(resume)
        missing = [path.name for path in stage.products if not path.exists()]
        if missing:
            raise StoreError(f"Stage '{stage.name}' ended without making {', '.join(missing)}.")
        self._write(
            f"{stage.name}.json",
            {
                "fingerprint": stage.fingerprint,
                "seconds": round(time.monotonic() - start, 1),
                "version": geoml.__version__,
                "options": stage.options,
                "inputs": stage.inputs,
            },
        )
        (self._folder / under_way).unlink()
        return True

    def _read(self, name: str) -> dict[str, Any]:
        try:
            plain = json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return plain if isinstance(plain, dict) else {}

    def _write(self, name: str, plain: Mapping[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.tmp"
        unfinished.write_text(json.dumps(plain, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, self._folder / name)


def file_fingerprint(path: Path) -> str:
    """SHA-256 of a file; of size, date, first and last mebibyte where it is over 256 MiB."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size <= _WHOLE_FILE_BYTES:
            digest = hashlib.file_digest(file, "sha256")
        else:
            digest.update(f"{size} {path.stat().st_mtime_ns}".encode())
            digest.update(file.read(_SAMPLE_BYTES))
            file.seek(-_SAMPLE_BYTES, os.SEEK_END)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def path_fingerprint(path: Path) -> str:
    """Of a file, or of every file in a folder with its name."""
    if path.is_file():
        return file_fingerprint(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path)} {file_fingerprint(file)} ".encode())
    return digest.hexdigest()


def checkpoint_fingerprint(checkpoint: Checkpoint) -> str:
    """SHA-256 of a network's weights and of everything that goes with them."""
    digest = hashlib.sha256()
    for name, value in sorted(checkpoint.state.items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    plain = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint) if f.name != "state"}
    digest.update(json.dumps(plain, sort_keys=True).encode())
    return digest.hexdigest()


def _remove(path: Path) -> None:
    """Delete a file or folder that may not be there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
