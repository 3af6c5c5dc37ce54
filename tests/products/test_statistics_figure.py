"""The pictures of populations hold what they are given."""

from __future__ import annotations

import numpy as np

from geoml.physics.model_statistics import model_statistics
from geoml.products.statistics_figure import mosaic_figure, statistics_figure
from geoml.products.style import png_bytes

RNG = np.random.default_rng(0)
ROUGH = RNG.uniform(1500, 4500, (6, 30, 30)).astype(np.float32)
LEVEL = ROUGH[:, :, :1].repeat(30, axis=2)


def test_every_population_has_a_curve_in_every_panel() -> None:
    populations = {"ours": model_statistics(ROUGH), "theirs": model_statistics(ROUGH[:3])}
    figure = statistics_figure(populations, "Both")
    assert len(figure.axes) == 6
    for panel in figure.axes:
        assert panel.get_title(loc="left")
        assert len(panel.get_lines()) in (2, 6)  # three quantiles each by depth
    velocity = figure.axes[0].get_lines()[0]
    assert np.isclose(velocity.get_ydata().sum(), 100)
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_level_layers_have_no_variation_along_rows() -> None:
    figure = statistics_figure({"level": model_statistics(LEVEL)})
    assert not figure.axes[5].get_lines()
    assert figure.axes[5].texts[0].get_text() == "none in level layers:\nlevel"


def test_mosaic_shows_each_model_as_it_is() -> None:
    figure = mosaic_figure({"ours": list(ROUGH[:3]), "theirs": list(LEVEL[:3])})
    pictures = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(pictures) == 6
    assert (pictures[4].get_array() == LEVEL[1]).all()
    assert {picture.get_clim() for picture in pictures} == {(1500.0, 4500.0)}
