"""A trained network that is no section inversion: denoiser, autoencoder, velocity prior and kin.

A folder of safetensors and JSON, as that of ``geoml.checkpoint``; ``network.json`` says of which
kind the network is, so that a denoiser is not taken for a prior.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from geoml.models.network_table import NetworkEntry, rebuild_network

NETWORK_CHECKPOINT_VERSION = 1
SETTINGS_NAME = "network.json"


@dataclass(frozen=True, eq=False)
class NetworkCheckpoint:
    """A network's weights and what its use needs.

    Attributes:
        kind: What it is for: ``denoise``, ``latent``, ``prior``, ``posterior``, ``gather``.
        model: What ``geoml.models.network_table.rebuild_network`` needs.
        state: Weight name -> tensor.
        settings: Scaling, sampling, sizes, options of the task.
        training: Curve, options, scores beside trivial rows, data, versions.
    """

    kind: str
    model: dict[str, Any]
    state: dict[str, Tensor]
    settings: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)

    def network(self, table: Mapping[str, NetworkEntry]) -> nn.Module:
        """The trained network on the CPU, set to predict.

        Args:
            table: The table of networks that it was built from.

        Raises:
            CheckpointError: If the weights do not fit the network that the config describes.
        """
        network = rebuild_network(table, self.model, self.kind)
        try:
            network.load_state_dict(self.state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"The weights do not fit network '{self.model.get('name')}': {reason}. "
                "Train it again with this version of geoml."
            ) from None
        return network.eval()


def save_network_checkpoint(checkpoint: NetworkCheckpoint, folder: str | Path) -> Path:
    """Write a checkpoint into a folder, which may hold other files; an older one is replaced.

    Returns:
        The folder.
    """
    weights = save({name: v.detach().cpu().contiguous() for name, v in checkpoint.state.items()})
    others = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint) if f.name != "state"}
    document = {"network_checkpoint_version": NETWORK_CHECKPOINT_VERSION, **others}
    return write_checkpoint_files(folder, SETTINGS_NAME, document, weights)


def load_network_checkpoint(path_or_name: str | Path, kind: str) -> NetworkCheckpoint:
    """Read a checkpoint from a folder, or one that is shipped with geoml by its name.

    Args:
        path_or_name: A folder, or a shipped name with or without ``geoml:`` before it. A folder
            of that name goes first.
        kind: The kind that is needed.

    Raises:
        CheckpointError: If there is none, or it is damaged, of another version or another kind.
    """
    folder = find_checkpoint(
        path_or_name, SETTINGS_NAME, "the training wrote", lambda: shipped_networks(kind)
    )
    document, weights = read_checkpoint_files(
        folder, SETTINGS_NAME, "network_checkpoint_version", NETWORK_CHECKPOINT_VERSION
    )
    try:
        checkpoint = NetworkCheckpoint(state=load(weights), **document)
    except (TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"Checkpoint {folder} is not whole: {error}. Copy it again or train it again."
        ) from None
    if checkpoint.kind != kind:
        raise CheckpointError(
            f"Checkpoint {path_or_name} is of kind '{checkpoint.kind}'; this needs one of kind "
            f"'{kind}'."
        )
    return checkpoint


def shipped_networks(kind: str | None = None) -> list[str]:
    """Names of the networks that come with geoml, of one kind or of all."""
    folders = shipped_folders(SETTINGS_NAME)
    return [f.name for f in folders if kind is None or _kind(f) == kind]


def _kind(folder: Path) -> str:
    document, _ = read_checkpoint_files(
        folder, SETTINGS_NAME, "network_checkpoint_version", NETWORK_CHECKPOINT_VERSION
    )
    return str(document.get("kind"))
