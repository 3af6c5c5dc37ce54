"""An evaluation as plain tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geoml.objectives.velocity_score import SSIM_DEFINITION
from geoml.workflow.evaluation import Evaluation
from geoml.workflow.evaluation_refinement import KIND
from geoml.workflow.evaluation_samples import LEVELS, SAMPLES

Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row], Any], str]

_VELOCITY: tuple[Column, ...] = (
    ("MAE", lambda r: r["mae_m_s"], ".1f"),
    ("RMSE", lambda r: r["rmse_m_s"], ".1f"),
    ("bias", lambda r: r["bias_m_s"], "+.1f"),
    ("SSIM", lambda r: r["ssim"], ".4f"),
    ("at edges", lambda r: r["parts"]["place"]["boundary"]["mae_m_s"], ".1f"),
    ("between", lambda r: r["parts"]["place"]["interior"]["mae_m_s"], ".1f"),
    ("0-25 %", lambda r: r["parts"]["depth"]["0-25 %"]["mae_m_s"], ".1f"),
    ("25-50 %", lambda r: r["parts"]["depth"]["25-50 %"]["mae_m_s"], ".1f"),
    ("50-75 %", lambda r: r["parts"]["depth"]["50-75 %"]["mae_m_s"], ".1f"),
    ("75-100 %", lambda r: r["parts"]["depth"]["75-100 %"]["mae_m_s"], ".1f"),
    ("passes", lambda r: r["members"], "d"),
    ("sections/s", lambda r: r["sections_per_s"], ".1f"),
)
_EDGES: tuple[Column, ...] = tuple(
    (f"{label} {cells}", lambda r, c=cells, k=key: r["edges"][c][k], ".3f")  # type: ignore[misc]
    for cells in ("1", "2")
    for label, key in (("F1", "f1"), ("ODS", "ods"), ("OIS", "ois"))
)
_SPREAD: tuple[Column, ...] = (
    ("in 50 %", lambda r: 100 * r["coverage"]["0.5"], ".1f"),
    ("in 80 %", lambda r: 100 * r["coverage"]["0.8"], ".1f"),
    ("in 95 %", lambda r: 100 * r["coverage"]["0.95"], ".1f"),
    ("width 50", lambda r: r["sharpness_m_s"]["0.5"], ".0f"),
    ("width 80", lambda r: r["sharpness_m_s"]["0.8"], ".0f"),
    ("width 95", lambda r: r["sharpness_m_s"]["0.95"], ".0f"),
    ("ECE", lambda r: r["ece"], ".4f"),
    ("unscaled", lambda r: r["ece_unscaled"], ".4f"),
    ("ENCE", lambda r: r["ence"], ".3f"),
    ("CRPS", lambda r: r["crps_m_s"], ".1f"),
    ("risk area", lambda r: r["risk_area_m_s"], ".1f"),
    ("least", lambda r: r["least_risk_area_m_s"], ".1f"),
)
_RISK: tuple[Column, ...] = tuple(
    (f"{100 * share:g} %", lambda r, share=share: _risk(r, share), ".1f")  # type: ignore[misc]
    for share in (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
)
_SAMPLES: tuple[Column, ...] = (
    *((f"in {k} %", lambda r, k=k: 100 * r[SAMPLES][f"coverage_{k}"], ".1f") for k in LEVELS),
    *((f"width {k}", lambda r, k=k: r[SAMPLES][f"width_{k}"], ".0f") for k in LEVELS),
    ("CRPS", lambda r: r[SAMPLES]["crps"], ".1f"),
    ("MAE of mean", lambda r: r[SAMPLES]["mae"], ".1f"),
    ("spread", lambda r: r[SAMPLES]["std"], ".1f"),
)
_REFINED: tuple[Column, ...] = (
    ("rung", lambda r: r["rung"], "s"),
    ("MAE", lambda r: r["mae_m_s"], ".1f"),
    ("RMSE", lambda r: r["rmse_m_s"], ".1f"),
    ("SSIM", lambda r: r["ssim"], ".4f"),
    ("data misfit", lambda r: r["data_misfit"], ".4f"),
    ("solves", lambda r: r["solves"], "d"),
    ("passes", lambda r: r["passes"], "d"),
    ("CPU s", lambda r: r["cpu_s"], ".1f"),
    ("note", lambda r: r["note"], "s"),
)


def evaluation_text(evaluation: Evaluation) -> str:
    """All tables, each under a line that says what it holds; what was not scored is a dash."""
    facts, rows = evaluation.facts, evaluation.rows
    gathers = "with the training's noise" if facts["augmented"] else "as stored"
    part = f"{facts['split']} part" if facts["own_store"] else "none used in training"
    blocks = [f"{facts['pairs']}: {facts['scored']} pairs ({part}), gathers {gathers}"]
    blocks += [f"note: {note}" for note in facts["notes"]]
    scored = [row for row in rows if "mae_m_s" in row and row["kind"] != KIND]
    title = "Velocity [m/s]: MAE as a whole, near edges, by depth"
    blocks.append(f"{_table(title, _VELOCITY, scored)}\n{SSIM_DEFINITION}")
    if len(facts["families"]) > 1:
        families = tuple(_family_column(name) for name in facts["families"])
        blocks.append(_table("Velocity MAE by family [m/s]", families, scored))
    edges = [row for row in rows if "edges" in row]
    if edges:
        title = "Edges, thinned, matched one to one within 1 or 2 cells: F1, ODS, OIS"
        blocks.append(_table(title, _EDGES, edges))
    spread = [row for row in rows if "coverage" in row]
    if spread:
        title = "Spread: cells inside intervals [%], mean widths, CRPS and risk [m/s], ECE"
        blocks.append(_table(title, _SPREAD, spread))
        title = "Risk over coverage: MAE [m/s] of the share of cells with the smallest spread"
        blocks.append(_table(title, _RISK, spread))
    samples = [row for row in rows if row["kind"] == SAMPLES]
    if samples:
        title = "Samples as drawn: cells inside their intervals [%], widths, CRPS and spread [m/s]"
        blocks.append(_table(title, _SAMPLES, samples))
    refined = [row for row in rows if row["kind"] == KIND]
    if refined:
        title = "Refined, rung on rung: velocity [m/s], waveform misfit [1], cost of all pairs"
        blocks.append(_table(title, _REFINED, refined))
    return "\n\n".join(blocks)


def _family_column(name: str) -> Column:
    return name, lambda row: row["parts"]["family"][name]["mae_m_s"], ".1f"


def _risk(row: Row, share: float) -> float:
    """Error of the surest cells, at the point of the curve that is nearest to their share."""
    curve = row["risk_curve"]
    kept = curve["coverage"]
    return float(curve["risk_m_s"][min(range(len(kept)), key=lambda i: abs(kept[i] - share))])


def _table(title: str, columns: Sequence[Column], rows: Sequence[Row]) -> str:
    cells = [["", *(heading for heading, _, _ in columns)]]
    cells += [[str(row["name"]), *(_cell(row, *column[1:]) for column in columns)] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join([title, *lines])


def _cell(row: Row, value: Callable[[Row], Any], form: str) -> str:
    try:
        return format(value(row), form)
    except KeyError:
        return "-"
