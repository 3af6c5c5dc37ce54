"""Members of a prediction and their mixture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.models import build_model, model_config
from geoml.models.section_shape import SectionShape
from geoml.prediction.member import WindowSections, mixture_of
from geoml.prediction.mixture_calibration import (
    mixture_calibration,
    mixture_name,
    with_mixture_calibration,
)
from geoml.prediction.network import NORMAL_HALF_WIDTH, WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.window_layout import WindowLayout

from .modelled_line import untrained


def gathers(acquisition: Acquisition, n_windows: int = 3) -> np.ndarray:
    shape = (n_windows, acquisition.n_shots, acquisition.n_receivers, acquisition.n_samples)
    return np.random.default_rng(0).normal(scale=0.02, size=shape).astype(np.float32)


def with_dropout(checkpoint: Checkpoint) -> Checkpoint:
    config = {**checkpoint.model_config, "dropout": 0.4}
    return replace(checkpoint, model_config=config)


@pytest.fixture(scope="module")
def other(acquisition: Acquisition, layout: WindowLayout) -> Checkpoint:
    scaling = {"amplitude": 0.03, "velocity_centre_m_s": 2500.0, "velocity_scale_m_s": 200.0}
    return replace(untrained(acquisition, layout, seed=5), scaling=scaling)


def test_mixture_by_hand() -> None:
    ones = np.ones((1, 1, 2))
    members = [
        WindowSections(2000 * ones, 30 * ones, 0.2 * ones),
        WindowSections(2100 * ones, 40 * ones, 0.6 * ones),
    ]
    mixture = mixture_of(members)
    np.testing.assert_allclose(mixture.velocity, 2050)
    np.testing.assert_allclose(mixture.velocity_std, np.sqrt((30**2 + 40**2) / 2 + 50**2))
    np.testing.assert_allclose(mixture.edge_probability, 0.4)
    bare = mixture_of([WindowSections(v * ones, None, None) for v in (1, 3)])
    assert bare.velocity_std is None
    assert bare.edge_probability is None


@given(st.lists(st.tuples(st.floats(1500, 4500), st.floats(1, 300)), min_size=1, max_size=5))
def test_mixture_has_the_moments_of_its_draws(members: list[tuple[float, float]]) -> None:
    rng = np.random.default_rng(0)
    one = np.ones((1, 1, 1))
    mixture = mixture_of([WindowSections(v * one, s * one, None) for v, s in members])
    draws = np.concatenate([rng.normal(v, s, 20_000) for v, s in members])
    assert float(mixture.velocity[0, 0, 0]) == pytest.approx(draws.mean(), abs=10)
    assert float(mixture.velocity_std[0, 0, 0]) == pytest.approx(draws.std(), rel=0.05)


def test_each_network_of_an_ensemble_keeps_its_own_scaling(
    acquisition: Acquisition, checkpoint: Checkpoint, other: Checkpoint
) -> None:
    shots = gathers(acquisition)
    alone = [WindowPredictor(one).predict(shots) for one in (checkpoint, other)]
    both = WindowPredictor([checkpoint, other])
    assert both.n_members == 2
    velocities = np.stack([one.velocity for one in alone])
    assert np.abs(velocities[0] - velocities[1]).mean() > 50
    np.testing.assert_allclose(both.predict(shots).velocity, velocities.mean(axis=0))
    for member, one in zip(both.members(shots), alone, strict=True):
        np.testing.assert_array_equal(member.velocity_std, one.velocity_std)


def test_one_network_says_what_its_only_member_says(
    acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    predictor, shots = WindowPredictor(checkpoint), gathers(acquisition)
    [member] = predictor.members(shots)
    together, raw = predictor.predict(shots), predictor.uncalibrated(shots)
    np.testing.assert_array_equal(member.velocity_std, together.velocity_std)
    np.testing.assert_allclose(together.velocity_std, raw.velocity_std * 1.5 / NORMAL_HALF_WIDTH)


def test_heads_are_brought_back_to_metres_a_second_once(
    acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    predictor, shots = WindowPredictor(checkpoint), gathers(acquisition)
    with torch.inference_mode():
        heads = checkpoint.network()(torch.from_numpy(predictor.scaled(shots)))
    found, scaling = predictor.uncalibrated(shots), predictor.scaling
    velocity = scaling.velocity_centre_m_s + scaling.velocity_scale_m_s * heads["velocity"]
    std = scaling.velocity_scale_m_s * (heads["log_variance"] / 2).exp()
    np.testing.assert_allclose(found.velocity, velocity.numpy(), rtol=1e-4)
    np.testing.assert_allclose(found.velocity_std, std.numpy(), rtol=1e-3)
    np.testing.assert_allclose(found.edge_probability, heads["edges"].sigmoid().numpy(), rtol=1e-3)


def test_dropout_draws_differ_and_come_again(
    acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    shots = gathers(acquisition)
    thinned = with_dropout(checkpoint)
    predictor = WindowPredictor(thinned, dropout_samples=4)
    before = torch.get_rng_state()
    members = predictor.members(shots)
    assert torch.equal(torch.get_rng_state(), before)  # the caller's numbers are left alone
    assert len(members) == predictor.n_members == 4
    assert np.abs(members[0].velocity - members[1].velocity).max() > 0.1
    again = WindowPredictor(thinned, dropout_samples=4).members(shots)
    for one, two in zip(members, again, strict=True):
        np.testing.assert_array_equal(one.velocity, two.velocity)
    still = WindowPredictor(thinned).predict(shots)
    np.testing.assert_array_equal(
        still.velocity, WindowPredictor(checkpoint).predict(shots).velocity
    )


def test_dropout_without_any_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(OptionError, match="trained without dropout"):
        WindowPredictor(checkpoint, dropout_samples=2)
    with pytest.raises(OptionError, match="-1 dropout samples"):
        WindowPredictor(checkpoint, dropout_samples=-1)


def test_ensemble_of_networks_for_different_questions_is_refused(
    acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    moved = replace(checkpoint, acquisition={**checkpoint.acquisition, "dt_s": 0.004})
    with pytest.raises(CheckpointError, match=r"Checkpoint 2.*another acquisition"):
        WindowPredictor([checkpoint, moved])
    with pytest.raises(CheckpointError, match="another steps than the first"):
        WindowPredictor([checkpoint, replace(checkpoint, steps=[{"agc": {"window_s": 0.2}}])])
    sizes = [getattr(acquisition, f"n_{n}") for n in ("shots", "samples", "receivers", "depth")]
    shape = SectionShape(*sizes, acquisition.n_distance)
    bare = build_model("mh_unet_s", shape, ("velocity",), {"widths": (16, 24)})
    config = model_config("mh_unet_s", bare)
    lone = replace(checkpoint, model_config=config, state=bare.state_dict())
    with pytest.raises(CheckpointError, match="predicts velocity, the first velocity, edges"):
        WindowPredictor([checkpoint, lone])
    with pytest.raises(CheckpointError, match="No checkpoint"):
        WindowPredictor([])


def test_calibrated_mixture_uses_its_own_factor(
    acquisition: Acquisition, checkpoint: Checkpoint, other: Checkpoint
) -> None:
    shots = gathers(acquisition)
    plain = WindowPredictor([checkpoint, other])
    assert plain.calibration is None
    name = mixture_name([checkpoint, other])
    known = with_mixture_calibration(checkpoint, name, {"factors": {"0.8": 0.7}})
    predictor = WindowPredictor([known, other])
    raw = predictor.uncalibrated(shots).velocity_std
    np.testing.assert_allclose(raw, plain.uncalibrated(shots).velocity_std)
    spread = predictor.predict(shots).velocity_std
    np.testing.assert_allclose(spread, raw * 0.7 / NORMAL_HALF_WIDTH)
    # Without it every member's own factor counts, here more than twice as much.
    assert (plain.predict(shots).velocity_std > spread).all()


def test_mixtures_are_told_apart_by_weights_and_not_by_order(
    checkpoint: Checkpoint, other: Checkpoint, acquisition: Acquisition, layout: WindowLayout
) -> None:
    third = untrained(acquisition, layout, seed=9)
    assert mixture_name([checkpoint]) == ""
    assert mixture_name([checkpoint], mirror=True, dropout_samples=4) == "mirror + dropout 4"
    assert mixture_name([checkpoint, other]) == mixture_name([other, checkpoint])
    assert mixture_name([checkpoint, other]) != mixture_name([checkpoint, third])
    known = with_mixture_calibration(checkpoint, "mirror", {"factors": {"0.8": 2.0}})
    assert mixture_calibration([known], mirror=True) == {"factors": {"0.8": 2.0}}
    assert mixture_calibration([known, other], mirror=True) is None
    assert known.calibration["factors"] == checkpoint.calibration["factors"]


def test_bfloat16_changes_a_velocity_by_a_fraction_of_its_spread(
    acquisition: Acquisition, layout: WindowLayout
) -> None:
    checkpoint, shots = untrained(acquisition, layout, seed=1), gathers(acquisition)
    exact = WindowPredictor(checkpoint).predict(shots).velocity
    narrow = WindowPredictor(checkpoint, bfloat16=True).predict(shots).velocity
    departure = np.abs(narrow - exact)
    assert 0 < departure.max() < 0.1 * checkpoint.scaling["velocity_scale_m_s"]
