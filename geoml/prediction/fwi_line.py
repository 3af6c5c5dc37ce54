"""The rung of waveforms: a whole section refined by all shots of its line at once.

Each shot is modelled with its own positions in a slice of the section. Traces are compared by
shape, since field amplitudes hold coupling and radiation that acoustic modelling does not, behind
the mutes and gains that the survey went through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi import invert_waveforms
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_shots import ShotSet
from geoml.prediction.gain_field import gain_field
from geoml.prediction.physics_check import observed_gather, shared_samples
from geoml.prediction.remodel import (
    chosen_shots,
    group_acquisition,
    modelled_gathers,
    reach_m,
    shot_groups,
)
from geoml.survey.acquisition import Acquisition
from geoml.survey.line_shots import LineShot

Floats = NDArray[np.float64]
Process = Callable[[NDArray[np.float32], Acquisition], NDArray[np.float32]]
"""Simulated gathers (shot, receiver, time) and their acquisition -> processed gathers."""
Progress = Callable[[int, int], None]

SPREAD_NOTE = (
    "Waveform inversion gives no spread of its own: spread and interval are those of the section "
    "that it began with, moved along, and not calibrated for the refined one."
)
LINE_OPTIONS = FwiOptions(misfit="correlation", iterations=8)
"""What suits field gathers: shapes of traces, few iterations."""


def refine_line_fwi(
    survey: xr.Dataset,
    prediction: xr.Dataset,
    acquisition: Acquisition,
    options: FwiOptions | None = None,
    *,
    shots: Mapping[int, LineShot] | None = None,
    max_shots: int | None = 40,
    process: Process | None = None,
    state: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """A section refined by full-waveform inversion of its line.

    Where the prediction has ``velocity_std`` and ``edge_probability``, steps follow its spread and
    its edges are spared by the total variation.

    Args:
        survey: The processed survey that was inverted.
        prediction: Section to begin with, over (depth, distance).
        acquisition: Sampling, wavelet, surface and highest frequency that training used.
        options: How the section follows the waveforms; ``LINE_OPTIONS`` when None.
        shots: Number -> shot with the traces that the fit may use; ``max_shots`` evenly spread
            over the line when None.
        max_shots: Most shots to use, what bounds the cost on a long line; None for all. Without
            effect where ``shots`` are given.
        process: Applies the survey's mutes and gains to simulated gathers; None for none.
        state: File for what a killed run needs to go on.
        device: Where torch computes.
        progress: Told the iterations done.

    Returns:
        The prediction with ``velocity`` refined, its spread and interval moved along, the one
        before as ``velocity_network``, and ``fwi`` in attrs: verdict, misfits, curve and counts of
        wave-equation solves (``FwiResult.to_attrs``). Where the held-out receivers fit no better
        the velocity is as before, and ``attrs["warnings"]`` says so, as where they fit too little
        better to prove anything. A spread that was moved along is no longer calibrated:
        ``attrs["spread_note"]`` and a warning say so.

    Raises:
        GeometryError: If the survey's samples are not the acquisition's, or no column of the
            section holds an answer.
        OptionError: If an option is for windows alone.
        PhysicsError: If a velocity or position cannot be modelled.
    """
    options = options or LINE_OPTIONS
    options.check_line()
    n_samples = shared_samples(survey, acquisition)
    chosen = chosen_shots(survey, max_shots) if shots is None else shots
    velocity, gaps = _filled(prediction["velocity"].to_numpy())
    sets = _shot_sets(
        survey,
        list(chosen.values()),
        velocity.clip(options.min_velocity_m_s, options.max_velocity_m_s),
        prediction["distance"].to_numpy(),
        replace(acquisition, n_samples=n_samples),
        options.max_velocity_m_s,
        process,
        device,
    )
    result = invert_waveforms(
        velocity,
        acquisition.spacing_m,
        sets,
        options,
        std=_optional(prediction, "velocity_std"),
        edges=_optional(prediction, "edge_probability"),
        fixed=np.repeat(gaps[None], velocity.shape[0], axis=0),
        state=state,
        device=device,
        progress=progress,
    )
    return _refined(prediction, result, gaps)


def _shot_sets(
    survey: xr.Dataset,
    shots: list[LineShot],
    velocity: Floats,
    distance_m: Floats,
    acquisition: Acquisition,
    fastest_m_s: float,
    process: Process | None,
    device: str,
) -> list[ShotSet]:
    """The line's shots in groups that share a slice of the section."""
    sets = []
    for group in shot_groups(shots):
        lows, highs = zip(*(reach_m(shot) for shot in group), strict=True)
        columns, origin_m = _slice_columns(
            distance_m, acquisition.spacing_m, (min(lows), max(highs))
        )
        positions = group_acquisition(group, acquisition, origin_m, columns.size)
        observed = np.zeros(
            (len(group), positions.n_receivers, acquisition.n_samples), dtype=np.float32
        )
        for place, shot in enumerate(group):
            gather = observed_gather(survey, shot, acquisition.n_samples)
            observed[place, : len(shot.traces)] = gather
        weight = None
        if process is not None:
            records = modelled_gathers(velocity[:, columns], positions, fastest_m_s, device)
            weight = gain_field(process, records, positions)
        sets.append(ShotSet(cast(AcquisitionLike, positions), observed, weight, columns))
    return sets


def _slice_columns(
    distance_m: Floats, spacing_m: float, covered_m: tuple[float, float]
) -> tuple[NDArray[np.int64], float]:
    """Columns under a range of the line, the outermost going on, and the first one's place [m]."""
    first = int(np.floor((covered_m[0] - distance_m[0]) / spacing_m + 1e-9))
    last = int(np.ceil((covered_m[1] - distance_m[0]) / spacing_m - 1e-9))
    columns = np.clip(np.arange(first, last + 1), 0, distance_m.size - 1)
    return columns, float(distance_m[0] + first * spacing_m)


def _filled(velocity: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    """A section whose empty columns take their nearest neighbour's, and which ones they are."""
    empty = ~np.isfinite(velocity).all(axis=0)
    if empty.all():
        raise GeometryError("No column of the section holds an answer; invert the line first.")
    filled = np.flatnonzero(~empty)
    nearest = filled[np.abs(filled[None] - np.arange(empty.size)[:, None]).argmin(axis=1)]
    return velocity[:, nearest].astype(np.float64), empty


def _optional(prediction: xr.Dataset, name: str) -> Floats | None:
    """A variable of the prediction without gaps, or None where it has none."""
    if name not in prediction:
        return None
    return _filled(prediction[name].to_numpy())[0]


def _refined(prediction: xr.Dataset, result: FwiResult, gaps: NDArray[np.bool_]) -> xr.Dataset:
    """The prediction moved to the result."""
    before = prediction["velocity"].to_numpy()
    after = np.where(gaps[None], np.nan, result.velocity) if result.accepted else before
    with np.errstate(invalid="ignore"):
        moved = after / before
    changed: dict[str, Any] = {
        name: (prediction[name] * moved).astype(np.float32).assign_attrs(prediction[name].attrs)
        for name in ("velocity", "velocity_std", "velocity_lower", "velocity_upper")
        if name in prediction
    }
    warnings = [*prediction.attrs.get("warnings", []), *result.warnings]
    said = {}
    if result.accepted and "velocity_std" in prediction:
        said = {"spread_note": SPREAD_NOTE}
        warnings = [line for line in warnings if line != SPREAD_NOTE] + [SPREAD_NOTE]
    kept = {} if "velocity_network" in prediction else {"velocity_network": prediction["velocity"]}
    return prediction.assign({**kept, **changed}).assign_attrs(
        fwi=result.to_attrs(), warnings=warnings, **said
    )
