"""Laws of every registered noise."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.registry import build
from geoml.survey.noise_bank import NoiseBank
from geoml.synthetic.noise import NOISES, AddedNoise, Noise
from geoml.synthetic.noise.coloured import Coloured
from geoml.synthetic.noise.ground_roll import GroundRoll
from geoml.synthetic.noise.swell import Swell

DT_S = 0.004
SHAPE = (32, 128)

CHANGES: dict[str, dict[str, object]] = {
    "white": {},
    "coloured": {"peak_of_nyquist": (0.6, 0.7), "octaves": (0.1, 0.2)},
    "ground_roll": {
        "spacing_m": (60.0, 70.0),
        "velocity_m_s": (1200.0, 1500.0),
        "faster": 6.0,
        "peak_hz": (25.0, 30.0),
        "modes": 9,
    },
    "swell": {"highest_hz": (20.0, 25.0), "group_traces": (25, 30), "groups": 30},
    "spikes": {"share": (0.1, 0.2)},
    "dead_traces": {"share": (0.7, 0.8)},
    "bad_traces": {"share": (0.7, 0.8), "white": 0.0},
    "survey": {},
}
"""Another value of each option that is a kind's own."""


@pytest.fixture
def noise(request: pytest.FixtureRequest, tmp_path: Path) -> Noise:
    return _made(request.param, tmp_path)


def _made(name: str, folder: Path, **options: object) -> Noise:
    if name == "survey":
        rng = np.random.default_rng(9)
        patches = rng.normal(size=(6, 20, 8)).astype(np.float32)
        NoiseBank(patches, DT_S).save(folder / "noise.npz")
        options = {"bank": str(folder / "noise.npz"), **options}
    return build(NOISES, {name: options}, "noise")


def signal() -> np.ndarray:
    return np.random.default_rng(5).normal(size=SHAPE).astype(np.float32)


@pytest.mark.parametrize("noise", NOISES, indirect=True)
def test_noise_comes_again_with_its_seed_and_leaves_the_input(noise: Noise) -> None:
    samples = signal()
    draws = [noise(np.random.default_rng(seed), samples, DT_S) for seed in (1, 1, 2)]
    assert draws[0].shape == SHAPE
    assert draws[0].dtype == np.float32
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert not np.array_equal(draws[0], samples)
    np.testing.assert_array_equal(samples, signal())


@pytest.mark.parametrize("noise", NOISES, indirect=True)
def test_chance_says_how_many_patches_have_it(noise: Noise) -> None:
    rng, samples = np.random.default_rng(0), signal()
    rare = type(noise)(**{**vars(noise), "chance": 0.25})
    spoiled = [not np.array_equal(rare(rng, samples, DT_S), samples) for _ in range(80)]
    assert 0.1 < np.mean(spoiled) < 0.4


@pytest.mark.parametrize("name", [n for n, k in NOISES.items() if issubclass(k, AddedNoise)])
def test_added_noise_has_its_level(name: str, tmp_path: Path) -> None:
    noise, samples = _made(name, tmp_path, level=(0.7, 0.7)), signal()
    added = noise(np.random.default_rng(0), samples, DT_S, signal_rms=10.0) - samples
    np.testing.assert_allclose(np.sqrt(np.mean(added**2)), 7, rtol=1e-3)


@pytest.mark.parametrize("name", NOISES)
def test_every_option_of_its_own_has_a_case(name: str) -> None:
    own = {f.name for f in fields(NOISES[name])} - {f.name for f in fields(Noise)} - {"bank"}
    assert set(CHANGES[name]) == own


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in CHANGES for option in CHANGES[name]]
)
def test_every_option_changes_the_noise(name: str, option: str, tmp_path: Path) -> None:
    usual, other = _made(name, tmp_path), _made(name, tmp_path, **{option: CHANGES[name][option]})
    draws = [
        [noise(np.random.default_rng(seed), signal(), DT_S) for seed in range(8)]
        for noise in (usual, other)
    ]
    assert not np.array_equal(draws[0], draws[1])


@pytest.mark.parametrize("noise", NOISES, indirect=True)
def test_patches_of_any_size_get_noise(noise: Noise) -> None:
    for shape in ((1, 16), (3, 5), (40, 33)):
        samples = np.ones(shape, np.float32)
        assert np.isfinite(noise(np.random.default_rng(0), samples, DT_S)).all()


def test_coloured_noise_lies_in_its_band_and_differs_from_trace_to_trace() -> None:
    noise = Coloured(level=(1, 1), peak_of_nyquist=(0.2, 0.2), octaves=(0.5, 0.5))
    found = noise(np.random.default_rng(0), np.zeros((40, 256), np.float32), DT_S)
    power = np.abs(np.fft.rfft(found, axis=1) ** 2).mean(axis=0)
    frequency = np.linspace(0, 1, power.size)
    assert power[np.abs(frequency - 0.2) < 0.08].sum() > 0.9 * power.sum()
    neighbours = np.mean(found[1:] * found[:-1])
    assert abs(neighbours) < 0.1


def test_ground_roll_is_slow_and_low() -> None:
    """Its energy in the f-k plane lies outside the fastest velocity of the cone."""
    noise = GroundRoll(
        level=(1, 1),
        spacing_m=(10, 10),
        velocity_m_s=(400, 400),
        faster=1.5,
        peak_hz=(12, 12),
        modes=1,
    )
    found = noise(np.random.default_rng(0), np.zeros((64, 256), np.float32), DT_S)
    frequency_hz = np.fft.rfftfreq(256, DT_S)[:, None]
    wavenumber = np.abs(np.fft.fftfreq(64, 10))
    power = np.abs(np.fft.fft(np.fft.rfft(found, axis=1), axis=0)).T ** 2
    velocity_m_s = frequency_hz / np.maximum(wavenumber, 1e-9)
    slow = (velocity_m_s < 900) & (velocity_m_s > 250)
    assert power[slow].sum() > 0.8 * power.sum()
    assert power[(frequency_hz[:, 0] > 3) & (frequency_hz[:, 0] < 35)].sum() > 0.9 * power.sum()


def test_swell_is_low_and_comes_in_groups() -> None:
    noise = Swell(level=(1, 1), highest_hz=(8, 8))
    found = noise(np.random.default_rng(3), np.zeros((64, 512), np.float32), DT_S)
    power = np.abs(np.fft.rfft(found, axis=1) ** 2).mean(axis=0)
    assert power[np.fft.rfftfreq(512, DT_S) < 12].sum() > 0.95 * power.sum()
    loud = np.sort(np.sqrt(np.mean(found**2, axis=1)))
    assert loud[-6:].mean() > 5 * loud[:20].mean()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"white": {"level": (2.0, 1.0)}}, "'level'"),
        ({"white": {"chance": 1.5}}, "'chance'"),
        ({"coloured": {"octaves": (0.0, 1.0)}}, "'octaves'"),
        ({"ground_roll": {"velocity_m_s": (-1.0, 1.0)}}, "'velocity_m_s'"),
        ({"ground_roll": {"modes": 0}}, "'modes'"),
        ({"swell": {"groups": 0}}, "'groups'"),
        ({"swell": {"highest_hz": (0.0, 1.0)}}, "'highest_hz'"),
        ({"spikes": {"share": (0.5, 0.1)}}, "'share'"),
        ({"bad_traces": {"white": 2.0}}, "'white'"),
        ({"whit": {}}, "Did you mean 'white'"),
    ],
)
def test_impossible_options_are_refused(spec: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build(NOISES, spec, "noise")
