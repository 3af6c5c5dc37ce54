"""Field lines denoised: what a network and the classical tools remove, and what leaks into it.

    python benchmarks/denoise_field.py --png runs/denoise_field
    python benchmarks/denoise_field.py --adapt 1  # also adapted to each line, CPU minutes

There is no noise-free field line, so three figures stand in for the truth: how much is removed
[dB]; its local similarity with what is kept; and how much of it f-x prediction finds coherent. All
are lower where less is removed: read them together, and look at the pictures. Shot gathers are
brought to one level by an AGC first, for every row, or the traces by the shot would be all that
counts. To the stacked lines white noise as strong as the line is then added, and the line as it
was recorded is asked for: the gain is bounded by the line's own noise, the leakage is signal that
went with the noise. (In a shot gather the ground roll would be taken for signal.)
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from geoml.objectives.signal_preservation import (
    gain_db,
    leakage,
    local_similarity,
    similarity_map,
)
from geoml.prediction.denoise import denoise_step
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import StepSpec
from geoml.preprocess.trace_line import trace_lines
from geoml.products.denoise_figure import (
    DenoisedGather,
    denoise_figure,
    display_gain,
    leakage_figure,
)
from geoml.products.style import png_bytes, write_whole
from geoml.readers.ingest import ingest
from geoml.survey.gathers import GatherKind, gather_index
from geoml.survey.store import open_survey, save_survey
from geoml.workflow.denoiser_training import train_survey_denoiser

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("GEOML_DATA", ROOT / ".." / "shared" / "data")) / "seismic"
MOST_GATHERS = 6
Rows = dict[str, list[StepSpec]]
AGC: StepSpec = {"agc": {"window_s": 0.8}}


@dataclass(frozen=True)
class FieldLine:
    """A line, the steps before, and the classical ways to denoise it."""

    file: str
    gather: GatherKind
    steps: list[StepSpec] = field(default_factory=list)
    classical: Rows = field(default_factory=dict)


def _classical(gather: str, **others: StepSpec) -> Rows:
    rows: Rows = {
        "f-x prediction": [{"fx_decon": {"gather": gather}}],
        "median of 5 traces": [{"median": {"n_traces": 5, "gather": gather}}],
    }
    return {**rows, **{name.replace("_", " "): [step] for name, step in others.items()}}


LINES = {
    "land": FieldLine(
        "land_line_18shots.sgy",
        "shot",
        [{"bandpass": {"low_hz": 5, "high_hz": 55}}, {"resample": {"dt_s": 0.008}}, AGC],
        _classical(
            "shot",
            f_k_fan={
                "fk_filter": {"velocities_m_s": [0, 0, 1200, 1800], "band_hz": [0, 0, 20, 26]}
            },
        ),
    ),
    "yilmaz": FieldLine(
        "oz/ozdata.25.su",
        "shot",
        [
            {"kill": {"traces": [92, 93, 94, 95]}},
            {"bandpass": {"corners_hz": [4, 7, 60, 75]}},
            {"resample": {"dt_s": 0.006}},
            AGC,
        ],
        _classical(
            "shot",
            f_k_fan={"fk_filter": {"velocities_m_s": [0, 0, 1800, 2600], "spacing_m": 30}},
        ),
    ),
    "penobscot": FieldLine("penobscot_xl1155.sgy", "offset", classical=_classical("offset")),
    "volve": FieldLine("volve10r12-full-twt-arb.sgy", "offset", classical=_classical("offset")),
}


def main() -> None:
    """Print a table a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", nargs="*", help=f"of {', '.join(LINES)}; all by default")
    parser.add_argument("--checkpoint", default="geoml:denoiser", help="folder or shipped name")
    parser.add_argument("--adapt", type=float, help="CPU minutes of each blind adaptation")
    parser.add_argument("--png", type=Path, help="folder for pictures of the middle gather")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.lines or LINES:
        with tempfile.TemporaryDirectory() as folder:
            print_line(name, LINES[name], args, Path(folder))


def print_line(name: str, line: FieldLine, args: argparse.Namespace, folder: Path) -> None:
    """The rows of one line."""
    ingest(DATA / line.file, folder / "line.zarr")
    survey = run(open_survey(folder / "line.zarr"), line.steps).load()
    rows = dict(line.classical)
    options: dict[str, Any] = {"gather": line.gather, "gain_window_s": None}
    rows["network as it comes"] = [denoise_step(args.checkpoint, **options)]
    if args.adapt:
        for mode in ("blind_trace", "blind_spot"):
            adapted = _adapted(survey, mode, line, args, folder)
            rows[f"adapted, {mode.replace('_', '-')}"] = [denoise_step(adapted, **options)]
    gathers = _gathers(survey, line.gather)
    gains = [display_gain(survey["amplitude"].values[rows_]) for rows_, _ in gathers]
    stacked = line.gather == "offset"
    noisy = under_noise(survey, gathers, gains)
    print(f"\n{name}: {len(gathers)} {line.gather} gathers of {gathers[0][0].size} traces")
    print(f"{'':24}{'removed dB':>11}{'similarity':>11}{'coherent %':>11}", end="")
    print(f"{'gain dB':>9}{'leakage %':>10}" if stacked else "")
    for title, steps in rows.items():
        after = run(survey, steps)["amplitude"].values
        again = run(noisy, steps)["amplitude"].values if stacked else after
        scores = [
            _scores(survey, noisy, after, again, traces, gain, line.gather)
            for (traces, _), gain in zip(gathers, gains, strict=True)
        ]
        removed, similar, coherent, gained, leaked = np.mean(scores, axis=0)
        print(f"{title:24}{10 * np.log10(removed):11.1f}{similar:11.2f}", end="")
        print(f"{100 * coherent:11.0f}", end="")
        print(f"{gained:9.1f}{100 * leaked:10.1f}" if stacked else "", flush=True)
        if args.png is not None:
            traces, position_m = gathers[len(gathers) // 2]
            slug = f"{name}_{title.replace(' ', '_').replace(',', '')}"
            _draw(args.png / slug, title, survey, after, traces, position_m)


def _adapted(
    survey: xr.Dataset, mode: str, line: FieldLine, args: argparse.Namespace, folder: Path
) -> Path:
    """The network trained further on this very line."""
    save_survey(survey, folder / f"{mode}.zarr")
    options = {
        "mode": mode,
        "start": args.checkpoint,
        "gather": line.gather,
        "max_cpu_minutes": args.adapt,
        "steps": 100_000,
    }
    out = folder / mode
    train_survey_denoiser(folder / f"{mode}.zarr", out, None, options, announce=lambda _: None)
    return out


def _gathers(
    survey: xr.Dataset, kind: GatherKind
) -> list[tuple[NDArray[np.int64], NDArray[np.float64] | None]]:
    """Traces of some gathers in order along their line, with positions [m]."""
    labels = gather_index(survey, kind).labels()
    lines = trace_lines(survey.drop_dims("time"), labels, kind, "denoise")
    every = max(1, len(lines) // MOST_GATHERS)
    return [(line.rows, line.position_m) for line in lines[every // 2 :: every]]


def under_noise(
    survey: xr.Dataset,
    gathers: Sequence[tuple[NDArray[np.int64], Any]],
    gains: Sequence[NDArray[np.float64]],
) -> xr.Dataset:
    """The survey with white noise as strong as itself, everywhere."""
    noisy = survey.copy(deep=True)
    rng = np.random.default_rng(0)
    for (traces, _), gain in zip(gathers, gains, strict=True):
        live = survey["amplitude"].values[traces] != 0
        noise = rng.standard_normal(gain.shape) / gain * live
        noisy["amplitude"].values[traces] += noise.astype(np.float32)
    return noisy


def _scores(
    survey: xr.Dataset,
    noisy: xr.Dataset,
    after: NDArray[np.float32],
    again: NDArray[np.float32],
    traces: NDArray[np.int64],
    gain: NDArray[np.float64],
    kind: GatherKind,
) -> tuple[float, float, float, float, float]:
    """Removed energy share, similarity, coherent share; gain and leakage under added noise."""
    before, kept = gain * survey["amplitude"].values[traces], gain * after[traces]
    spoiled, cleaned = gain * noisy["amplitude"].values[traces], gain * again[traces]
    removed = before - kept
    energy = float(np.sum(removed**2))
    part = survey.isel(trace=traces)
    part = part.assign(amplitude=part["amplitude"].copy(data=removed.astype(np.float32)))
    coherent = run(part, [{"fx_decon": {"gather": kind}}])["amplitude"].values
    return (
        energy / float(np.sum(before**2)),
        local_similarity(before, kept),
        float(np.sum(coherent**2)) / max(energy, 1e-300),
        gain_db(spoiled, before, cleaned),
        leakage(spoiled, before, cleaned),
    )


def _draw(
    place: Path,
    title: str,
    survey: xr.Dataset,
    after: NDArray[np.float32],
    traces: NDArray[np.int64],
    position_m: NDArray[np.float64] | None,
) -> None:
    before = survey["amplitude"].values[traces]
    if position_m is not None and not (position_m.min() <= 0 <= position_m.max()):
        position_m = position_m - position_m[0]
    gain = display_gain(before)
    gather = DenoisedGather(
        title,
        before,
        after[traces],
        survey["time"].values,
        position_m,
        similarity_map(gain * before, gain * after[traces])[0],
    )
    for suffix, figure in (("", denoise_figure(gather)), ("_leakage", leakage_figure(gather))):
        write_whole(place.with_name(f"{place.name}{suffix}.png"), png_bytes(figure))


if __name__ == "__main__":
    main()
