"""Pictures of a survey: gathers, map, fold and amplitude spectrum, each a matplotlib figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.products.curve_figure import amplitude_spectrum, spectrum_figure
from geoml.products.gather_figure import ArrivalCurve, GatherPanel, gathers_figure
from geoml.products.line_figure import fold_figure, line_figure, map_figure
from geoml.products.stack_figure import path_figure, stack_figures
from geoml.products.style import PICKED, png_bytes, write_whole
from geoml.survey.cdp_position import is_stacked
from geoml.survey.gathers import gather_index
from geoml.survey.geometry import LineCoordinates, line_coordinates
from geoml.survey.line_distance import crooked_path, is_crooked

MOST_SPECTRUM_TRACES = 480


def survey_figures(survey: xr.Dataset, n_gathers: int = 3) -> dict[str, Figure]:
    """Gathers, map, fold and amplitude spectrum of a survey.

    Map and fold are left out when the survey has no geometry; stacked traces are drawn as a
    section with their map, crooked lines with the path along them. Only the traces that are drawn
    are read, so a survey larger than memory is no hindrance.

    Args:
        survey: Survey; its amplitude may be lazy.
        n_gathers: Shot gathers to draw, evenly spread over the survey.

    Returns:
        Name -> figure.
    """
    if is_stacked(survey):
        spectrum = spectrum_figure({"survey": survey_spectrum(survey)})
        return {**stack_figures(survey), "spectrum": spectrum}
    figures = {
        "gathers": gathers_figure([shot_panels(survey, shown_shots(survey, n_gathers))]),
        "spectrum": spectrum_figure({"survey": survey_spectrum(survey)}),
    }
    line = line_or_none(survey)
    if line is not None:
        figures["map"] = map_figure(*trace_positions(survey))
        figures["fold"] = fold_figure(line.source_distance_m, line.receiver_distance_m)
        if is_crooked(line) and crooked_path(survey) is not None:
            figures["path"] = path_figure(survey)
    return figures


def save_survey_figures(survey: xr.Dataset, folder: str | Path) -> list[Path]:
    """Write ``survey_figures`` as PNG files, each renamed into place when complete.

    Returns:
        Paths of the files, such as ``folder/gathers.png``.
    """
    paths = []
    for name, figure in survey_figures(survey).items():
        path = Path(folder) / f"{name}.png"
        write_whole(path, png_bytes(figure))
        paths.append(path)
    return paths


def survey_line_figure(survey: xr.Dataset, line: LineCoordinates) -> Figure:
    """Map, stacking chart and fold of a survey in one figure."""
    return line_figure(trace_positions(survey), line.source_distance_m, line.receiver_distance_m)


def shown_shots(survey: xr.Dataset, count: int) -> dict[str, NDArray[np.int64]]:
    """Label and trace numbers of at most ``count`` shots, evenly spread over the survey.

    The label is the field record, or the shot's number along the survey where shots are told
    apart by position.
    """
    index = gather_index(survey, "shot")
    places = np.linspace(0, len(index) - 1, min(count, len(index))).round().astype(int)
    by_number = index.keys.ndim == 1
    return {
        str(index.keys[place] if by_number else place + 1): index.trace_lists[place]
        for place in np.unique(places)
    }


def shot_panels(
    survey: xr.Dataset, shots: dict[str, NDArray[np.int64]], title: str = "Shot {shot}"
) -> list[GatherPanel]:
    """Panels of some shots, with the picked first arrivals where the survey has them.

    Args:
        survey: Survey; only the traces of these shots are read.
        shots: Label and trace numbers, as ``shown_shots`` gives them.
        title: Title, with ``{shot}`` where the label goes.
    """
    line = line_or_none(survey)
    panels = []
    for label, traces in shots.items():
        curves: tuple[ArrivalCurve, ...] = ()
        if "first_break" in survey:
            picks = survey["first_break"].isel(trace=traces).to_numpy()
            curves = (ArrivalCurve("Picked first arrival", picks, PICKED, "o"),)
        panels.append(
            GatherPanel(
                title=title.format(shot=label),
                amplitude=survey["amplitude"].isel(trace=traces).to_numpy(),
                time_s=survey["time"].to_numpy(),
                offset_m=_signed_offset(survey, line)[traces],
                curves=curves,
            )
        )
    return panels


def survey_spectrum(
    survey: xr.Dataset,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequency [Hz] and RMS amplitude spectrum over at most 480 traces of a survey."""
    count = survey.sizes["trace"]
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_SPECTRUM_TRACES)).astype(int))
    traces = survey["amplitude"].isel(trace=chosen).to_numpy()
    time_s = survey["time"].to_numpy()
    frequency, amplitude = amplitude_spectrum(traces, float(time_s[1] - time_s[0]))
    return np.asarray(frequency, np.float64), np.asarray(amplitude, np.float64)


def trace_positions(
    survey: xr.Dataset,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Source x, source y, receiver x and receiver y of each trace [m]."""
    names = ("source_x", "source_y", "receiver_x", "receiver_y")
    sx, sy, rx, ry = (survey[name].to_numpy() for name in names)
    return sx, sy, rx, ry


def line_or_none(survey: xr.Dataset) -> LineCoordinates | None:
    """Positions along the line, or None where the survey has no geometry."""
    try:
        return line_coordinates(survey)
    except GeometryError:
        return None


def _signed_offset(survey: xr.Dataset, line: LineCoordinates | None) -> NDArray[np.float64]:
    """Offset with the sign of the line's direction; the header's own without geometry."""
    if line is None:
        return survey["offset"].to_numpy()
    return np.asarray(line.receiver_distance_m - line.source_distance_m, dtype=np.float64)
