"""Velocity families as users write them: a name of ``FAMILIES``, or ``vae:NAME`` for a prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from geoml.errors import OptionError
from geoml.registry import build, split_spec, with_options
from geoml.synthetic import FAMILIES, Family
from geoml.synthetic.learned import LearnedSection

PRIOR_PREFIX = "vae:"


def build_family(spec: str | Mapping[str, Any]) -> Family:
    """The family that an entry asks for, with its options.

    Args:
        spec: ``name`` or ``{name: {option: value}}``; the name ``vae:NAME`` draws from the trained
            prior of that folder or shipped name, whatever network it is.

    Raises:
        UnknownNameError: If there is no such family.
        OptionError: If an option is wrong.
        CheckpointError: If there is no such prior.
    """
    name, options = split_spec(spec, "family")
    if not name.startswith(PRIOR_PREFIX):
        return build(FAMILIES, spec, "family")
    if "checkpoint" in options:
        raise OptionError(f"'{name}' names its checkpoint already; leave 'checkpoint' out.")
    given = {**options, "checkpoint": name.removeprefix(PRIOR_PREFIX)}
    return with_options(LearnedSection, given, name)


def family_spec(family: Family) -> dict[str, Any]:
    """The entry that ``build_family`` makes the same family from."""
    options = asdict(family)  # type: ignore[call-overload]
    if isinstance(family, LearnedSection):
        return {PRIOR_PREFIX + options.pop("checkpoint"): options}
    names = {cls: name for name, cls in FAMILIES.items()}
    return {names[type(family)]: options}
