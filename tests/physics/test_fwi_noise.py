"""Noise in gathers is measured before anything arrives, and holds an inversion together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_fwi import OPTIONS, acquisition, observed, start

from geoml.physics import fwi
from geoml.physics.fwi_noise import NOISE_FLOOR, noise_share, suited_to_noise
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_state import FwiState
from geoml.survey.acquisition import Acquisition

FASTEST_M_S = 3200.0


def late() -> Acquisition:
    """The small acquisition with a source that begins 50 ms after the record."""
    return replace(acquisition(), wavelet_start_s=0.05)


def noisy(share: float) -> np.ndarray:
    """Gathers of ``late`` with a share of white noise in their energy."""
    clean = np.zeros_like(observed()[0])
    first = round((0.05 - acquisition().wavelet_start_s) / acquisition().dt_s)
    clean[..., first:] = observed()[0][..., :-first]
    noise = np.random.default_rng(1).standard_normal(clean.shape)
    return clean + noise * np.sqrt(np.mean(clean**2) * share / (1 - share))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_share_of_noise_is_found(share: float) -> None:
    assert noise_share(noisy(share), late(), FASTEST_M_S) == pytest.approx(share, rel=0.2)


def test_quiet_gathers_leave_the_options_alone() -> None:
    share = noise_share(noisy(1e-4), late(), FASTEST_M_S)
    assert share < NOISE_FLOOR
    assert suited_to_noise(OPTIONS, share, has_spread=True) == OPTIONS


def test_muted_or_early_records_tell_nothing() -> None:
    muted = noisy(0.1)
    muted[..., :60] = 0
    assert np.isnan(noise_share(muted, late(), FASTEST_M_S))
    assert np.isnan(noise_share(observed()[0], acquisition(), FASTEST_M_S))
    assert suited_to_noise(OPTIONS, float("nan"), has_spread=True) == OPTIONS


def test_noise_spreads_updates_within_layers_and_ties_them_to_a_known_spread() -> None:
    many = replace(OPTIONS, bands_hz=(8.0, 12.0, None), smooth_m=(500.0, 0.0))
    held = suited_to_noise(many, 0.1, has_spread=True)
    assert held.bands_hz == (8.0, 12.0)
    assert held.smooth_m == (500.0, 300.0)
    assert held.prior_weight > 0
    assert suited_to_noise(many, 0.1, has_spread=False).prior_weight == 0


def test_default_options_are_suited_to_each_models_own_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[FwiOptions] = []

    def told(_: object, __: object, ___: object, options: FwiOptions, **____: object) -> None:
        used.append(options)

    monkeypatch.setattr(fwi, "invert_waveforms", told)
    models = np.stack([start(), start()])
    gathers = np.stack([noisy(1e-4), noisy(0.1)])
    fwi.refine_windows_fwi(models, gathers, late(), std=np.full(models.shape, 50.0))
    assert [options.prior_weight > 0 for options in used] == [False, True]
    fwi.refine_windows_fwi(models, gathers, late(), OPTIONS)
    assert used[2:] == [OPTIONS, OPTIONS]


@pytest.mark.parametrize(("left", "doubtful"), [(0.02, False), (0.05, True)])
def test_fall_too_small_to_prove_anything_is_called_doubtful(left: float, doubtful: bool) -> None:
    state = FwiState.begin(start(), "")
    state.judged = [(0.2, 0.2), (0.2 * left, 0.2 * left)]
    state.candidates = [start(), start() + 1]
    verdict = state.verdict()
    assert verdict.accepted
    assert verdict.to_attrs()["doubtful"] is doubtful
    assert ("above 3% the section is not proved better" in verdict.message) is doubtful
