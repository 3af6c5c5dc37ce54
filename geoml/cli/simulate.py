"""``geoml simulate``: training pairs that look like a survey, or those of a preset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

_DEFAULT_FAMILIES = ("flat_layers", "curved_layers", "faulted_layers")
_FAMILIES = (
    *(*_DEFAULT_FAMILIES, "salt", "blend"),
    *("flat_vel_a", "flat_vel_b", "curve_vel_a", "curve_vel_b", "flat_fault_a", "flat_fault_b"),
    *("curve_fault_a", "curve_fault_b", "style_a", "style_b"),
)  # written out, as the registry takes a second to import
_DEFAULT_COUNT = 2000


def simulate(
    out: Annotated[Path, typer.Argument(help="Pair store to make, such as pairs.zarr.")],
    like: Annotated[
        Path | None, typer.Option(help="Processed survey store to imitate; or give --preset.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Acquisition without a survey: openfwi, streamer or land."),
    ] = None,
    families: Annotated[
        str | None,
        typer.Option(
            help=f"Velocity families, separated by commas: of {', '.join(_FAMILIES)}, or of a "
            f"prior, vae:NAME. By default {','.join(_DEFAULT_FAMILIES)}, or the preset's."
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            help="With --preset, velocity models instead of families: .npy, a folder or zip of "
            "them, or a section (SEG-Y, .gz, HDF5)."
        ),
    ] = None,
    windows: Annotated[int | None, typer.Option(help="Windows to cut from such a section.")] = None,
    spacing_m: Annotated[
        float | None,
        typer.Option(
            "--spacing-m", help="Cell size of the windows in the section [m]; the preset's if not."
        ),
    ] = None,
    model_spacing_m: Annotated[
        float | None,
        typer.Option("--model-spacing-m", help="Cell size of the section [m], if it says none."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(help=f"Pairs to simulate; {_DEFAULT_COUNT}, or all models, if not given."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    raw: Annotated[
        Path | None, typer.Option(help="Survey store before processing, for the wavelet.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="YAML with layout, wavelet, trend and velocity_range, as in a workflow file; "
            "with --preset, trend and velocity_range alone."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Models that are modelled together.")] = 16,
    workers: Annotated[int, typer.Option(help="Processes that model side by side.")] = 1,
    overwrite: o.Overwrite = False,
) -> None:
    """Simulate pairs of gathers and velocity models; an interrupted store is resumed."""
    from geoml.errors import OptionError
    from geoml.survey.location import same_place
    from geoml.survey.store import open_survey
    from geoml.workflow.preset_simulation import simulate_preset
    from geoml.workflow.simulation import simulate_like
    from geoml.workflow.specification import (
        MatchSection,
        SimulateSection,
        checked,
        load_match_section,
    )

    if (like is None) == (preset is None):
        given = "neither" if like is None else "both"
        raise OptionError(
            f"Pairs need a survey or a preset, and {given} is given; pass --like STORE, or "
            "--preset openfwi, streamer or land."
        )
    for one in (like, raw):
        if one is not None and same_place(out, one):
            raise OptionError(f"{out} is the survey that is imitated; write to another name.")
    if raw is not None and like is None:
        raise OptionError("--raw is a survey's, and goes with --like; leave it out.")
    chosen = MatchSection() if settings is None else load_match_section(settings)
    names = [name.strip() for name in (families or "").split(",") if name.strip()]
    if not names and like is not None:
        names = list(_DEFAULT_FAMILIES)
    if count is None and models is None:
        count = _DEFAULT_COUNT
    plain: dict[str, Any] = {
        "families": names,
        "count": count,
        "preset": preset,
        "models": models,
        "windows": windows,
        "spacing_m": spacing_m,
        "model_spacing_m": model_spacing_m,
        "seed": seed,
        "batch": batch,
        "options": {"workers": workers},
    }
    section = checked(SimulateSection, plain, "simulate")
    with progress_bar("Simulating pairs") as progress:
        if like is None:
            simulate_preset(out, section, chosen, overwrite=overwrite, progress=progress)
        else:
            simulate_like(
                open_survey(like),
                out,
                section,
                chosen,
                raw=None if raw is None else open_survey(raw),
                overwrite=overwrite,
                progress=progress,
            )
    print(out)
