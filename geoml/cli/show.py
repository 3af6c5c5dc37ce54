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
        typer.Option(
            help="Folder for gathers, geometry map, fold and amplitude spectrum; for stacks a "
            "section, map and spectrum."
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Look into a store that is still being written.")
    ] = False,
) -> None:
    """Tell what is inside a survey store; draw it with --png."""
    from geoml.survey.store import open_survey

    survey = open_survey(store, partial=partial)
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
    from geoml.survey.description import geometry_facts

    facts = [
        *_origin_facts(survey),
        (
            "traces",
            f"{survey.sizes['trace']} of {time_s.size} samples, {1000 * dt_s:g} ms apart, "
            f"{time_s[0]:g} to {time_s[-1]:g} s",
        ),
        *geometry_facts(survey),
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


def _origin_facts(survey: xr.Dataset) -> list[tuple[str, str]]:
    """The files that a survey was read from."""
    files = survey.attrs.get("source_files")
    if files:
        n_bytes = sum(file["size"] for file in files)
        names = f"{len(files)} files, {files[0]['name']} to {files[-1]['name']}"
        return [("from", f"{names}, {n_bytes} bytes")]
    return [
        ("from", f"{survey.attrs.get('source_file')}, {survey.attrs.get('source_size')} bytes"),
        ("sha256", str(survey.attrs.get("source_sha256"))),
    ]
