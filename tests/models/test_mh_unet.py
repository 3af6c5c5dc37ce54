"""What the multi-head U-Net does to gathers before it learns from them, and how it shares."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoml.models import SectionShape, build_model
from geoml.models.mh_unet import Decimate

SHAPE = SectionShape(n_shots=2, n_samples=64, n_receivers=20, n_depth=16, n_distance=20)
SLIM = {"widths": (16, 32), "stem_widths": (16,)}


def network(heads: tuple[str, ...], **options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model("mh_unet_s", SHAPE, heads, {**SLIM, **options}).eval()


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_decimation_keeps_the_band_and_stops_what_would_fold(factor: int) -> None:
    n = 1024
    nyquist = 0.5 / factor  # of the decimated axis, in cycles an old sample
    kept = slice(n // factor // 4, 3 * n // factor // 4)
    for share, low, high in ((0.3, 0.98, 1.02), (0.6, 0.95, 1.05), (1.35, 0.0, 0.01)):
        wave = np.cos(2 * np.pi * share * nyquist * np.arange(n))
        x = torch.tensor(wave, dtype=torch.float32)[None, None, :, None]
        y = Decimate(factor)(x)[0, 0, :, 0][kept]
        assert y.numel() == n // factor // 2
        amplitude = float(y.square().mean().sqrt()) * 2**0.5
        assert low <= amplitude <= high, share


def test_decimated_samples_stay_at_their_times() -> None:
    x = torch.zeros(1, 1, 64, 1)
    x[0, 0, 20] = 1
    assert int(Decimate(4)(x)[0, 0, :, 0].argmax()) == 5
    assert Decimate(4)(torch.zeros(1, 3, 61, 7)).shape == (1, 3, 16, 7)


@pytest.mark.parametrize("n_time", [5, 33, 127, 128, 129, 300])
@pytest.mark.parametrize("factor", [2, 3, 8])
def test_decimation_is_a_convolution_whatever_the_length(factor: int, n_time: int) -> None:
    decimate = Decimate(factor)
    x = torch.randn(2, 3, n_time, 4, generator=torch.Generator().manual_seed(n_time))
    taps = decimate.band[0, : 8 * factor + 1]
    whole = torch.nn.functional.conv1d(
        x.transpose(2, 3).reshape(-1, 1, n_time), taps[None, None], None, factor, 4 * factor
    )
    expected = whole.view(2, 3, 4, -1).transpose(2, 3)
    torch.testing.assert_close(decimate(x), expected, rtol=1e-5, atol=1e-6)


def test_compressed_amplitudes_are_those_of_an_uncompressed_network_fed_with_them() -> None:
    x = torch.randn(2, 2, 64, 20, generator=torch.Generator().manual_seed(1))
    squeezed = torch.asinh(5 * x) / np.arcsinh(5.0)
    plain = network(("velocity",), compression=0.0)(squeezed)["velocity"]
    torch.testing.assert_close(network(("velocity",), compression=5.0)(x)["velocity"], plain)


def test_separate_decoders_share_nothing_above_the_bottom() -> None:
    heads = ("velocity", "edges", "log_variance")
    x = torch.randn(2, 2, 64, 20, generator=torch.Generator().manual_seed(1))
    for separate in (True, False):
        model = network(heads, separate_decoders=separate)
        model(x)["edges"].sum().backward()
        ways = dict(model.ways_up.named_children())
        reached = {
            name
            for name, way in ways.items()
            if any(w.grad is not None and w.grad.any() for w in way.parameters())
        }
        assert reached == ({"edges"} if separate else {"all"})
        assert set(ways) == ({"velocity", "edges"} if separate else {"all"})


def test_the_spread_bends_no_feature() -> None:
    for separate in (True, False):
        model = network(("velocity", "edges", "log_variance"), separate_decoders=separate)
        model(torch.randn(1, 2, 64, 20))["log_variance"].sum().backward()
        touched = {name for name, w in model.named_parameters() if w.grad is not None}
        assert touched == {n for n, _ in model.named_parameters() if "heads.log_variance" in n}
