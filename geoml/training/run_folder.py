"""The folder of a run: begun, interrupted or finished, and never two runs in one."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities import rank_zero_only

from geoml.checkpoint import SETTINGS_NAME
from geoml.errors import CheckpointError, StoreError

RESUME_FOLDER = "resume"
_RUN_NAME = "run.json"


def prepare_folder(
    out: Path, settings: dict[str, Any], resume: bool, overwrite: bool
) -> Path | None:
    """Make the run's folder.

    Args:
        out: Folder of the run.
        settings: What two parts of one run must share, as JSON.
        resume: Go on with an interrupted run.
        overwrite: Drop what is there.

    Returns:
        Lightning's state to go on from, None to begin.

    Raises:
        StoreError: If a run is there and it is neither to be resumed nor replaced, or the folder
            is a store.
        CheckpointError: If the interrupted run had other settings, or is damaged.
    """
    folder = out / RESUME_FOLDER
    written, state = folder / _RUN_NAME, folder / "last.ckpt"
    if rank_zero_only.rank > 0:  # type: ignore[attr-defined]  # the first prepares for all
        return state if resume and state.exists() else None
    settings = json.loads(json.dumps(settings))
    if (out / "zarr.json").is_file():
        raise StoreError(f"{out} is a store of data; give the run a folder of its own.")
    if overwrite:
        (out / SETTINGS_NAME).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    if (out / SETTINGS_NAME).exists():
        raise StoreError(f"{out} holds a finished run; give another folder or pass --overwrite.")
    if written.exists():
        if not resume:
            raise StoreError(
                f"{out} holds an interrupted run; pass --resume to go on or --overwrite."
            )
        try:
            before = json.loads(written.read_text(encoding="utf-8"))
        except ValueError:
            raise CheckpointError(
                f"{written} is damaged; pass --overwrite to begin anew."
            ) from None
        for name, value in settings.items():
            if before.get(name) != value:
                raise CheckpointError(
                    f"{out} was begun with other {name} ({_difference(before.get(name), value)}); "
                    "resume with the same or pass --overwrite."
                )
        if state.exists() and not zipfile.is_zipfile(state):
            raise CheckpointError(f"{state} is damaged; pass --overwrite to begin anew.")
        return state if state.exists() else None
    folder.mkdir(parents=True, exist_ok=True)
    begun = written.with_suffix(".tmp")
    begun.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    begun.replace(written)
    return None


def _difference(before: Any, now: Any) -> str:
    """The first entry in which two settings differ, or both of them."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in now:
            if before.get(name) != now[name]:
                return f"{name}: {before.get(name)} before, {now[name]} now"
    return f"{str(before)[:60]} before, {str(now)[:60]} now"
