"""What the parts of ``attention.py`` share: finished runs, modelled gathers, the networks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geoml.network_checkpoint import (
    NetworkCheckpoint,
    load_network_checkpoint,
    save_network_checkpoint,
)
from geoml.physics.wavelet_shapes import ricker
from geoml.samples.labelled_gathers import LabelledGathers, labelled_pairs
from geoml.survey.pairs import open_pairs
from geoml.synthetic.event_gather import EventGathers
from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.presets import PRESETS
from geoml.training.fit_network import FitOptions
from geoml.training.gather_pretraining import GatherTraining, train_on_gathers
from geoml.workflow.gathers import NOISE

N_MODELS, N_TEST_MODELS, N_SHOTS = 192, 24, 6
LABELS = (10, 100, 1000)
STEPS = {10: 100, 100: 150, 1000: 200}
PRETRAIN_STEPS = 400
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "transformer, pre-trained": ("trace_transformer", {}),
    "transformer, from scratch": ("trace_transformer", {}),
    "U-Net": ("denoising_unet", {"widths": (8, 16, 32, 64, 112)}),
    "ViT, pre-trained": ("gather_vit", {}),
    "ViT, from scratch": ("gather_vit", {}),
}
"""Row -> network and its options, of 440,000 to 550,000 weights each."""
Scores = dict[str, float]


def kept(folder: Path, name: str, run: Callable[[], Any]) -> Any:
    """The stored result of a run, or the result of running it now."""
    place = folder / f"{name}.json"
    if not place.is_file():
        started = time.process_time()
        result = run()
        result = {"result": result, "cpu_s": round(time.process_time() - started, 1)}
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        part.write_text(json.dumps(result), encoding="utf-8")
        part.replace(place)
        print(f"{name}: {result['cpu_s']} CPU s", flush=True)
    return json.loads(place.read_text(encoding="utf-8"))["result"]


def modelled(folder: Path) -> tuple[LabelledGathers, LabelledGathers]:
    """Gathers to learn from and gathers of other models to test on, without noise."""
    land = PRESETS["land"]
    shots = np.linspace(0, land.acquisition.n_shots - 1, N_SHOTS).round().astype(int)
    chosen = {
        name: getattr(land.acquisition, name)[shots]
        for name in (
            "source_distance_m", "source_depth_m", "receiver_distance_m", "receiver_depth_m",
        )
    }  # fmt: skip
    acquisition = replace(
        land.acquisition, **chosen,
        wavelet=ricker(10.0, 0.008, 41), wavelet_start_s=-20 * 0.008, max_frequency_hz=25.0,
    )  # fmt: skip
    store = folder / "pairs.zarr"
    if not store.exists():
        generate_pairs(
            store, acquisition, families=land.families, velocity_range=land.velocity_range,
            count=N_MODELS + N_TEST_MODELS, seed=7, accuracy=4, cells_per_wavelength=3.0,
        )  # fmt: skip
    gathers = labelled(store, folder / "labelled.npz")
    return gathers.take(gathers.group < N_MODELS), gathers.take(gathers.group >= N_MODELS)


def labelled(store: Path, place: Path) -> LabelledGathers:
    """The gathers of a pair store with their labels, whose travel times take most of a minute."""
    if not place.is_file():
        made = labelled_pairs(open_pairs(store))
        part = place.with_suffix(".part.npz")
        np.savez(part, **{f.name: getattr(made, f.name) for f in fields(made)})
        part.replace(place)
    with np.load(place) as arrays:
        return LabelledGathers(**{**arrays, "dt_s": float(arrays["dt_s"])})


def training(network: str, steps: int, seed: int) -> GatherTraining:
    model, options = NETWORKS[network]
    fit = FitOptions(
        steps=steps, batch_size=16, ema_decay=0.98, seed=seed, validate_every=max(50, steps // 4)
    )
    return GatherTraining(model=model, model_options=options, augmentation=NOISE, fit=fit)


def trained(folder: Path, name: str, run: Callable[[], NetworkCheckpoint]) -> NetworkCheckpoint:
    """A checkpoint that is there, or that is made now."""
    kept(folder, name, lambda: len(save_network_checkpoint(run(), folder / name).name))
    return load_network_checkpoint(folder / name, "gather")


def tuned(
    folder: Path, learn: LabelledGathers, row: str, task: str, n: int, seed: int
) -> NetworkCheckpoint:
    """The network of a row, tuned to a task on so many labels."""
    model, _ = NETWORKS[row]
    start = None
    if "pre-trained" in row:
        place = "pretrained" if model == "trace_transformer" else f"pretrained_{model}"
        start = trained(
            folder, f"{place}_{seed}",
            lambda: train_on_gathers(learn, "masked_traces", training(row, PRETRAIN_STEPS, seed)),
        )  # fmt: skip
    labelled = some(learn, n, seed)
    return trained(
        folder, tuned_name(row, task, n, seed),
        lambda: train_on_gathers(labelled, task, training(row, STEPS[n], seed), start),
    )  # fmt: skip


def tuned_name(row: str, task: str, n: int, seed: int) -> str:
    """Folder of a tuned network."""
    prefix = "" if task == "first_breaks" else f"{task}_"
    return f"{prefix}{slug(row)}_{n}_{seed}"


def some(learn: LabelledGathers, n: int, seed: int) -> LabelledGathers:
    """So many gathers, the same ones for every row of a seed."""
    return learn.take(np.random.default_rng(seed).choice(len(learn), n, replace=False))


def plain_gathers(gathers: EventGathers | LabelledGathers) -> list[xr.DataArray]:
    """The gathers as preprocessing takes them."""
    n_traces, n_times = gathers.samples.shape[1:]
    return [
        xr.DataArray(
            samples,
            dims=("trace", "time"),
            coords={
                "time": np.arange(n_times) * gathers.dt_s,
                "offset": ("trace", offset_m.astype(float)),
                "live": ("trace", np.ones(n_traces, dtype=bool)),
            },
        )
        for samples, offset_m in zip(gathers.samples, gathers.offset_m, strict=True)
    ]


def spread(values: list[float], digits: int = 1) -> str:
    """Median and, of several, the range."""
    middle = f"{np.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "_").replace("-", "").lower()
