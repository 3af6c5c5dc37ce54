"""Is the prediction right? Its gathers and first arrivals against the recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.near_source import far_traces
from geoml.physics.trend import VelocityTrend
from geoml.prediction.misfit import root_mean_square, trace_misfit
from geoml.prediction.remodel import (
    chosen_shots,
    computed_first_arrivals,
    group_acquisition,
    modelled_gathers,
    reach_m,
    section_slice,
    shot_groups,
)
from geoml.survey.acquisition import Acquisition
from geoml.survey.line_shots import LineShot

Floats = NDArray[np.float64]
Process = Callable[[NDArray[np.float32], Acquisition], NDArray[np.float32]]
"""Simulated gathers (shot, receiver, time) and their acquisition -> processed gathers."""
Progress = Callable[[int, int], None]
"""Called with (shots done, shots in all)."""


def check_physics(
    survey: xr.Dataset,
    prediction: xr.Dataset,
    trend: VelocityTrend,
    acquisition: Acquisition,
    *,
    rows: Mapping[str, NDArray[np.floating]] | None = None,
    process: Process | None = None,
    max_shots: int | None = 40,
    shots: Mapping[int, LineShot] | None = None,
    held_out: NDArray[np.bool_] | None = None,
    shown_shots: int = 3,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Re-model the line's shots in the prediction and in the trend, and compare both with the data.

    Shots are modelled with their own positions and all their receivers, not with the window's. A
    first-arrival time is that of the fastest path through the model, compared with the survey's
    picks (``first_break``); see ``trace_misfit`` for the misfit of the gathers.

    Args:
        survey: The processed survey that was inverted.
        prediction: What ``invert`` gave.
        trend: The velocity to beat.
        acquisition: Sampling, wavelet, surface and highest frequency that training used.
        rows: More velocities to compare, name -> [m/s] (depth, distance) on the prediction's grid.
        process: Applies the survey's mutes and gains to simulated gathers; None for none.
        max_shots: Most shots to model, evenly spread along the line; None for all.
        shots: The shots to model, from ``chosen_shots``, in place of ``max_shots``.
        held_out: Traces that no fit has used, shape (trace,); None for none.
        shown_shots: Shots whose gathers are returned for the report.
        device: Where torch computes.
        progress: Told how far it is.

    Returns:
        Over ``model`` (prediction, trend, then ``rows``) and ``shot``: ``first_arrival_rms_s``,
        ``data_misfit``; over all shots ``total_first_arrival_rms_s``, ``total_data_misfit``, and
        the same over fitted traces (``fitted_...``) and those that no fit used (``held_out_...``);
        over (shot, receiver), NaN beyond a shot's receivers, ``offset`` [m], ``first_break`` [s],
        ``held_out`` and, over model too, ``first_arrival`` [s] and ``trace_misfit`` (NaN also
        nearer to the source than a cell of the section, see ``near_source``); over
        (shown_shot, receiver, time) ``observed`` and, over model too, ``modelled``.

    Raises:
        GeometryError: If the survey's samples are not the acquisition's.
        PhysicsError: If a velocity or position cannot be modelled.
    """
    distance = prediction["distance"].to_numpy()
    sections = {
        "prediction": prediction["velocity"].to_numpy().astype(np.float64),
        "trend": np.repeat(trend(prediction["depth"].to_numpy())[:, None], distance.size, axis=1),
        **{name: np.asarray(row, dtype=np.float64) for name, row in (rows or {}).items()},
    }
    numbered = chosen_shots(survey, max_shots) if shots is None else shots
    return compare_sections(
        survey,
        sections,
        distance,
        acquisition,
        numbered,
        process=process,
        held_out=held_out,
        shown_shots=shown_shots,
        device=device,
        progress=progress,
    )


def compare_sections(
    survey: xr.Dataset,
    sections: Mapping[str, Floats],
    distance_m: Floats,
    acquisition: Acquisition,
    numbered: Mapping[int, LineShot],
    *,
    process: Process | None = None,
    held_out: NDArray[np.bool_] | None = None,
    shown_shots: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Shots of a line modelled in several sections, each compared with the recorded ones.

    Args:
        survey: The processed survey.
        sections: Name -> velocity [m/s], shape (depth, distance).
        distance_m: Line distance of their columns [m], shape (distance,).
        acquisition: Sampling, wavelet, surface and highest frequency that training used.
        numbered: Shots to model, from ``chosen_shots``; each costs a solve a section.
        process: Applies the survey's mutes and gains to simulated gathers; None for none.
        held_out: Traces that no fit may use, shape (trace,); None for none.
        shown_shots: Shots whose gathers are returned.
        device: Where torch computes.
        progress: Told how far it is.

    Returns:
        As ``check_physics``.

    Raises:
        GeometryError: If the survey's samples are not the acquisition's.
        PhysicsError: If a velocity or position cannot be modelled.
    """
    n_samples = shared_samples(survey, acquisition)
    shots = list(numbered.values())
    shown = np.unique(np.linspace(0, len(shots) - 1, shown_shots).round().astype(int))
    picks = survey["first_break"].to_numpy() if "first_break" in survey else None
    checks = _empty(numbered, shown, acquisition, list(sections))
    # A cell may be rounded up when it becomes float32, and must not exceed the fastest.
    ceiling = np.float32(max(float(np.nanmax(velocity)) for velocity in sections.values()))
    fastest = float(np.nextafter(ceiling, np.float32(np.inf)))
    misfits = checks["trace_misfit"].values
    done = 0
    for group in shot_groups(shots):
        observed = [observed_gather(survey, shot, n_samples) for shot in group]
        lows, highs = zip(*(reach_m(shot) for shot in group), strict=True)
        for row, model in enumerate(sections):
            velocity, origin_m = section_slice(
                sections[model], distance_m, acquisition.spacing_m, (min(lows), max(highs))
            )
            positions = group_acquisition(group, acquisition, origin_m, velocity.shape[1])
            records = modelled_gathers(velocity, positions, fastest, device)
            if process is not None:
                records = process(records, positions)
            times = computed_first_arrivals(velocity, positions)
            far = far_traces(cast(AcquisitionLike, positions), acquisition.spacing_m)
            for place, shot in enumerate(group):
                used, number = slice(0, len(shot.traces)), done + place
                record = records[place, used, :n_samples]
                misfit = trace_misfit(observed[place], record)
                misfits[row, number, used] = np.where(far[place, used], misfit, np.nan)
                checks["first_arrival"].values[row, number, used] = times[place, used]
                if number in shown:
                    at = int(np.searchsorted(shown, number))
                    checks["modelled"].values[row, at, used] = record
                    checks["observed"].values[at, used] = observed[place]
        for place, shot in enumerate(group):
            used = slice(0, len(shot.traces))
            checks["offset"].values[done + place, used] = shot.offset_m
            if picks is not None:
                checks["first_break"].values[done + place, used] = picks[shot.traces]
            if held_out is not None:
                checks["held_out"].values[done + place, used] = held_out[shot.traces]
        done += len(group)
        if progress is not None:
            progress(done, len(shots))
    return _with_totals(checks)


def shared_samples(survey: xr.Dataset, acquisition: Acquisition) -> int:
    """Samples that survey and acquisition share, from time 0."""
    time_s = survey["time"].to_numpy()
    wanted = acquisition.time_s[: time_s.size]
    tolerance = 1e-3 * acquisition.dt_s
    if time_s.size < 2 or float(np.max(np.abs(time_s[: wanted.size] - wanted))) > tolerance:
        raise GeometryError(
            f"The survey is sampled every {np.diff(time_s[:2]).sum():g} s from "
            f"{time_s[0]:g} s; the check needs {acquisition.dt_s:g} s from 0 s. Add the step "
            f"resample: {{dt_s: {acquisition.dt_s:g}}}."
        )
    return int(wanted.size)


def observed_gather(survey: xr.Dataset, shot: LineShot, n_samples: int) -> NDArray[np.float32]:
    """Live traces of a shot, dead ones zero, shape (receiver, time)."""
    gather = survey.isel(trace=shot.traces, time=slice(0, n_samples))
    amplitude = gather["amplitude"].to_numpy().astype(np.float32)
    usable = np.asarray(np.isfinite(amplitude).all(axis=1))
    if "live" in gather:
        usable &= gather["live"].to_numpy().astype(bool)
    return np.where(usable[:, None], amplitude, np.float32(0))


def _empty(
    numbered: Mapping[int, LineShot],
    shown: NDArray[np.int64],
    acquisition: Acquisition,
    models: list[str],
) -> xr.Dataset:
    """The result with NaN everywhere."""
    numbers, shots = list(numbered), list(numbered.values())
    n_receivers = max(len(shot.traces) for shot in shots)
    sizes = {
        "model": len(models),
        "shot": len(shots),
        "shown_shot": len(shown),
        "receiver": n_receivers,
        "time": acquisition.n_samples,
    }
    layout: dict[str, tuple[tuple[str, ...], Any, str]] = {
        "offset": (("shot", "receiver"), np.float64, "m"),
        "first_break": (("shot", "receiver"), np.float64, "s"),
        "first_arrival": (("model", "shot", "receiver"), np.float64, "s"),
        "trace_misfit": (("model", "shot", "receiver"), np.float64, "1"),
        "observed": (("shown_shot", "receiver", "time"), np.float32, ""),
        "modelled": (("model", "shown_shot", "receiver", "time"), np.float32, ""),
    }
    variables = {
        name: (dims, np.full([sizes[dim] for dim in dims], np.nan, dtype), {"units": units})
        for name, (dims, dtype, units) in layout.items()
    }
    held_out = np.zeros((sizes["shot"], n_receivers), dtype=np.bool_)
    return xr.Dataset(
        {**variables, "held_out": (("shot", "receiver"), held_out)},
        coords={
            "model": models,
            "shot": numbers,
            "source_distance": ("shot", [shot.distance_m for shot in shots], {"units": "m"}),
            "shown_shot": [numbers[place] for place in shown],
            "time": ("time", acquisition.time_s, {"units": "s"}),
        },
    )


def _with_totals(checks: xr.Dataset) -> xr.Dataset:
    """The result with its misfits a shot, over all traces, and over those held out."""
    misfits = checks["trace_misfit"].to_numpy()
    late = checks["first_arrival"].to_numpy() - checks["first_break"].to_numpy()
    aside = checks["held_out"].to_numpy()
    seconds, plain = {"units": "s"}, {"units": "1"}
    each, total = (2,), (1, 2)
    made: dict[str, tuple[tuple[str, ...], Any, dict[str, str]]] = {
        "first_arrival_rms_s": (("model", "shot"), root_mean_square(late, each), seconds),
        "data_misfit": (("model", "shot"), root_mean_square(misfits, each), plain),
    }
    for part, chosen in (
        ("total", np.ones_like(aside)),
        ("fitted", ~aside),
        ("held_out", aside),
    ):
        times = root_mean_square(np.where(chosen, late, np.nan), total)
        waves = root_mean_square(np.where(chosen, misfits, np.nan), total)
        made[f"{part}_first_arrival_rms_s"] = (("model",), times, seconds)
        made[f"{part}_data_misfit"] = (("model",), waves, plain)
    return checks.assign(made)
