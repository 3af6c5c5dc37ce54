"""Pairs for a preset acquisition: over drawn models, or over models from files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import geoml
from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.readers.velocity_section import is_velocity_section, read_velocity_section
from geoml.registry import lookup, with_options
from geoml.survey.section_windows import cut_windows
from geoml.synthetic import VelocityRange
from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.given_models import HeldModels, Models, model_pairs
from geoml.synthetic.presets import PRESETS, Preset
from geoml.workflow.simulation import generate_options
from geoml.workflow.specification import MatchSection, SimulateSection

Announce = Callable[[str], None]


def simulate_preset(
    path: Path,
    section: SimulateSection,
    matching: MatchSection | None = None,
    *,
    overwrite: bool = False,
    announce: Announce = print,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fill a pair store for a preset; an interrupted one of the same options is continued.

    Args:
        path: Pair store to make.
        section: Preset, count and seed; families or models.
        matching: Trend and velocity range in place of the preset's; nothing else of it.
        overwrite: Replace a store that is already there.
        announce: Told in one line each what was chosen.
        progress: Told the pairs done.

    Raises:
        OptionError: If an option is unknown, or one of a survey.
        UnknownNameError: If there is no such preset or family.
        FileFormatError: If the models cannot be read.
        PhysicsError: If models leave the velocity range.
        StoreError: If the target exists and ``overwrite`` is False.
    """
    preset = lookup(PRESETS, section.preset or "", "preset")
    velocity_range = preset_range(section, matching)
    announce(preset.note)
    provenance: dict[str, Any] = {"geoml": geoml.__version__, "preset": section.preset}
    common: dict[str, Any] = {
        "velocity_range": velocity_range,
        "seed": section.seed,
        "batch": section.batch,
        "overwrite": overwrite,
        "announce": announce,
        "progress": progress,
        **preset.modelling,
        **generate_options(section),
    }
    if section.models is None:
        generate_pairs(
            path,
            preset.acquisition,
            families=section.families or preset.families,
            count=section.drawn_count,
            provenance=provenance,
            **common,
        )
        return
    models, origin = given_models(section, preset, velocity_range)
    for line in origin["notes"]:
        announce(line)
    model_pairs(
        path,
        preset.acquisition,
        models,
        name=_plain_name(section.models),
        count=section.count,
        provenance={**provenance, **origin},
        **common,
    )


def preset_range(section: SimulateSection, matching: MatchSection | None = None) -> VelocityRange:
    """The preset's velocity range with the changes that a file asks for.

    Raises:
        OptionError: If an option is wrong, or one that only a survey can honour.
        UnknownNameError: If there is no such preset.
    """
    preset = lookup(PRESETS, section.preset or "", "preset")
    if matching is None:
        return preset.velocity_range
    for name in ("layout", "wavelet"):
        if name in matching.model_fields_set:
            raise OptionError(
                f"'{name}' belongs to a survey, and preset '{section.preset}' brings its own; "
                "leave it out."
            )
    whole = {f.name: getattr(preset.velocity_range, f.name) for f in fields(VelocityRange)}
    if "trend" in matching.model_fields_set:
        if "fit" in matching.trend:
            raise OptionError("There is no survey to fit the trend to; state its numbers.")
        whole["trend"] = with_options(VelocityTrend, matching.trend, "trend")
    return with_options(VelocityRange, {**whole, **matching.velocity_range}, "velocity_range")


def given_models(
    section: SimulateSection, preset: Preset, velocity_range: VelocityRange
) -> tuple[Models, dict[str, Any]]:
    """Models from files on the preset's grid, and where they came from.

    Raises:
        FileFormatError: If the models cannot be read.
        OptionError: If windows are missing or not wanted, or too few lie within the range.
    """
    assert section.models is not None, "only called with models asked for"
    path, grid = Path(section.models), preset.acquisition
    if not is_velocity_section(path):
        if section.windows is not None:
            raise OptionError(
                f"{path.name}: holds models and no section; 'windows' goes with SEG-Y or HDF5."
            )
        arrays = open_velocity_arrays(path)
        return arrays, {"models": path.name, "notes": [f"{len(arrays)} models in {path.name}."]}
    if section.windows is None:
        raise OptionError(
            f"{path.name}: one section, of which windows are cut; say how many with 'windows'."
        )
    spacing_m = section.spacing_m or grid.spacing_m
    windows = cut_windows(
        read_velocity_section(path, section.model_spacing_m),
        section.windows,
        (grid.n_depth, grid.n_distance),
        spacing_m,
        limits_m_s=velocity_range.limits_m_s,
        seed=section.seed,
    )
    notes = [windows.note]
    if spacing_m != grid.spacing_m:
        notes.append(
            f"Cells of {spacing_m:g} m in the section are shot as cells of {grid.spacing_m:g} m."
        )
    return HeldModels(windows.velocity), {
        "models": path.name,
        "spacing_m": spacing_m,
        "first_distance_m": windows.first_distance_m.tolist(),
        "first_depth_m": windows.first_depth_m.tolist(),
        "notes": notes,
    }


def _plain_name(path: str) -> str:
    """What the store calls the models: the file's name without its suffixes."""
    return Path(path).name.split(".")[0]
