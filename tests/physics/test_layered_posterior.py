"""The exact sampler against posteriors known in closed form, and the ground against its formula."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError, ShapeError
from geoml.physics.layered_posterior import LayeredGround, ensemble_draws, layered_posterior

GROUND = LayeredGround()


def test_sampler_gives_mean_and_covariance_of_a_linear_gaussian_posterior() -> None:
    rng = np.random.default_rng(0)
    forward, noise_std = rng.standard_normal((2, 5, 3)), 0.7
    observed = np.einsum("ptu,pu->pt", forward, rng.standard_normal((2, 3)))
    precision = np.einsum("ptu,ptw->puw", forward, forward) / noise_std**2 + np.eye(3)
    covariance = np.linalg.inv(precision)
    shift = np.einsum("ptu,pt->pu", forward, observed) / noise_std**2
    mean = np.einsum("puw,pw->pu", covariance, shift)

    def log_density(unknowns: np.ndarray) -> np.ndarray:
        residual = np.einsum("ptu,pwu->pwt", forward, unknowns) - observed[:, None]
        return -0.5 * np.square(residual / noise_std).sum(-1) - 0.5 * np.square(unknowns).sum(-1)

    begin = rng.standard_normal((2, 64, 3))
    draws = ensemble_draws(log_density, begin, rng, steps=1200, keep=60)
    assert draws.shape == (60 * 64, 2, 3)
    for problem in range(2):
        std = np.sqrt(np.diag(covariance[problem]))
        np.testing.assert_allclose(draws[:, problem].mean(0), mean[problem], atol=0.15 * std.min())
        correlation = np.cov(draws[:, problem].T) / np.outer(std, std)
        np.testing.assert_allclose(correlation, covariance[problem] / np.outer(std, std), atol=0.15)


def test_posterior_of_a_silent_trace_and_loud_noise_is_the_prior() -> None:
    ground = LayeredGround(noise_std=50.0)
    rng = np.random.default_rng(1)
    draws = layered_posterior(
        ground, np.zeros((2, ground.n_samples)), rng, steps=40, keep=2, prior_draws=5000
    )
    assert draws.min() > 0
    assert draws.max() < 1
    np.testing.assert_allclose(draws.mean((0, 1)), 0.5, atol=0.06)
    np.testing.assert_allclose(draws.std((0, 1)), 12**-0.5, atol=0.04)


def test_90_percent_interval_of_the_exact_posterior_holds_90_percent_of_truths() -> None:
    rng = np.random.default_rng(2)
    truth, observed = GROUND.draw(80, rng)
    draws = layered_posterior(
        GROUND, observed, rng, walkers=60, steps=60, keep=1, prior_draws=40_000
    )
    low, high = np.quantile(draws, [0.05, 0.95], axis=0, method="weibull")
    inside = ((truth >= low) & (truth <= high)).mean()
    assert inside == pytest.approx(0.9, abs=0.045)
    assert (high - low).mean() < 0.6  # the trace says something: the prior's is 0.9


def test_one_interface_reflects_at_its_time_with_its_strength() -> None:
    ground = LayeredGround(n_interfaces=1, top_velocity_m_s=1500.0, n_samples=101, dt_s=0.004)
    # 150 m of 1500 m/s: 0.2 s both ways, sample 50; below, 2500 m/s: (2500 - 1500) / 4000.
    unknowns = np.array([(150 - 80) / 240, (2500 - 1600) / 2400])
    trace = ground.trace(unknowns)
    assert trace[50] == pytest.approx(0.25)
    assert np.abs(trace).argmax() == 50
    profile = ground.profile(unknowns)
    np.testing.assert_allclose(profile[:15], 1500.0)
    np.testing.assert_allclose(profile[15:], 2500.0)


def test_second_reflection_lost_what_the_first_took_both_ways() -> None:
    unknowns = np.array([0.2, 0.9, 0.5, 0.1])
    _, velocity = GROUND.layers(unknowns)
    first, second = np.diff(velocity) / (velocity[1:] + velocity[:-1])
    one = LayeredGround(n_interfaces=1).trace(unknowns[[0, 2]])
    rest = GROUND.trace(unknowns) - one
    peak = np.abs(rest).max()
    assert peak == pytest.approx(abs(second * (1 - first**2)), rel=0.05)  # between samples


@pytest.mark.parametrize(
    ("options", "message"),
    [({"noise_std": 0.0}, "noise of 0"), ({"thickness_m": (5.0, 2.0)}, "runs from 5 to 2")],
)
def test_impossible_grounds_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        LayeredGround(**options)  # type: ignore[arg-type]


def test_odd_walkers_are_refused() -> None:
    with pytest.raises(ShapeError, match="5 walkers"):
        ensemble_draws(
            lambda x: x.sum(-1), np.zeros((1, 5, 2)), np.random.default_rng(0), steps=4, keep=1
        )
