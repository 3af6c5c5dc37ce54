"""Laws of every registry: names, documentation, options, and the answer to a wrong name."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from geoml.errors import OptionError, UnknownNameError
from geoml.models import MODELS
from geoml.models.gathers import GATHER_MODELS
from geoml.models.logs import LOG_FITS, LOG_MODELS
from geoml.prediction import RUNGS
from geoml.preprocess import STEPS
from geoml.products import PRODUCTS
from geoml.readers import READERS
from geoml.readers.log_readers import LOG_READERS
from geoml.registry import build, lookup
from geoml.synthetic import FAMILIES
from geoml.synthetic.noise import NOISES
from geoml.tasks import GATHER_TASKS, LOG_TASKS, TASKS
from geoml.tasks.denoise import DENOISE_TASKS

REGISTRIES: dict[str, dict[str, Any]] = {
    "model": MODELS,
    "step": STEPS,
    "family": FAMILIES,
    "task": TASKS,
    "reader": READERS,
    "log reader": LOG_READERS,
    "product": PRODUCTS,
    "log model": LOG_MODELS,
    "log fit": LOG_FITS,
    "well task": LOG_TASKS,
    "gather task": GATHER_TASKS,
    "gather network": GATHER_MODELS,
    "noise": NOISES,
    "denoising task": DENOISE_TASKS,
    "rung": RUNGS,
}
OPTION_REGISTRIES = (
    "step",
    "family",
    "task",
    "product",
    "rung",
    "log fit",
    "well task",
    "gather task",
    "noise",
    "denoising task",
)
"""Registries whose entries are dataclasses of options, built from YAML."""

ENTRIES = [(kind, name) for kind, table in REGISTRIES.items() for name in table]
OPTION_ENTRIES = [(kind, name) for kind, name in ENTRIES if kind in OPTION_REGISTRIES]


def _documented_classes(entry: Any) -> Iterator[Any]:
    """What a user reads about an entry: itself, or the parts of a model's entry."""
    if dataclasses.is_dataclass(entry) and not isinstance(entry, type):
        yield entry.network
        yield entry.config
    else:
        yield entry


def _option_classes(entry: Any) -> Iterator[type]:
    """Dataclasses whose fields a user sets in YAML."""
    return (c for c in _documented_classes(entry) if dataclasses.is_dataclass(c))


@pytest.mark.parametrize("kind", REGISTRIES)
def test_registry_is_a_plain_dict_with_entries(kind: str) -> None:
    assert type(REGISTRIES[kind]) is dict
    assert REGISTRIES[kind]


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_name_can_be_typed(kind: str, name: str) -> None:
    # A reader is found by a file's suffix, everything else by its name in YAML.
    assert re.fullmatch(r"\.[a-z]+" if kind.endswith("reader") else r"[a-z][a-z0-9_]*", name)


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_entry_says_what_it_is_in_one_line(kind: str, name: str) -> None:
    for documented in _documented_classes(REGISTRIES[kind][name]):
        # Of the class itself: an inherited docstring or a dataclass signature tells nothing.
        text = documented.__dict__.get("__doc__") or getattr(documented, "__doc__", "") or ""
        first = text.strip().splitlines()[0] if text.strip() else ""
        assert first.endswith((".", ":")), f"{documented}: '{first}'"
        assert not first.startswith(f"{documented.__name__}("), documented


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_option_is_documented(kind: str, name: str) -> None:
    for options in _option_classes(REGISTRIES[kind][name]):
        text = "\n".join(inspect.getdoc(base) or "" for base in options.__mro__)
        undocumented = [
            f.name
            for f in dataclasses.fields(options)
            if not re.search(rf"^\s+{f.name}: ", text, flags=re.MULTILINE)
        ]
        assert not undocumented, f"{options.__name__}: {undocumented}"


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_options_are_frozen(kind: str, name: str) -> None:
    for options in _option_classes(REGISTRIES[kind][name]):
        assert options.__dataclass_params__.frozen, options  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_misspelled_name_is_answered_with_the_right_one(kind: str, name: str) -> None:
    table = REGISTRIES[kind]
    wrong = name[:-1] + "q"
    assert wrong not in table
    with pytest.raises(
        UnknownNameError, match=rf"Unknown {kind} '{re.escape(wrong)}'.*Known: "
    ) as e:
        lookup(table, wrong, kind)
    assert "\n" not in str(e.value)
    assert name in str(e.value)


@pytest.mark.parametrize(("kind", "name"), OPTION_ENTRIES)
def test_unknown_option_is_refused_by_name(kind: str, name: str) -> None:
    with pytest.raises(OptionError, match=rf"'{name}' has no option 'no_such_option'"):
        build(REGISTRIES[kind], {name: {"no_such_option": 1}}, kind)


@pytest.mark.parametrize(("kind", "name"), OPTION_ENTRIES)
def test_misspelled_option_is_answered_with_the_right_one(kind: str, name: str) -> None:
    for field in dataclasses.fields(REGISTRIES[kind][name]):
        with pytest.raises(OptionError, match=rf"Options: .*\b{field.name}\b"):
            build(REGISTRIES[kind], {name: {f"{field.name}q": 1}}, kind)
