"""The land line inverted with and without denoising: first arrivals and waveforms.

    geoml run workflows/land_line.yaml
    python benchmarks/denoise_inversion.py runs/land_line

Every row is inverted by the network and the ladder of the workflow, judged on held-out traces of
its own survey, as the ladder does; and its section is modelled once more and judged on the line as
it was before any denoising: the only figures that may be compared between rows. Half a minute each.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from geoml.checkpoint import load_checkpoint
from geoml.prediction.denoise import denoise_step
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.pipeline import build_steps, run
from geoml.survey.store import open_survey
from geoml.workflow.inversion import check_inversion, predict_section
from geoml.workflow.specification import CheckSection, InvertSection, checked

REFINE = ["consistency", "first_arrivals"]
WORK = {"dt_s": 0.008, "gain_window_s": 0.4}  # as in workflows/denoise_land.yaml


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder with survey.zarr, clean.zarr, checkpoint")
    parser.add_argument("--denoiser", default="geoml:denoiser", help="folder or shipped name")
    parser.add_argument("--checkpoint", type=Path, help="in place of the run's")
    parser.add_argument("--row", action="append", help="this row alone; may be given again")
    args = parser.parse_args()
    torch.set_num_threads(1)
    clean = open_survey(args.run / "clean.zarr").load()
    made = surveys(open_survey(args.run / "survey.zarr"), clean, args.denoiser)
    network = load_checkpoint(args.checkpoint or args.run / "checkpoint")
    print(f"{'':52}{'held out, own survey':>24}{'all, line as it was':>24}")
    print(f"{'':52}{'arrivals ms':>12}{'waveform':>12}{'arrivals ms':>13}{'waveform':>11}")
    for name in args.row or made:
        print_row(name, made[name](), clean, network)


def surveys(raw: xr.Dataset, clean: xr.Dataset, denoiser: str) -> dict[str, Any]:
    """Row -> what makes the survey that is inverted; all have the first breaks of the raw line."""
    steps = build_steps(clean.attrs["steps"])
    picked = run(raw, steps[:1])

    def f_x() -> xr.Dataset:
        made = run(clean, [FxDecon(window_traces=16, n_coefficients=3)])
        # The network's checkpoint asks for the steps that it was trained for; this row is a trial.
        return made.assign_attrs(steps=clean.attrs["steps"])

    return {
        "as it is": lambda: clean,
        "f-x prediction behind the steps": f_x,
        "denoised behind the steps": lambda: run(clean, [denoise_step(denoiser)]),
        "denoised after picking": lambda: run(picked, [denoise_step(denoiser, **WORK), *steps[1:]]),
        "denoised before picking": lambda: run(raw, [denoise_step(denoiser, **WORK), *steps]),
    }


def print_row(name: str, survey: xr.Dataset, clean: xr.Dataset, network: Any) -> None:
    """Invert a survey; the network alone, and the rung that is kept."""
    survey = survey.load()
    options = {"refine": REFINE, "ladder": {"keep": "best", "criterion": "both", "hold_out": 5}}
    section = predict_section(survey, network, checked(InvertSection, options, "invert"))
    ladder = section.attrs["ladder"]
    kept = next(row for row in ladder if row["kept"])
    checks = check_inversion(clean, section, network, CheckSection())
    shown = [(kept, "prediction")]
    if kept is not ladder[0]:
        shown.insert(0, (ladder[0], "network"))
    for row, model in shown:
        label = row["rung"]
        arrivals_ms = 1e3 * float(checks["total_first_arrival_rms_s"].sel(model=model))
        waveform = float(checks["total_data_misfit"].sel(model=model))
        own_ms = 1e3 * row["held_out_first_arrival_rms_s"]
        own_misfit = row["held_out_data_misfit"]
        print(f"{f'{name}: {label}':52}{own_ms:12.1f}{own_misfit:12.3f}", end="")
        print(f"{arrivals_ms:13.1f}{waveform:11.3f}", flush=True)
    if "first_break" in survey:
        both = [each["first_break"].values for each in (clean, survey)]
        found = [int(np.isfinite(picks).sum()) for picks in both]
        if found[0] != found[1]:
            print(f"    {found[1]} first breaks picked, {found[0]} on the line as it is")


if __name__ == "__main__":
    main()
