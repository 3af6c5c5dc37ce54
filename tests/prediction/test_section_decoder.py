"""Networks as maps from codes to sections: there and back, in m/s, for the right grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_fwi import CELLS, SPACING_M, acquisition, observed, truth

from geoml.checkpoint import Checkpoint, save_checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.models import SectionShape, build_model, model_config
from geoml.models.network_table import build_network, network_config
from geoml.models.posteriors.conditional_vae import ConditionalVae
from geoml.models.priors import PRIORS
from geoml.models.priors.vae import Vae
from geoml.network_checkpoint import NetworkCheckpoint, save_network_checkpoint
from geoml.prediction.section_decoder import load_decoder, posterior_decoder, prior_decoder

GATHERS = observed()[0].astype(np.float32)
SHAPE = SectionShape(3, GATHERS.shape[2], GATHERS.shape[1], CELLS, CELLS)


def prior(name: str = "vae", spacing_m: float = SPACING_M) -> NetworkCheckpoint:
    """An untrained prior whose codes are distributed in a way of their own."""
    torch.manual_seed(0)
    network = build_network(
        PRIORS, name, "prior", {"shape": (CELLS, CELLS)}, {"code": 6, "widths": (8, 16)}
    )
    if isinstance(network, Vae):
        spread = torch.eye(6) + torch.tril(0.3 * torch.ones(6, 6))
        mean = torch.linspace(-1, 1, 6)[None]
        network.code_prior.set_mixture(
            torch.ones(1), mean, (spread @ spread.T)[None], torch.zeros(0, 6)
        )
    return NetworkCheckpoint(
        kind="prior",
        model=network_config(name, network),
        state=network.state_dict(),
        settings={"limits_m_s": [1500.0, 3500.0], "spacing_m": spacing_m, "labels": []},
    )


def posterior(name: str = "cvae") -> Checkpoint:
    torch.manual_seed(0)
    trunk = {"stem_widths": (16, 32), "widths": (32, 64), "norm_channels": 8}
    options = {"trunk": trunk, "widths": (16, 24)}
    network = build_model(name, SHAPE, ("velocity", "edges", "log_variance"), options)
    return Checkpoint(
        model_name=name,
        model_config=model_config(name, network),
        state=network.state_dict(),
        task="velocity_edges",
        task_options={},
        scaling={"amplitude": 0.02, "velocity_centre_m_s": 2200.0, "velocity_scale_m_s": 300.0},
        acquisition=acquisition().to_dict(),
        steps=[],
    )


def test_prior_decodes_normal_numbers_under_its_own_codes_in_metres_a_second() -> None:
    checkpoint = prior()
    decoder = prior_decoder(checkpoint, acquisition())
    numbers = torch.linspace(-1, 1, decoder.size, requires_grad=True)
    velocity = decoder.decode(numbers)
    network = checkpoint.network(PRIORS)
    assert isinstance(network, Vae)
    factor, mean = network.code_prior.factor[0], network.code_prior.mean[0]
    expected = 2500 + 1000 * network.decode((mean + factor @ numbers)[None])[0]
    torch.testing.assert_close(velocity, expected)
    (gradient,) = torch.autograd.grad(velocity.sum(), numbers)
    assert gradient.abs().min() > 0


def test_prior_encodes_a_section_to_what_decodes_by_the_mean_of_its_codes() -> None:
    checkpoint = prior()
    network = checkpoint.network(PRIORS)
    assert isinstance(network, Vae)
    decoder = prior_decoder(checkpoint, acquisition())
    with torch.no_grad():
        mean, _ = network.encode(torch.from_numpy((truth()[None] - 2500) / 1000))
        expected = 2500 + 1000 * network.decode(mean)[0]
        made = decoder.decode(torch.from_numpy(decoder.encode(truth())))
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=0.05)


def test_posterior_decodes_what_it_would_draw_from_the_same_numbers() -> None:
    checkpoint = posterior()
    decoder = posterior_decoder(checkpoint, acquisition(), GATHERS)
    network = checkpoint.network()
    assert isinstance(network, ConditionalVae)
    noise = network.noise(1, 1, torch.Generator().manual_seed(0))
    with torch.no_grad():
        shots = torch.from_numpy(np.swapaxes(GATHERS, 1, 2).copy())[None] / 0.02
        drawn = 2200 + 300 * network.drawn(noise, network.context(shots))[0, 0]
    code = noise.reshape(-1).requires_grad_()
    velocity = decoder.decode(code)
    torch.testing.assert_close(velocity.detach(), drawn, rtol=1e-5, atol=0.05)
    (gradient,) = torch.autograd.grad(velocity.sum(), code)
    assert gradient.abs().max() > 0


def test_posterior_encodes_a_section_it_can_draw() -> None:
    decoder = posterior_decoder(posterior(), acquisition(), GATHERS)
    code = decoder.encode(truth())
    assert code.shape == (decoder.size,)
    assert np.isfinite(code).all()
    assert (code != decoder.encode(truth() + 100)).any()


def test_folder_of_either_kind_is_recognised(tmp_path: Path) -> None:
    save_network_checkpoint(prior(), tmp_path / "prior")
    save_checkpoint(posterior(), tmp_path / "posterior")
    sizes = [
        load_decoder(str(tmp_path / name), acquisition(), GATHERS).size
        for name in ("prior", "posterior")
    ]
    assert sizes == [6, 8 * 6 * 6]
    with pytest.raises(CheckpointError, match="No checkpoint folder"):
        load_decoder(str(tmp_path / "none"), acquisition(), GATHERS)


def test_networks_without_a_code_of_a_section_are_refused() -> None:
    with pytest.raises(OptionError, match="'wasserstein_gan' has no code"):
        prior_decoder(prior("wasserstein_gan"), acquisition())
    with pytest.raises(OptionError, match="'cwgan' has no code"):
        posterior_decoder(posterior("cwgan"), acquisition(), GATHERS)


def test_other_grids_are_refused() -> None:
    with pytest.raises(CheckpointError, match="cells of 20 m"):
        prior_decoder(prior(spacing_m=20.0), acquisition())
    other = replace(acquisition(), n_depth=CELLS + 1)
    with pytest.raises(CheckpointError, match="25, 24"):
        posterior_decoder(posterior(), other, GATHERS)
