"""A trained network with everything that its use needs: a folder of safetensors and JSON.

``weights.safetensors`` holds the tensors, ``checkpoint.json`` the rest, with the weights' SHA-256,
so that a folder is either whole or refused. Nothing here is pickled. (Lightning's own ``.ckpt``
files, which are, live in a run folder's ``resume/`` and serve to resume that run alone.)
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from geoml.checkpoint_files import (
    find_checkpoint,
    read_checkpoint_files,
    shipped_folders,
    write_checkpoint_files,
)
from geoml.errors import CheckpointError
from geoml.models import rebuild

CHECKPOINT_VERSION = 1
SETTINGS_NAME = "checkpoint.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network's weights and what they were trained for.

    Attributes:
        model_name: Key of ``MODELS``.
        model_config: What ``geoml.models.rebuild`` needs.
        state: Weight name -> tensor.
        task: Key of ``TASKS``.
        task_options: Options of the task.
        scaling: ``Scaling.to_dict`` of the training part.
        acquisition: ``Acquisition.to_dict`` of the window.
        steps: Preprocessing steps of the survey that the pairs imitate.
        layout: Window layout, None where the pairs had none.
        trend: Velocity trend that the pairs were drawn around, None where there was none.
        calibration: Conformal ``factors`` a level, their ``coverage``, the ``edge_threshold``.
        training: Curve, scores beside trivial rows, seeds, versions, hash of the pairs.
        input_statistics: Quantiles of what the network saw, to tell known from unknown data.
    """

    model_name: str
    model_config: dict[str, Any]
    state: dict[str, Tensor]
    task: str
    task_options: dict[str, Any]
    scaling: dict[str, float]
    acquisition: dict[str, Any]
    steps: list[Any]
    layout: dict[str, Any] | None = None
    trend: dict[str, Any] | None = None
    calibration: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    input_statistics: dict[str, Any] = field(default_factory=dict)

    def network(self) -> nn.Module:
        """The trained network on the CPU, set to predict.

        Raises:
            CheckpointError: If the weights do not fit the network that the config describes.
        """
        model = rebuild(self.model_config)
        try:
            model.load_state_dict(self.state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"The weights do not fit model '{self.model_name}': {reason}. "
                "Train it again with this version of geoml."
            ) from None
        return model.eval()


def save_checkpoint(checkpoint: Checkpoint, folder: str | Path) -> Path:
    """Write a checkpoint into a folder, which may hold other files; an older one is replaced.

    Returns:
        The folder.
    """
    weights = save({name: value.detach().contiguous() for name, value in checkpoint.state.items()})
    settings = {
        f.name: getattr(checkpoint, f.name) for f in fields(Checkpoint) if f.name != "state"
    }
    document = {"checkpoint_version": CHECKPOINT_VERSION, **settings}
    return write_checkpoint_files(folder, SETTINGS_NAME, document, weights)


def load_checkpoint(path_or_name: str | Path) -> Checkpoint:
    """Read a checkpoint from a folder, or one that is shipped with geoml by its name.

    Args:
        path_or_name: A folder, or a shipped name with or without ``geoml:`` before it. A folder
            of that name goes first.

    Raises:
        CheckpointError: If there is none, or it is damaged, or of another version.
    """
    folder = find_checkpoint(
        path_or_name,
        SETTINGS_NAME,
        "'geoml train' wrote (an unfinished run has none: resume it)",
        shipped_names,
    )
    document, weights = read_checkpoint_files(
        folder, SETTINGS_NAME, "checkpoint_version", CHECKPOINT_VERSION
    )
    try:
        return Checkpoint(state=load(weights), **document)
    except (TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"Checkpoint {folder} is not whole: {error}. Copy it again or train it again."
        ) from None


def shipped_names() -> list[str]:
    """Names of the checkpoints that come with geoml."""
    return [folder.name for folder in shipped_folders(SETTINGS_NAME)]
