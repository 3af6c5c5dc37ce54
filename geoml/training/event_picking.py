"""Training of the network that finds events, on gathers drawn as it learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import geoml
from geoml.models.gathers.event_queries import EventQueries, EventQueriesConfig
from geoml.models.network_table import NetworkEntry, network_config
from geoml.network_checkpoint import NetworkCheckpoint
from geoml.registry import with_options
from geoml.synthetic.event_gather import EventGatherOptions, EventGathers, event_gathers
from geoml.tasks.events import Events, EventSet, event_scores
from geoml.training.fit_network import FitOptions, fit_network

KIND = "events"
NAME = "event_queries"
EVENT_MODELS: dict[str, NetworkEntry] = {NAME: NetworkEntry(EventQueries, EventQueriesConfig)}
"""Name -> network that finds a set of events."""
_VALIDATION_SEED = 1_000_003


@dataclass(frozen=True)
class EventTraining:
    """How the network that finds events is trained.

    Attributes:
        gathers: What the gathers of the training look like.
        network: Options of ``EventQueries``; the sizes follow from the gathers.
        task: Matching and loss.
        n_validation: Gathers that decide which weights are kept.
        fit: Budget, optimiser and machine.
    """

    gathers: EventGatherOptions = field(default_factory=EventGatherOptions)
    network: Mapping[str, Any] = field(default_factory=dict)
    task: Events = field(default_factory=Events)
    n_validation: int = 128
    fit: FitOptions = field(
        default_factory=lambda: FitOptions(steps=1600, batch_size=32, ema_decay=0.99)
    )


def train_events(
    options: EventTraining,
    *,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """A network that finds events, trained on fresh gathers from the seed of ``options.fit``.

    Args:
        options: What to train on and how.
        announce: Told a line a validation.
        progress: Told the steps done and in all.

    Raises:
        OptionError: If an option is wrong.
    """
    sizes = {"n_traces": options.gathers.n_traces, "n_times": options.gathers.n_times}
    config = with_options(EventQueriesConfig, {**options.network, **sizes}, NAME)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.fit.seed)
        network = EventQueries(config)
    held = event_gathers(
        options.n_validation, np.random.default_rng(_VALIDATION_SEED), options.gathers
    )
    curve = fit_network(
        network, options.task, event_batches(options.gathers, options.fit),
        [event_batch(held)], options.fit, announce=announce, progress=progress,
    )  # fmt: skip
    scores = event_scores(found_events(network, options.task, held), true_events(held))
    return NetworkCheckpoint(
        KIND,
        network_config(NAME, network),
        network.state_dict(),
        {"task": asdict(options.task), "dt_s": options.gathers.dt_s},
        {
            "curve": curve,
            "scores": {"validation": scores},
            "gathers": asdict(options.gathers),
            "fit": asdict(options.fit),
            "geoml": geoml.__version__,
        },
    )


def rebuilt(checkpoint: NetworkCheckpoint) -> EventQueries:
    """The trained network, set to predict."""
    return checkpoint.network(EVENT_MODELS)  # type: ignore[return-value]


def event_batches(options: EventGatherOptions, fit: FitOptions) -> Iterator[dict[str, Tensor]]:
    """Fresh gathers without an end."""
    rng = np.random.default_rng(fit.seed)
    while True:
        yield event_batch(event_gathers(fit.batch_size, rng, options))


def event_batch(gathers: EventGathers) -> dict[str, Tensor]:
    """Gathers at RMS 1 with their events, amplitudes in the same units."""
    scale = gather_rms(gathers.samples)
    arrays = {
        "samples": gathers.samples / scale[:, None, None],
        "offset_m": gathers.offset_m,
        "dt_s": np.float32(gathers.dt_s),
        "time_s": gathers.time_s,
        "velocity_m_s": gathers.velocity_m_s,
        "amplitude": gathers.amplitude / scale[:, None],
    }
    return {name: torch.as_tensor(array) for name, array in arrays.items()}


def gather_rms(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """RMS amplitude of each gather, 1 for a silent one, shape (gather,)."""
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64), axis=(1, 2)))
    return np.where(rms > 0, rms, 1).astype(np.float32)


def found_events(network: EventQueries, task: Events, gathers: EventGathers) -> EventSet:
    """What the network finds in gathers, amplitudes in the units of their samples."""
    with torch.no_grad():
        found = task.answers(network, event_batch(gathers))
    return {**found, "amplitude": found["amplitude"] * gather_rms(gathers.samples)[:, None]}


def true_events(gathers: EventGathers) -> EventSet:
    """The events that the gathers were made of."""
    names = ("time_s", "velocity_m_s", "amplitude")
    return {name: getattr(gathers, name) for name in names}
