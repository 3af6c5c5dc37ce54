"""The steps of a survey, applied to gathers that were simulated for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.recipe import StepSpec, build_steps, step_specs
from geoml.preprocess.step import SHOT_LABEL, Step
from geoml.survey.acquisition import Acquisition


def replay(
    steps: Sequence[StepSpec], amplitude: NDArray[np.floating], acquisition: Acquisition
) -> NDArray[np.float32]:
    """Simulated gathers after the steps that their wavelet does not hold already.

    The wavelet is estimated from the processed survey, so filters and editing are in it; mutes
    and gains are not, and are applied here in the order of the survey.

    Args:
        steps: All steps of the survey, as built or as stored in its attributes.
        amplitude: Simulated pressure, shape (..., shot, receiver, time).
        acquisition: Geometry and sampling they were modelled with.

    Returns:
        Processed pressure, float32, shape (..., shot, receiver, time).

    Raises:
        ShapeError: If the amplitudes are not those of the acquisition.
        OptionError: If a step follows picked first breaks, which simulated gathers lack.
    """
    expected = (acquisition.n_shots, acquisition.n_receivers, acquisition.n_samples)
    if amplitude.shape[-3:] != expected:
        raise ShapeError(
            f"Simulated gathers have shape {amplitude.shape}; the acquisition needs (..., shot, "
            f"receiver, time) ending in {expected}."
        )
    replayed = replayed_steps(steps)
    gathers = _as_gathers(amplitude, acquisition)
    for step in replayed:
        gathers = step(gathers)
    return np.array(gathers.values, dtype=np.float32).reshape(amplitude.shape)


def replayed_steps(steps: Sequence[StepSpec]) -> list[Step]:
    """The steps that ``replay`` applies.

    Raises:
        OptionError: If one of them follows picked first breaks.
    """
    replayed = [step for step in build_steps(steps) if not step.shapes_wavelet]
    for step, spec in zip(replayed, step_specs(replayed), strict=True):
        if step.needs_first_break:
            raise OptionError(
                f"Step '{next(iter(spec))}' follows picked first breaks, which simulated gathers "
                "do not have; for training give it a velocity: mute_top: {velocity_m_s: ..., "
                "intercept_s: ...}."
            )
    return replayed


def _as_gathers(amplitude: NDArray[np.floating], acquisition: Acquisition) -> xr.DataArray:
    n_traces = int(np.prod(amplitude.shape[:-1]))
    n_shots = n_traces // acquisition.n_receivers
    n_copies = n_shots // acquisition.n_shots
    return xr.DataArray(
        np.asarray(amplitude, dtype=np.float32).reshape(n_traces, acquisition.n_samples),
        dims=("trace", "time"),
        coords={
            "time": ("time", acquisition.time_s, {"units": "s"}),
            "offset": ("trace", np.tile(acquisition.offset_m.ravel(), n_copies)),
            SHOT_LABEL: ("trace", np.repeat(np.arange(n_shots), acquisition.n_receivers)),
        },
    )
