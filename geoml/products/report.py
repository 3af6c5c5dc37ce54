"""The report of an inversion: one HTML file with every picture and figure inside."""

from __future__ import annotations

from pathlib import Path

from geoml.products.report_content import ReportContent
from geoml.products.report_ladder import curve_section, guard_section, ladder_section
from geoml.products.report_page import page
from geoml.products.report_sections import (
    check_section,
    data_section,
    line_section,
    provenance_section,
    spread_section,
    training_section,
    velocity_section,
)
from geoml.products.report_summary import summary
from geoml.products.report_wells import wells_section
from geoml.products.style import write_whole

__all__ = ["ReportContent", "write_report"]


def write_report(path: str | Path, content: ReportContent) -> None:
    """Write the report; the file appears under its name only when it is whole.

    Args:
        path: HTML file to write.
        content: What it shows.
    """
    sections = [
        ("Line", line_section(content)),
        ("Data", data_section(content)),
        ("Velocity", velocity_section(content)),
        ("Ladder", ladder_section(content)),
        ("Misfit curves", curve_section(content)),
        ("Spread", spread_section(content)),
        ("Physics check", check_section(content)),
        ("Wells", wells_section(content)),
        ("Training", training_section(content)),
        ("Guard", guard_section(content)),
        ("Provenance", provenance_section(content)),
    ]
    filled = [(heading, body) for heading, body in sections if body]
    document = page(content.title, summary(content), filled)
    write_whole(path, document.encode("utf-8"))
