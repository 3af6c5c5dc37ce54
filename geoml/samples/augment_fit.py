"""Random changes that the processing of the pairs leaves possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from geoml.errors import OptionError
from geoml.registry import split_spec
from geoml.samples.augment import Augmentation

Steps = Sequence[Any]

_TIME_GAINS = ("gain_time_power", "spherical_divergence")
_LEVELLERS = ("agc", "balance", "normalise")


def fitting(
    augment: Augmentation | None, steps: Steps
) -> tuple[Augmentation | None, tuple[str, ...]]:
    """The augmentation without what the processing undoes, and a note on each thing left out.

    Args:
        augment: Random changes, None for none.
        steps: Processing of the pairs, as the store keeps it.

    Raises:
        OptionError: If velocities are to be scaled over gathers whose mutes, moveout or gains
            would not scale with them.
    """
    if augment is None:
        return None, ()
    if augment.velocity_factor is not None:
        _check_time_can_scale(steps)
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


def _check_time_can_scale(steps: Steps) -> None:
    """Refuse processing that gives records over faster ground other times or another level.

    Raises:
        OptionError: Naming the step.
    """
    names = _names(steps)
    listing = f"(steps: {', '.join(names)})"
    if mutes(steps):
        raise OptionError(
            f"'velocity_factor' moves the arrivals but not the mute of the pairs {listing}; leave "
            "it out."
        )
    fixed = next((name for name in names if name in ("nmo", "fk_filter")), None)
    if fixed is not None:
        raise OptionError(
            f"'velocity_factor' moves the arrivals, and '{fixed}' has velocities of its own "
            f"{listing}; leave it out."
        )
    gains = [place for place, name in enumerate(names) if name in _TIME_GAINS]
    if gains and not any(name in _LEVELLERS for name in names[gains[-1] :]):
        # At a t the gain of a power p is a^p times that at t.
        raise OptionError(
            f"'velocity_factor' scales time, and nothing levels the gathers after "
            f"'{names[gains[-1]]}' {listing}; put normalise behind it, or leave it out."
        )


def _names(steps: Steps) -> list[str]:
    return [split_spec(step, "step")[0] for step in steps]


def _levels_traces(step: Any) -> bool:
    """Whether a step gives every trace, or each window of it, one level."""
    name, options = split_spec(step, "step")
    return name in ("agc", "balance") or (name == "normalise" and options.get("by") == "trace")
