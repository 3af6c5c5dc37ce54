"""Events of a survey's gathers, picked by a network, as a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.preprocess.resample import Resample
from geoml.products.style import write_whole
from geoml.registry import with_options
from geoml.survey.gathers import GatherKind, as_slice, gather_index
from geoml.survey.store import open_survey
from geoml.synthetic.event_gather import EventGathers
from geoml.tasks.events import Events
from geoml.training.event_picking import (
    KIND,
    EventTraining,
    found_events,
    rebuilt,
    train_events,
)
from geoml.workflow.gather_windows import plain_samples
from geoml.workflow.gathers import csv_text

_NONE = np.zeros((0, 0), dtype=np.float32)


def learn_events(
    out: str | Path,
    options: EventTraining,
    *,
    announce: Callable[[str], None] = print,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a network on gathers of known events, and keep it in a folder.

    Returns:
        The folder.
    """
    made = train_events(options, announce=announce, progress=progress)
    for name, value in made.training["scores"]["validation"].items():
        announce(f"validation {name}: {value:.4g}")
    return save_network_checkpoint(made, out)


def write_events(
    store: str | Path,
    checkpoint: str | Path,
    out: str | Path,
    kind: GatherKind = "cdp",
    *,
    least_chance: float | None = None,
    overwrite: bool = False,
) -> str:
    """Write the events of every gather of a survey into a table (``.csv``).

    A gather is read in the order of its absolute offsets; of more traces than the network reads,
    as many are taken evenly.

    Args:
        store: Survey store, of any sampling.
        checkpoint: Folder of the network.
        out: Table to make.
        kind: What the traces of a gather share.
        least_chance: Chance from which an event counts; that of the training if None.
        overwrite: Replace a table that is there.

    Returns:
        One line on what was written.

    Raises:
        CheckpointError: If the folder holds no network that finds events.
        OptionError: If the table is there, or not to be a table.
    """
    if Path(out).suffix != ".csv":
        raise OptionError(f"{out}: events go into a file that ends in .csv.")
    if Path(out).exists() and not overwrite:
        raise OptionError(f"{out} exists already; give another name or pass --overwrite.")
    trained = load_network_checkpoint(checkpoint, KIND)
    options = dict(trained.settings["task"])
    if least_chance is not None:
        options["least_chance"] = least_chance
    task, network = with_options(Events, options, "events"), rebuilt(trained)
    survey = open_survey(store)
    index = gather_index(survey, kind)
    size, dt_s = (network.config.n_traces, network.config.n_times), trained.settings["dt_s"]
    rows = []
    for place, traces in enumerate(index.trace_lists):
        gather = event_gather(survey.isel(trace=as_slice(traces)), *size, dt_s)
        found = found_events(network, task, gather)
        rows += _rows(index.key(place), found)
    # A table without events still has its names.
    header = ",".join(_NAMES) + "\n"
    write_whole(out, (csv_text(rows) if rows else header).encode())
    return f"{out}: {len(rows)} events in {len(index)} gathers."


_NAMES = ("gather", "time_s", "velocity_m_s", "amplitude", "chance")


def event_gather(gather: xr.Dataset, n_traces: int, n_times: int, dt_s: float) -> EventGathers:
    """One gather of a survey as the network reads it, without known events.

    Args:
        gather: Traces that belong together, with offsets.
        n_traces: Traces taken; missing ones are dead, at the last offset.
        n_times: Samples taken from time 0.
        dt_s: Sample interval [s].
    """
    distance_m = np.abs(gather["offset"].values.astype(float))
    order = np.argsort(distance_m, kind="stable")
    if order.size > n_traces:
        order = order[np.linspace(0, order.size - 1, n_traces).round().astype(int)]
    resampled = Resample(dt_s, (n_times - 1) * dt_s)(plain_samples(gather)).values[order]
    samples = np.zeros((1, n_traces, n_times), dtype=np.float32)
    samples[0, : order.size] = resampled[:, :n_times]
    offset_m = np.full((1, n_traces), distance_m[order[-1]], dtype=np.float32)
    offset_m[0, : order.size] = distance_m[order]
    return EventGathers(samples, offset_m, _NONE, _NONE, np.zeros((1, 0), np.float32), dt_s)


def _rows(key: Any, found: dict[str, Any]) -> list[dict[str, Any]]:
    there = np.flatnonzero(np.isfinite(found["time_s"][0]))
    return [
        dict(zip(_NAMES, (
            key,
            f"{found['time_s'][0, event]:.4f}",
            f"{found['velocity_m_s'][0, event]:.1f}",
            f"{found['amplitude'][0, event]:.4g}",
            f"{found['chance'][0, event]:.3f}",
        ), strict=True))
        for event in there[np.argsort(found["time_s"][0, there])]
    ]  # fmt: skip
