"""The denoiser that is shipped: small, with a card, and better than trivial on new patches."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.checkpoint_files import SHIPPED
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import load_network_checkpoint, shipped_networks
from geoml.objectives.signal_preservation import amplitude_ratio, gain_db
from geoml.registry import build
from geoml.synthetic.noise import NOISES
from geoml.synthetic.reflection_section import ReflectionSection
from geoml.tasks.denoise import denoise_task, denoised

LEAST_GAIN_DB = {"white": 7.0, "coloured": 5.0, "ground_roll": 5.0, "bad_traces": 6.0}


@pytest.fixture(scope="module")
def shipped() -> tuple:
    checkpoint = load_network_checkpoint("geoml:denoiser", "denoise")
    task = denoise_task(checkpoint.settings["task"])
    return checkpoint.network(GATHER_MODELS), task, tuple(checkpoint.settings["patch_shape"])


def gathers() -> list[np.ndarray]:
    section = ReflectionSection(gather_share=0.5, most_gain_db=10)
    return [section(np.random.default_rng(seed), 48, 192) for seed in range(500, 506)]


def cleaned(shipped: tuple, samples: np.ndarray) -> np.ndarray:
    network, task, patch = shipped
    return denoised(network, task, samples, patch)


def test_it_is_small_and_has_a_card() -> None:
    folder = SHIPPED / "denoiser"
    assert "denoiser" in shipped_networks("denoise")
    assert (folder / "weights.safetensors").stat().st_size < 5e6
    assert "## Limits" in (folder / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LEAST_GAIN_DB)
def test_it_gains_on_noise_that_it_was_trained_for(shipped: tuple, name: str) -> None:
    noise = build(NOISES, {name: {"level": (1.5, 1.5)}}, "noise")
    gains = []
    for number, clean in enumerate(gathers()):
        noisy = noise(np.random.default_rng(number), clean, 0.004)
        gains.append(gain_db(noisy, clean, cleaned(shipped, noisy)))
    assert np.median(gains) > LEAST_GAIN_DB[name]


def test_it_leaves_clean_gathers_alone(shipped: tuple) -> None:
    kept = [amplitude_ratio(clean, cleaned(shipped, clean)) for clean in gathers()]
    assert np.median(kept) > 0.98


def test_amplitudes_are_absolute(shipped: tuple) -> None:
    clean = gathers()[0]
    small = cleaned(shipped, clean)
    np.testing.assert_allclose(cleaned(shipped, 1e6 * clean), 1e6 * small, rtol=1e-3, atol=1e3)
