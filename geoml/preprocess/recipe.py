"""A list of steps: from YAML, and back to the plain form that is stored with a survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from geoml.errors import FileFormatError, OptionError
from geoml.preprocess import ALIASES, STEPS, Step
from geoml.preprocess.applied_step import APPLIED_ELSEWHERE, AppliedStep
from geoml.registry import build, split_spec

StepSpec = str | Mapping[str, Any] | Step
"""``name``, ``{name: {option: value}}``, or a step that is built already."""

_SECTIONS = ("steps", "preprocess")


def build_steps(specs: Sequence[StepSpec]) -> list[Step]:
    """The steps that a list asks for, in its order, with their options checked.

    Raises:
        OptionError: If the list is none, or an entry has a wrong name or option.
    """
    if isinstance(specs, str | Mapping) or not isinstance(specs, Sequence):
        raise OptionError(
            f"Steps are a list with one '- name: {{option: value}}' a line, found {specs!r:.80}."
        )
    return [spec if isinstance(spec, Step) else _built(spec) for spec in specs]


def _built(spec: str | Mapping[str, Any]) -> Step:
    name, options = split_spec(spec, "step")
    if name in APPLIED_ELSEWHERE:
        return AppliedStep(name, options)
    return build(STEPS, {ALIASES.get(name, name): options}, "step")


def load_steps(path: str | Path) -> list[Step]:
    """The steps of a YAML file: a list, or a mapping with the list under steps or preprocess.

    Raises:
        FileFormatError: If the file is not YAML or holds no list of steps.
        OptionError: If a step has a wrong name or option.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(
            f"{path}: not YAML ({reason}); see workflows/ for examples."
        ) from None
    if isinstance(content, Mapping):
        content = next((content[name] for name in _SECTIONS if name in content), None)
    if not isinstance(content, list):
        raise FileFormatError(
            f"{path}: no list of steps; write '- name: {{option: value}}' lines, alone or under "
            "'preprocess:'."
        )
    return build_steps(content)


def step_specs(steps: Sequence[Step]) -> list[dict[str, dict[str, Any]]]:
    """The steps as ``{name: {option: value}}`` with every option, fit for JSON and YAML.

    Defaults are written out, so that a recipe keeps its meaning when a default changes.
    """
    names = {step: name for name, step in STEPS.items()}
    return [_spec(step, names) for step in steps]


def _spec(step: Step, names: Mapping[type[Step], str]) -> dict[str, dict[str, Any]]:
    if isinstance(step, AppliedStep):
        return {step.name: _plain(step.options)}
    # A step outside the table is one of ``APPLIED_ELSEWHERE`` and names itself.
    name = names.get(type(step)) or type(step).name  # type: ignore[attr-defined]
    return {name: _plain(asdict(step))}  # type: ignore[call-overload]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
