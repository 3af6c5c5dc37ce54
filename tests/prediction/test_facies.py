"""Codes along a section, and facies by their clusters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.gathers.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig
from geoml.prediction.codes import PatchCoder
from geoml.prediction.facies import NO_FACIES, Method, code_texture, facies
from geoml.samples.code_scaling import CodeScaling

SHAPE = (8, 16)


@pytest.fixture(scope="module")
def coder() -> PatchCoder:
    torch.manual_seed(0)
    config = ConvAutoencoderConfig((8, 16), 6, vector=True, n_traces=SHAPE[0], n_times=SHAPE[1])
    return PatchCoder(ConvAutoencoder(config).eval(), SHAPE, CodeScaling(), 0.004)


class Cosines(nn.Module):
    """A code that is known: six cosine transforms along time of the mean trace."""

    def encode(self, samples: Tensor) -> Tensor:
        n_times = samples.shape[2]
        time = (torch.arange(n_times) + 0.5) / n_times
        return samples.mean(dim=1) @ torch.cos(torch.pi * time[:, None] * torch.arange(1, 12, 2))


def two_packages() -> np.ndarray:
    """Slow reflections over fast ones, 40 traces of 160 samples; a silent corner."""
    rng = np.random.default_rng(0)
    section = np.zeros((40, 160), dtype=np.float32)
    for part, band in ((slice(0, 80), (0.05, 0.1)), (slice(80, 160), (0.3, 0.5))):
        sos = signal.butter(2, band, "bandpass", output="sos")
        trace = signal.sosfiltfilt(sos, rng.normal(size=400))[100:180]
        section[:, part] = trace / trace.std()
    section[:10, :40] = 0
    return section


def test_code_of_a_point_is_that_of_the_patch_around_it(coder: PatchCoder) -> None:
    section = two_packages()
    codes = coder.along(section, (4, 8), 0.004)
    assert codes.code.shape == (10, 20, 6)
    row, column = 5, 9
    trace, sample = codes.trace[row], codes.sample[column]
    patch = section[trace - 4 : trace + 4, sample - 8 : sample + 8]
    code, level = coder.encode(patch[None])
    np.testing.assert_allclose(codes.code[row, column], code[0], atol=1e-5)
    assert codes.level[row, column] == pytest.approx(level[0])


def test_codes_do_not_hang_on_the_amplitude_and_levels_do(coder: PatchCoder) -> None:
    usual, loud = (coder.along(f * two_packages(), (4, 8)) for f in (1, 1000))
    np.testing.assert_allclose(loud.code, usual.code, atol=1e-4)
    silent = usual.level == 1
    np.testing.assert_allclose(loud.level[~silent], 1000 * usual.level[~silent], rtol=1e-4)


def test_another_sample_interval_is_refused(coder: PatchCoder) -> None:
    with pytest.raises(OptionError, match="every 2 ms, the code was trained at 4 ms"):
        coder.along(two_packages(), (4, 8), 0.002)
    with pytest.raises(OptionError, match="at least 1"):
        coder.along(two_packages(), (0, 8))


@pytest.mark.parametrize("method", ["kmeans", "gaussian_mixture"])
def test_packages_of_different_character_are_two_facies(method: Method) -> None:
    section = two_packages()
    codes = PatchCoder(Cosines(), SHAPE, CodeScaling(), None).along(section, (2, 4))
    points = (codes.trace, codes.sample)
    label = facies(code_texture(codes), points, section, 2, method).label
    assert label.shape == section.shape
    above, below = label[15:, 10:60], label[:, 100:150]
    most = np.bincount(above.ravel()).argmax()
    assert np.mean(above == most) > 0.95
    assert np.mean(below == most) < 0.05
    assert (label[2:6, 4:20] == NO_FACIES).all()


def test_texture_does_not_tell_peaks_from_troughs(coder: PatchCoder) -> None:
    codes = coder.along(two_packages(), (2, 4))
    mean = codes.code.reshape(-1, 6)[codes.level.ravel() > 0].mean(axis=0)
    turned = type(codes)(2 * mean - codes.code, codes.level, codes.trace, codes.sample, codes.shape)
    np.testing.assert_allclose(code_texture(turned), code_texture(codes), rtol=1e-3, atol=1e-3)


def test_facies_are_numbered_by_rising_amplitude() -> None:
    levels = np.array([50.0, 1.0, 200.0, 7.0])
    section = np.tile(np.repeat(levels, 15), (20, 1)).astype(np.float32)
    points = (np.arange(20), np.arange(60))
    features = np.log(section)[..., None].astype(np.float64)
    for seed in range(3):
        label = facies(features, points, section, 4, seed=seed).label
        assert label[3, [5, 20, 35, 50]].tolist() == [3, 1, 4, 2]


def test_no_grid_shows_between_points() -> None:
    """Half way between two points of unlike features a label changes, not at a point's cell."""
    section = np.ones((4, 41), dtype=np.float32)
    features = np.tile(np.repeat([0.0, 1.0], 3)[:, None], (4, 1, 1))
    points = (np.arange(4), np.arange(0, 41, 8))
    label = facies(features, points, section, 2).label
    # The points at 16 and 24 differ.
    assert (np.abs(np.flatnonzero(np.diff(label[0])) - 20) <= 1).all()
    assert np.count_nonzero(np.diff(label[0])) == 1


@pytest.mark.parametrize("count", [1, 21])
def test_unfit_numbers_of_facies_are_refused(count: int) -> None:
    section = np.ones((20, 60), dtype=np.float32)
    points = (np.arange(20), np.arange(60))
    with pytest.raises(OptionError, match="take 2 to 20"):
        facies(section[..., None].astype(np.float64), points, section, count)


def test_unknown_clustering_is_refused() -> None:
    with pytest.raises(OptionError, match="Did you mean 'kmeans'"):
        facies(np.ones((2, 2, 1)), (np.arange(2), np.arange(2)), np.ones((2, 2)), 2, "kmean")  # type: ignore[arg-type]
