"""Pictures of stacked traces and crooked lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from geoml.products.figures import survey_figures
from geoml.products.stack_figure import path_figure, stack_figures
from geoml.readers.ingest import read_survey
from geoml.survey.schema import TRACE_VARIABLES


def survey_of(n_traces: int, **given: object) -> xr.Dataset:
    variables = {
        name: ("trace", np.broadcast_to(given.get(name, 0), n_traces).astype(kind.dtype))
        for name, kind in TRACE_VARIABLES.items()
    }
    amplitude = np.arange(n_traces)[:, None] + np.zeros((1, 7))
    return xr.Dataset(
        {"amplitude": (("trace", "time"), amplitude), **variables},
        coords={"time": 0.004 * np.arange(7)},
    )


def shown(figure: Figure, axes: int = 0) -> np.ndarray:
    """Rows of the picture, one a sample, one column a trace."""
    return np.asarray(figure.axes[axes].images[0].get_array())


def test_cube_is_drawn_by_its_middle_inline_and_crossline() -> None:
    inline, crossline = np.divmod(np.arange(12), 4)
    survey = survey_of(
        12, inline=inline + 5, crossline=crossline + 20, source_x=crossline, source_y=inline + 1
    )
    figures = survey_figures(survey)
    assert set(figures) == {"section", "map", "spectrum"}
    titles = [axes.get_title(loc="left") for axes in figures["section"].axes]
    assert titles == ["Inline 6", "Crossline 22"]
    np.testing.assert_array_equal(shown(figures["section"])[0], [4, 5, 6, 7])
    np.testing.assert_array_equal(shown(figures["section"], 1)[0], [2, 6, 10])
    assert len(figures["map"].axes[0].texts) == 0


def test_line_is_drawn_along_its_distance_whatever_the_order_in_the_file() -> None:
    place = np.random.default_rng(1).permutation(50)
    survey = survey_of(50, cdp=place + 1, source_x=25.0 * place, source_y=1e3)
    figures = stack_figures(survey)
    np.testing.assert_array_equal(shown(figures["section"])[0], np.argsort(place))
    assert figures["section"].axes[0].get_xlim() == (-12.5, 1237.5)
    labels = [text.get_text() for text in figures["map"].axes[0].texts]
    assert labels == [f"{200 * n:,} m" for n in range(7)]


def test_path_is_drawn_for_crooked_shot_lines_only() -> None:
    station = np.arange(41)
    shot, receiver = np.divmod(np.arange(41 * 41), 41)
    x, y = 50.0 * np.minimum(station, 20), 50.0 * np.maximum(station - 20, 0)
    bent = survey_of(
        shot.size,
        field_record=shot,
        trace_in_record=receiver,
        source_x=x[shot],
        source_y=y[shot],
        receiver_x=x[receiver],
        receiver_y=y[receiver],
    )
    assert set(survey_figures(bent)) == {"gathers", "spectrum", "map", "fold", "path"}
    assert "path" not in survey_figures(
        bent.assign(source_y=bent["source_y"] * 0, receiver_y=bent["receiver_y"] * 0)
    )
    path = path_figure(bent).axes[0].lines[1]
    np.testing.assert_allclose(np.ptp(path.get_xdata()), 1000)
    np.testing.assert_allclose(np.ptp(path.get_ydata()), 1000)


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["penobscot_xl1155.sgy", "volve10r12-full-twt-arb.sgy", "segy_cases/f3.sgy"]
)
def test_real_stack_is_drawn(data_dir: Path, name: str) -> None:
    figures = survey_figures(read_survey(data_dir / "seismic" / name))
    assert set(figures) == {"section", "map", "spectrum"}
