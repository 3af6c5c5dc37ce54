"""Trained models on logs with everything that their use needs: safetensors and JSON, no pickle.

The folder looks like that of ``geoml.checkpoint``. It holds one model or several, whose answers are
averaged. Networks are kept as weights; fitted scikit-learn models as the arrays of their slopes or
trees, so that a folder from somebody else runs none of their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from geoml.checkpoint_files import read_checkpoint_files, write_checkpoint_files
from geoml.errors import CheckpointError

WELL_CHECKPOINT_VERSION = 1
SETTINGS_NAME = "well_checkpoint.json"

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class LogMember:
    """One trained model.

    Attributes:
        model: Key of ``LOG_MODELS`` or ``LOG_FITS``.
        settings: What rebuilds it: the network's config, or the fit's options with its features;
            under ``base`` the model to whose answers its own are added.
        arrays: Weights, slopes or trees.
        weight: Weight of its answers in the mean, > 0.
    """

    model: str
    settings: dict[str, Any]
    arrays: Arrays
    weight: float = 1.0


_BASE = "base."
"""Before the names of the arrays of a member's base."""


def with_base(member: LogMember, base: LogMember) -> LogMember:
    """A member whose answers are to be added to those of a base."""
    settings = {**member.settings, "base": {"model": base.model, "settings": base.settings}}
    arrays = {f"{_BASE}{name}": array for name, array in base.arrays.items()}
    return replace(member, settings=settings, arrays={**member.arrays, **arrays})


def parted_from_base(member: LogMember) -> tuple[LogMember, LogMember | None]:
    """The member alone, and its base if it has one; undoes ``with_base``."""
    settings = dict(member.settings)
    plain = settings.pop("base", None)
    if plain is None:
        return member, None
    base = {n.removeprefix(_BASE): a for n, a in member.arrays.items() if n.startswith(_BASE)}
    own = {n: a for n, a in member.arrays.items() if not n.startswith(_BASE)}
    return replace(member, settings=settings, arrays=own), LogMember(arrays=base, **plain)


@dataclass(frozen=True, eq=False)
class WellCheckpoint:
    """Models on logs and what they were trained for.

    Attributes:
        members: The models.
        task: Key of ``LOG_TASKS``.
        task_options: Options of the task.
        channels: ``LogChannels.to_dict`` of the input curves.
        scaling: ``LogScaling.to_dict``, fitted on the training rows.
        plan: Scaling of the targets, or the table of classes.
        units: Unit of each target.
        smoother: Options of the smoother behind the mean: ``{name: options}``, empty for none.
        calibration: Spread of the members on wells that did not train, and conformal factors.
        training: Wells, options, scores beside trivial rows, versions.
    """

    members: tuple[LogMember, ...]
    task: str
    task_options: dict[str, Any]
    channels: dict[str, Any]
    scaling: dict[str, Any]
    plan: dict[str, Any]
    units: dict[str, str] = field(default_factory=dict)
    smoother: dict[str, Any] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


def save_well_checkpoint(checkpoint: WellCheckpoint, folder: str | Path) -> Path:
    """Write a checkpoint into a folder, which may hold other files; an older one is replaced.

    Returns:
        The folder.
    """
    arrays = {
        f"{number}/{name}": array.copy(order="C")
        for number, member in enumerate(checkpoint.members)
        for name, array in member.arrays.items()
    }
    weights = save(arrays)
    members = [
        {"model": m.model, "settings": m.settings, "weight": m.weight} for m in checkpoint.members
    ]
    others = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)} | {
        "members": members
    }
    document = {"well_checkpoint_version": WELL_CHECKPOINT_VERSION, **others}
    return write_checkpoint_files(folder, SETTINGS_NAME, document, weights)


def load_well_checkpoint(folder: str | Path) -> WellCheckpoint:
    """Read a checkpoint that ``save_well_checkpoint`` wrote.

    Raises:
        CheckpointError: If there is none, or it is damaged, or of another version.
    """
    folder = Path(folder)
    if not (folder / SETTINGS_NAME).is_file():
        raise CheckpointError(
            f"{folder} holds no {SETTINGS_NAME}; give the folder that 'geoml wells train' wrote."
        )
    document, weights = read_checkpoint_files(
        folder, SETTINGS_NAME, "well_checkpoint_version", WELL_CHECKPOINT_VERSION
    )
    try:
        arrays = load(weights)
        members = tuple(
            LogMember(arrays=_of_member(arrays, number), **plain)
            for number, plain in enumerate(document.pop("members"))
        )
        return WellCheckpoint(members=members, **document)
    except (TypeError, KeyError, SafetensorError) as error:
        raise CheckpointError(
            f"Checkpoint {folder} is not whole: {error}. Copy it again or train it again."
        ) from None


def _of_member(arrays: Mapping[str, NDArray[Any]], number: int) -> Arrays:
    prefix = f"{number}/"
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
