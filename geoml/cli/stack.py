"""``geoml stack``: one trace a gather."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def stack(
    store: o.Store,
    out: o.NewStore,
    by: Annotated[
        Literal["cdp", "shot", "receiver", "offset"],
        typer.Option(help="What the traces of a stacked trace share."),
    ] = "cdp",
    cdp_spacing_m: o.CdpSpacing = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Stack a survey that was moved out (step nmo) into one trace a gather."""
    from geoml.preprocess.stack import stack as stack_survey
    from geoml.survey.midpoint_cdp import with_midpoint_cdps
    from geoml.survey.store import open_survey, save_survey

    survey = open_survey(store)
    if cdp_spacing_m is not None:
        survey = with_midpoint_cdps(survey, cdp_spacing_m)
    with progress_bar("Stacking") as progress:
        save_survey(stack_survey(survey, by), out, overwrite=overwrite, progress=progress)
    print(out)
