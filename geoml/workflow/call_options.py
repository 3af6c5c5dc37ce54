"""Options of a workflow that become keyword arguments of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from geoml.errors import OptionError
from geoml.registry import nearest


def call_options(
    function: Callable[..., Any],
    options: Mapping[str, Any],
    name: str,
    reserved: Collection[str] = (),
) -> dict[str, Any]:
    """Keyword arguments for a function, checked by name and by type before it is called.

    Args:
        function: Its keyword-only arguments with a default are the options there are.
        options: Name -> value, as read from YAML.
        name: How the user calls the thing, for the message.
        reserved: Arguments that the workflow itself gives.

    Raises:
        OptionError: If an option is unknown or of the wrong type.
    """
    hints = get_type_hints(function)
    known = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        and parameter.default is not parameter.empty
        and parameter.name not in reserved
    ]
    for option, value in options.items():
        if option not in known:
            raise OptionError(
                f"'{name}' has no option '{option}'.{nearest(str(option), known)} "
                f"Options: {', '.join(known) or 'none'}."
            )
        try:
            TypeAdapter(hints[option]).validate_python(value)
        except ValidationError as error:
            raise OptionError(f"'{name}', option '{option}': {error.errors()[0]['msg']}.") from None
    return dict(options)
