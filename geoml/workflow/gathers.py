"""Networks on gathers from stores to products: learn on pairs or a survey, write what they say."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.errors import CheckpointError, OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import (
    NetworkCheckpoint,
    load_network_checkpoint,
    save_network_checkpoint,
)
from geoml.products.style import write_whole
from geoml.registry import build, split_spec
from geoml.samples.augment import Augmentation
from geoml.samples.labelled_gathers import LabelledGathers, gather_batch, labelled_pairs
from geoml.survey.pairs import open_pairs
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES
from geoml.survey.store import history_line, open_survey, save_survey
from geoml.tasks import GATHER_TASKS, GatherTask
from geoml.training.gather_pretraining import KIND, GatherTraining, train_on_gathers
from geoml.workflow.gather_windows import GatherWindows, shot_windows

_AT_ONCE = 64
_SAME = 1e-3
_PRODUCTS = {"first_breaks": (".csv", ".zarr"), "stack_velocities": (".csv",), "signal": (".zarr",)}
NOISE = Augmentation(
    snr_db=(-3.0, 15.0), noise_probability=1.0, dead_fraction=0.1, trace_gain_db=3.0
)
"""What modelled gathers get in training, so that they look recorded."""


def learn_gathers(
    store: str | Path,
    out: str | Path,
    task: str | Mapping[str, Any],
    options: GatherTraining,
    *,
    start: str | Path | None = None,
    sampling: Mapping[str, Any] | None = None,
    count: int | None = None,
    announce: Callable[[str], None] = print,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a network on the gathers of a store, and keep it in a folder.

    Args:
        store: Survey store, or pair store, whose gathers are modelled and get ``NOISE``.
        out: Folder for the checkpoint.
        task: ``name`` or ``{name: {option: value}}`` of ``GATHER_TASKS``.
        options: How to train.
        start: Folder of a trained network to start from, whose sampling then holds.
        sampling: ``n_traces``, ``dt_s``, ``max_time_s`` of the windows of a survey.
        count: Gathers that are used, evenly spread; all if None.
        announce: Told what is done, a line each.
        progress: Told the steps done and in all.

    Returns:
        The folder.

    Raises:
        CheckpointError: If the trained network does not fit.
        OptionError: If an option is wrong or the gathers have no labels.
        StoreError: If there is no such store.
    """
    first = None if start is None else load_network_checkpoint(start, KIND)
    pairs = is_pair_store(store)
    if pairs:
        gathers = labelled_pairs(open_pairs(store))
        options = replace(options, augmentation=options.augmentation or NOISE)
    elif split_spec(task, "gather task")[0] == "signal":
        raise OptionError(
            f"{store}: what a survey's signal is under its noise is not known; tune on simulated "
            "pairs, or see 'geoml denoise'."
        )
    else:
        gathers = _live(_windows(store, first, sampling).gathers, store)
    if count is not None and count < len(gathers):
        gathers = gathers.take(np.linspace(0, len(gathers) - 1, count).round().astype(int))
    announce(
        f"{len(gathers)} gathers of {gathers.samples.shape[1]} traces and "
        f"{gathers.samples.shape[2]} samples of {1000 * gathers.dt_s:g} ms"
        + (", modelled, with noise drawn in training." if pairs else ".")
    )
    made = train_on_gathers(gathers, task, options, first, announce=announce, progress=progress)
    made.training["store"] = Path(store).name
    for name, value in made.training["scores"]["validation"].items():
        announce(f"validation {name}: {value:.4g}")
    return save_network_checkpoint(made, out)


def predict_gathers(
    store: str | Path, checkpoint: str | Path, out: str | Path, *, overwrite: bool = False
) -> str:
    """Write what a tuned network says of a survey.

    First breaks become a table (``.csv``) or the variable ``first_break`` of a new store, stack
    velocities a table, the signal under noise the amplitude of a new store. The survey is held in
    memory; ``geoml denoise`` streams.

    Args:
        store: Survey store, of any sampling.
        checkpoint: Folder of the network.
        out: Table or store to make.
        overwrite: Replace what is there.

    Returns:
        One line on what was written.

    Raises:
        CheckpointError: If the network answers no such question.
        OptionError: If the product cannot hold the answer, or is already there.
    """
    trained = load_network_checkpoint(checkpoint, KIND)
    task = next(iter(trained.settings["task"]))
    suffixes = _PRODUCTS.get(task)
    if suffixes is None:
        raise CheckpointError(
            f"{checkpoint} was trained for '{task}', which is no product; tune it to "
            f"{', '.join(_PRODUCTS)} with 'geoml gathers finetune'."
        )
    if Path(out).suffix not in suffixes:
        raise OptionError(f"{out}: {task} goes into a file that ends in {' or '.join(suffixes)}.")
    if Path(out).exists() and not overwrite:
        raise OptionError(f"{out} exists already; give another name or pass --overwrite.")
    survey = open_survey(store)
    if task == "signal":
        _check_record(survey, trained)
    windows = _windows(store, trained, None)
    answers = network_answers(trained, windows.gathers)
    if task == "signal":
        signal = windows.samples_on_traces(answers["signal"]).astype(np.float32)
        signal = signal[:, : survey.sizes["time"]]
        save_survey(_denoised(survey, signal, trained), out, overwrite=overwrite)
        return f"{out}: {len(signal)} traces without their noise."
    if task == "stack_velocities":
        return _write_velocities(survey, windows, answers["stack_velocity"], Path(out))
    picks = windows.on_traces(answers["first_break"])
    confidence = windows.on_traces(answers["confidence"])
    if Path(out).suffix == ".csv":
        rows = _pick_rows(survey, picks, confidence)
        write_whole(out, csv_text(rows).encode())
    else:
        save_survey(_with_picks(survey, picks, trained), out, overwrite=overwrite)
    return f"{out}: {int(np.isfinite(picks).sum())} of {picks.size} traces have a first break."


def network_answers(
    checkpoint: NetworkCheckpoint, gathers: LabelledGathers
) -> dict[str, NDArray[np.float32]]:
    """What a trained network says of gathers, by the names of its task."""
    network = checkpoint.network(GATHER_MODELS)
    task: GatherTask = build(GATHER_TASKS, checkpoint.settings["task"], "gather task")
    rows = []
    with torch.no_grad():
        for first in range(0, len(gathers), _AT_ONCE):
            part = gathers.take(np.arange(first, min(first + _AT_ONCE, len(gathers))))
            rows.append(task.answers(network, gather_batch(part)))
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def is_pair_store(store: str | Path) -> bool:
    """Whether a store holds simulated pairs and no survey."""
    place = Path(store)
    if not (place / "zarr.json").is_file():
        return False
    return "pairs_version" in xr.open_zarr(place, consolidated=False).attrs


def _windows(
    store: str | Path, trained: NetworkCheckpoint | None, sampling: Mapping[str, Any] | None
) -> GatherWindows:
    """Windows of a survey, sampled as a trained network needs them or as asked."""
    if trained is None:
        return shot_windows(open_survey(store), **(sampling or {}))
    names = ("n_traces", "n_times", "dt_s")
    return shot_windows(open_survey(store), **{name: trained.settings[name] for name in names})


def _live(gathers: LabelledGathers, store: str | Path) -> LabelledGathers:
    """The gathers that have a live trace to learn from."""
    live = np.asarray(gathers.samples.any(axis=(1, 2)))
    if not live.any():
        raise OptionError(
            f"{store}: no trace of the {len(gathers)} gathers is live; a network needs some to "
            "learn from."
        )
    return gathers.take(live)


def _with_picks(
    survey: xr.Dataset, picks: NDArray[np.float64], trained: NetworkCheckpoint
) -> xr.Dataset:
    kind = OPTIONAL_TRACE_VARIABLES["first_break"]
    attrs = {"units": kind.units, "long_name": kind.meaning}
    return _with_history(survey.assign(first_break=("trace", picks, attrs)), trained)


def _denoised(
    survey: xr.Dataset, signal: NDArray[np.float32], trained: NetworkCheckpoint
) -> xr.Dataset:
    dead = ~np.any(survey["amplitude"].values, axis=1)
    amplitude = survey["amplitude"].copy(data=np.where(dead[:, None], np.float32(0), signal))
    return _with_history(survey.assign(amplitude=amplitude), trained)


def _with_history(survey: xr.Dataset, trained: NetworkCheckpoint) -> xr.Dataset:
    options = {"model": trained.model["name"], "task": next(iter(trained.settings["task"]))}
    line = history_line("gathers predict", options, geoml.__version__)
    return survey.assign_attrs(history=[*survey.attrs.get("history", []), line])


def _check_record(survey: xr.Dataset, trained: NetworkCheckpoint) -> None:
    """Refuse a survey whose samples would come back on another time axis."""
    time_s, dt_s = survey["time"].values, trained.settings["dt_s"]
    wanted = np.arange(time_s.size) * dt_s
    if time_s.size > trained.settings["n_times"] or np.abs(time_s - wanted).max() > _SAME * dt_s:
        raise OptionError(
            f"The network gives {trained.settings['n_times']} samples of {dt_s:g} s from time 0, "
            f"and the survey has {time_s.size} from {time_s[0]:g} to {time_s[-1]:g} s; put the "
            "step 'resample' with dt_s and max_time_s into its preprocessing."
        )


def _pick_rows(
    survey: xr.Dataset, picks: NDArray[np.float64], confidence: NDArray[np.float64]
) -> list[dict[str, Any]]:
    columns = {name: survey[name].values for name in ("field_record", "trace_in_record", "offset")}
    return [
        {
            "trace": trace,
            "field_record": int(columns["field_record"][trace]),
            "trace_in_record": int(columns["trace_in_record"][trace]),
            "offset_m": f"{columns['offset'][trace]:.2f}",
            "first_break_s": f"{picks[trace]:.5f}" if np.isfinite(picks[trace]) else "",
            "confidence": f"{confidence[trace]:.3f}" if np.isfinite(confidence[trace]) else "",
        }
        for trace in range(picks.size)
    ]


def _write_velocities(
    survey: xr.Dataset, windows: GatherWindows, velocity: NDArray[np.float32], out: Path
) -> str:
    dt_s = windows.gathers.dt_s
    records = survey["field_record"].values
    rows = [
        {
            "field_record": int(records[members[members >= 0][0]]),
            "time_s": f"{sample * dt_s:.4f}",
            "velocity_m_s": f"{value:.1f}",
        }
        for members, curve in zip(windows.trace, velocity, strict=True)
        for sample, value in enumerate(curve)
    ]
    write_whole(out, csv_text(rows).encode())
    return f"{out}: stack velocities of {len(velocity)} gathers."


def csv_text(rows: list[dict[str, Any]]) -> str:
    """A table with the names of the first row above it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
