"""The sections of a report, each as HTML; an empty string where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from geoml.products import report_page as html
from geoml.products.curve_figure import (
    MODEL_NAMES,
    first_arrival_figure,
    misfit_figure,
    spectrum_figure,
    training_figure,
    wavelet_figure,
)
from geoml.products.figures import (
    line_or_none,
    shot_panels,
    shown_shots,
    survey_line_figure,
    survey_spectrum,
)
from geoml.products.gather_figure import ArrivalCurve, GatherPanel, gathers_figure
from geoml.products.report_content import ReportContent
from geoml.products.section_figure import (
    Spread,
    profile_figure,
    sections_figure,
    spread_figure,
    velocity_figure,
)
from geoml.products.style import PICKED, PREDICTION, TREND

SHOWN_SHOTS = 3
SHOWN_SAMPLES = 5
SCALE_NOTE = "For display every trace is scaled to its own root-mean-square amplitude."


def line_section(content: ReportContent) -> str:
    """Map, stacking chart and fold."""
    survey = content.raw if content.raw is not None else content.clean
    if survey is None:
        return ""
    line = line_or_none(survey)
    if line is None:
        return html.paragraph("The survey has no geometry.")
    return html.picture(
        survey_line_figure(survey, line),
        "Sources and receivers in map view; where along the best straight line each source fired "
        "and its receivers stood; and the number of traces a midpoint bin.",
    )


def data_section(content: ReportContent) -> str:
    """Gathers and spectra before and after preprocessing."""
    if content.clean is None:
        return ""
    shots = shown_shots(content.clean, SHOWN_SHOTS)
    rows = [shot_panels(content.clean, shots, "Shot {shot}, after")]
    spectra = {"after": survey_spectrum(content.clean)}
    if content.raw is not None:
        rows.insert(0, shot_panels(content.raw, shots, "Shot {shot}, before"))
        spectra = {"before": survey_spectrum(content.raw), **spectra}
    end_s = float(content.clean["time"][-1])
    steps = ", ".join(_step_names(content.clean)) or "none"
    return html.picture(
        gathers_figure(rows, end_s=end_s),
        f"Gathers {' and '.join(spectra)} preprocessing. Steps: {steps}. {SCALE_NOTE}",
    ) + html.picture(
        spectrum_figure(spectra), "Amplitude spectra over the whole survey, traces of equal weight."
    )


def velocity_section(content: ReportContent) -> str:
    """Predicted velocity with its edges, the trend, and profiles with depth."""
    spread = None
    survey = content.clean if content.clean is not None else content.raw
    line = line_or_none(survey) if survey is not None else None
    if line is not None:
        spread = Spread(line.source_distance_m, line.receiver_distance_m)
    figure = velocity_figure(content.prediction, content.trend_m_s, spread)
    edges = "edges" in content.prediction
    has_trend = content.trend_m_s is not None
    caption = (
        "Predicted velocity"
        + (f" with the edges that the network sees (white: {_edge_note(content)})" * edges)
        + (", and the trend it started from on the same colour scale" * has_trend)
        + ("." if spread is None else ". Triangles are sources, ticks receivers.")
    )
    profiles = profile_figure(content.prediction, content.trend_m_s)
    note = "Velocity against depth at four places along the line." + _spread_note(
        content.prediction
    )
    return html.picture(figure, caption) + html.picture(profiles, note)


def spread_section(content: ReportContent) -> str:
    """Calibrated spread of the velocity."""
    if "velocity_std" not in content.prediction:
        return ""
    caption = (
        "Spread of the velocity after calibration on models held out from training. It speaks for "
        "ground like the training models, not for geology outside them."
    )
    if "first_arrival_spread" in content.prediction.attrs:
        caption += (
            " Where paths of first arrivals run it is that of the posterior, narrower than the "
            "network's; it takes the network's spread for the prior and picks for independent."
        )
    caption += _spread_note(content.prediction)
    return html.picture(spread_figure(content.prediction), caption) + _samples(content.prediction)


def _spread_note(prediction: xr.Dataset) -> str:
    """What the section says of a spread that is not its own."""
    note = prediction.attrs.get("spread_note", "")
    return f" {note}" if note else ""


def _samples(prediction: xr.Dataset) -> str:
    """A few of the sections that the network drew."""
    if "velocity_samples" not in prediction:
        return ""
    drawn = prediction["velocity_samples"].to_numpy()
    shown = {"Predicted velocity": prediction["velocity"].to_numpy()}
    shown |= {f"Sample {k + 1} of {len(drawn)}": one for k, one in enumerate(drawn[:SHOWN_SAMPLES])}
    figure = sections_figure(
        shown, prediction["depth"].to_numpy(), prediction["distance"].to_numpy()
    )
    note = (
        "Sections that the network draws for these gathers, each as likely as the next, scaled to "
        "the calibrated spread. What they share is seen by the data; what differs is not."
    )
    return html.picture(figure, note)


def check_section(content: ReportContent) -> str:
    """Observed and re-modelled gathers, first arrivals, and the misfit of each shot."""
    checks = content.checks
    if checks is None:
        return ""
    both = {name: checks.sel(model=name) for name in ("prediction", "trend")}
    parts = [
        html.picture(
            gathers_figure(_compared_panels(checks)),
            "Observed gathers beside gathers modelled in the predicted velocity and in the trend, "
            "all with the same preprocessing. Dots: first arrivals picked on the data; lines: "
            f"computed in the model named above the panel. {SCALE_NOTE}",
        )
    ]
    if np.isfinite(checks["first_break"]).any():
        parts.append(
            html.picture(
                first_arrival_figure(
                    checks["offset"].to_numpy(),
                    checks["first_break"].to_numpy(),
                    {name: one["first_arrival"].to_numpy() for name, one in both.items()},
                ),
                "First arrivals of all shots, and how far the computed ones lie from the picked "
                "ones. Above zero the model is too slow.",
            )
        )
    parts.append(
        html.picture(
            misfit_figure(
                [str(key) for key in checks["shot"].to_numpy()],
                {name: 1e3 * one["first_arrival_rms_s"].to_numpy() for name, one in both.items()},
                {name: one["data_misfit"].to_numpy() for name, one in both.items()},
            ),
            "Misfit of each shot. The waveform misfit compares observed and modelled traces after "
            "scaling each modelled trace to the observed one; 0 is a perfect fit.",
        )
    )
    return "".join(parts)


def _compared_panels(checks: xr.Dataset) -> list[list[GatherPanel]]:
    """For each shown shot: observed, modelled in the prediction, modelled in the trend."""
    rows = []
    time_s = checks["time"].to_numpy()
    for key in checks["shown_shot"].to_numpy():
        shot = checks.sel(shot=key, shown_shot=key)
        used = np.isfinite(shot["offset"].to_numpy())
        offset = shot["offset"].to_numpy()[used]
        picked = ArrivalCurve(
            "Picked on the data", shot["first_break"].to_numpy()[used], PICKED, "o"
        )
        observed = shot["observed"].to_numpy()[used]
        row = [GatherPanel(f"Shot {key}, observed", observed, time_s, offset, (picked,))]
        for name, colour in (("prediction", PREDICTION), ("trend", TREND)):
            one = shot.sel(model=name)
            label = f"Computed, {MODEL_NAMES[name].lower()}"
            line = ArrivalCurve(label, one["first_arrival"].to_numpy()[used], colour)
            row.append(
                GatherPanel(
                    f"Modelled, {MODEL_NAMES[name].lower()}",
                    one["modelled"].to_numpy()[used],
                    time_s,
                    offset,
                    (line, picked),
                )
            )
        rows.append(row)
    return rows


def training_section(content: ReportContent) -> str:
    """Training curve and scores beside their trivial rows."""
    training = content.training
    if not training:
        return ""
    left, right, below = "", "", ""
    curves = training.get("curves") or {}
    if curves:
        drawn = {
            name: (np.asarray(curve["place"], float), np.asarray(curve["value"], float))
            for name, curve in curves.items()
        }
        figure = training_figure(drawn, training.get("place_name", "Epoch"))
        left = html.picture(figure, "Loss on training and validation models.", 100)
    metrics = training.get("metrics") or {}
    if metrics:
        columns = list(dict.fromkeys(name for row in metrics.values() for name in row))
        rows = [
            (name, [_short(row.get(column)) for column in columns]) for name, row in metrics.items()
        ]
        below = html.number_table(["On models held out from training", *columns], rows)
    if training.get("facts"):
        right = html.fact_table({name: str(value) for name, value in training["facts"].items()})
    return (html.pair(left, right) if left and right else left + right) + below


def provenance_section(content: ReportContent) -> str:
    """Wavelet, versions, seeds, hashes and steps."""
    parts = []
    if content.acquisition is not None:
        shape = content.acquisition
        parts.append(
            html.picture(
                wavelet_figure(shape.wavelet, shape.wavelet_start_s, shape.dt_s),
                "Source wavelet used for the training data and for re-modelling; time 0 is the "
                "onset.",
            )
        )
    facts = {str(name): _short(value) for name, value in content.provenance.items()}
    survey = content.clean
    if survey is not None:
        for name, label in (("source_file", "Source file"), ("source_sha256", "Source SHA-256")):
            if survey.attrs.get(name):
                facts.setdefault(label, str(survey.attrs[name]))
        for number, step in enumerate(survey.attrs.get("steps", []), start=1):
            facts[f"Step {number}"] = _step_text(step)
    parts.append(html.fact_table(facts, wide=True))
    return "".join(parts)


def _edge_note(content: ReportContent) -> str:
    threshold = content.prediction.attrs.get("edge_threshold", 0.5)
    return f"crests of the edge probability above {threshold:.2g}"


def _step_names(survey: xr.Dataset) -> list[str]:
    return [
        next(iter(step)) if isinstance(step, Mapping) else str(step)
        for step in survey.attrs.get("steps", [])
    ]


def _step_text(step: Any) -> str:
    """A step as ``name: option value, option value``."""
    if not isinstance(step, Mapping):
        return str(step)
    name, options = next(iter(step.items()))
    listing = ", ".join(f"{key} {value}" for key, value in (options or {}).items())
    return f"{name}: {listing}" if listing else str(name)


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
