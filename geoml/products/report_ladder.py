"""Sections of a report on the ladder and on the guard."""

from __future__ import annotations

from typing import Any

from geoml.products import report_page as html
from geoml.products.guard_figure import guard_figure
from geoml.products.ladder_figure import ladder_figure, rung_name
from geoml.products.misfit_curve_figure import misfit_curves, misfit_curves_figure
from geoml.products.report_content import ReportContent
from geoml.products.section_figure import sections_figure

_PREFIX = "velocity_"
COLUMNS = (
    "Rung",
    "Arrivals [ms]",
    "held out",
    "Waveform",
    "held out",
    "Score",
    "CPU s",
    "Passes",
    "Solves",
    "Verdict",
)


def ladder_section(content: ReportContent) -> str:
    """Misfits and cost of every rung, as a table, a figure, and the sections themselves."""
    rows = content.prediction.attrs.get("ladder")
    if not rows:
        return ""
    prediction = content.prediction
    panels = {
        rung_name(row["rung"]) + (", kept" if row["kept"] else ""): prediction[
            _PREFIX + row["rung"]
        ].to_numpy()
        for row in rows
        if _PREFIX + row["rung"] in prediction
    }
    notes = "; ".join(
        f"{rung_name(row['rung'])}: {row['note'].rstrip('.')}" for row in rows if row["note"]
    )
    shots = rows[0]["check_solves"]
    return (
        html.paragraph(
            f"{prediction.attrs['ladder_rule']} Every rung is judged on the same {shots} shots, "
            "modelled anew with their own positions. Held-out traces are used by no fit. "
            "Passes are windows through a network, solves those of the wave equation without "
            "judging."
        )
        + html.number_table(COLUMNS, [(rung_name(row["rung"]), _cells(row)) for row in rows])
        + (html.paragraph(f"{notes}.", "facts") if notes else "")
        + html.picture(
            ladder_figure(rows),
            "Misfit of each rung. A fall on fitted traces alone would be a fit to their noise. "
            "Grey: rungs that made the criterion worse.",
        )
        + html.picture(
            sections_figure(
                panels, prediction["depth"].to_numpy(), prediction["distance"].to_numpy()
            ),
            "The section after each rung, on one colour scale.",
        )
    )


def curve_section(content: ReportContent) -> str:
    """Misfit over the rounds of every fit, with a ladder or without."""
    curves = misfit_curves(content.prediction.attrs)
    if not curves:
        return ""
    return html.picture(
        misfit_curves_figure(curves),
        "Misfit of the fitted traces, round by round, as each fit measures it itself. Where FWI "
        "goes on to a higher band, a new line begins: it has more to explain.",
    )


def guard_section(content: ReportContent) -> str:
    """How the survey's windows compare with what the network was trained on."""
    panels = content.prediction.attrs.get("guard")
    if not panels:
        return ""
    outside = [panel for panel in panels if panel["outside"]]
    listing = ", ".join(
        f"{panel['title']} ({panel['outside']} of {panel['windows']})" for panel in outside
    )
    text = (
        f"Windows beyond what training covered: {listing}."
        if outside
        else "Every window lies inside what training covered, in every measure."
    )
    return html.paragraph(text) + html.picture(
        guard_figure(panels),
        "What the network is shown, against what it was trained on. Red: measures in which a "
        "window lies outside. Gathers more even, or with fewer dead traces, than those of training "
        "count as inside.",
    )


def _cells(row: dict[str, Any]) -> list[str]:
    def number(name: str, factor: float, form: str) -> str:
        value = row.get(name)  # sections of before have no score
        return "–" if value is None else format(factor * value, form)

    return [
        number("first_arrival_rms_s", 1e3, ".1f"),
        number("held_out_first_arrival_rms_s", 1e3, ".1f"),
        number("data_misfit", 1, ".3f"),
        number("held_out_data_misfit", 1, ".3f"),
        number("score", 1, ".3f"),
        number("cpu_seconds", 1, ".1f"),
        str(row["windows"] or "–"),
        str(row["solves"] or "–"),
        row["verdict"] + (", kept" if row["kept"] else ""),
    ]
