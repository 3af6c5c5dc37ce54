"""``geoml show``: what a survey store holds and what was done to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoml.cli import options as o

if TYPE_CHECKING:
    import xarray as xr


def show(
    store: o.Store,
    png: Annotated[
        Path | None,
        typer.Option(help="Folder for gathers, geometry map, fold and amplitude spectrum."),
    ] = None,
) -> None:
    """Tell what is inside a survey store; draw it with --png."""
    from geoml.survey.store import open_survey

    survey = open_survey(store)
    for label, text in _facts(survey):
        print(f"{label:<12} {text}")
    if png is not None:
        from geoml.products.figures import save_survey_figures

        png.mkdir(parents=True, exist_ok=True)
        for path in save_survey_figures(survey, png):
            print(f"{'drawn':<12} {path}")


def _facts(survey: xr.Dataset) -> list[tuple[str, str]]:
    """Label and text of each line."""
    time_s = survey["time"].values
    dt_s = float(time_s[1] - time_s[0]) if time_s.size > 1 else 0.0
    facts = [
        ("from", f"{survey.attrs.get('source_file')}, {survey.attrs.get('source_size')} bytes"),
        ("sha256", str(survey.attrs.get("source_sha256"))),
        (
            "traces",
            f"{survey.sizes['trace']} of {time_s.size} samples, {1000 * dt_s:g} ms apart, "
            f"{time_s[0]:g} to {time_s[-1]:g} s",
        ),
        *_geometry_facts(survey),
    ]
    if "live" in survey:
        facts.append(("dead", f"{int((~survey['live'].values).sum())} traces"))
    if "first_break" in survey:
        picked = int(survey["first_break"].notnull().sum())
        facts.append(("picks", f"first breaks on {picked} traces"))
    facts += [("finding", text) for text in survey.attrs.get("findings", [])]
    for line in survey.attrs.get("history", []):
        entry = json.loads(line)
        facts.append(("history", f"{entry['step']} {json.dumps(entry['options'])}"))
    return facts


def _geometry_facts(survey: xr.Dataset) -> list[tuple[str, str]]:
    """Shots, offsets and extent; one line that says why where there is no geometry."""
    from geoml.errors import GeometryError
    from geoml.survey.gathers import gather_index
    from geoml.survey.geometry import line_coordinates

    shots = gather_index(survey, "shot")
    counts = [len(traces) for traces in shots.trace_lists]
    facts = [("shots", f"{len(shots)} of {min(counts)} to {max(counts)} traces")]
    try:
        line = line_coordinates(survey)
    except GeometryError as error:
        return [*facts, ("geometry", str(error))]
    offset_m = line.receiver_distance_m - line.source_distance_m
    farthest_m = max(line.source_distance_m.max(), line.receiver_distance_m.max())
    where = "marine" if line.is_marine else "land"
    return [
        *facts,
        ("line", f"{where}, {farthest_m:.0f} m long, heading {line.azimuth_deg:.1f} degrees"),
        ("offsets", f"{offset_m.min():.1f} to {offset_m.max():.1f} m"),
        (
            "depths",
            f"sources {line.source_depth_m.min():.1f} to {line.source_depth_m.max():.1f} m, "
            f"receivers {line.receiver_depth_m.min():.1f} to {line.receiver_depth_m.max():.1f} m "
            f"below the datum at {line.datum_elevation_m:.1f} m",
        ),
    ]
