"""A denoiser trained on a survey or on synthetic sections alone, as the command line asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.registry import with_options
from geoml.survey.noise_bank import cut_noise
from geoml.survey.store import open_survey
from geoml.synthetic.noise import Noise
from geoml.synthetic.noise.survey_noise import SurveyNoise
from geoml.synthetic.noisy_patches import NoisyPatches
from geoml.synthetic.reflection_section import ReflectionSection
from geoml.tasks.denoise import Supervised, denoise_task
from geoml.training.denoise import KIND, gentler, train_denoiser
from geoml.training.denoise_data import PatchSource, SyntheticPatches, survey_patches
from geoml.training.denoise_options import DenoiseOptions
from geoml.training.fit_network import FitOptions

SYNTHETIC = "synthetic"
"""In place of a survey: sections of any wavelet, for a network that any survey may use."""

_BANK = "noise.npz"
_PEAK_OCTAVES = 0.8  # how far wavelets lie from the survey's mean frequency
_SPECTRUM_TRACES = 500
_USUAL_DT_S = 0.004


def train_survey_denoiser(
    survey: Path,
    out: Path,
    model: str | None,
    options: Mapping[str, Any],
    *,
    announce: Callable[[str], None] = print,
) -> Path:
    """Train what the options ask for; see ``geoml.training.denoise``.

    Args:
        survey: Survey store, or the word ``synthetic``.
        out: Folder for the checkpoint.
        model: Key of ``GATHER_MODELS``; None for ``denoising_unet`` or that of ``start``.
        options: Fields of ``DenoiseOptions``; all others go to the loop that trains.
        announce: Told in one line each what happens.

    Returns:
        The folder.

    Raises:
        OptionError: If an option is wrong.
        StoreError: If there is no such survey.
    """
    own = {f.name for f in fields(DenoiseOptions)}
    given = {name: value for name, value in options.items() if name in own}
    rest = {name: value for name, value in options.items() if name not in own}
    fit = with_options(FitOptions, {**given.pop("fit", {}), **rest}, "train")
    chosen = with_options(DenoiseOptions, {**given, "fit": fit}, "train")
    task = denoise_task(chosen.mode)
    start = None if chosen.start is None else load_network_checkpoint(chosen.start, KIND)
    if start is not None and model not in (None, start.model["name"]):
        raise OptionError(
            f"Checkpoint {chosen.start} holds a '{start.model['name']}'; leave --model out."
        )
    dt_s: float | None = None
    source: PatchSource
    validation: PatchSource | None
    if isinstance(task, Supervised):
        opened = None if str(survey) == SYNTHETIC else open_survey(survey)
        source = validation = _synthetic(opened, out, chosen, announce)
        dt_s = None if opened is None else source.dt_s
    elif str(survey) == SYNTHETIC:
        raise OptionError(f"Mode '{chosen.mode}' learns from a survey; give its store.")
    else:
        source, validation = survey_patches(open_survey(survey), Path(survey).name, chosen.gather)
        dt_s = source.dt_s
        announce(f"Learning from {source.describe()['n_gathers']} gathers of {survey}.")
    checkpoint = train_denoiser(
        source,
        task,
        chosen.fit if start is None else gentler(chosen.fit),
        model=model or "denoising_unet",
        model_options=chosen.network,
        patch_shape=chosen.patch_shape,
        dt_s=dt_s,
        validation=validation,
        start=start,
        announce=announce,
    )
    return save_network_checkpoint(checkpoint, out)


def _synthetic(
    survey: xr.Dataset | None,
    out: Path,
    options: DenoiseOptions,
    announce: Callable[[str], None],
) -> SyntheticPatches:
    """Synthetic patches like a survey, or of any kind where there is none."""
    noises = options.built_noises()
    if survey is None:
        section = with_options(ReflectionSection, options.section, "section")
        return SyntheticPatches(NoisyPatches(noises, section), _USUAL_DT_S)
    time_s = survey["time"].to_numpy()
    dt_s = float(time_s[1] - time_s[0])
    middle = _mean_of_nyquist(survey)
    band = [float(np.clip(middle * 2**o, 0.02, 0.7)) for o in (-_PEAK_OCTAVES, _PEAK_OCTAVES)]
    section = with_options(
        ReflectionSection, {"peak_of_nyquist": tuple(band), **options.section}, "section"
    )
    announce(f"Wavelets of {band[0] * 0.5 / dt_s:.0f} to {band[1] * 0.5 / dt_s:.0f} Hz.")
    own = _own_noise(survey, out, options.survey_noise, announce)
    return SyntheticPatches(NoisyPatches((*noises, *own), section), dt_s)


def _own_noise(
    survey: xr.Dataset, out: Path, chance: float, announce: Callable[[str], None]
) -> tuple[Noise, ...]:
    """The survey's noise before its first arrivals, where there is any."""
    if chance == 0:
        return ()
    try:
        bank = cut_noise(survey)
    except OptionError as refused:
        announce(f"No noise of the survey's own: {refused}")
        return ()
    out.mkdir(parents=True, exist_ok=True)
    bank.save(out / _BANK)
    announce(f"{len(bank.patches)} patches of the survey's own noise in {out / _BANK}.")
    return (SurveyNoise(chance=chance, bank=str(out / _BANK)),)


def _mean_of_nyquist(survey: xr.Dataset) -> float:
    """Mean frequency of the survey over Nyquist's, by the amplitude of some of its traces."""
    step = max(1, survey.sizes["trace"] // _SPECTRUM_TRACES)
    samples = survey["amplitude"][::step].to_numpy().astype(np.float64)
    samples = samples[np.isfinite(samples).all(axis=1) & samples.any(axis=1)]
    if not samples.size:
        raise OptionError(
            "No trace of the survey is live and finite, so its band is unknown; give 'synthetic' "
            "in its place, or a survey that was recorded."
        )
    rms = np.sqrt(np.mean(samples**2, axis=1, keepdims=True))
    # Loud traces count as much as others.
    spectrum = np.abs(np.fft.rfft(samples / np.where(rms > 0, rms, 1), axis=1)).mean(axis=0)
    power = spectrum**2
    return float(np.sum(np.linspace(0, 1, power.size) * power) / power.sum())
