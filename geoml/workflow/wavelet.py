"""The source wavelet that simulated pairs need: behind the survey's filters, not its gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.source_matching import match_source
from geoml.physics.wavelet_file import read_wavelet
from geoml.physics.wavelets import (
    Wavelet,
    bandwidth,
    estimate_from_first_arrivals,
    estimate_statistical,
    ricker,
)
from geoml.preprocess import Step
from geoml.preprocess.bandpass import Bandpass
from geoml.preprocess.estimate_wavelet import WaveletMethod, estimate_wavelet
from geoml.preprocess.pipeline import build_steps, run
from geoml.preprocess.resample import Resample
from geoml.workflow.call_options import call_options
from geoml.workflow.specification import WaveletSection

Floats = NDArray[np.float64]

_QUIET_S = 1.0  # silence around a given wavelet, in which a filter may ring


def survey_wavelet(clean: xr.Dataset, raw: xr.Dataset | None, section: WaveletSection) -> Wavelet:
    """The wavelet that makes simulated gathers look like a processed survey's.

    An estimated one comes from the survey behind the steps that shape it (editing, filters,
    resampling), without mutes and gains, which would distort it. A given one is taken for the
    source's own, and goes through the survey's filters itself.

    Args:
        clean: The processed survey.
        raw: The survey before processing; without it the estimate is made on ``clean``.
        section: Origin of the wavelet.

    Raises:
        OptionError: If first arrivals are asked for and were not picked, or a given wavelet is
            sampled differently.
        FileFormatError: If a given wavelet's file is not two columns of numbers.
    """
    steps = build_steps(clean.attrs.get("steps", []))
    if section.method in ("ricker", "file"):
        wavelet = _filtered(_given(section, clean if raw is None else raw), steps, raw is None)
    else:
        # A wavelet by least squares needs modelling, and is made where there is some.
        method: WaveletMethod = (
            "statistical" if section.method == "statistical" else "first_arrivals"
        )
        options = estimate_options(section)
        wavelet = estimate_wavelet(shaped_survey(clean, raw), method, **options)
    if section.max_frequency_hz is not None:
        return replace(wavelet, max_frequency_hz=section.max_frequency_hz)
    return wavelet


def estimate_options(section: WaveletSection) -> dict[str, Any]:
    """Keyword arguments of the estimate, checked.

    Raises:
        OptionError: If an option is unknown, of the wrong type, or there is no estimate.
    """
    estimates: dict[str, Callable[..., Wavelet]] = {
        "first_arrivals": estimate_from_first_arrivals,
        "statistical": estimate_statistical,
        "least_squares": match_source,
    }
    if section.method in estimates:
        estimate = estimates[section.method]
        return call_options(estimate, section.options, "wavelet.options", reserved=["start_s"])
    if section.options:
        raise OptionError(f"A wavelet by method '{section.method}' has no 'options'; remove them.")
    return {}


def _given(section: WaveletSection, survey: xr.Dataset) -> Wavelet:
    """A Ricker wavelet, or the one in a file, at the interval of a survey."""
    time_s = survey["time"].values
    dt_s = float(time_s[1] - time_s[0])
    if section.method == "ricker":
        peak = section.peak_frequency_hz
        assert peak is not None, "the specification asks for it"
        half = int(np.ceil(1.5 / peak / dt_s))
        samples = ricker(peak, dt_s, 2 * half + 1)
        return Wavelet(samples, -half * dt_s, dt_s, 0.5 / dt_s, f"Ricker of {peak:g} Hz")
    assert section.file is not None, "the specification asks for it"
    path = Path(section.file)
    times, samples = read_wavelet(path)
    if abs((times[1] - times[0]) / dt_s - 1) > 1e-3:
        raise OptionError(
            f"{path.name} is sampled every {1000 * (times[1] - times[0]):g} ms, the survey every "
            f"{1000 * dt_s:g} ms; write it at the survey's interval."
        )
    return Wavelet(samples, float(times[0]), dt_s, 0.5 / dt_s, f"given in {path.name}")


def _filtered(wavelet: Wavelet, steps: Sequence[Step], filtered_only: bool) -> Wavelet:
    """A wavelet after the filters that the survey went through.

    Args:
        wavelet: The source's own.
        steps: All steps of the survey.
        filtered_only: True where the wavelet has the final sample interval already.
    """
    quiet = int(np.ceil(_QUIET_S / wavelet.dt_s))
    padded = np.pad(wavelet.samples, quiet).astype(np.float32)
    trace = xr.DataArray(
        padded[None],
        dims=("trace", "time"),
        coords={"time": np.arange(padded.size) * wavelet.dt_s},
    )
    for step in steps:
        if isinstance(step, Bandpass):
            trace = step(trace)
        elif isinstance(step, Resample) and not filtered_only:
            trace = replace(step, max_time_s=None)(trace)
    samples = trace.values[0].astype(np.float64)
    dt_s = float(trace["time"][1] - trace["time"][0])
    loud = np.flatnonzero(np.abs(samples) > 1e-3 * np.abs(samples).max())
    first, last = int(loud[0]), int(loud[-1])
    samples = samples[first : last + 1] / np.abs(samples).max()
    high_hz = bandwidth(samples, dt_s)[1]
    start_s = wavelet.start_s - quiet * wavelet.dt_s + first * dt_s
    return Wavelet(samples, start_s, dt_s, high_hz, f"{wavelet.note}, up to {high_hz:.1f} Hz")


def shaped_survey(clean: xr.Dataset, raw: xr.Dataset | None) -> xr.Dataset:
    """The survey behind the steps that shape its wavelet, without its mutes and gains.

    Args:
        clean: The processed survey.
        raw: The survey before processing; without it ``clean`` is returned as it is.
    """
    steps = build_steps(clean.attrs.get("steps", []))
    if raw is None or all(step.shapes_wavelet for step in steps):
        return clean
    return run(raw, [step for step in steps if step.shapes_wavelet])
