"""A velocity section against wells: a panel a well, sonic, section and its spread over depth."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from geoml.errors import ShapeError
from geoml.physics.well_misfit import WellMisfit
from geoml.products.style import HAIRLINE, INK, PREDICTION, new_figure, open_frame, style_axes

_PANEL_IN = 3.2
_MOST_PANELS = 4


def well_tie_figure(misfits: Mapping[str, WellMisfit]) -> Figure:
    """Sonic, averaged to the section's cells, under the section's velocity with its spread.

    Args:
        misfits: Well -> misfit; the first four are drawn.

    Raises:
        ShapeError: If there is none.
    """
    if not misfits:
        raise ShapeError("No well to draw.")
    shown = list(misfits.items())[:_MOST_PANELS]
    figure = new_figure(6.5, max(4.2, _PANEL_IN * len(shown)))
    for number, (name, misfit) in enumerate(shown, start=1):
        axes = figure.add_subplot(1, len(shown), number)
        if misfit.section_std_m_s.size:
            axes.fill_betweenx(
                misfit.depth_m,
                misfit.section_m_s - misfit.section_std_m_s,
                misfit.section_m_s + misfit.section_std_m_s,
                color=PREDICTION,
                alpha=0.2,
                linewidth=0,
                label="± 1 standard deviation",
            )
        axes.plot(misfit.sonic_m_s, misfit.depth_m, color=INK, linewidth=0.9, label="sonic")
        axes.plot(
            misfit.section_m_s, misfit.depth_m, color=PREDICTION, linewidth=1.6, label="section"
        )
        title = f"{name}\nRMS {misfit.rms_m_s:.0f}, bias {misfit.bias_m_s:+.0f} m/s"
        style_axes(axes, title, "Velocity [m/s]", "Depth [m]" if number == 1 else "")
        axes.invert_yaxis()
        axes.grid(True, color=HAIRLINE, linewidth=0.5)
        open_frame(axes)
        axes.legend(fontsize=7, frameon=False, loc="lower left")
    return figure
