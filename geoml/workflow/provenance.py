"""Where a section came from and how its network was trained, in the words of the report."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import xarray as xr

import geoml
from geoml.checkpoint import Checkpoint

_PACKAGES = ("torch", "deepwave", "numpy", "xarray", "zarr")
_CURVES = {"train/loss": "Training", "validation/loss": "Validation"}
_SCORES = {
    "mae_m_s": "MAE [m/s]",
    "rmse_m_s": "RMSE [m/s]",
    "ssim": "SSIM",
    "edge_f1": "Edge F1",
    "half_width_80_m_s": "80 % half-width [m/s]",
}


def training_content(checkpoint: Checkpoint) -> dict[str, Any]:
    """Curves, scores beside their trivial rows, and facts, as ``ReportContent.training``."""
    training = checkpoint.training
    metrics = {
        name: {_SCORES[key]: row[key] for key in _SCORES if key in row}
        for name, row in training.get("scores", {}).items()
    }
    network = training.get("scores", {}).get("network", {})
    if "edge_f1_of_velocity" in network:
        # What finding edges on the predicted velocity alone would give.
        metrics["edges of its velocity"] = {_SCORES["edge_f1"]: network["edge_f1_of_velocity"]}
    return {
        "curves": _curves(training.get("curve", [])),
        "place_name": "Epoch",
        "metrics": metrics,
        "facts": _facts(checkpoint),
    }


def inversion_provenance(
    clean: xr.Dataset, checkpoint: Checkpoint, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Versions, seeds, hashes and times, as ``ReportContent.provenance``."""
    made = checkpoint.training.get("provenance", {})
    provenance: dict[str, Any] = {
        "geoml": geoml.__version__,
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "Machine": f"{platform.system()} {platform.machine()}",
        "Trained for": made.get("survey"),
        "Wavelet": made.get("wavelet"),
        "Simulation": made.get("simulation_grid"),
    }
    provenance |= {f"Time of {name}": f"{took:.0f} s" for name, took in seconds.items()}
    return {name: value for name, value in provenance.items() if value is not None}


def _curves(curve: list[dict[str, float]]) -> dict[str, dict[str, list[float]]]:
    """Name -> places and values of each curve that was recorded."""
    curves = {}
    for key, name in _CURVES.items():
        lines = [line for line in curve if key in line]
        if lines:
            curves[name] = {
                "place": [line["epoch"] for line in lines],
                "value": [line[key] for line in lines],
            }
    return curves


def _facts(checkpoint: Checkpoint) -> dict[str, str]:
    """Name -> text of what a reader asks about a training run."""
    training = checkpoint.training
    pairs, options = training.get("pairs", {}), training.get("options", {})
    facts = {"Model": checkpoint.model_name, "Task": checkpoint.task}
    if pairs:
        facts["Pairs"] = f"{pairs['count']}, SHA-256 {pairs['sha256'][:12]}"
    if training.get("curve"):
        last = training["curve"][-1]
        facts["Epochs"] = f"{last['epoch']:.0f} in {last['minutes']:.1f} minutes"
    if options:
        facts["Seed"] = str(options["seed"])
        facts["Precision"] = str(options["precision"])
    for level, share in checkpoint.calibration.get("coverage", {}).items():
        facts[f"Coverage at {float(level):.0%}"] = f"{share:.1%}"
    return facts
