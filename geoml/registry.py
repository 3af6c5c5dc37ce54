"""Tables of names: look up with the nearest suggestion, build from ``name: {option: value}``."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from geoml.errors import OptionError, UnknownNameError

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for the closest known name, or an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{match[0]}'?" if match else ""


def lookup(table: Mapping[str, T], name: str, kind: str) -> T:
    """The entry of a registry.

    Args:
        table: The registry.
        name: What the user wrote.
        kind: What the table holds, for the message, such as ``"model"``.

    Raises:
        UnknownNameError: If the name is not in the table.
    """
    if name not in table:
        known = ", ".join(sorted(table))
        raise UnknownNameError(
            f"Unknown {kind} '{name}'.{nearest(str(name), table)} Known: {known}."
        )
    return table[name]


def split_spec(spec: str | Mapping[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a YAML entry: ``name`` or ``{name: {option: value}}``.

    Raises:
        OptionError: If the entry has another form.
    """
    if isinstance(spec, str):
        return spec, {}
    if isinstance(spec, Mapping) and len(spec) == 1:
        name, options = next(iter(spec.items()))
        if options is None:
            return str(name), {}
        if isinstance(options, Mapping):
            return str(name), dict(options)
    raise OptionError(f"A {kind} is written 'name' or 'name: {{option: value}}', found {spec!r}.")


def check_option_names(cls: type[Any], options: Iterable[str], name: str) -> None:
    """Refuse options that a dataclass does not have.

    Args:
        cls: A dataclass.
        options: Names of options.
        name: How the user calls the thing, for the message.

    Raises:
        OptionError: If an option is unknown.
    """
    known = [f.name for f in dataclasses.fields(cls) if f.init]
    for key in options:
        if key not in known:
            listing = ", ".join(known) or "none"
            raise OptionError(
                f"'{name}' has no option '{key}'.{nearest(str(key), known)} Options: {listing}."
            )


def with_options(cls: type[T], options: Mapping[str, Any], name: str) -> T:
    """An instance of a dataclass whose options are checked by name and by type.

    Args:
        cls: A dataclass.
        options: Field name -> value, as read from YAML.
        name: How the user calls the thing, for the message.

    Raises:
        OptionError: If an option is unknown, missing or of the wrong type.
    """
    check_option_names(cls, options, name)
    try:
        return TypeAdapter(cls).validate_python(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or name
        raise OptionError(f"'{name}', option '{where}': {first['msg']}.") from None


def build(table: Mapping[str, type[T]], spec: str | Mapping[str, Any], kind: str) -> T:
    """The registered dataclass that a YAML entry asks for, with its options."""
    name, options = split_spec(spec, kind)
    return with_options(lookup(table, name, kind), options, name)
