"""InversionNet is the published network at the published shape and keeps its promises elsewhere."""

from __future__ import annotations

import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models import SectionShape
from geoml.models.inversion_net import InversionNet, InversionNetConfig

OPENFWI = SectionShape(n_shots=5, n_samples=1000, n_receivers=70, n_depth=70, n_distance=70)
SMALL = SectionShape(n_shots=2, n_samples=40, n_receivers=12, n_depth=10, n_distance=13)


def small_network(**options: object) -> InversionNet:
    torch.manual_seed(0)
    widths = {"time_widths": (8,), "widths": (16,), "latent": 32, "section_widths": (16, 8)}
    return InversionNet(InversionNetConfig(SMALL, **{**widths, **options}))  # type: ignore[arg-type]


def test_published_shape_has_the_published_layers() -> None:
    with torch.device("meta"):
        model = InversionNet(InversionNetConfig(OPENFWI, ("velocity",)))
    seen: list[tuple[int, ...]] = []
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            seen.append((module.in_channels, module.out_channels, *module.kernel_size))
    encoder = [(5, 32, 7, 1), (32, 64, 3, 1), (64, 64, 3, 1), (64, 64, 3, 1), (64, 64, 3, 1)]
    encoder += [(64, 128, 3, 1), (128, 128, 3, 1), (128, 128, 3, 3), (128, 128, 3, 3)]
    encoder += [(128, 256, 3, 3), *[(256, 256, 3, 3)] * 3, (256, 512, 8, 9)]
    decoder = [(512, 512, 5, 5), (512, 512, 3, 3), (512, 256, 4, 4), (256, 256, 3, 3)]
    decoder += [(256, 128, 4, 4), (128, 128, 3, 3), (128, 64, 4, 4), (64, 64, 3, 3)]
    decoder += [(64, 32, 4, 4), (32, 32, 3, 3), (32, 1, 3, 3)]
    assert seen == encoder + decoder


def test_velocity_stays_within_its_limit_only_where_one_is_set() -> None:
    shots = 100 * torch.randn(4, 2, 40, 12, generator=torch.Generator().manual_seed(1))
    limited = small_network(velocity_limit=0.5).train()(shots)
    assert 0.4 < limited["velocity"].abs().max() < 0.5
    assert limited["edges"].abs().max() > 0
    free = small_network()
    free.readouts["velocity"].conv.bias.data.fill_(7.0)
    assert free(shots)["velocity"].min() > 2


def test_section_is_cut_from_the_middle() -> None:
    model = small_network().eval()
    drawn: list[torch.Tensor] = []
    model.decoder.register_forward_hook(lambda *given: drawn.append(given[2]))
    kept: list[torch.Tensor] = []
    model.readouts.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    with torch.no_grad():
        model(torch.randn(1, 2, 40, 12))
    assert drawn[0].shape[2:] == (10, 14)
    assert torch.equal(kept[0], drawn[0][:, :, :, :13])


def test_a_single_window_cannot_train_and_is_refused_by_name() -> None:
    with pytest.raises(ShapeError, match=r"one window .* batch_size of at least 2"):
        small_network().train()(torch.zeros(1, 2, 40, 12))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": ()}, "at least one head"),
        ({"heads": ("porosity",)}, "no head 'porosity'"),
        ({"widths": ()}, "at least one width of each kind"),
        ({"latent": 0}, "widths of at least 1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"velocity_limit": -1.0}, "velocity_limit is -1"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        small_network(**options)
