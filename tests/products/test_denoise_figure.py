"""Pictures and report of a denoising: one scale, one reference, levels that are true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import AxesImage

from geoml.errors import ShapeError
from geoml.products.denoise_figure import (
    FLOOR_DB,
    DenoisedGather,
    denoise_figure,
    display_gain,
    leakage_figure,
)
from geoml.products.report_denoise import DenoiseContent, write_denoise_page

RNG = np.random.default_rng(0)
BEFORE = RNG.normal(size=(24, 200)) * np.exp(-np.arange(200) / 40)


def _gather(share: float = 0.9, **more: object) -> DenoisedGather:
    values = {"similarity": np.full(BEFORE.shape, 0.25), "mean_similarity": 0.25, **more}
    time_s = 0.004 * np.arange(200)
    return DenoisedGather("shot 7", BEFORE, share * BEFORE, time_s, 25.0 * np.arange(24), **values)


def test_level_removed_is_that_of_the_energy() -> None:
    assert _gather(share=0.9).removed_db == pytest.approx(-20)
    assert _gather(share=0.9).even_removed_db == pytest.approx(-20)
    assert _gather(share=1.0).removed_db < -300


def test_gain_brings_every_part_to_one_level_and_leaves_silence() -> None:
    samples = BEFORE.copy()
    samples[5] = 0
    samples[9] *= 1e4
    shown = samples * display_gain(samples)
    assert np.isfinite(shown).all()
    assert not shown[5].any()
    parts = [np.sqrt(np.mean(shown[18:, k : k + 40] ** 2)) for k in (20, 80, 140)]
    np.testing.assert_allclose(parts, 1, rtol=0.35)


def test_panels_share_one_scale_and_spectra_one_reference() -> None:
    figure = denoise_figure(_gather())
    images = [image for axes in figure.axes for image in axes.get_images()]
    assert len(images) == 6
    assert len({image.get_clim() for image in images[:3]}) == 1
    assert {image.get_clim() for image in images[3:]} == {(FLOOR_DB, 0.0)}
    tops = [float(np.max(_array(image))) for image in images[3:]]
    # 0.9 and 0.1 of the same samples, on the scale of the first.
    np.testing.assert_allclose(tops, [0, 20 * np.log10(0.9), -20], atol=1e-6)
    before, after, removed = (_array(image) for image in images[:3])
    np.testing.assert_allclose(after + removed, before, atol=1e-9)


def test_removed_is_enlarged_to_the_level_of_the_gather() -> None:
    figure = leakage_figure(_gather())
    assert figure.axes[0].get_title(loc="left") == "Removed, 10 times"
    image = _array(figure.axes[0].get_images()[0])
    np.testing.assert_allclose(image.T, BEFORE * display_gain(BEFORE), atol=1e-9)


def test_gather_of_other_shapes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"'shot 7' has similarity of shape \(3, 3\)"):
        _gather(similarity=np.zeros((3, 3)))
    with pytest.raises(ShapeError, match="without the similarity"):
        leakage_figure(_gather(similarity=None))


def test_nothing_removed_and_silence_are_drawn(tmp_path: Path) -> None:
    silent = DenoisedGather("dead", 0 * BEFORE, 0 * BEFORE, 0.004 * np.arange(200))
    for gather in (_gather(share=1.0), silent):
        denoise_figure(gather)
    leakage_figure(_gather(share=1.0))
    write_denoise_page(tmp_path / "r.html", DenoiseContent("line", [_gather(share=1.0)]))
    assert "nothing" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_report_tells_levels_beside_the_other_ways(tmp_path: Path) -> None:
    content = DenoiseContent(
        "line <1>",
        [_gather()],
        rows={"median": [_gather(share=0.5, mean_similarity=0.75)]},
        facts={"Survey": "line.zarr"},
        network={"Network": "dncnn"},
    )
    write_denoise_page(tmp_path / "r.html", content)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "line &lt;1&gt;" in text
    for cell in ("-20.0 dB", "-6.0 dB", ">0.25<", ">0.75<", "line.zarr", "dncnn"):
        assert cell in text
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def _array(image: AxesImage) -> np.ndarray:
    return np.asarray(image.get_array(), dtype=np.float64)
