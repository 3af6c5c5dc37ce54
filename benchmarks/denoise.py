"""Denoising networks beside the classical tools, on sections that trained none of them.

Run ``python benchmarks/denoise.py --folder runs/denoise`` (about 12 minutes on two cores with
``--part 0/2`` and ``--part 1/2`` side by side). Each finished run is a small file in the folder: a
second call goes on where the first one stopped, and the last prints the tables.

Sections 0 to 2 of ``folded_section`` come under three noises: white noise at 0 dB, noise at 0 dB
with the spectrum of the signal and no likeness from trace to trace, and a fifth of the traces
replaced by noise of three times the signal's RMS. Supervised networks learn on the sections of
``geoml/synthetic/reflection_section.py``, which another generator draws, one network a seed for all
noises; blind networks learn on the very section that they denoise, one network a section. Options
were chosen on sections 100 to 102.

Gain counts lost signal as error. Leakage, local similarity of what was removed and kept, f-k error
in the signal's band and amplitude ratio tell what the signal paid (``signal_preservation.py``);
where bad traces get signal back, leakage falls below 0.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from denoise_tables import Scores, print_tables, print_verdicts
from folded_section import DT_S, PEAK_HZ, folded_section
from fx_decon import ORMSBY, TUNED, processed
from fx_decon import ROWS as FX_ROWS
from numpy.typing import NDArray

from geoml.models.gathers import GATHER_MODELS
from geoml.objectives.signal_preservation import preservation_scores
from geoml.preprocess import Step
from geoml.preprocess.median import Median
from geoml.synthetic.noise.bad_traces import BadTraces
from geoml.synthetic.noise.coloured import Coloured
from geoml.synthetic.noise.white import White
from geoml.synthetic.noisy_patches import NoisyPatches
from geoml.synthetic.reflection_section import ReflectionSection
from geoml.tasks.denoise import BlindSpot, BlindTrace, DenoiseTask, Supervised, denoised
from geoml.training.denoise import train_denoiser
from geoml.training.denoise_data import GatherPatches, SyntheticPatches
from geoml.training.fit_network import FitOptions

Floats = NDArray[np.float64]

SEEDS = (0, 1, 2)
NOISES = ("white", "correlated", "bad traces")
PATCH = (32, 64)
BAD_LEVEL, BAD_SHARE = 3.0, 0.2

CLASSICAL: dict[str, Sequence[Step]] = {
    "as recorded": [],
    "bandpass": [ORMSBY],
    "median of 5 traces": [Median(n_traces=5)],
    "f-x, tuned": [TUNED],
    "rank reduction, tuned": FX_ROWS["rank_reduction, tuned"],
}

_AROUND_PEAK = tuple(2 * PEAK_HZ * DT_S * 2.0**octaves for octaves in (-0.4, 0.4))
TRAINING_DATA = SyntheticPatches(
    NoisyPatches(
        (
            Coloured(chance=0.4, level=(0.5, 2.0)),
            White(chance=0.6, level=(0.4, 2.0)),
            BadTraces(chance=0.4),
        ),
        ReflectionSection(
            peak_of_nyquist=_AROUND_PEAK, gather_share=0, dip_of_aliasing=0.6, steepest=3.0
        ),
        mute_chance=0.0,
    ),
    DT_S,
)

SUPERVISED: dict[str, tuple[str, dict[str, Any], tuple[int, int], dict[str, Any]]] = {
    "U-Net": ("denoising_unet", {}, PATCH, {"steps": 1800}),
    "DnCNN": ("dncnn", {"width": 24, "depth": 8}, PATCH, {"steps": 700}),
    "convolutional autoencoder": ("conv_autoencoder", {}, PATCH, {"steps": 800}),
    "variational autoencoder": ("variational_autoencoder", {}, PATCH, {"steps": 800}),
    "dense autoencoder": ("dense_autoencoder", {}, (16, 32), {"steps": 500, "batch_size": 128}),
}
"""Row -> network, its options, its patch, its training."""

BLIND: dict[str, tuple[DenoiseTask, int]] = {
    "Noise2Void on the section": (BlindSpot(), 330),
    "blind traces on the section": (BlindTrace(), 330),
}
"""Row -> task and steps of a small U-Net."""


def noisy_section(clean: Floats, noise: str, seed: int) -> Floats:
    """A section under one of ``NOISES``, shape (trace, time)."""
    rng = np.random.default_rng(1000 * (1 + NOISES.index(noise)) + seed)
    random = rng.normal(size=clean.shape)
    if noise == "bad traces":
        bad = rng.permutation(clean.shape[0])[: round(BAD_SHARE * clean.shape[0])]
        noisy = clean.copy()
        noisy[bad] = BAD_LEVEL * random[bad]
        return noisy
    if noise == "correlated":
        over_peak = np.fft.rfftfreq(clean.shape[1], DT_S) / PEAK_HZ
        ricker = over_peak**2 * np.exp(1 - over_peak**2)
        random = np.fft.irfft(np.fft.rfft(random, axis=1) * ricker, clean.shape[1], axis=1)
    return clean + random / np.sqrt(np.mean(random**2))


def classical(row: str, seed: int, noises: Sequence[str]) -> dict[str, Scores]:
    """Scores of one row on some noises of a section."""
    return _scored(seed, noises, lambda noisy: processed(noisy, CLASSICAL[row]))


def supervised(row: str, seed: int, noises: Sequence[str]) -> dict[str, Scores]:
    """A network trained on synthetic sections, and its scores on some noises of a section."""
    model, options, patch, fit = SUPERVISED[row]
    start = time.process_time()
    task = Supervised()
    checkpoint = train_denoiser(
        TRAINING_DATA,
        task,
        _fit(seed, **fit),
        model=model,
        model_options=options,
        patch_shape=patch,
    )
    train_s = time.process_time() - start
    network = checkpoint.network(GATHER_MODELS)
    scores = _scored(
        seed, noises, lambda noisy: denoised(network, task, noisy.astype(np.float32), patch)
    )
    return {noise: {**values, "train_s": train_s} for noise, values in scores.items()}


def blind(row: str, seed: int, noises: Sequence[str]) -> dict[str, Scores]:
    """Networks trained on the noisy sections alone, one a noise, and their scores."""
    task, steps = BLIND[row]
    scores = {}
    for noise in noises:
        noisy = noisy_section(folded_section(seed), noise, seed).astype(np.float32)
        start = time.process_time()
        checkpoint = train_denoiser(
            GatherPatches([noisy], DT_S), task, _fit(seed, steps, 16), patch_shape=PATCH
        )
        train_s = time.process_time() - start
        network = checkpoint.network(GATHER_MODELS)
        found = _scored(
            seed,
            [noise],
            lambda noisy, network=network: denoised(  # type: ignore[misc]
                network, task, noisy.astype(np.float32), PATCH
            ),
        )
        scores[noise] = {**found[noise], "train_s": train_s}
    return scores


def _scored(
    seed: int, noises: Sequence[str], denoise: Callable[[Floats], NDArray[Any]]
) -> dict[str, Scores]:
    clean = folded_section(seed)
    scores = {}
    for noise in noises:
        noisy = noisy_section(clean, noise, seed)
        start = time.process_time()
        found = denoise(noisy)
        seconds = time.process_time() - start
        scores[noise] = {**preservation_scores(noisy, clean, found), "seconds": seconds}
    return scores


def _fit(seed: int, steps: int, batch_size: int = 8) -> FitOptions:
    return FitOptions(
        steps=steps, batch_size=batch_size, seed=seed, validate_every=steps, accelerator="cpu"
    )


Measure = Callable[[str, int, Sequence[str]], dict[str, Scores]]
KINDS: dict[Measure, tuple[list[str], list[tuple[str, ...]]]] = {
    classical: (list(CLASSICAL), [NOISES]),
    supervised: (list(SUPERVISED), [NOISES]),
    blind: (list(BLIND), [(noise,) for noise in NOISES]),
}
"""What measures rows -> its rows, and the noises that one run takes together."""


def run(folder: Path, part: tuple[int, int], rows: list[str] | None) -> None:
    """Every run of a part that is not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (measure, row, seed, noises)
        for seed in SEEDS
        for measure, (names, groups) in KINDS.items()
        for row in names
        for noises in groups
        if rows is None or row in rows
    ]
    for measure, row, seed, noises in jobs[part[0] :: part[1]]:
        path = _path(folder, row, seed, noises)
        if not path.is_file():
            scores = measure(row, seed, noises)
            print(f"{row}, section {seed}: " + _gains(scores), flush=True)
            path.write_text(json.dumps(scores))


def _path(folder: Path, row: str, seed: int, noises: Sequence[str]) -> Path:
    which = "" if len(noises) == len(NOISES) else f"_{noises[0]}"
    return folder / f"{row}{which}_{seed}.json".replace(" ", "_").replace(",", "")


def _finished(folder: Path) -> dict[str, dict[str, list[Scores]]]:
    """Row -> noise -> scores of the sections that are measured."""
    found: dict[str, dict[str, list[Scores]]] = {}
    for names, groups in KINDS.values():
        for row in names:
            found[row] = {noise: [] for noise in NOISES}
            paths = [_path(folder, row, seed, noises) for seed in SEEDS for noises in groups]
            for path in filter(Path.is_file, paths):
                for noise, scores in json.loads(path.read_text()).items():
                    found[row][noise].append(scores)
    return found


def _gains(scores: dict[str, Scores]) -> str:
    return ", ".join(f"{noise} {values['gain_db']:.2f} dB" for noise, values in scores.items())


def report(folder: Path) -> None:
    """One table a noise, then what was asked for."""
    found = _finished(folder)
    print_tables(found, len(SEEDS))
    print_verdicts(found, list(SUPERVISED), *BLIND)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="finished runs")
    parser.add_argument("--part", default="0/1", help="every second run, as 0/2 or 1/2")
    parser.add_argument("--rows", nargs="*", help="these rows alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    first, of = (int(number) for number in arguments.part.split("/"))
    run(arguments.folder, (first, of), arguments.rows)
    report(arguments.folder)
