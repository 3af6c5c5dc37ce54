"""What refinement by waveforms buys: from a network, from a smooth start, with noise and without.

    python benchmarks/refine.py --checkpoint geoml:openfwi_s
    python benchmarks/refine.py --checkpoint FOLDER_OF_BUDGET --held-out --snr-db inf

Genuine OpenFWI CurveVel-A models that no training has seen (the last 500 of the 5,000, or those
that ``benchmarks/budget.py`` held out), modelled by us. Rows: the network, with its mirror, FWI
from it, the same with layers inverted behind it, FWI from the smoothed truth with at least as many
wave-equation solves as FWI. Without a checkpoint the network's place is taken by a stand-in, the
truth blurred, warped and scaled at random, and the table says so. The data are modelled on cells
of half the size, which do not share the errors of the inversion's; --same-modelling commits the
inverse crime for comparison. How noisy they are is measured on them. About 18 CPU minutes with 5
models, most of them for the layers.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import statistics
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from scipy.ndimage import gaussian_filter, map_coordinates

from geoml.objectives.velocity_score import velocity_scores
from geoml.physics.acoustic import model_acquisition
from geoml.physics.fwi import refine_windows_fwi
from geoml.physics.fwi_noise import noise_share, suited_to_noise
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.openfwi import OPENFWI
from geoml.preprocess.replay import replay
from geoml.survey.acquisition import Acquisition

Floats = NDArray[np.float32]

ALL_MODELS, FIRST_UNSEEN = 5000, 4500
SMOOTH_CELLS = 10.0
OPTIONS = FwiOptions(
    bands_hz=(8.0, 16.0, None),
    iterations=9,
    smooth_m=(300.0, 300.0, 0.0),
    parameter="slowness",
    sharpen_cells=3,
    min_velocity_m_s=1450.0,
    max_velocity_m_s=4600.0,
    accuracy=8,
    simulation_spacing_m=10.0,
)
LOWEST_BAND_HZ = 4.0
"""A smooth start needs a lower band first; one band more also gives it more solves."""
FINER = {"accuracy": 8, "simulation_spacing_m": 5.0, "absorbing_cells": 40}
LAYER_ROUNDS = 2
NOISE_BAND_HZ = (3.0, 40.0)
Row = dict[str, float]


def main() -> None:
    """Print the table."""
    args = _arguments()
    torch.set_num_threads(1)
    acquisition = Acquisition.from_dict(dict(OPENFWI))
    indices = FIRST_UNSEEN + args.first + np.arange(args.models) * args.step
    if args.held_out:
        indices = held_out_by_budget()[args.first :: args.step][: args.models]
    truths = genuine_models(args.zip, indices)
    predictor: Any = None
    if args.checkpoint is None:
        print("No checkpoint: the network's place is taken by a stand-in made from the truth.")
    else:
        from geoml.checkpoint import load_checkpoint

        predictor = load_checkpoint(args.checkpoint)
    for ratio in args.snr_db:
        snr_db = None if np.isinf(ratio) else ratio
        tables = []
        for number, truth in enumerate(truths):
            way = {"accuracy": OPTIONS.accuracy} if args.same_modelling else FINER
            observed = observed_gathers(truth, acquisition, snr_db, number, **way)
            tables.append(_rows(truth, observed, acquisition, predictor, number))
        _print(tables, "noise-free" if snr_db is None else f"noise at {snr_db:g} dB")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--first", type=int, default=50, help="first of the unseen 500")
    parser.add_argument("--step", type=int, default=97, help="models between two that are taken")
    parser.add_argument("--checkpoint", help="folder or shipped name")
    parser.add_argument("--held-out", action="store_true", help="models that budget.py held out")
    parser.add_argument(
        "--snr-db", type=float, nargs="+", default=[np.inf, 10.0], help="a table each"
    )
    parser.add_argument(
        "--zip", type=Path, default=data / "velocity" / "openfwi_CurveVelA_train.zip"
    )
    parser.add_argument(
        "--same-modelling", action="store_true", help="data as the inversion models: a crime"
    )
    args = parser.parse_args()
    if args.held_out and args.checkpoint is None:
        parser.error("--held-out picks models for a checkpoint of benchmarks/budget.py; name one.")
    return args


def held_out_by_budget() -> NDArray[np.int64]:
    """Numbers of the 5,000 models that trained no network of ``benchmarks/budget.py``."""
    from budget import SPLITS

    from geoml.samples.splits import SplitFractions, split_pairs

    parts = split_pairs(ALL_MODELS, SplitFractions(**SPLITS))
    return np.sort(np.concatenate([parts.validation, parts.calibration, parts.test]))


def genuine_models(path: Path, indices: NDArray[np.integer[Any]]) -> list[Floats]:
    """Velocity models of an OpenFWI archive by number [m/s], each (depth, distance)."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        names.sort(key=lambda name: int(re.findall(r"\d+", name)[-1]))
        files: dict[int, Floats] = {}
        models = []
        for index in indices:
            number = int(index) // 500
            if number not in files:
                files[number] = np.load(io.BytesIO(archive.read(names[number])))[:, 0]
            models.append(files[number][int(index) % 500].astype(np.float32))
    return models


def observed_gathers(
    truth: Floats, acquisition: Acquisition, snr_db: float | None, seed: int, **modelling: Any
) -> Floats:
    """Gathers of a model, shape (shot, receiver, time), with noise in the signal's band.

    Args:
        truth: [m/s], shape (depth, distance).
        acquisition: Positions, sampling, wavelet.
        snr_db: Ratio of RMS amplitudes over all gathers [dB]; None for no noise.
        seed: Of the noise.
        **modelling: As in ``model_acquisition``.
    """
    modelling["max_velocity_m_s"] = OPTIONS.max_velocity_m_s
    with torch.no_grad():
        clean = model_acquisition(truth, acquisition, **modelling)[0].numpy()
    if snr_db is None:
        return clean
    white = np.random.default_rng(seed).standard_normal(clean.shape)
    band = signal.butter(4, NOISE_BAND_HZ, "bandpass", fs=1 / acquisition.dt_s, output="sos")
    noise = signal.sosfilt(band, white, axis=-1)
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return (clean + noise).astype(np.float32)


def stand_in(truth: Floats, seed: int) -> tuple[Floats, Floats]:
    """What a network of some 80 m/s might say [m/s], and its spread: blurred, warped, scaled."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[: truth.shape[0], : truth.shape[1]].astype(float)
    growth = np.linspace(0.3, 1.6, truth.shape[0])[:, None]
    shift = gaussian_filter(rng.standard_normal(truth.shape), 12)
    shift *= 1.2 / shift.std() * growth
    warped = map_coordinates(truth.astype(float), [row + shift, column], order=1, mode="nearest")
    scale = gaussian_filter(rng.standard_normal(truth.shape), 10)
    scale *= 0.018 / scale.std() * growth
    said = gaussian_filter(warped, (1.6, 2.5), mode="nearest") * (1 + scale)
    said = said.clip(1500, 4500)
    spread = gaussian_filter(np.abs(said - truth), 4) + 15
    return said.astype(np.float32), spread.astype(np.float32)


def _rows(
    truth: Floats,
    observed: Floats,
    acquisition: Acquisition,
    checkpoint: Any,
    seed: int,
) -> dict[str, Row]:
    """Scores and cost of each way to a section of one model."""
    rows: dict[str, Row] = {}
    spread: Floats | None
    edges: Floats | None = None
    if checkpoint is None:
        start, spread = stand_in(truth, seed)
        rows["stand-in"] = _row(start, truth)
    else:
        start, spread, edges, rows = _network_rows(checkpoint, observed, truth)
    # As a network's loss does not forbid it, and modelling does.
    start = start.clip(OPTIONS.min_velocity_m_s, OPTIONS.max_velocity_m_s)
    share = noise_share(observed, acquisition, OPTIONS.max_velocity_m_s)
    smooth = gaussian_filter(truth, SMOOTH_CELLS, mode="nearest")
    rows["smoothed truth"] = _row(smooth, truth)
    # Without a network there is no spread to stay within.
    more = suited_to_noise(OPTIONS, share, has_spread=False)
    assert more.bands_hz is not None
    more = replace(
        more,
        bands_hz=(LOWEST_BAND_HZ, *more.bands_hz),
        smooth_m=(more.smooth_m[0], *more.smooth_m),
    )
    chosen = suited_to_noise(OPTIONS, share, has_spread=spread is not None)
    ways = {
        "FWI from it": (start, chosen, spread, edges),
        "FWI, then layers": (start, replace(chosen, layer_rounds=LAYER_ROUNDS), spread, edges),
        "FWI from smooth": (smooth, more, None, None),
    }
    for name, (begin, options, std, probability) in ways.items():
        (result,) = refine_windows_fwi(
            begin, observed, acquisition, options, std=std, edges=probability
        )
        rows[name] = _row(result.velocity, truth) | {
            "seconds": result.seconds,
            "solves": result.solves.total,
            "refused": float(not result.accepted),
            "worse": float(_row(result.velocity, truth)["mae"] > _row(begin, truth)["mae"]),
            "doubted": float(result.doubtful),
        }
    told = ", ".join(
        f"{name} {row['mae']:.1f}{' (doubted)' if row.get('doubted') else ''}"
        for name, row in rows.items()
    )
    print(f"  model {seed}: {told}", flush=True)
    return rows


def _network_rows(
    checkpoint: Any, observed: Floats, truth: Floats
) -> tuple[Floats, Floats | None, Floats | None, dict[str, Row]]:
    """The network's section, spread and edges, and its rows with and without its mirror."""
    from geoml.errors import OptionError
    from geoml.prediction.network import WindowPredictor

    rows = {}
    chosen = None
    for name, mirror in (("network", False), ("network with mirror", True)):
        try:
            predictor = WindowPredictor(checkpoint, mirror=mirror)
        except OptionError as error:
            print(f"{name}: {error}")
            continue
        clock = time.process_time()
        processed = replay(checkpoint.steps, observed, predictor.acquisition)
        said = predictor.predict(processed[None])
        seconds = time.process_time() - clock
        rows[name] = _row(said.velocity[0].astype(np.float32), truth) | {"seconds": seconds}
        chosen = chosen or said
    assert chosen is not None
    std, edges = (
        None if one is None else one[0].astype(np.float32)
        for one in (chosen.velocity_std, chosen.edge_probability)
    )
    return chosen.velocity[0].astype(np.float32), std, edges, rows


def _row(velocity: Floats, truth: Floats) -> Row:
    made, true = (torch.as_tensor(np.asarray(v, np.float32))[None] for v in (velocity, truth))
    scores = velocity_scores(made, true)
    return {"mae": scores["mae_m_s"], "ssim": scores["ssim"]}


def _print(tables: list[dict[str, Row]], title: str) -> None:
    """Median and range over the models."""
    print(f"\n{title}, {len(tables)} models: median (lowest to highest)")
    print(
        f"{'':26s} {'MAE [m/s]':>22s} {'SSIM':>7s} {'solves':>7s} {'CPU s':>6s}"
        "  worse  doubted  refused"
    )
    for name in tables[0]:
        rows = [table[name] for table in tables]
        mae = [row["mae"] for row in rows]
        middle = {
            key: statistics.median(row.get(key, 0.0) for row in rows)
            for key in ("ssim", "solves", "seconds")
        }
        counts = [
            int(sum(row.get(key, 0.0) for row in rows)) for key in ("worse", "doubted", "refused")
        ]
        spread = f"{statistics.median(mae):6.1f} ({min(mae):.1f} to {max(mae):.1f})"
        print(
            f"{name:26s} {spread:>22s} {middle['ssim']:7.3f} {middle['solves']:7.0f} "
            f"{middle['seconds']:6.1f}  {counts[0]:5d}  {counts[1]:7d}  {counts[2]:7d}"
        )


if __name__ == "__main__":
    main()
