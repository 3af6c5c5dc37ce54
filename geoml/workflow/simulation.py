"""Pairs of gathers and velocity models that look like a survey's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

import geoml
from geoml.preprocess.replay import replay, replayed_steps
from geoml.registry import with_options
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_distance import projection_warning
from geoml.survey.window_layout import WindowLayout
from geoml.synthetic import VelocityRange
from geoml.synthetic.generate import generate_pairs
from geoml.workflow.call_options import call_options
from geoml.workflow.matching import Match, match_survey
from geoml.workflow.specification import MatchSection, SimulateSection

Progress = Callable[[int, int], None]


def simulate_like(
    clean: xr.Dataset,
    path: Path,
    section: SimulateSection,
    matching: MatchSection,
    *,
    raw: xr.Dataset | None = None,
    overwrite: bool = False,
    announce: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> None:
    """Fill a pair store for a survey: its geometry, sampling, wavelet and processing.

    An interrupted store of the same options is continued.

    Args:
        clean: The processed survey.
        path: Pair store to make.
        section: Families, count and seed.
        matching: Layout, wavelet, trend and velocity range.
        raw: The survey before processing, for the wavelet.
        overwrite: Replace a store that is already there.
        announce: Told in one line each what was chosen.
        progress: Told the pairs done.

    Raises:
        GeometryError: If the survey has no geometry or no window fits it.
        OptionError: If simulated gathers cannot follow a step, or an option is wrong.
        StoreError: If the target exists and ``overwrite`` is False.
    """
    steps = clean.attrs.get("steps", [])
    # Refused here, before anything slow: a step that simulated gathers cannot follow.
    replayed_steps(steps)
    layout = None
    if matching.layout is not None:
        layout = with_options(WindowLayout, matching.layout, "layout")
    match = match_survey(clean, raw, layout=layout, wavelet=matching.wavelet, trend=matching.trend)
    bend = projection_warning(clean, line_coordinates(clean))
    for line in [*match.describe(), *([] if bend is None else [bend])]:
        announce(line)
    around = {"trend": match.trend, **matching.velocity_range}
    generate_pairs(
        path,
        match.acquisition,
        families=section.families,
        velocity_range=with_options(VelocityRange, around, "velocity_range"),
        count=section.drawn_count,
        seed=section.seed,
        process=partial(replay, steps, acquisition=match.acquisition),
        provenance=_provenance(clean, match),
        steps=steps,
        batch=section.batch,
        overwrite=overwrite,
        progress=progress,
        announce=announce,
        **generate_options(section),
    )


def generate_options(section: SimulateSection) -> dict[str, Any]:
    """Keyword arguments of the generator beyond the section's own keys, checked.

    Raises:
        OptionError: If one is unknown or of the wrong type.
    """
    given = ("process", "provenance", "steps", "batch", "overwrite", "progress", "announce")
    return call_options(generate_pairs, section.options, "simulate.options", reserved=given)


def _provenance(clean: xr.Dataset, match: Match) -> dict[str, Any]:
    """Which survey the pairs imitate, and how."""
    return {
        "geoml": geoml.__version__,
        "survey": clean.attrs.get("source_file"),
        "survey_sha256": clean.attrs.get("source_sha256"),
        **match.to_dict(),
    }
