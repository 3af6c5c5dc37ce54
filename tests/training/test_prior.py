"""Training of velocity priors: what is learned, kept, warned of and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoml.errors import OptionError, PhysicsError, UnknownNameError
from geoml.models.priors import PRIORS
from geoml.network_checkpoint import load_network_checkpoint
from geoml.objectives.kl_divergence import kl_to_standard_normal
from geoml.training.evidence_bound import (
    EvidenceBound,
    collapsed_code_warning,
    fit_code_prior,
    section_codes,
)
from geoml.training.prior import train_prior
from geoml.training.prior_data import (
    endless_batches,
    read_velocity_sections,
    scaled,
    unscaled,
)
from geoml.training.prior_options import PriorOptions
from tests.made_prior import SHAPE, layered_sections, small_prior


@pytest.mark.parametrize("model", PRIORS)
def test_every_prior_trains_and_its_checkpoint_draws_the_same_sections(
    model: str, tmp_path: Path
) -> None:
    made = small_prior(tmp_path / "prior", model)
    assert made.kind == "prior"
    assert made.settings["limits_m_s"] == [1500, 4500]
    assert made.training["curve"][-1]["step"] == 4
    loaded = load_network_checkpoint(tmp_path / "prior", "prior")
    drawn: list[Any] = [
        checkpoint.network(PRIORS).sample(3, torch.Generator().manual_seed(0))  # type: ignore[operator]
        for checkpoint in (made, loaded)
    ]
    assert drawn[0].shape == (3, *SHAPE)
    assert torch.equal(*drawn)


def test_conditional_prior_knows_labels_and_trend() -> None:
    made = small_prior(model="conditional_vae", n_trend=3)
    assert made.settings["labels"] == ["weak", "strong"]
    assert (made.model["n_labels"], made.model["n_trend"]) == (2, 3)
    known = made.state["known_conditions.values"]
    assert (known[:, :2].sum(1) == 1).all()
    # Their trends are those of sections: each slab at least as fast as the one above.
    assert (known[:, 2:].diff(dim=1) > -1e-5).all()
    assert small_prior(model="conditional_vae", labels=False).settings["labels"] == []


def test_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    first, again = small_prior(fit={"seed": 1}), small_prior(fit={"seed": 1})
    assert all(torch.equal(value, again.state[name]) for name, value in first.state.items())
    other = small_prior(fit={"seed": 2})
    assert any(not torch.equal(value, other.state[name]) for name, value in first.state.items())


def test_autoencoder_learns_two_layers() -> None:
    sections = layered_sections(300)
    options = PriorOptions(
        network={"widths": (8, 16), "code": 8, "levels": 6},
        fit={"steps": 120, "batch_size": 16, "validate_every": 60, "ema_decay": 0.98},
    )
    made = train_prior(sections, "vae", options)
    first, last = made.training["curve"][0], made.training["curve"][-1]
    assert last["validation/loss"] < first["validation/loss"]
    network: Any = made.network(PRIORS)
    true = scaled(sections.velocity[270:], (1500, 4500))
    with torch.no_grad():
        error = (network(true)["velocity"] - true).abs().mean()
    spread = (true - true.mean()).abs().mean()
    assert error < 0.3 * spread
    samples = network.sample(200, torch.Generator().manual_seed(0))
    assert samples.mean() == pytest.approx(float(true.mean()), abs=0.15)


def test_bound_is_reconstruction_plus_divergence_a_cell() -> None:
    network: Any = small_prior().network(PRIORS)
    true = scaled(layered_sections(6).velocity, (1500, 4500))
    with torch.no_grad():
        output = network(true)
        parts = EvidenceBound(beta=3.0).loss(network, {"velocity": true})
    misfit = (output["velocity"] - true).abs().mean()
    kl = kl_to_standard_normal(output["mean"], output["log_variance"]).mean()
    torch.testing.assert_close(parts["kl"], kl)
    cells = SHAPE[0] * SHAPE[1]
    torch.testing.assert_close(parts["loss"], misfit.log() + 3 * kl / cells)
    steps = EvidenceBound(step_weight=1.0).loss(network, {"velocity": true})
    assert steps["misfit"] > parts["misfit"]


def test_code_prior_has_the_codes_mean_and_covariance() -> None:
    network: Any = small_prior(network={"code": 3}).network(PRIORS)
    code = torch.randn(4000, 3) @ torch.tensor([[2.0, 0, 0], [1, 1, 0], [0, 0, 0.1]]) + 5
    fit_code_prior(network, code, None, seed=0)
    torch.testing.assert_close(network.code_prior.mean[0], code.mean(0), atol=1e-4, rtol=0)
    factor = network.code_prior.factor[0]
    torch.testing.assert_close(factor @ factor.T, code.T.cov(), atol=5e-3, rtol=0)


def test_code_prior_has_as_many_gaussians_as_left_out_codes_ask_for() -> None:
    network: Any = small_prior(network={"code": 2, "components": 8}).network(PRIORS)
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(600, 2, generator=generator)
    fit_code_prior(network, plain, None, seed=0)
    assert network.code_prior.weight.tolist() == [1.0] + 7 * [0.0]
    apart = plain + 20 * torch.randint(2, (600, 1), generator=generator)
    fit_code_prior(network, apart, None, seed=0)
    assert int((network.code_prior.weight > 0).sum()) == 2
    torch.testing.assert_close(network.code_prior.moments()[0], apart.mean(0), atol=0.05, rtol=0)


def test_code_prior_takes_the_effect_of_the_condition_off() -> None:
    network: Any = small_prior(model="conditional_vae", labels=False, n_trend=1).network(PRIORS)
    given = torch.randn(3000, 1) * 4
    noise = 0.1 * torch.randn(3000, 4)
    fit_code_prior(network, given * torch.tensor([[1.0, 0, -2, 0]]) + noise, given, seed=0)
    wanted = torch.tensor([[1.0, 0, -2, 0]])
    torch.testing.assert_close(network.code_prior.slope, wanted, atol=0.01, rtol=0)
    assert network.code_prior.factor[0].diagonal().max() < 0.12


def test_drawn_codes_scatter_around_the_mean_ones() -> None:
    network: Any = small_prior().network(PRIORS)
    drawn, mean = section_codes(network, {"velocity": scaled(
        layered_sections(9).velocity, (1500, 4500))}, seed=0)  # fmt: skip
    assert drawn.shape == mean.shape == (9, 4)
    assert 0.1 < (drawn - mean).std() < 5


def test_code_that_never_changes_is_warned_of() -> None:
    collapsed = collapsed_code_warning(torch.zeros(50, 8))
    assert collapsed is not None
    assert collapsed.startswith("0 of 8 numbers")
    assert collapsed_code_warning(torch.randn(50, 8)) is None


def test_heavy_divergence_collapses_the_code_and_says_so() -> None:
    made = small_prior(steps=60, beta=1e5)
    assert "collapsed" in made.training["warning"]


def test_held_out_sections_are_the_last_and_train_nothing() -> None:
    sections = layered_sections(50)
    train, held = sections.split(0.2)
    assert len(train.velocity) == 40
    np.testing.assert_array_equal(held.velocity, sections.velocity[40:])
    spoiled = replace(sections, velocity=sections.velocity.copy())
    spoiled.velocity[40:] = 3000
    options = PriorOptions(
        held_out=0.2, network={"widths": (8, 8)}, fit={"steps": 2, "validate_every": 2}
    )
    one, two = (train_prior(part, "vae", options).state for part in (sections, spoiled))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_batches_pass_over_all_sections_and_mirror_half() -> None:
    velocity = torch.arange(6.0)[:, None, None] + torch.linspace(0, 0.5, 4)
    batches = endless_batches({"velocity": velocity, "mark": torch.arange(6)}, 2, 0, False)
    seen = [next(batches) for _ in range(3)]
    marks = torch.cat([batch["mark"] for batch in seen])
    assert sorted(marks.tolist()) == list(range(6))
    assert torch.equal(torch.cat([b["velocity"] for b in seen]), velocity[marks])
    mirrored = endless_batches({"velocity": velocity}, 6, 0, True)
    falls = torch.cat([next(mirrored)["velocity"] for _ in range(50)]).diff(dim=2)[:, 0, 0] < 0
    assert 0.35 < falls.float().mean() < 0.65


def test_scaling_is_undone() -> None:
    velocity = layered_sections(3).velocity
    np.testing.assert_allclose(unscaled(scaled(velocity, (1500, 4500)), (1500, 4500)), velocity)
    with pytest.raises(PhysicsError, match=r"outside limits_m_s 1500\.\.2000; widen"):
        scaled(velocity, (1500, 2000))


def test_sections_are_read_from_arrays(tmp_path: Path) -> None:
    velocity = layered_sections(8).velocity
    np.save(tmp_path / "model2.npy", velocity[5:, None])
    np.save(tmp_path / "model1.npy", velocity[:5, None])
    sections = read_velocity_sections(tmp_path, spacing_m=12.5)
    np.testing.assert_array_equal(sections.velocity, velocity)
    assert sections.spacing_m == 12.5
    assert len(read_velocity_sections(tmp_path, count=3).velocity) == 3
    velocity[0, 0, 0] = np.nan
    np.save(tmp_path / "model1.npy", velocity)
    with pytest.raises(PhysicsError, match="no positive numbers"):
        read_velocity_sections(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits_m_s": (3000.0, 2000.0)}, "0 < low < high"),
        ({"held_out": 0.0}, "between 0 and 0.9"),
        ({"beta": -1.0}, "'beta' is -1; it must be at least 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PriorOptions(**options)


def test_wrong_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dcgan'"):
        train_prior(layered_sections(), "dcgen", PriorOptions())
    with pytest.raises(OptionError, match=r"no option 'step'\. Did you mean 'steps'"):
        train_prior(layered_sections(), "vae", PriorOptions(fit={"step": 3}))
    with pytest.raises(OptionError, match="too few to hold out"):
        layered_sections(2).split(0.1)


def test_adversary_starts_as_the_decoder_of_an_autoencoder(tmp_path: Path) -> None:
    vae: Any = small_prior(tmp_path / "vae", steps=20).network(PRIORS)
    white = torch.randn(5, 4)
    begun: Any = small_prior(
        model="wasserstein_gan",
        start=str(tmp_path / "vae"),
        steps=1,
        fit={"learning_rate": 1e-12, "ema_decay": 0.0},
    ).network(PRIORS)
    with torch.no_grad():
        wanted = vae.decode(vae.code_prior.colour(white))
        torch.testing.assert_close(begun.decode(white), wanted, atol=1e-4, rtol=1e-3)
    with pytest.raises(OptionError, match="give both the same widths"):
        small_prior(model="wasserstein_gan", start=str(tmp_path / "vae"), network={"code": 5})


def test_training_goes_on_from_a_prior_of_equal_sizes(tmp_path: Path) -> None:
    first = small_prior(tmp_path / "vae", steps=20)
    still: dict[str, Any] = {"learning_rate": 1e-12, "muon_learning_rate": 1e-12}
    more = small_prior(start=str(tmp_path / "vae"), fit={**still, "weight_decay": 0.0})
    for name, value in first.state.items():
        torch.testing.assert_close(more.state[name], value, atol=1e-5, rtol=1e-4)
    with pytest.raises(OptionError, match="needs a network of equal sizes"):
        small_prior(start=str(tmp_path / "vae"), network={"code": 5})
