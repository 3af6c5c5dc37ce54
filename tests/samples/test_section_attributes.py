"""Classical attributes of sections whose amplitude, frequency and likeness are known."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError, ShapeError
from geoml.samples.code_scaling import CodeScaling
from geoml.samples.section_attributes import ATTRIBUTES, section_attributes

DT_S = 0.004
MIDDLE = (slice(5, -5), slice(20, -20))


def test_attributes_of_a_plane_wave_are_its_level_its_frequency_and_one() -> None:
    wave = 3 * np.cos(2 * np.pi * 31.25 * DT_S * np.arange(160))
    found = section_attributes(np.tile(wave, (20, 1)), DT_S)[MIDDLE]
    assert ATTRIBUTES == ("rms_amplitude", "instantaneous_frequency", "coherence")
    np.testing.assert_allclose(found[..., 0], 3 / np.sqrt(2), rtol=0.05)
    np.testing.assert_allclose(found[..., 1], 31.25, rtol=1e-6)
    np.testing.assert_allclose(found[..., 2], 1, rtol=1e-6)


def test_traces_with_nothing_in_common_have_the_coherence_of_one_in_nine() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 400))
    assert section_attributes(noise, DT_S)[..., 2].mean() == pytest.approx(1 / 9, abs=0.02)


def test_silence_has_finite_attributes() -> None:
    assert np.isfinite(section_attributes(np.zeros((5, 40)), DT_S)).all()


def test_unfit_sections_and_windows_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"needed \(trace, time\)"):
        section_attributes(np.zeros(5), DT_S)
    with pytest.raises(OptionError, match="odd sizes"):
        section_attributes(np.zeros((5, 40)), DT_S, (4, 9))


@pytest.mark.parametrize("sections", [True, False])
def test_scale_that_is_taken_off_is_put_back(sections: bool) -> None:
    patches = np.random.default_rng(0).uniform(1500, 4500, (6, 8, 10)).astype(np.float32)
    scaling = CodeScaling.of_sections(patches) if sections else CodeScaling()
    scaled, scale = scaling.scaled(patches)
    assert np.abs(scaled).max() < 10
    np.testing.assert_allclose(scaling.unscaled(scaled, scale), patches, rtol=1e-5)
    again = CodeScaling(**scaling.settings())
    np.testing.assert_array_equal(again.scaled(patches)[0], scaled)


def test_sections_are_scaled_alike_and_amplitudes_each_by_its_own_level() -> None:
    patches = np.random.default_rng(0).normal(size=(2, 8, 10)).astype(np.float32)
    patches[1] *= 100
    assert len(set(CodeScaling.of_sections(patches).scaled(patches)[1])) == 1
    own = CodeScaling().scaled(patches)[1]
    assert own[1] > 50 * own[0]


def test_sections_of_another_depth_are_refused() -> None:
    scaling = CodeScaling.of_sections(np.ones((2, 8, 10), np.float32))
    with pytest.raises(ShapeError, match="of 12 samples; this code is of sections of 10"):
        scaling.scaled(np.ones((1, 8, 12), np.float32))
