"""Networks have as many parameters as their papers say, at the shape their papers use."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from geoml.models import SectionShape, build_model
from geoml.models.velocity_gan import VelocityCritic

OPENFWI = SectionShape(n_shots=5, n_samples=1000, n_receivers=70, n_depth=70, n_distance=70)


def parameters(name: str, heads: tuple[str, ...] = ("velocity",)) -> int:
    """How many a network has, without making room for them."""
    with torch.device("meta"):
        model = build_model(name, OPENFWI, heads)
    return sum(weight.numel() for weight in model.parameters())


PUBLISHED_M = {
    # Deng et al. (2022), OpenFWI, supplement: 24.41 M, of which 0.004 M are biases of convolutions
    # that batch norm cancels; they are left out here.
    "inversion_net": 24.41,
}


def convolutions(*widths: int) -> int:
    """Weights of 3 x 3 convolutions from width to width and of their batch norms."""
    return sum(9 * a * b + 2 * b for a, b in pairwise(widths))


def doubling(a: int, b: int) -> int:
    """Weights of a 2 x 2 transposed convolution with bias."""
    return 4 * a * b + b


def joined(a: int, b: int) -> int:
    """Weights of a U-Net's way up from width a to b: double, join, convolve twice."""
    return doubling(a, b) + convolutions(2 * b, b, b)


def test_fcnvmb_has_the_weights_of_a_unet_of_the_published_widths() -> None:
    # Yang and Ma (2019) give the widths of the levels but no count.
    down = sum(convolutions(a, b, b) for a, b in pairwise((5, 64, 128, 256, 512, 1024)))
    up = sum(joined(2 * b, b) for b in (64, 128, 256, 512))
    assert parameters("fcnvmb") == down + up + 64 + 1


def test_dual_decoder_has_the_weights_of_the_published_layers() -> None:
    # Zhang et al. (2024) give layers but no count: 7.6 M with one decoder, 10.5 M with two.
    shorten = sum(3 * a * b + 2 * b + convolutions(b, b) for a, b in pairwise((5, 8, 16, 32)))
    down = sum(convolutions(a, b, b) for a, b in pairwise((32, 64, 128, 256, 512)))
    up = joined(512, 256) + joined(256, 128) + doubling(128, 64) + doubling(64, 32)
    one_map = 9 * 32 + 1
    assert parameters("dual_decoder") == shorten + down + up + one_map
    both = parameters("dual_decoder", ("velocity", "edges"))
    assert both == shorten + down + 2 * (up + one_map)


def test_velocity_gan_has_the_published_generator_and_layers_of_the_critic() -> None:
    assert parameters("velocity_gan") == parameters("inversion_net")
    # OpenFWI's critic without its batch norms, its last kernel of 5 x 5 as one of 3 x 3.
    published = sum(9 * a * b + b + 9 * b * b + b for a, b in pairwise((1, 32, 64, 128, 256)))
    with torch.device("meta"):
        critic = VelocityCritic()
    assert sum(weight.numel() for weight in critic.parameters()) == published + 9 * 256 + 1


def test_encoder_of_vit_inversion_is_the_published_transformer() -> None:
    # Dosovitskiy et al. (2021), table 1: ViT-Base of 12 layers, width 768 and 12 heads has 86 M,
    # patches of 16 x 16 x 3, a class token and 197 positions among them.
    with torch.device("meta"):
        model = build_model(
            "vit_inversion",
            OPENFWI,
            ("velocity",),
            {"width": 768, "depth": 12, "attention_heads": 12},
        )
    encoder = sum(weight.numel() for weight in model.transformer.parameters())
    assert (encoder + (16 * 16 * 3 + 1) * 768 + 768 + 197 * 768) / 1e6 == pytest.approx(86, abs=0.5)


@pytest.mark.parametrize("name", PUBLISHED_M)
def test_parameters_are_as_many_as_published(name: str) -> None:
    assert parameters(name) / 1e6 == pytest.approx(PUBLISHED_M[name], abs=0.01)
