"""The two files of a checkpoint folder: tensors as safetensors, all else as JSON with their hash.

The JSON is written last and holds the SHA-256 of the tensors, so that a folder is either whole or
refused. Nothing is pickled: a folder from somebody else runs none of their code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from geoml.errors import CheckpointError
from geoml.registry import nearest

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


def shipped_folders(settings_name: str) -> list[Path]:
    """Folders of the checkpoints of one sort that come with geoml, by name."""
    return sorted(path.parent for path in SHIPPED.glob(f"*/{settings_name}"))


def find_checkpoint(
    path_or_name: str | Path,
    settings_name: str,
    writer: str,
    offered: Callable[[], Sequence[str]],
) -> Path:
    """The folder of a checkpoint, or of one that is shipped with geoml by its name.

    Args:
        path_or_name: A folder, or a shipped name with or without ``geoml:`` before it. A folder
            of that name goes first.
        settings_name: Name of the JSON file, which tells the kinds of checkpoints apart.
        writer: What writes such folders, for the message.
        offered: Shipped names that would do, for the message.

    Raises:
        CheckpointError: If there is none.
    """
    folder = Path(path_or_name)
    if (folder / settings_name).is_file():
        return folder
    name = str(path_or_name).removeprefix(SHIPPED_PREFIX)
    for shipped in shipped_folders(settings_name):
        if shipped.name == name:
            return shipped
    if folder.exists():
        raise CheckpointError(f"{folder} holds no {settings_name}; give the folder that {writer}.")
    names = offered()
    listing = ", ".join(names) or "none"
    raise CheckpointError(
        f"No checkpoint folder '{path_or_name}'.{nearest(name, names)} Shipped: {listing}."
    )


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
