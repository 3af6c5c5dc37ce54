"""From a processed survey and a checkpoint to a section, its check and its report."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import PhysicsError, StoreError
from geoml.physics.trend import VelocityTrend
from geoml.physics.well_misfit import WellMisfit
from geoml.prediction.physics_check import check_physics
from geoml.products.report import ReportContent, write_report
from geoml.survey.acquisition import Acquisition
from geoml.survey.store import part_path, replace_store
from geoml.workflow.matching import survey_trend
from geoml.workflow.provenance import inversion_provenance, training_content
from geoml.workflow.refinement import Replay, refine_section
from geoml.workflow.specification import CheckSection, InvertSection, Options

Progress = Callable[[int, int], None]
Announce = Callable[[str], None]


def predict_section(
    clean: xr.Dataset,
    checkpoint: Checkpoint,
    section: InvertSection,
    *,
    progress: Progress | None = None,
    announce: Announce = lambda _: None,
) -> xr.Dataset:
    """Velocity, edges and spread of a line; see ``geoml.prediction.invert``.

    With ``refine`` the network's section is then refined rung by rung.

    Args:
        clean: Survey after the steps that the checkpoint was trained for.
        checkpoint: The network.
        section: How it slides along the line.
        progress: Told the windows done.
        announce: Told one line a rung.
    """
    return refine_section(clean, checkpoint, section, progress=progress, announce=announce)


def check_inversion(
    clean: xr.Dataset,
    prediction: xr.Dataset,
    checkpoint: Checkpoint,
    section: CheckSection,
    *,
    shown_shots: int = 3,
    progress: Progress | None = None,
) -> xr.Dataset:
    """The prediction re-modelled beside the trend it started from; see ``check_physics``.

    Args:
        clean: The survey that was inverted.
        prediction: What ``predict_section`` gave.
        checkpoint: The network that made it: its acquisition, wavelet and trend.
        section: How many shots are modelled.
        shown_shots: Shots whose gathers are kept for the report.
        progress: Told the shots done.
    """
    return check_physics(
        clean,
        prediction,
        starting_trend(clean, checkpoint),
        Acquisition.from_dict(checkpoint.acquisition),
        rows=_other_rows(clean, prediction, starting_trend(clean, checkpoint)),
        process=Replay(clean.attrs.get("steps", [])),
        max_shots=section.shots,
        shown_shots=shown_shots,
        device=section.device,
        progress=progress,
    )


def _other_rows(
    clean: xr.Dataset, prediction: xr.Dataset, trend: VelocityTrend
) -> dict[str, NDArray[np.floating]]:
    """What else the prediction is compared with: the network alone, and the best trend there is."""
    rows: dict[str, NDArray[np.floating]] = {}
    if "velocity_network" in prediction:
        rows["network"] = prediction["velocity_network"].values
    if "first_break" in clean and np.isfinite(clean["first_break"].values).sum() >= 5:
        options: Options = {"fit": True, "max_m_s": trend.max_m_s}
        if trend.top_velocity_m_s is not None:
            options["top_velocity_m_s"] = trend.top_velocity_m_s
        # A row to compare with, no more: sources below the water, say, have no such trend.
        with contextlib.suppress(PhysicsError):
            column = survey_trend(clean, options)(prediction["depth"].values)
            rows["fitted_trend"] = np.repeat(column[:, None], prediction.sizes["distance"], axis=1)
    return rows


def starting_trend(clean: xr.Dataset, checkpoint: Checkpoint) -> VelocityTrend:
    """The trend that the checkpoint's models were drawn around, or one fitted to the picks."""
    if checkpoint.trend is not None:
        return VelocityTrend.from_dict(checkpoint.trend)
    return survey_trend(clean, {"fit": True})


def save_checks(checks: xr.Dataset, path: Path) -> None:
    """Write what ``check_inversion`` gave as a Zarr store, renamed into place when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(path)
    if part.exists():
        shutil.rmtree(part)
    # Zarr v3 has no fixed-length strings: names go as strings of any length.
    named = checks.assign_coords(model=checks["model"].astype(object))
    named.to_zarr(part, mode="w", zarr_format=3, consolidated=False)
    replace_store(part, path)


def open_checks(path: Path) -> xr.Dataset:
    """The checks that ``save_checks`` wrote, in memory.

    Raises:
        StoreError: If there are none.
    """
    if not (path / "zarr.json").is_file():
        raise StoreError(f"{path}: no physics check there; run the workflow's stage 'check'.")
    return xr.open_zarr(path, consolidated=False).load()


def write_inversion_report(
    path: Path,
    *,
    title: str,
    prediction: xr.Dataset,
    checks: xr.Dataset | None,
    raw: xr.Dataset | None,
    clean: xr.Dataset,
    checkpoint: Checkpoint,
    seconds: dict[str, float] | None = None,
    wells: dict[str, WellMisfit] | None = None,
) -> None:
    """One HTML file with everything that a reader needs to judge the section.

    Args:
        path: The file.
        title: Its heading.
        prediction: The section.
        checks: Its physics check.
        raw: The survey before processing.
        clean: The survey that was inverted.
        checkpoint: The network.
        seconds: Time that each stage took [s].
        wells: Well near the line -> its misfit, as ``tie_wells`` gives them.
    """
    trend = starting_trend(clean, checkpoint)
    content = ReportContent(
        title=title,
        prediction=prediction,
        checks=checks,
        raw=raw,
        clean=clean,
        trend_m_s=trend(prediction["depth"].values),
        acquisition=Acquisition.from_dict(checkpoint.acquisition),
        training=training_content(checkpoint),
        provenance=inversion_provenance(clean, checkpoint, seconds or {}),
        warnings=prediction.attrs.get("warnings", []),
        wells=wells or {},
    )
    write_report(path, content)
