"""``geoml statics``: refraction statics of a survey with first breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o


def statics(
    store: o.Store,
    out: Annotated[
        Path,
        typer.Argument(help="CSV of the statics, for the step 'apply_statics: {statics: FILE}'."),
    ],
    weathering_m_s: Annotated[
        float, typer.Option("--weathering-m-s", help="Velocity of the weathering [m/s].")
    ],
    datum_m: Annotated[float, typer.Option("--datum-m", help="Elevation of the datum, up [m].")],
    min_offset_m: Annotated[
        float, typer.Option("--min-offset-m", help="Where the refraction begins to be first [m].")
    ],
    max_offset_m: Annotated[
        float, typer.Option("--max-offset-m", help="Where it ceases to be first [m].")
    ] = float("inf"),
) -> None:
    """Solve the weathering under every station from picked first breaks."""
    from geoml.preprocess.apply_statics import write_statics
    from geoml.preprocess.refraction_statics import solve_refraction_statics
    from geoml.survey.store import open_survey

    survey = open_survey(store)
    solved = solve_refraction_statics(
        survey, weathering_m_s, datum_m, min_offset_m=min_offset_m, max_offset_m=max_offset_m
    )
    write_statics(solved.attached(survey), out)
    print(
        f"refractor {solved.refractor_velocity_m_s:.0f} m/s; {solved.n_picks} picks within "
        f"{1e3 * solved.rms_s:.1f} ms RMS, {solved.n_dropped} left out; statics "
        f"{1e3 * solved.static_s.min():.1f} to {1e3 * solved.static_s.max():.1f} ms"
    )
    print(out)
