"""The transformer sees every patch of every shot, tells them apart and drops when it is told to."""

from __future__ import annotations

import pytest
import torch

from geoml.errors import OptionError
from geoml.models import SectionShape, enable_dropout
from geoml.models.vit_inversion import VitInversion, VitInversionConfig

SMALL = SectionShape(n_shots=2, n_samples=50, n_receivers=11, n_depth=9, n_distance=13)
SLIM = {"patches": (4, 3), "width": 16, "depth": 2, "attention_heads": 2, "section_widths": (16, 8)}


def small_network(**options: object) -> VitInversion:
    torch.manual_seed(0)
    return VitInversion(VitInversionConfig(SMALL, **{**SLIM, **options}))  # type: ignore[arg-type]


def test_patches_cover_the_gather() -> None:
    config = small_network().config
    assert config.patch == (13, 4)
    assert config.grid == (4, 3)
    few = VitInversionConfig(SectionShape(1, 16, 2, 8, 8), patches=(20, 5))
    assert few.patch == (1, 1)
    assert few.grid == (16, 2)


def test_shots_receivers_and_times_that_change_places_change_the_answer() -> None:
    model = small_network().eval()
    shots = torch.randn(1, 2, 50, 11, generator=torch.Generator().manual_seed(1))
    shots[:, :, 26:39] = shots[:, :, :13]
    swapped_times = shots.clone()
    swapped_times[:, :, :13], swapped_times[:, :, 13:26] = shots[:, :, 13:26], shots[:, :, :13]
    with torch.no_grad():
        features = model.encode(shots)
        assert not torch.allclose(model.encode(shots.flip(1)), features, atol=1e-5)
        assert not torch.allclose(model.encode(swapped_times), features, atol=1e-5)


def test_every_patch_reaches_every_cell() -> None:
    model = small_network().eval()
    shots = torch.randn(1, 2, 50, 11, generator=torch.Generator().manual_seed(1))
    shots.requires_grad_()
    for row, column in ((0, 0), (8, 12)):
        (gradient,) = torch.autograd.grad(model(shots)["velocity"][0, row, column], shots)
        assert gradient.abs().amin() > 0


def test_layers_start_with_weights_of_their_own() -> None:
    first, second = small_network().transformer.layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)
    assert not torch.equal(first.self_attn.in_proj_weight, second.self_attn.in_proj_weight)


def test_dropout_within_the_transformer_works_in_prediction() -> None:
    model = small_network(dropout=0.5).eval()
    enable_dropout(model)
    shots = torch.randn(1, 2, 50, 11)
    with torch.inference_mode():
        assert not torch.equal(model.encode(shots), model.encode(shots))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention_heads": 3}, "attention_heads 3 does not divide width 16"),
        ({"patches": (0, 2)}, "at least one patch"),
        ({"section_widths": ()}, "at least one section width"),
        ({"section_widths": (12,)}, "width 12 is not a multiple of 8"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"heads": ("porosity",)}, "no head 'porosity'"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        small_network(**options)
