"""Table of a survey's geometry: what a processor checks before anything else."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.products.geometry_facts import GeometryFacts
from geoml.survey.midpoint_cdp import station_interval

Rows = list[tuple[str, str]]


def geometry_rows(survey: xr.Dataset, facts: GeometryFacts) -> Rows:
    """Name and value of each line of the table.

    Args:
        survey: The survey.
        facts: Its ``geometry_facts``.
    """
    rows = [("Traces", f"{survey.sizes['trace']:,}")]
    if facts.kind != "stacked":
        sizes = facts.traces_per_shot
        rows.append(("Shots", f"{sizes.size:,}, {_spread(sizes)} traces each"))
    if facts.kind == "none":
        reason = f"none: {facts.problem[0].lower()}{facts.problem[1:]}"
        rows.append(("Geometry", reason))
        if facts.header_offset_m.any():
            rows.append(("Offsets in headers", _span(facts.header_offset_m)))
        rows.append(("What to do", "ingest with --geometry; until then work by trace number"))
        return rows
    rows += _position_rows(facts)
    rows += _fold_rows(facts)
    rows += _offset_rows(facts)
    return [*rows, *_elevation_rows(survey, facts)]


def table_text(rows: Rows) -> str:
    """The rows as aligned plain text, one line each."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _position_rows(facts: GeometryFacts) -> Rows:
    who = "CDP positions" if facts.kind == "stacked" else "Source positions"
    apart_m = station_interval(facts.source_distance_m)
    rows = [(who, _positions(facts.sources, apart_m if facts.source_distance_m.size else 0))]
    if facts.kind != "stacked":
        apart_m = facts.receiver_interval_m
        rows.append(("Receiver positions", _positions(facts.receivers, apart_m)))
    if not facts.source_distance_m.size:
        return [*rows, ("Line", f"none: {facts.problem}")]
    both = np.concatenate([facts.source_distance_m, facts.receiver_distance_m])
    shape = "crooked" if facts.is_crooked else "straight"
    off = f", positions up to {facts.off_line_m:.0f} m off it"
    return [
        *rows,
        ("Line", f"{np.ptp(both):,.0f} m, {shape}{off if facts.off_line_m >= 1 else ''}"),
    ]


def _positions(points: NDArray[np.float64], apart_m: float) -> str:
    text = f"{len(points):,}"
    if apart_m and len(points) > 1:
        text += f", {apart_m:.4g} m apart along the line"
    return text


def _fold_rows(facts: GeometryFacts) -> Rows:
    if facts.kind == "stacked":
        return [("Fold", "stacked: one trace a position, no offsets")]
    if not facts.fold.size:
        return [("Fold", "unknown: neither CDP numbers nor a line of midpoints")]
    inside = f"{facts.fold.size:,} CDP numbers"
    if facts.bin_m:
        empty = int((facts.fold == 0).sum())
        inside = f"{facts.fold.size:,} midpoint bins of {facts.bin_m:.4g} m, {empty:,} empty"
    return [("Fold", f"{_spread(facts.fold)} in {inside}")]


def _offset_rows(facts: GeometryFacts) -> Rows:
    if facts.kind == "stacked":
        return []
    rows = [("Offsets by coordinates", _span(facts.coordinate_offset_m))]
    if not facts.header_offset_m.any():
        return [*rows, ("Offsets in headers", "all 0: geoml goes by the coordinates")]
    rows.append(("Offsets in headers", f"{_span(facts.header_offset_m)}, sign left out"))
    wrong = facts.contradictory
    misfit = np.abs(facts.header_offset_m - facts.coordinate_offset_m)
    verdict = f"agree, to {misfit.max():.2g} m"
    if wrong.any():
        verdict = (
            f"{int(wrong.sum()):,} of {wrong.size:,} traces contradict, by up to "
            f"{misfit.max():,.0f} m"
        )
    return [*rows, ("Headers and coordinates", verdict)]


def _elevation_rows(survey: xr.Dataset, facts: GeometryFacts) -> Rows:
    rows = []
    for name, label in (
        ("source_elevation", "Source elevations"),
        ("source_depth", "Source depths"),
        ("receiver_elevation", "Receiver elevations"),
    ):
        values = survey[name].values
        if facts.kind != "stacked" or values.any():
            rows.append((label, _span(values) if values.any() else "all 0"))
    return rows


def _spread(counts: NDArray[np.int64]) -> str:
    low, high = int(counts.min()), int(counts.max())
    if low == high:
        return f"{low:,}"
    return f"{low:,} to {high:,} (median {np.median(counts):,.4g})"


def _span(values: NDArray[np.float64]) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:,.1f} m" if low == high else f"{low:,.1f} to {high:,.1f} m"
