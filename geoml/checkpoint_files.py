"""The two files of a checkpoint folder: tensors as safetensors, all else as JSON with their hash.

The JSON is written last and holds the SHA-256 of the tensors, so that a folder is either whole or
refused. Nothing is pickled: a folder from somebody else runs none of their code.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from geoml.errors import CheckpointError

WEIGHTS_NAME = "weights.safetensors"
SHIPPED = Path(__file__).parent / "checkpoints"
SHIPPED_PREFIX = "geoml:"


def write_checkpoint_files(
    folder: str | Path, settings_name: str, document: dict[str, Any], weights: bytes
) -> Path:
    """Write both files into a folder, which may hold other ones; older ones are replaced.

    Args:
        folder: Made where it is missing.
        settings_name: Name of the JSON file, which tells the kinds of checkpoints apart.
        document: Plain JSON values.
        weights: What safetensors made of the tensors.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"weights_sha256": hashlib.sha256(weights).hexdigest(), **document}
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    _replace(folder / WEIGHTS_NAME, weights)
    # Last: settings that stand beside other weights are refused by the hash.
    _replace(folder / settings_name, text.encode())
    return folder


def read_checkpoint_files(
    folder: Path, settings_name: str, version_key: str, version: int
) -> tuple[dict[str, Any], bytes]:
    """The JSON without version and hash, and the bytes of the tensors.

    Args:
        folder: Holds both files.
        settings_name: Name of the JSON file.
        version_key: Where the JSON says which version it is.
        version: The one that this geoml reads.

    Raises:
        CheckpointError: If a file is missing or damaged, of another version, or they do not
            belong together.
    """
    try:
        document = json.loads((folder / settings_name).read_text(encoding="utf-8"))
        weights = (folder / WEIGHTS_NAME).read_bytes()
        found_version, sha256 = document.pop(version_key), document.pop("weights_sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"Checkpoint {folder} cannot be read: {type(error).__name__} {error}. Train it again "
            "or copy it again."
        ) from None
    if found_version != version:
        raise CheckpointError(
            f"Checkpoint {folder} has version {found_version}; this geoml reads {version}. "
            "Train it again."
        )
    found = hashlib.sha256(weights).hexdigest()
    if found != sha256:
        raise CheckpointError(
            f"{folder / WEIGHTS_NAME} has SHA-256 {found[:12]}, {settings_name} asks for "
            f"{str(sha256)[:12]}: the files do not belong together. Copy the folder again."
        )
    return document, weights


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
