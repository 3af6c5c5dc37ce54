"""First breaks of the land line that denoising leaves: how many are picked again, and where.

    python benchmarks/denoise_picks.py      # half a minute

The line is picked as it was recorded, denoised, and picked again by the same picker. Stations are
67 m apart, so that first arrivals are aliased and look like ground roll. ``protect_s`` is what the
option of ``geoml denoise`` does: up to so long behind each pick nothing is taken away. That picks
survive then is what it is for; the energy removed tells what is left of the denoising.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from geoml.prediction.denoise import denoise_step
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import StepSpec
from geoml.readers.ingest import read_survey

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("GEOML_DATA", ROOT / ".." / "shared" / "data")) / "seismic"
PICK: StepSpec = {"pick_first_breaks": {}}
BANDPASS: StepSpec = {"bandpass": {"low_hz": 5, "high_hz": 55}}
WORK = {"gather": "shot", "dt_s": 0.008, "gain_window_s": 0.4}  # as workflows/denoise_land.yaml
SAME_MS = 4.0


def rows(checkpoint: str) -> dict[str, list[StepSpec]]:
    """Row -> steps; the network without and with protection, beside the classical tools."""
    fan = {"velocities_m_s": [0, 0, 1200, 1800], "band_hz": [0, 0, 20, 26]}
    return {
        "as recorded": [],
        "bandpass": [BANDPASS],
        "f-x prediction": [{"fx_decon": {}}],
        "f-k fan": [{"fk_filter": fan}],
        "network": [denoise_step(checkpoint, **WORK)],
        **{
            f"network, protect_s {length:g}": [denoise_step(checkpoint, protect_s=length, **WORK)]
            for length in (0.05, 0.1, 0.2)
        },
    }


def again(picked: xr.Dataset, steps: list[StepSpec]) -> tuple[int, int, float]:
    """Picks found behind the steps, those where they were before, and the share removed [dB]."""
    after = run(picked, steps).load()
    found_s = run(after, [PICK])["first_break"].values
    change_s = found_s - picked["first_break"].values
    before = picked["amplitude"].values.astype(np.float64)
    removed = np.sum((before - after["amplitude"].values) ** 2) / np.sum(before**2)
    removed_db = 10 * np.log10(removed) if removed > 0 else -np.inf
    same = int((1000 * np.abs(change_s) <= SAME_MS).sum())
    return int(np.isfinite(found_s).sum()), same, float(removed_db)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="geoml:denoiser", help="folder or shipped name")
    args = parser.parse_args()
    torch.set_num_threads(1)
    picked = run(read_survey(DATA / "land_line_18shots.sgy"), [PICK]).load()
    n_picks = int(np.isfinite(picked["first_break"]).sum())
    print(f"{picked.sizes['trace']} traces, {n_picks} picks as recorded")
    print(f"{'':26}{'picked again':>14}{f'within {SAME_MS:g} ms':>14}{'removed dB':>12}")
    for name, steps in rows(args.checkpoint).items():
        found, same, removed_db = again(picked, steps)
        print(f"{name:26}{found:14d}{same:14d}{removed_db:12.1f}", flush=True)


if __name__ == "__main__":
    main()
