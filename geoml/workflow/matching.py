"""A survey as training needs it: layout, wavelet, trend with depth, acquisition of its window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend, fit_trend
from geoml.registry import with_options
from geoml.survey.acquisition import Acquisition
from geoml.survey.gathers import gather_index
from geoml.survey.geometry import line_coordinates
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import LineWindow, line_windows, reference_acquisition
from geoml.workflow.call_options import call_options
from geoml.workflow.source import matched_source
from geoml.workflow.specification import WaveletSection
from geoml.workflow.wavelet import shaped_survey, survey_wavelet


@dataclass(frozen=True, eq=False)
class Match:
    """What simulated pairs share with a survey.

    Attributes:
        layout: Shots, receivers and grid of the window that slides along the line.
        windows: Where it stops.
        acquisition: Geometry, sampling and wavelet of the window.
        trend: Velocity with depth to draw models around.
        wavelet_note: Where the wavelet came from.
    """

    layout: WindowLayout
    windows: list[LineWindow]
    acquisition: Acquisition
    trend: VelocityTrend
    wavelet_note: str

    def describe(self) -> list[str]:
        """What was chosen, one line each."""
        a, t = self.acquisition, self.trend
        top = ""
        if t.top_velocity_m_s is not None:
            top = f" under {t.top_thickness_m:.0f} m at {t.top_velocity_m_s:.0f} m/s"
        return [
            f"Window: {a.n_shots} shots x {a.n_receivers} receivers x {a.n_samples} samples of "
            f"{1000 * a.dt_s:g} ms, {len(self.windows)} windows along the line.",
            f"Section: {a.n_depth} x {a.n_distance} cells of {a.spacing_m:g} m, "
            f"{'free' if a.free_surface else 'absorbing'} surface.",
            f"Wavelet: {self.wavelet_note}",
            f"Trend: {t.surface_m_s:.0f} m/s rising by {t.gradient_1_s:.2f} 1/s to "
            f"{t.max_m_s:.0f} m/s{top}.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Layout, trend and wavelet for provenance, as plain JSON."""
        return {
            "layout": asdict(self.layout),
            "trend": self.trend.to_dict(),
            "wavelet": self.wavelet_note,
        }


def match_survey(
    clean: xr.Dataset,
    raw: xr.Dataset | None = None,
    *,
    layout: WindowLayout | None = None,
    wavelet: WaveletSection | None = None,
    trend: Mapping[str, Any] | None = None,
) -> Match:
    """What simulated gathers need to look like a survey's.

    Args:
        clean: The processed survey, which the network will read.
        raw: The survey before processing: the wavelet is then estimated behind the filters but
            before mutes and gains, which would distort it.
        layout: The window; ``choose_layout`` of the survey when None.
        wavelet: Its origin; first arrivals when None.
        trend: ``fit: true`` and options of ``fit_trend``, or the fields of ``VelocityTrend``.

    Raises:
        GeometryError: If the survey has no geometry or no window fits.
        OptionError: If first breaks are needed and were not picked.
    """
    layout = layout or choose_layout(clean)
    windows = line_windows(clean, layout)
    drawn = survey_trend(clean, trend or {"fit": True})
    section = wavelet or WaveletSection()
    if section.method == "least_squares":
        source = matched_source(shaped_survey(clean, raw), section, layout, windows, drawn)
    else:
        source = survey_wavelet(clean, raw, section)
    acquisition = reference_acquisition(
        clean, layout, windows, source.samples, source.start_s, source.max_frequency_hz
    )
    return Match(layout, windows, acquisition, drawn, source.note)


def choose_layout(survey: xr.Dataset) -> WindowLayout:
    """A window that suits most 2-D lines: up to eight shots, 48 receivers, half the reach deep.

    The grid has about sixty rows. It is a start; a workflow states its own.
    """
    line = line_coordinates(survey)
    offset_m = np.abs(line.receiver_distance_m - line.source_distance_m)
    shots = gather_index(survey, "shot")
    n_receivers = int(np.median([traces.size for traces in shots.trace_lists]))
    depth_m = 0.5 * float(offset_m.max())
    spacing_m = max(5.0, 5.0 * round(depth_m / 60 / 5.0))
    return WindowLayout(
        n_shots=min(8, len(shots)),
        receiver_step=max(1, n_receivers // 48),
        spacing_m=spacing_m,
        depth_m=spacing_m * round(depth_m / spacing_m),
    )


def survey_trend(survey: xr.Dataset, options: Mapping[str, Any]) -> VelocityTrend:
    """Velocity with depth: fitted to the picks of a survey, or as stated.

    Args:
        survey: A survey with first breaks, unless the trend is stated.
        options: ``fit: true`` and options of ``fit_trend``, or the fields of ``VelocityTrend``.

    Raises:
        OptionError: If it is to be fitted and no first break was picked.
    """
    stated = dict(options)
    if not stated.pop("fit", False):
        return with_options(VelocityTrend, stated, "trend")
    options = trend_fit_options(stated)
    if "first_break" not in survey:
        raise OptionError(
            "The trend is to be fitted to first breaks, and the survey has no picks; put the step "
            "'pick_first_breaks' into its preprocessing, or state the trend."
        )
    line = line_coordinates(survey)
    return fit_trend(
        line.receiver_distance_m - line.source_distance_m,
        survey["first_break"].values,
        source_depth_m=line.source_depth_m,
        receiver_depth_m=line.receiver_depth_m,
        **options,
    )


def trend_fit_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of ``fit_trend``, checked; ``fit`` itself is not one of them.

    Raises:
        OptionError: If one is unknown or of the wrong type.
    """
    plain = {name: value for name, value in options.items() if name != "fit"}
    given = ("source_depth_m", "receiver_depth_m")
    return call_options(fit_trend, plain, "trend", reserved=given)
