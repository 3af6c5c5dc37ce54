"""``geoml simulate``: training pairs that look like a survey."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def simulate(
    out: Annotated[Path, typer.Argument(help="Pair store to make, such as pairs.zarr.")],
    like: Annotated[Path, typer.Option(help="Processed survey store to imitate.")],
    families: Annotated[
        str, typer.Option(help="Velocity families, separated by commas.")
    ] = "flat_layers,curved_layers,faulted_layers",
    count: Annotated[int, typer.Option(help="Pairs to simulate.")] = 2000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    raw: Annotated[
        Path | None, typer.Option(help="Survey store before processing, for the wavelet.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="YAML with layout, wavelet, trend and velocity_range, as in a workflow file."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Models that are modelled together.")] = 16,
    overwrite: o.Overwrite = False,
) -> None:
    """Simulate pairs of gathers and velocity models; an interrupted store is resumed."""
    from geoml.survey.store import open_survey
    from geoml.workflow.simulation import simulate_like
    from geoml.workflow.specification import (
        MatchSection,
        SimulateSection,
        checked,
        load_match_section,
    )

    chosen = MatchSection() if settings is None else load_match_section(settings)
    names = [name.strip() for name in families.split(",") if name.strip()]
    plain = {"families": names, "count": count, "seed": seed, "batch": batch}
    section = checked(SimulateSection, plain, "simulate")
    with progress_bar("Simulating pairs") as progress:
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
