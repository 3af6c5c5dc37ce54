"""Waveform inversion without a network: of a pair in a store, or of a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.objectives.velocity_score import velocity_scores
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_section import invert_waveforms
from geoml.physics.fwi_shots import ShotSet
from geoml.physics.trend import VelocityTrend
from geoml.prediction.fwi_line import LINE_OPTIONS, refine_line_fwi
from geoml.prediction.gain_field import gain_field
from geoml.prediction.remodel import chosen_shots, modelled_gathers, reach_m
from geoml.prediction.section_decoder import load_decoder
from geoml.preprocess.replay import replay
from geoml.registry import with_options
from geoml.survey.acquisition import Acquisition
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_distance import projection_warning
from geoml.survey.pairs import open_pairs, pair_modelling
from geoml.survey.velocity import section
from geoml.survey.window_layout import WindowLayout
from geoml.workflow.fwi_code import invert_section_code, split_code_options
from geoml.workflow.fwi_start import line_start, pair_start
from geoml.workflow.inversion import starting_trend
from geoml.workflow.matching import match_survey
from geoml.workflow.specification import MatchSection

Progress = Callable[[int, int], None]

_MEAN_OF = 256
"""Pairs of a store whose mean column the default gradient is fitted to."""


def fwi_options(given: Mapping[str, Any], base: FwiOptions) -> FwiOptions:
    """Options by name over a base, checked.

    Raises:
        OptionError: If one is unknown, of the wrong type or out of range.
    """
    return with_options(FwiOptions, {**asdict(base), **given}, "fwi")


def invert_pair(
    path: Path,
    sample: int,
    start: str,
    given: Mapping[str, Any],
    *,
    prior: str | None = None,
    then_cells: bool = False,
    state: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """The section of one pair, inverted from its gathers alone and scored against its truth.

    Args:
        path: Pair store.
        sample: Number of the pair.
        start: As in ``pair_start``.
        given: Options of ``FwiOptions``, and of ``CodeOptions`` with a prior. Without ``accuracy``
            and ``simulation_spacing_m`` waves are modelled as the store's own were.
        prior: A network whose code is inverted for instead of cells; see ``load_decoder``.
        then_cells: Go on with cells from the section of that code.
        state: File for what a killed run needs to go on.
        device: Where torch computes.
        progress: Told the iterations done.

    Returns:
        A section with ``velocity`` and ``velocity_start``; in attrs ``fwi``
        (``FwiResult.to_attrs``), ``scores`` and ``start_scores`` against the stored model.

    Raises:
        OptionError: If there is no such pair, or an option does not fit.
    """
    pairs = open_pairs(path)
    acquisition = Acquisition.from_dict(pairs.attrs["acquisition"])
    if not 0 <= sample < pairs.sizes["sample"]:
        raise OptionError(
            f"{path.name} has pairs 0 to {pairs.sizes['sample'] - 1}; there is no {sample}."
        )
    some = np.unique(np.linspace(0, pairs.sizes["sample"] - 1, _MEAN_OF).astype(int))
    mean = pairs["velocity"].isel(sample=some).mean(("sample", "distance")).values
    truth = pairs["velocity"][sample].values.astype(np.float64)
    begin = pair_start(start, truth.shape, acquisition.spacing_m, truth, mean)
    own, given = split_code_options(given, prior is not None)
    options = fwi_options(given, FwiOptions()).modelled_as(pair_modelling(pairs.attrs))
    begin = begin.clip(options.min_velocity_m_s, options.max_velocity_m_s)
    weight = _window_gain(pairs.attrs, begin, acquisition, options, device)
    observed = pairs["amplitude"][sample].values.astype(np.float32)
    shots = [ShotSet(cast(AcquisitionLike, acquisition), observed, weight)]
    from_code: dict[str, Any] = {}
    at = begin
    if prior is not None:
        decoder = load_decoder(prior, acquisition, observed)
        coded = invert_section_code(decoder, begin, acquisition.spacing_m, shots, options, own)
        result, at = coded, coded.velocity
        from_code = {"fwi_code": coded.to_attrs(), "code_scores": _scores(coded.velocity, truth)}
    if prior is None or then_cells:
        result = invert_waveforms(
            at,
            acquisition.spacing_m,
            shots,
            options,
            state=state,
            device=device,
            progress=progress,
        )
    return section(
        result.velocity,
        acquisition.spacing_m,
        velocity_start=begin,
        attrs={
            "fwi": result.to_attrs(),
            "scores": _scores(result.velocity, truth),
            "start_scores": _scores(begin, truth),
            **from_code,
            "warnings": result.warnings,
        },
    )


def invert_line(
    clean: xr.Dataset,
    start: str,
    given: Mapping[str, Any],
    *,
    checkpoint: Checkpoint | None = None,
    settings: MatchSection | None = None,
    raw: xr.Dataset | None = None,
    max_shots: int | None = 40,
    state: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """The section of a line by waveform inversion alone.

    Args:
        clean: Processed survey.
        start: ``trend``, or a stored section.
        given: Options of ``FwiOptions`` over those of ``LINE_OPTIONS``.
        checkpoint: Gives wavelet, grid, surface and trend; the network itself is not used.
        settings: Gives them where there is no checkpoint, as for 'geoml simulate'.
        raw: The survey before processing, for the wavelet.
        max_shots: Most shots to use, evenly spread; None for all.
        state: File for what a killed run needs to go on.
        device: Where torch computes.
        progress: Told the iterations done.
    """
    if checkpoint is not None:
        acquisition = Acquisition.from_dict(checkpoint.acquisition)
        trend = starting_trend(clean, checkpoint)
    else:
        acquisition, trend = _matched(clean, raw, settings or MatchSection())
    options = fwi_options(given, LINE_OPTIONS)
    shots = chosen_shots(clean, max_shots)
    lows, highs = zip(*(reach_m(shot) for shot in shots.values()), strict=True)
    begin = line_start(
        start, trend, acquisition.n_depth, acquisition.spacing_m, (min(lows), max(highs))
    )
    steps = clean.attrs.get("steps", [])

    def process(amplitude: NDArray[np.float32], of: Acquisition) -> NDArray[np.float32]:
        return replay(steps, amplitude, of)

    bend = projection_warning(clean, line_coordinates(clean))
    if bend is not None and bend not in begin.attrs.get("warnings", []):
        begin = begin.assign_attrs(warnings=[*begin.attrs.get("warnings", []), bend])
    return refine_line_fwi(
        clean,
        begin,
        acquisition,
        options,
        shots=shots,
        process=process,
        state=state,
        device=device,
        progress=progress,
    )


def _matched(
    clean: xr.Dataset, raw: xr.Dataset | None, settings: MatchSection
) -> tuple[Acquisition, VelocityTrend]:
    layout = settings.layout and with_options(WindowLayout, settings.layout, "layout")
    match = match_survey(
        clean, raw, layout=layout or None, wavelet=settings.wavelet, trend=settings.trend
    )
    return match.acquisition, match.trend


def _window_gain(
    attrs: Mapping[str, Any],
    velocity: NDArray[np.float32],
    acquisition: Acquisition,
    options: FwiOptions,
    device: str,
) -> NDArray[np.float32] | None:
    """Mutes and gains that a store's gathers went through; None where there are none."""
    steps = attrs.get("steps", [])
    if not steps:
        return None
    records = modelled_gathers(
        velocity.astype(np.float64),
        acquisition,
        options.max_velocity_m_s,
        device,
        pair_modelling(attrs),
    )
    return gain_field(lambda g, of: replay(steps, g, of), records, replace(acquisition))


def _scores(velocity: NDArray[np.floating], truth: NDArray[np.floating]) -> dict[str, float]:
    made, true = (torch.as_tensor(np.asarray(v, np.float32))[None] for v in (velocity, truth))
    return velocity_scores(made, true)
