"""Random changes that the processing of the pairs leaves possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from geoml.errors import OptionError
from geoml.registry import split_spec
from geoml.samples.augment import Augmentation

Steps = Sequence[Any]


def fitting(
    augment: Augmentation | None, steps: Steps
) -> tuple[Augmentation | None, tuple[str, ...]]:
    """The augmentation without what the processing undoes, and a note on each thing left out.

    Args:
        augment: Random changes, None for none.
        steps: Processing of the pairs, as the store keeps it.

    Raises:
        OptionError: If velocities are to be scaled over gathers that are muted.
    """
    if augment is None:
        return None, ()
    if augment.velocity_factor is not None and mutes(steps):
        raise OptionError(
            "'velocity_factor' moves the arrivals but not the mute of the pairs "
            f"(steps: {', '.join(_names(steps))}); leave it out."
        )
    leveller = next((step for step in steps if _levels_traces(step)), None)
    if leveller is not None and augment.trace_gain_db > 0:
        note = (
            f"Step '{split_spec(leveller, 'step')[0]}' levels the traces, so their gain "
            f"(trace_gain_db {augment.trace_gain_db:g}) is left out."
        )
        return replace(augment, trace_gain_db=0.0), (note,)
    return augment, ()


def mutes(steps: Steps) -> bool:
    """Whether the processing sets samples to zero."""
    return any(name.startswith("mute") for name in _names(steps))


def _names(steps: Steps) -> list[str]:
    return [split_spec(step, "step")[0] for step in steps]


def _levels_traces(step: Any) -> bool:
    """Whether a step gives every trace, or each window of it, one level."""
    name, options = split_spec(step, "step")
    return name in ("agc", "balance") or (name == "normalise" and options.get("by") == "trace")
