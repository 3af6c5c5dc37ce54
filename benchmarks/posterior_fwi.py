"""Waveform inversion of a learned code beside that of cells, at about equal solves.

    python benchmarks/posterior_fwi.py --pairs CurveVelA.zarr --cvae FOLDER --folder runs/posterior

Genuine OpenFWI CurveVel-A models that trained neither the network nor the prior. Cells: the
inversion of ``benchmarks/refine.py``, which knows the network's spread and edges. Codes: those of a
velocity prior (``geoml.training.prior``, trained here for --prior-minutes on the training part) and
those of a conditional variational autoencoder, by ``geoml.physics.fwi_code``; from the smoothed
truth, which nobody has in the field, and from the network's answer. "..., cells" spends half of the
iterations on the code and half on cells from there. The networks read gathers without noise, also
where the inversion's have noise. The data are modelled with the stencil that inverts them, an
inverse crime. Part of ``benchmarks/posterior.py``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from refine import LOWEST_BAND_HZ, SMOOTH_CELLS, observed_gathers
from refine import OPTIONS as REFINE_OPTIONS
from scipy.ndimage import gaussian_filter

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.network_checkpoint import SETTINGS_NAME, load_network_checkpoint
from geoml.objectives.velocity_score import velocity_scores
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi import refine_windows_fwi
from geoml.physics.fwi_code import CodeOptions, invert_code
from geoml.physics.fwi_noise import noise_share, suited_to_noise
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_shots import ShotSet
from geoml.prediction.network import WindowPredictor
from geoml.prediction.section_decoder import SectionDecoder, posterior_decoder, prior_decoder
from geoml.samples.splits import SplitFractions, split_pairs
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.training.prior import train_prior
from geoml.training.prior_data import VelocitySections
from geoml.training.prior_options import PriorOptions

# The stencil of the pairs that the networks learned from.
OPTIONS = replace(REFINE_OPTIONS, accuracy=4)
CODE_OPTIONS = CodeOptions()
Row = dict[str, Any]


def prior_of(pairs: Path, splits: dict[str, float], minutes: float, folder: Path) -> Path:
    """A variational autoencoder of the training part's models, trained once."""
    out = folder / f"vae_{minutes:g}"
    if not (out / SETTINGS_NAME).exists():
        store = open_pairs(pairs)
        parts = split_pairs(int(store.sizes["sample"]), SplitFractions(**splits))
        velocity = store["velocity"][parts.train].values.astype(np.float32)
        sections = VelocitySections(
            velocity,
            float(np.diff(store["depth"].values[:2])[0]),
            np.zeros(len(velocity), dtype=np.int64),
            ("curve_vel_a",),
            pairs.name,
        )
        fit = {"steps": 100_000, "max_cpu_minutes": minutes, "batch_size": 16}
        train_prior(sections, "vae", PriorOptions(mirror=True, held_out=0.02, fit=fit), out)
    return out


def ways_of(
    number: int, pairs: Path, cvae: Checkpoint, prior: Path, snr_db: float | None
) -> dict[str, Callable[[], Row]]:
    """Every way to the section of one model, to be gone when its row is asked for.

    Args:
        number: Pair of the store; its model alone is used, its gathers are modelled anew.
        pairs: The store.
        cvae: A trained posterior network: it also predicts where the inversions begin.
        prior: Folder of a velocity prior.
        snr_db: Of noise in the signal's band; None for none.
    """
    store = open_pairs(pairs)
    acquisition = Acquisition.from_dict(store.attrs["acquisition"])
    truth = store["velocity"][number].values.astype(np.float32)
    observed = observed_gathers(truth, acquisition, snr_db, number, accuracy=OPTIONS.accuracy)
    # The networks learned from gathers without noise, and fail on others.
    clean = observed_gathers(truth, acquisition, None, number, accuracy=OPTIONS.accuracy)
    said = WindowPredictor(cvae).predict(clean[None])
    low, high = OPTIONS.min_velocity_m_s, OPTIONS.max_velocity_m_s
    start = said.velocity[0].astype(np.float32).clip(low, high)
    smooth = gaussian_filter(truth, SMOOTH_CELLS, mode="nearest")
    share = noise_share(observed, acquisition, high)
    given = suited_to_noise(OPTIONS, share, has_spread=True)
    bare = with_lowest_band(suited_to_noise(OPTIONS, share, has_spread=False))
    spread, edges = (
        None if one is None else one[0].astype(np.float32)
        for one in (said.velocity_std, said.edge_probability)
    )
    shots = [ShotSet(cast(AcquisitionLike, acquisition), observed)]
    vae = prior_decoder(load_network_checkpoint(prior, "prior"), acquisition)
    drawing = posterior_decoder(cvae, acquisition, clean)
    zero = np.zeros(drawing.size, np.float32)

    def cells(begin: Any, options: FwiOptions, known: bool) -> FwiResult:
        about = {"std": spread, "edges": edges} if known else {}
        return refine_windows_fwi(begin, observed, acquisition, options, **about)[0]

    def codes(decoder: SectionDecoder, begin: Any, options: FwiOptions) -> FwiResult:
        step = acquisition.spacing_m
        return invert_code(decoder.decode, [begin], step, shots, options, CODE_OPTIONS).result

    def then_cells(decoder: SectionDecoder, begin: Any, options: FwiOptions, known: bool) -> Row:
        half = replace(options, iterations=OPTIONS.iterations // 2)
        first = codes(decoder, begin, half)
        return row(cells(first.velocity, half, known), truth, first)

    return {
        "network": lambda: row_of(start, truth),
        "smoothed truth": lambda: row_of(smooth, truth),
        "truth through the VAE": lambda: row_of(through(vae, truth), truth),
        "cells from smooth": lambda: row(cells(smooth, bare, False), truth),
        "VAE code from smooth": lambda: row(codes(vae, vae.encode(smooth), bare), truth),
        "VAE code from smooth, cells": lambda: then_cells(vae, vae.encode(smooth), bare, False),
        "cells from network": lambda: row(cells(start, given, True), truth),
        "VAE code from network": lambda: row(codes(vae, vae.encode(start), given), truth),
        "VAE code from network, cells": lambda: then_cells(vae, vae.encode(start), given, False),
        "cVAE code from network": lambda: row(codes(drawing, zero, given), truth),
        "cVAE code from network, cells": lambda: then_cells(drawing, zero, given, True),
    }


def with_lowest_band(options: FwiOptions) -> FwiOptions:
    """A smooth start needs a lower band first."""
    assert options.bands_hz is not None
    return replace(
        options,
        bands_hz=(LOWEST_BAND_HZ, *options.bands_hz),
        smooth_m=(options.smooth_m[0], *options.smooth_m),
    )


def through(decoder: SectionDecoder, velocity: Any) -> Any:
    """A section as its code gives it back."""
    with torch.no_grad():
        return decoder.decode(torch.from_numpy(decoder.encode(velocity))).numpy()


def row_of(velocity: Any, truth: Any) -> Row:
    """Errors of a section."""
    made, true = (torch.as_tensor(np.asarray(v, np.float32))[None] for v in (velocity, truth))
    scores = velocity_scores(made, true)
    return {"mae": scores["mae_m_s"], "ssim": scores["ssim"], "solves": 0, "seconds": 0.0}


def row(result: FwiResult, truth: Any, also: FwiResult | None = None) -> Row:
    """Errors, waveform misfit and cost of an inversion, and of the one before it."""
    made = row_of(result.velocity, truth)
    made["solves"] = result.solves.total + (0 if also is None else also.solves.total)
    made["seconds"] = result.seconds + (0.0 if also is None else also.seconds)
    made["misfit"] = result.misfit[1]
    return made


def run(
    pairs: Path,
    splits: dict[str, float],
    cvae: Path,
    folder: Path,
    *,
    minutes: float,
    models: int,
) -> list[Row]:
    """Rows of all models, noise-free and at 10 dB; finished ones are kept in a file."""
    prior = prior_of(pairs, splits, minutes, folder)
    parts = split_pairs(int(open_pairs(pairs).sizes["sample"]), SplitFractions(**splits))
    numbers = parts.test[np.linspace(0, len(parts.test) - 1, models + 2).astype(int)[1:-1]]
    return rows_of(numbers.tolist(), pairs, load_checkpoint(cvae), prior, folder / "fwi.jsonl")


def rows_of(numbers: list[int], pairs: Path, cvae: Checkpoint, prior: Path, log: Path) -> list[Row]:
    """One row a way and model, noise-free and at 10 dB, kept in a file as they come."""
    kept = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for snr_db, number in itertools.product((None, 10.0), numbers):
        for way, go in ways_of(number, pairs, cvae, prior, snr_db).items():
            key = {"model": number, "snr_db": snr_db, "way": way}
            if any(all(one[k] == v for k, v in key.items()) for one in kept):
                continue
            kept.append({**key, **go()})
            with log.open("a") as file:
                file.write(json.dumps(kept[-1]) + "\n")
            print(f"  model {number}: {way} {kept[-1]['mae']:.0f} m/s", flush=True)
    return kept


def print_table(results: list[Row]) -> None:
    """Median and range over the models."""
    for snr_db in (None, 10.0):
        chosen = [one for one in results if one["snr_db"] == snr_db]
        if not chosen:
            continue
        title = "noise-free" if snr_db is None else f"noise at {snr_db:g} dB"
        count = len({one["model"] for one in chosen})
        print(f"\nWaveform inversion, CurveVel-A, {title}, {count} models")
        heads = f"{'MAE [m/s]':>26}{'SSIM':>8}{'misfit':>9}{'solves':>8}{'CPU s':>8}"
        print(f"  {'':<31}{heads}")
        for way in dict.fromkeys(one["way"] for one in chosen):
            rows = [one for one in chosen if one["way"] == way]
            mae = [one["mae"] for one in rows]
            ssim, misfit, solves, seconds = (
                statistics.median(one.get(key, 0.0) for one in rows)
                for key in ("ssim", "misfit", "solves", "seconds")
            )
            spread = f"{statistics.median(mae):.1f} ({min(mae):.1f} to {max(mae):.1f})"
            print(f"  {way:<31}{spread:>26}{ssim:>8.3f}{misfit:>9.4f}{solves:>8.0f}{seconds:>8.1f}")


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--cvae", type=Path, required=True, help="folder of a trained cvae")
    parser.add_argument("--prior-minutes", type=float, default=1.0)
    parser.add_argument("--models", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("runs/posterior"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    splits = load_checkpoint(arguments.cvae).training["options"]["splits"]
    results = run(
        arguments.pairs,
        splits,
        arguments.cvae,
        arguments.folder,
        minutes=arguments.prior_minutes,
        models=arguments.models,
    )
    print_table(results)


if __name__ == "__main__":
    main()
