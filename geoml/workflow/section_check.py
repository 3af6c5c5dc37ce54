"""Parts of a workflow file, and the one line that answers what they may not hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from geoml.errors import FileFormatError, OptionError
from geoml.registry import nearest

Options = dict[str, Any]


class Section(BaseModel):
    """A part of the file; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnySection = TypeVar("AnySection", bound=BaseModel)


def checked(section: type[AnySection], plain: Mapping[str, Any], where: str) -> AnySection:
    """An instance of a section, or one line that says what is wrong with it.

    Args:
        section: A part of a workflow, or the whole.
        plain: Keys and values as YAML gives them.
        where: What the user calls the place, for the message.

    Raises:
        OptionError: If a key is unknown, missing or of the wrong type.
    """
    try:
        return section.model_validate(dict(plain))
    except ValidationError as error:
        raise OptionError(f"{where}: {_first_problem(section, error)}") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """The top level of a YAML file.

    Raises:
        FileFormatError: If the file cannot be read, is not YAML, or not a mapping.
    """
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(f"{path.name}: not a YAML file that can be read: {reason}") from None
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read: {error.strerror}.") from None
    if not isinstance(plain, dict):
        raise FileFormatError(
            f"{path.name}: a mapping of keys such as name is needed, found {type(plain).__name__}."
        )
    return plain


def _first_problem(section: type[BaseModel], error: ValidationError) -> str:
    """One line for the first thing that pydantic found."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = _keys(section, where[:-1])
        place = ".".join(where[:-1]) or "it"
        advice = f"{nearest(where[-1], known)} Known: {', '.join(known)}."
        return f"{place} has no key '{where[-1]}'.{advice}"
    if where and where[-1] == "str":
        # The first of two forms that an entry of a list may have; the other one says as little.
        return (
            f"{'.'.join(where[:-1])}: write 'name' or 'name: {{option: value}}', "
            f"found {first['input']!r}."
        )
    message = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(where)}: {message}." if where else f"{message}."


def _keys(section: type[BaseModel], where: list[str]) -> list[str]:
    """Keys that a section, or a section inside it, knows."""
    for name in where:
        annotation = section.model_fields[name].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(section.model_fields)
