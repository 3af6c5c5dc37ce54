"""The calibration of a mixture of networks, kept in the checkpoint of its first one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from geoml.checkpoint import Checkpoint

_KEY = "mixtures"


def mixture_name(
    checkpoints: Sequence[Checkpoint], *, mirror: bool = False, dropout_samples: int = 0
) -> str:
    """What a mixture is called, such as ``mirror`` or ``ensemble 1f3a99c2 + dropout 8``.

    Two ensembles have the same name if they are of the same weights, in any order. A single
    network has an empty name.
    """
    parts = []
    if len(checkpoints) > 1:
        hashes = sorted(_fingerprint(checkpoint) for checkpoint in checkpoints)
        parts.append("ensemble " + hashlib.sha256("".join(hashes).encode()).hexdigest()[:8])
    if mirror:
        parts.append("mirror")
    if dropout_samples:
        parts.append(f"dropout {dropout_samples}")
    return " + ".join(parts)


def mixture_calibration(
    checkpoints: Sequence[Checkpoint], *, mirror: bool = False, dropout_samples: int = 0
) -> dict[str, Any] | None:
    """The ``factors`` and ``edge_threshold`` of a mixture, None where none were fitted.

    Those of a single network are the checkpoint's own.
    """
    first = checkpoints[0].calibration
    mixtures = first.get(_KEY, {})
    if not mirror and not dropout_samples and len(checkpoints) == 1:
        return first or None
    if not mixtures:  # hashing the weights takes a moment
        return None
    name = mixture_name(checkpoints, mirror=mirror, dropout_samples=dropout_samples)
    found: dict[str, Any] | None = mixtures.get(name)
    return found


def with_mixture_calibration(
    checkpoint: Checkpoint, name: str, calibration: dict[str, Any]
) -> Checkpoint:
    """The checkpoint with one more mixture in its calibration.

    Args:
        checkpoint: The first of the mixture.
        name: Its ``mixture_name``; empty for the network alone.
        calibration: ``factors`` and, with an edge head, ``edge_threshold``.
    """
    own = checkpoint.calibration
    if not name:
        return replace(checkpoint, calibration={**own, **calibration})
    mixtures = {**own.get(_KEY, {}), name: calibration}
    return replace(checkpoint, calibration={**own, _KEY: mixtures})


def _fingerprint(checkpoint: Checkpoint) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(checkpoint.state.items()):
        digest.update(name.encode() + value.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
