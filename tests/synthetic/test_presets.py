"""Laws of every preset: its families fit its range, its grid fits its band, its shots arrive."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.physics.grid import choose_grid
from geoml.physics.openfwi import OPENFWI
from geoml.synthetic import FAMILIES, OPENFWI_FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS

every_preset = pytest.mark.parametrize("name", PRESETS)


def test_the_three_presets_are_there() -> None:
    assert set(PRESETS) == {"openfwi", "streamer", "land"}


@every_preset
def test_preset_says_what_it_is_in_one_line(name: str) -> None:
    note = PRESETS[name].note
    assert note.endswith(".")
    assert "\n" not in note


@every_preset
def test_families_exist_and_stay_inside_the_range(name: str) -> None:
    preset = PRESETS[name]
    grid = SectionGrid.of(preset.acquisition)
    low, high = preset.velocity_range.limits_m_s
    for family in preset.families:
        for seed in range(3):
            rng = np.random.default_rng(seed)
            velocity = FAMILIES[family]()(rng, grid, preset.velocity_range)
            assert np.float32(low) <= velocity.min() < velocity.max() <= np.float32(high)


@every_preset
def test_modelling_honours_the_band_on_the_target_grid(name: str) -> None:
    preset = PRESETS[name]
    a = preset.acquisition
    choice = choose_grid(
        *preset.velocity_range.limits_m_s, a.max_frequency_hz, a.spacing_m, a.dt_s,
        **preset.modelling,
    )  # fmt: skip
    assert choice.spacing_m == a.spacing_m
    spectrum = np.abs(np.fft.rfft(a.wavelet, 4096))
    above = np.fft.rfftfreq(4096, a.dt_s) > a.max_frequency_hz
    assert spectrum[above].max() < 0.05 * spectrum.max()


@every_preset
def test_positions_lie_on_the_section(name: str) -> None:
    a = PRESETS[name].acquisition
    for distance in (a.source_distance_m, a.receiver_distance_m):
        assert distance.min() >= 0
        assert distance.max() <= a.distance_m[-1]
    if a.free_surface:
        assert min(a.source_depth_m.min(), a.receiver_depth_m.min()) > 0


@every_preset
def test_waves_reach_the_farthest_receiver_in_time(name: str) -> None:
    a = PRESETS[name].acquisition
    far = float(np.abs(a.offset_m).max())
    assert far / PRESETS[name].velocity_range.limits_m_s[0] < a.n_samples * a.dt_s


def test_openfwi_is_their_acquisition_with_their_families() -> None:
    preset = PRESETS["openfwi"]
    for name, value in OPENFWI.items():
        assert np.array_equal(getattr(preset.acquisition, name), value)
    assert preset.families == OPENFWI_FAMILIES
    assert preset.velocity_range.limits_m_s == (1500.0, 4500.0)
