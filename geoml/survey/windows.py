"""Windows of shots and receivers that slide along a line and share one acquisition.

The most complete window of a line is the template. Every other window takes, for each place of
the template, the shot and the trace that are nearest, within half an interval; a place without one
is missing and reads as a dead trace.
"""

from __future__ import annotations

import logging
import math

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from geoml.errors import GeometryError
from geoml.survey.acquisition import Acquisition
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_shots import LineShot, line_shots
from geoml.survey.window_layout import LineWindow, WindowLayout
from geoml.survey.window_template import build_template, matched_windows

__all__ = [
    "LineWindow",
    "WindowLayout",
    "line_windows",
    "match_windows",
    "read_window",
    "reference_acquisition",
]

logger = logging.getLogger(__name__)

_DEAD_KIND = 2


def line_windows(survey: xr.Dataset, layout: WindowLayout) -> list[LineWindow]:
    """Every window of a line, from its low to its high end; the last one reaches the last shot.

    Args:
        survey: Dataset of dims (trace, time) with positions.
        layout: What a window holds.

    Raises:
        GeometryError: If the line has too few shots or receivers for the layout.
    """
    line = line_coordinates(survey)
    shots = line_shots(survey, line)
    starts = _starts(len(shots), layout)
    template = build_template(shots, starts, layout)
    return matched_windows(shots, starts, template)


def match_windows(
    survey: xr.Dataset, layout: WindowLayout, acquisition: Acquisition
) -> list[LineWindow]:
    """Windows of a survey that look like an acquisition, such as a checkpoint's.

    Args:
        survey: Dataset of dims (trace, time) with positions.
        layout: Its steps decide where windows start; the acquisition decides what they hold.
        acquisition: The template.

    Raises:
        GeometryError: If no window has half of the acquisition's traces within half an interval.
    """
    line = line_coordinates(survey)
    shots = line_shots(survey, line)
    template = LineWindow(
        index=0,
        origin_m=0.0,
        trace_index=np.zeros(acquisition.receiver_distance_m.shape, dtype=np.int64),
        source_distance_m=acquisition.source_distance_m,
        source_depth_m=acquisition.source_depth_m,
        receiver_distance_m=acquisition.receiver_distance_m,
        receiver_depth_m=acquisition.receiver_depth_m,
    )
    starts = sorted({*range(0, len(shots), layout.window_step), len(shots) - 1})
    windows = matched_windows(shots, starts, template)
    if not windows:
        raise GeometryError(_misfit_message(shots, acquisition))
    _warn_of_depths(windows, acquisition)
    return windows


def reference_acquisition(
    survey: xr.Dataset,
    layout: WindowLayout,
    windows: list[LineWindow],
    wavelet: ArrayLike,
    wavelet_start_s: float,
    max_frequency_hz: float,
) -> Acquisition:
    """The acquisition that every window of a line shares: its most complete window's.

    Args:
        survey: The survey of the windows, starting at time 0.
        layout: What a window holds.
        windows: From ``line_windows``, at least one.
        wavelet: Source time function at the survey's sample interval, shape (time,).
        wavelet_start_s: Time of its first sample [s].
        max_frequency_hz: Highest frequency with energy [Hz].

    Raises:
        GeometryError: If the survey does not start at time 0, or something lies on or above a free
            surface.
    """
    best = max(windows, key=lambda window: window.completeness)
    dt_s = _interval_from_zero(survey)
    n_samples = survey.sizes["time"]
    if layout.max_time_s is not None:
        n_samples = min(n_samples, math.floor(layout.max_time_s / dt_s + 1e-6) + 1)
    free_surface = layout.free_surface
    if free_surface is None:
        free_surface = line_coordinates(survey).is_marine
    shallowest = min(best.source_depth_m.min(), best.receiver_depth_m.min())
    if free_surface and shallowest <= 0:
        raise GeometryError(
            f"A source or receiver is {shallowest:g} m below a free surface, where the pressure is "
            "zero; give its depth with --geometry, or set free_surface: false."
        )
    farthest = max(best.source_distance_m.max(), best.receiver_distance_m.max())
    width_m = farthest + layout.margin_m
    return Acquisition(
        source_distance_m=best.source_distance_m,
        source_depth_m=best.source_depth_m,
        receiver_distance_m=best.receiver_distance_m,
        receiver_depth_m=best.receiver_depth_m,
        dt_s=dt_s,
        n_samples=n_samples,
        spacing_m=layout.spacing_m,
        n_depth=round(layout.depth_m / layout.spacing_m) + 1,
        n_distance=math.ceil(width_m / layout.spacing_m - 1e-6) + 1,
        wavelet=np.asarray(wavelet, dtype=np.float64),
        wavelet_start_s=wavelet_start_s,
        max_frequency_hz=max_frequency_hz,
        free_surface=free_surface,
    )


def read_window(
    survey: xr.Dataset, window: LineWindow, acquisition: Acquisition
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Gathers of a window, cut to the acquisition's samples.

    Args:
        survey: The survey, at the acquisition's sample interval and starting at time 0.
        window: Which traces.
        acquisition: How many samples.

    Returns:
        Amplitude, shape (shot, receiver, time), and live, shape (shot, receiver). Missing, dead
        and non-finite traces are zero and not live.

    Raises:
        GeometryError: If the time axis differs from the acquisition's.
    """
    dt_s = _interval_from_zero(survey)
    if abs(dt_s - acquisition.dt_s) > 1e-4 * acquisition.dt_s:
        raise GeometryError(
            f"The survey's sample interval is {dt_s:g} s, the acquisition's {acquisition.dt_s:g} "
            f"s; preprocess the survey with resample: {{dt_s: {acquisition.dt_s:g}}}."
        )
    n_samples = acquisition.n_samples
    if survey.sizes["time"] < n_samples:
        raise GeometryError(
            f"The survey has {survey.sizes['time']} samples, the acquisition needs {n_samples}; "
            "records as long as in training are needed."
        )
    there = window.trace_index >= 0
    traces, place = np.unique(window.trace_index[there], return_inverse=True)
    chosen = survey.isel(trace=traces, time=slice(0, n_samples))
    amplitude = np.asarray(chosen["amplitude"].values, dtype=np.float32)
    usable = np.isfinite(amplitude).all(axis=1) & (chosen["trace_kind"].values != _DEAD_KIND)
    if "live" in chosen:
        usable &= chosen["live"].values.astype(bool)
    usable &= amplitude.any(axis=1)
    shots = np.zeros((*window.trace_index.shape, n_samples), dtype=np.float32)
    live = np.zeros(window.trace_index.shape, dtype=np.bool_)
    shots[there] = np.where(usable[:, None], amplitude, 0)[place]
    live[there] = usable[place]
    return shots, live


def _starts(n_line_shots: int, layout: WindowLayout) -> list[int]:
    span = (layout.n_shots - 1) * layout.shot_step + 1
    if n_line_shots < span:
        raise GeometryError(
            f"The line has {n_line_shots} shots; a window of {layout.n_shots} shots with a step "
            f"of {layout.shot_step} needs {span}. Lower n_shots or shot_step."
        )
    last = n_line_shots - span
    return sorted({*range(0, last + 1, layout.window_step), last})


def _interval_from_zero(survey: xr.Dataset) -> float:
    """Sample interval [s] of a survey that starts at time 0."""
    time = survey["time"].values
    if time.size < 2:
        raise GeometryError(f"The survey has {time.size} samples a trace; at least 2 are needed.")
    dt_s = float((time[-1] - time[0]) / (time.size - 1))
    if abs(time[0]) > 1e-3 * dt_s:
        raise GeometryError(
            f"The survey's first sample is at {time[0]:g} s; 0 s is needed. Preprocess it with "
            f"resample: {{dt_s: {dt_s:g}}}, which starts at 0 s."
        )
    return dt_s


def _misfit_message(shots: list[LineShot], acquisition: Acquisition) -> str:
    offsets = np.concatenate([shot.offset_m for shot in shots])
    needed = acquisition.offset_m
    source = acquisition.source_distance_m
    span_m = float(np.ptp(source))
    line_m = shots[-1].distance_m - shots[0].distance_m
    return (
        f"No window of the survey fits the acquisition: {acquisition.n_shots} shots over "
        f"{span_m:g} m with offsets {needed.min():g} to {needed.max():g} m are needed; the survey "
        f"has {len(shots)} shots over {line_m:g} m with offsets {offsets.min():g} to "
        f"{offsets.max():g} m. Train for this survey: geoml simulate --like."
    )


def _warn_of_depths(windows: list[LineWindow], acquisition: Acquisition) -> None:
    for who in ("source", "receiver"):
        here = np.median([np.median(getattr(window, f"{who}_depth_m")) for window in windows])
        trained = np.median(getattr(acquisition, f"{who}_depth_m"))
        if abs(here - trained) > acquisition.spacing_m:
            logger.warning(
                "The survey's %ss are %.1f m deep, the acquisition's %.1f m: the network was not "
                "trained for that.",
                who,
                here,
                trained,
            )
