"""The section of a report on wells near the line: figures and curves of each."""

from __future__ import annotations

from geoml.products import report_page as html
from geoml.products.report_content import ReportContent
from geoml.products.well_tie_figure import well_tie_figure


def wells_section(content: ReportContent) -> str:
    """Misfit to each well's sonic, beside that of the best straight line through the sonic."""
    if not content.wells:
        return ""
    facts = {}
    for name, misfit in content.wells.items():
        inside = "" if misfit.within_std is None else f", {misfit.within_std:.0%} within 1 std"
        late_ms = 1e3 * misfit.time_error_s
        facts[name] = (
            f"RMS {misfit.rms_m_s:.0f} m/s over {misfit.top_m:.0f} to {misfit.base_m:.0f} m, bias "
            f"{misfit.bias_m_s:+.0f} m/s, two-way time {late_ms:+.0f} ms{inside}; the best "
            f"straight line through the sonic has RMS {misfit.trend_rms_m_s:.0f} m/s"
        )
    caption = (
        "The section along each well's path, and the sonic averaged in time over the section's "
        "cells. No well took part in the inversion."
    )
    return html.fact_table(facts, wide=True) + html.picture(well_tie_figure(content.wells), caption)
