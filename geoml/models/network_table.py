"""Tables of networks by name: build one from options, describe it, build it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import nn

from geoml.errors import OptionError
from geoml.registry import lookup, with_options


@dataclass(frozen=True)
class NetworkEntry:
    """One line of a table: a network of a stated kind.

    Attributes:
        network: Module class; built from a ``config`` instance, which it keeps as ``.config``.
        config: Its frozen dataclass of options.
        settings: Options that this name stands for; a user's options come on top.
    """

    network: type[nn.Module]
    config: type[Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


def build_network(
    table: Mapping[str, NetworkEntry],
    name: str,
    kind: str,
    fixed: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> nn.Module:
    """A network with fresh weights from torch's random generator.

    Args:
        table: Name -> entry.
        name: Key of the table.
        kind: What the table holds, for messages, such as ``"denoiser"``.
        fixed: Fields of the config that follow from data and task; a user may not give them, and
            those that the config does not have are left out.
        options: A user's options.

    Raises:
        UnknownNameError: If there is no such network.
        OptionError: If an option is unknown, does not fit or is not the user's to give.
    """
    entry = lookup(table, name, kind)
    options = dict(options or {})
    for key in fixed:
        if key in options:
            raise OptionError(f"'{key}' of '{name}' follows from data and task; leave it out.")
    has = entry.config.__dataclass_fields__
    given = {key: value for key, value in fixed.items() if key in has}
    return entry.network(with_options(entry.config, {**entry.settings, **options, **given}, name))


def network_config(name: str, network: nn.Module) -> dict[str, Any]:
    """Everything that ``rebuild_network`` needs to make the same network, as plain JSON values."""
    return {"name": name, **asdict(network.config)}  # type: ignore[call-overload]


def rebuild_network(
    table: Mapping[str, NetworkEntry], config: Mapping[str, Any], kind: str
) -> nn.Module:
    """The network that ``network_config`` described, with fresh weights.

    Args:
        table: The table that it was built from.
        config: As ``network_config`` made it, before or after a trip through JSON.
        kind: What the table holds, for messages.

    Raises:
        UnknownNameError: If the table has no such network.
        OptionError: If the config does not fit it.
    """
    settings = dict(config)
    name = str(settings.pop("name", ""))
    entry = lookup(table, name, kind)
    return entry.network(with_options(entry.config, settings, name))
