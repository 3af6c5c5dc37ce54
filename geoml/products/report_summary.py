"""The head of a report: one sentence of verdict, the warnings, and the figures that matter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.products import report_page as html
from geoml.products.curve_figure import MODEL_NAMES
from geoml.products.report_content import ReportContent
from geoml.survey.gathers import gather_index


def summary(content: ReportContent) -> str:
    """Verdict, warnings and the two summary tables."""
    warnings = list(content.warnings) + [
        line
        for line in content.prediction.attrs.get("warnings", [])
        if line not in content.warnings
    ]
    text, good = verdict(content.checks)
    parts = [html.paragraph(_facts_line(content), "facts")]
    parts.append(html.paragraph(text, "verdict" if good else "verdict bad"))
    parts.append(html.warning_box(warnings))
    parts += [_fit_table(content), html.fact_table(_size_facts(content))]
    return "".join(parts)


def verdict(checks: xr.Dataset | None) -> tuple[str, bool]:
    """One sentence on the fit of the first arrivals, and whether it is good news.

    Args:
        checks: What ``check_physics`` gave, or None.
    """
    if checks is None:
        return "The prediction has not been checked by re-modelling.", False
    rms_ms = {
        name: 1e3 * float(checks["total_first_arrival_rms_s"].sel(model=name))
        for name in ("prediction", "trend")
    }
    if not np.isfinite(rms_ms["prediction"]):
        return (
            "No first arrivals were picked on the data, so travel times could not be checked. "
            "Add the step pick_first_breaks to the preprocessing.",
            False,
        )
    numbers = f"{rms_ms['prediction']:.1f} ms RMS against {rms_ms['trend']:.1f} ms"
    if rms_ms["prediction"] < rms_ms["trend"]:
        change = 100 * (1 - rms_ms["prediction"] / rms_ms["trend"])
        return (
            f"The prediction fits the picked first arrivals better than the starting trend: "
            f"{numbers} ({change:.0f} % less).{_other_fits(checks)}",
            True,
        )
    return (
        f"The prediction fits the picked first arrivals worse than the starting trend: {numbers}. "
        f"Do not use it before the cause is found.{_other_fits(checks)}",
        False,
    )


def _other_fits(checks: xr.Dataset) -> str:
    """What the network reaches without a fit to the picks, and the best that a trend can do."""
    text = ""
    for name, form in (
        ("network", " The network alone, before its section was refined: {:.1f} ms."),
        ("fitted_trend", " The best trend with depth alone, fitted to these picks: {:.1f} ms."),
    ):
        if name in checks["model"]:
            text += form.format(1e3 * float(checks["total_first_arrival_rms_s"].sel(model=name)))
    return text


def _facts_line(content: ReportContent) -> str:
    facts = []
    survey = content.clean if content.clean is not None else content.raw
    if survey is not None and survey.attrs.get("source_file"):
        facts.append(str(survey.attrs["source_file"]))
    model = content.prediction.attrs.get("model")
    if model:
        facts.append(f"model {model}")
    version = content.provenance.get("geoml")
    if version:
        facts.append(f"geoml {version}")
    written = content.provenance.get("written")
    if written:
        facts.append(str(written))
    return " · ".join(facts)


def _fit_table(content: ReportContent) -> str:
    """Prediction beside everything it was compared with: misfits and velocity range."""
    names = ["prediction", "trend"]
    if content.checks is not None:
        names = [name for name in MODEL_NAMES if name in content.checks["model"]]
    columns = ["", *(MODEL_NAMES[name] for name in names)]
    rows: list[tuple[str, list[str]]] = []
    best: list[int] = []

    def compare(name: str, values: Sequence[float], form: str) -> None:
        finite = all(np.isfinite(values))
        rows.append((name, [format(v, form) if np.isfinite(v) else "–" for v in values]))
        best.append(int(np.argmin(values)) if finite else -1)

    if content.checks is not None:
        checks = content.checks.sel(model=names)
        times = 1e3 * checks["total_first_arrival_rms_s"].to_numpy()
        compare("First arrivals, RMS [ms]", times.tolist(), ".1f")
        residual = 1e3 * np.abs((checks["first_arrival"] - checks["first_break"]).to_numpy())
        medians = [_median(one) for one in residual]
        compare("First arrivals, median [ms]", medians, ".1f")
        waves = checks["total_data_misfit"].to_numpy().tolist()
        compare("Waveform misfit [0 to 1]", waves, ".3f")
    ranges = {"prediction": _range(content.prediction["velocity"].to_numpy())}
    if "velocity_network" in content.prediction:
        ranges["network"] = _range(content.prediction["velocity_network"].to_numpy())
    if content.trend_m_s is not None:
        ranges["trend"] = _range(content.trend_m_s)
    rows.append(("Velocity [m/s]", [ranges.get(name, "–") for name in names]))
    return html.number_table(columns, rows, best)


def _size_facts(content: ReportContent) -> dict[str, str]:
    """Size of the line and of the result."""
    prediction = content.prediction
    depth, distance = prediction["depth"].to_numpy(), prediction["distance"].to_numpy()
    facts = {
        "Section": f"{np.ptp(distance):,.0f} m × {np.ptp(depth):,.0f} m",
        "Cell": f"{distance[1] - distance[0]:g} m" if len(distance) > 1 else "–",
    }
    if "n_windows" in prediction.attrs:
        facts["Windows blended"] = f"{prediction.attrs['n_windows']}"
    if content.clean is not None:
        shots = len(gather_index(content.clean, "shot"))
        facts["Shots, traces"] = f"{shots:,}, {content.clean.sizes['trace']:,}"
    if content.checks is not None:
        picks = int(np.isfinite(content.checks["first_break"]).sum())
        facts["Picks compared"] = f"{picks:,}"
    if content.acquisition is not None:
        facts["Highest frequency"] = f"{content.acquisition.max_frequency_hz:.3g} Hz"
    return facts


def _range(velocity: NDArray[np.floating]) -> str:
    finite = velocity[np.isfinite(velocity)]
    return f"{finite.min():,.0f} – {finite.max():,.0f}" if finite.size else "–"


def _median(values: NDArray[np.floating]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")
