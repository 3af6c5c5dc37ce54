"""``geoml semblance``: the velocity spectrum of one gather."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from geoml.cli import options as o


def semblance(
    store: o.Store,
    key: Annotated[str, typer.Argument(help="The gather: its key, or #3 for the third one.")],
    gather: Annotated[
        Literal["cdp", "shot", "receiver"], typer.Option(help="What its traces share.")
    ] = "cdp",
    velocities: Annotated[
        tuple[float, float, float], typer.Option(help="First, last and step [m/s].")
    ] = (1400.0, 4500.0, 50.0),
    cdp_spacing_m: o.CdpSpacing = None,
    png: Annotated[Path, typer.Option(help="Picture to write.")] = Path("semblance.png"),
) -> None:
    """Draw how coherent a gather is along the moveout of each velocity."""
    from geoml.survey.midpoint_cdp import with_midpoint_cdps
    from geoml.survey.store import open_survey
    from geoml.workflow.velocity_spectrum import save_velocity_spectrum

    survey = open_survey(store)
    if cdp_spacing_m is not None:
        survey = with_midpoint_cdps(survey, cdp_spacing_m)
    print(f"{png}  {save_velocity_spectrum(survey, key, png, gather, velocities)}")
