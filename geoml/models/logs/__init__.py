"""Models on logs by name: networks on sequences of rows, and fits on features of single rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from geoml.errors import OptionError
from geoml.models.logs.constant import Constant, FittedConstant
from geoml.models.logs.elman import Elman, ElmanConfig
from geoml.models.logs.fitted import Arrays, FittedLog, LogFit
from geoml.models.logs.fitted_trees import FittedTrees
from geoml.models.logs.gru import Gru, GruConfig
from geoml.models.logs.hist_boosting import HistBoosting
from geoml.models.logs.log_network import LogConfig, LogHead, LogNetwork
from geoml.models.logs.lstm import Lstm, LstmConfig
from geoml.models.logs.random_forest import RandomForest
from geoml.models.logs.ridge import FittedRidge, Ridge
from geoml.models.logs.sequence_to_sequence import SequenceToSequence, SequenceToSequenceConfig
from geoml.models.logs.tcn import Tcn, TcnConfig
from geoml.models.logs.transformer import Transformer, TransformerConfig
from geoml.registry import lookup, with_options

__all__ = [
    "LOG_FITS",
    "LOG_MODELS",
    "LogConfig",
    "LogEntry",
    "LogFit",
    "LogHead",
    "LogNetwork",
    "build_log_network",
    "fitted_from_arrays",
    "log_network_config",
    "model_kind",
    "rebuild_log_network",
]


@dataclass(frozen=True)
class LogEntry:
    """A network on logs of a stated kind.

    Attributes:
        network: Module class.
        config: Its frozen dataclass.
        settings: Options that this name stands for; a user's options come on top.
    """

    network: type[nn.Module]
    config: type[LogConfig]
    settings: Mapping[str, Any]


LOG_MODELS: dict[str, LogEntry] = {
    "elman": LogEntry(Elman, ElmanConfig, {}),
    "lstm": LogEntry(Lstm, LstmConfig, {}),
    "bilstm": LogEntry(Lstm, LstmConfig, {"bidirectional": True}),
    "gru": LogEntry(Gru, GruConfig, {}),
    "tcn": LogEntry(Tcn, TcnConfig, {}),
    "transformer": LogEntry(Transformer, TransformerConfig, {}),
    "transformer_sinusoidal": LogEntry(Transformer, TransformerConfig, {"positions": "sinusoidal"}),
    "sequence_to_sequence": LogEntry(SequenceToSequence, SequenceToSequenceConfig, {}),
}
"""Name -> network on sequences of rows."""

LOG_FITS: dict[str, type[LogFit]] = {
    "constant": Constant,
    "ridge": Ridge,
    "random_forest": RandomForest,
    "hist_boosting": HistBoosting,
}
"""Name -> frozen dataclass of a model that is fitted to features of single rows."""

_FITTED: dict[str, type[FittedLog]] = {
    "constant": FittedConstant,
    "ridge": FittedRidge,
    "random_forest": FittedTrees,
    "hist_boosting": FittedTrees,
}


def model_kind(name: str) -> str:
    """``network`` or ``fit``.

    Raises:
        UnknownNameError: If there is no such model.
    """
    lookup({**LOG_MODELS, **LOG_FITS}, name, "log model")
    return "network" if name in LOG_MODELS else "fit"


def build_log_network(
    name: str, n_inputs: int, heads: tuple[LogHead, ...], options: Mapping[str, Any] | None = None
) -> LogNetwork:
    """A network with fresh weights from torch's random generator.

    Args:
        name: Key of ``LOG_MODELS``.
        n_inputs: Input channels.
        heads: Name and output channels of each head, as the task asks.
        options: Settings on top of the name's own.

    Raises:
        UnknownNameError: If there is no such network.
        OptionError: If an option is unknown or does not fit.
    """
    entry = lookup(LOG_MODELS, name, "log model")
    for fixed in ("n_inputs", "heads"):
        if fixed in (options or {}):
            raise OptionError(f"'{fixed}' of '{name}' follows from data and task; leave it out.")
    settings = {**entry.settings, **(options or {}), "n_inputs": n_inputs, "heads": heads}
    return entry.network(with_options(entry.config, settings, name))  # type: ignore[return-value]


def log_network_config(name: str, network: LogNetwork) -> dict[str, Any]:
    """Everything that ``rebuild_log_network`` needs, as plain JSON values."""
    return {"name": name, **asdict(network.config)}


def rebuild_log_network(config: Mapping[str, Any]) -> LogNetwork:
    """The network that ``log_network_config`` described, with fresh weights."""
    settings = dict(config)
    name = str(settings.pop("name", ""))
    entry = lookup(LOG_MODELS, name, "log model")
    return entry.network(with_options(entry.config, settings, name))  # type: ignore[return-value]


def fitted_from_arrays(name: str, arrays: Arrays) -> FittedLog:
    """The fitted model of a name from its stored arrays."""
    return lookup(_FITTED, name, "fitted log model").from_arrays(arrays)
