"""Networks tuned on modelled gathers on a real land line, whose first breaks nobody knows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from attention_labels import CLASSICAL
from attention_runs import LABELS, NETWORKS, STEPS, spread, training, tuned_name
from land_picks import held_out_scatter_ms, picks_picture

from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.physics.picks import pick_first_breaks
from geoml.preprocess.bandpass import Bandpass
from geoml.readers.ingest import read_survey
from geoml.samples.labelled_gathers import LabelledGathers
from geoml.training.gather_pretraining import train_on_gathers
from geoml.workflow.gather_windows import shot_windows
from geoml.workflow.gathers import network_answers

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("GEOML_DATA", ROOT / ".." / "shared" / "data")) / "seismic"
TUNED = " + 9 shots"
_SURE = 0.5


def land(folder: Path, seeds: int) -> None:
    """The networks of the most labels, as far as they were tuned, on the real land line."""
    file = DATA / "land_line_18shots.sgy"
    if not file.is_file():
        print(f"\nland: {file} is not there, left out")
        return
    survey = read_survey(file)
    windows = shot_windows(filtered(survey), dt_s=0.008, n_times=201)
    station = np.unique(survey["receiver_x"].values, return_inverse=True)[1][windows.trace]
    raw = np.stack([survey["amplitude"].values[row] for row in windows.trace])
    dt_s = float(survey["time"][1] - survey["time"][0])
    pairs = zip(raw, windows.gathers.offset_m, strict=True)
    picks = {CLASSICAL: np.stack([pick_first_breaks(a, dt_s, 0.0, x) for a, x in pairs])}
    print(f"\nLand line, {windows.trace.size} traces: picks held out, predicted from the others")
    heads = ("picked %", "median off ms", "90 % off ms", "from classical ms")
    print(f"{'':36}" + "".join(f"{head:>20}" for head in heads))
    names = (CLASSICAL, *NETWORKS, *(f"{name}{TUNED}" for name in NETWORKS))
    for name in names:
        rows, row = [], name.removesuffix(TUNED)
        for seed in [0] if name == CLASSICAL else tuned_seeds(folder, row, seeds):
            if name.endswith(TUNED):
                picks[name] = tuned_on_the_line(
                    folder, row, windows.gathers, picks[CLASSICAL], seed
                )
            elif name != CLASSICAL:
                picks[name] = sure_picks(tuned_on_models(folder, row, seed), windows.gathers)
            off_ms = held_out_scatter_ms(picks[name], windows.gathers.offset_m, station)
            away = 1000 * (picks[name] - picks[CLASSICAL])
            away = np.abs(away - np.nanmedian(away))
            rows.append((100 * np.isfinite(picks[name]).mean(), *off_ms, np.nanmedian(away)))
        if not rows:
            continue
        cells = [spread(list(column)) for column in zip(*rows, strict=True)]
        print(f"{name:36}" + "".join(f"{cell:>20}" for cell in cells))
    shown = (CLASSICAL, names[1], names[1] + TUNED)
    drawn = {name: picks[name] for name in shown if name in picks}
    picks_picture(folder / "land_line.png", raw, dt_s, windows.gathers.offset_m, drawn)


def tuned_seeds(folder: Path, row: str, seeds: int) -> list[int]:
    """Seeds whose network is in the folder."""
    places = [folder / tuned_name(row, "first_breaks", max(LABELS), s) for s in range(seeds)]
    return [seed for seed, place in enumerate(places) if place.is_dir()]


def tuned_on_models(folder: Path, row: str, seed: int) -> NetworkCheckpoint:
    """The network of a row that had the most labels."""
    return load_network_checkpoint(
        folder / tuned_name(row, "first_breaks", max(LABELS), seed), "gather"
    )


def tuned_on_the_line(
    folder: Path, name: str, gathers: LabelledGathers, picks: np.ndarray, seed: int
) -> np.ndarray:
    """Picks of each half of the shots by a network tuned on the classical picks of the other."""
    start = tuned_on_models(folder, name, seed)
    shot = np.arange(len(gathers))
    told = replace(gathers, first_break_s=picks.astype(np.float32), group=shot)
    options = replace(training(name, STEPS[10], seed), augmentation=None)
    found = np.empty(picks.shape)
    for half in (shot % 2 == 0, shot % 2 == 1):
        made = train_on_gathers(told.take(~half), "first_breaks", options, start)
        found[half] = sure_picks(made, told.take(half))
    return found


def sure_picks(made: NetworkCheckpoint, gathers: LabelledGathers) -> np.ndarray:
    """Picks whose probability lies around one place."""
    answers = network_answers(made, gathers)
    return np.where(answers["confidence"] >= _SURE, answers["first_break"], np.nan)


def filtered(survey: xr.Dataset) -> xr.Dataset:
    """The line in the band of the training, by a filter without phase."""
    gathers = xr.DataArray(
        survey["amplitude"].values, dims=("trace", "time"), coords={"time": survey["time"].values}
    )
    samples = Bandpass(low_hz=4, high_hz=22)(gathers).values
    return survey.assign(amplitude=(("trace", "time"), samples))
