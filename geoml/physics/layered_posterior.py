"""A layered ground seen by one zero-offset trace: a small problem whose posterior is computable.

The trace is the reflectivity of flat layers convolved with a Ricker wavelet, plus normal noise. A
trace fixes the times and strengths of reflections, and so velocities and thicknesses only
together: the posterior is wide, skewed and sometimes of two parts. ``layered_posterior`` draws
from it by simulation alone, with no network, as the answer that a network's draws are held
against.

References:
    Tarantola & Valette (1982), Inverse problems = quest for information, J. Geophysics 50, 159-170.
    Goodman & Weare (2010), Ensemble samplers with affine invariance, CAMCoS 5(1), 65-80.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError

Floats = NDArray[np.float64]
LogDensity = Callable[[Floats], Floats]
"""Unknowns (problem, walker, unknown) to log density (problem, walker), up to a constant each."""

_STRETCH = 2.0
_BLOCK = 20_000


@dataclass(frozen=True)
class LayeredGround:
    """What is known of the ground and how it was recorded.

    The top layer's velocity is known, as that of water is. Unknown are, for each interface, the
    thickness of the layer above it and the velocity below it, each uniform within its range.

    Attributes:
        n_interfaces: Interfaces.
        top_velocity_m_s: Of the first layer [m/s].
        velocity_m_s: Range of all other velocities [m/s].
        thickness_m: Range of a layer's thickness [m].
        n_depth: Cells of a profile.
        spacing_m: Their size [m].
        n_samples: Samples of the trace.
        dt_s: Sample interval [s].
        peak_frequency_hz: Of the Ricker wavelet [Hz].
        noise_std: Standard deviation of the noise, where a perfect mirror reflects 1.
    """

    n_interfaces: int = 2
    top_velocity_m_s: float = 1500.0
    velocity_m_s: tuple[float, float] = (1600.0, 4000.0)
    thickness_m: tuple[float, float] = (80.0, 320.0)
    n_depth: int = 64
    spacing_m: float = 10.0
    n_samples: int = 112
    dt_s: float = 0.008
    peak_frequency_hz: float = 15.0
    noise_std: float = 0.05

    def __post_init__(self) -> None:
        for name in ("velocity_m_s", "thickness_m"):
            low, high = getattr(self, name)
            if not 0 < low < high:
                raise OptionError(f"'{name}' runs from {low:g} to {high:g}; it must rise above 0.")
        if self.n_interfaces < 1 or not self.noise_std > 0:
            raise OptionError(
                f"{self.n_interfaces} interfaces and noise of {self.noise_std:g}: needed at least "
                "one, and more than 0."
            )

    @property
    def n_unknowns(self) -> int:
        """A thickness and a velocity an interface."""
        return 2 * self.n_interfaces

    @property
    def depth_m(self) -> Floats:
        """Depths of a profile's cells [m], shape (depth,)."""
        return np.asarray(self.spacing_m * (np.arange(self.n_depth) + 0.5))

    def layers(self, unknowns: Floats) -> tuple[Floats, Floats]:
        """Thickness and velocity.

        Args:
            unknowns: Between 0 and 1, shape (..., unknown): thicknesses, then velocities.

        Returns:
            Thickness above each interface [m], (..., interface), and velocity of each layer [m/s],
            (..., interface + 1).
        """
        share = np.asarray(unknowns, np.float64)
        if share.shape[-1] != self.n_unknowns:
            raise ShapeError(
                f"Unknowns have shape {share.shape}; the last axis needs {self.n_unknowns}."
            )
        k = self.n_interfaces
        (thin, thick), (slow, fast) = self.thickness_m, self.velocity_m_s
        thickness = thin + (thick - thin) * share[..., :k]
        below = slow + (fast - slow) * share[..., k:]
        top = np.full((*below.shape[:-1], 1), self.top_velocity_m_s)
        return thickness, np.concatenate([top, below], axis=-1)

    def profile(self, unknowns: Floats) -> Floats:
        """Velocity with depth [m/s], shape (..., depth)."""
        thickness, velocity = self.layers(unknowns)
        base = np.cumsum(thickness, axis=-1)[..., None]  # (..., interface, 1)
        layer = (self.depth_m >= base).sum(axis=-2)  # (..., depth)
        return np.take_along_axis(velocity, layer, axis=-1)

    def trace(self, unknowns: Floats) -> Floats:
        """The trace without noise, shape (..., time), losses by transmission included."""
        thickness, velocity = self.layers(unknowns)
        reflected = np.diff(velocity, axis=-1) / (velocity[..., 1:] + velocity[..., :-1])
        passed = np.cumprod(1 - reflected**2, axis=-1)
        passed = np.concatenate([np.ones_like(passed[..., :1]), passed[..., :-1]], axis=-1)
        arrival_s = np.cumsum(2 * thickness / velocity[..., :-1], axis=-1)
        delay = self.dt_s * np.arange(self.n_samples) - arrival_s[..., None]
        square = (np.pi * self.peak_frequency_hz * delay) ** 2
        wavelet = (1 - 2 * square) * np.exp(-square)
        return np.asarray(((reflected * passed)[..., None] * wavelet).sum(axis=-2))

    def log_likelihood(self, unknowns: Floats, observed: Floats) -> Floats:
        """Log density of traces given unknowns, up to a constant.

        Args:
            unknowns: Shape (problem, walker, unknown).
            observed: Shape (problem, time).

        Returns:
            Shape (problem, walker).
        """
        residual = self.trace(unknowns) - np.asarray(observed, np.float64)[:, None]
        return np.asarray(-0.5 * np.square(residual / self.noise_std).sum(axis=-1))

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Grounds from the prior and their noisy traces, (count, unknown) and (count, time)."""
        unknowns = rng.random((count, self.n_unknowns))
        trace = np.concatenate([self.trace(some) for some in _blocks(unknowns)])
        return unknowns, trace + self.noise_std * rng.standard_normal(trace.shape)


def layered_posterior(
    ground: LayeredGround,
    observed: Floats,
    rng: np.random.Generator,
    *,
    walkers: int = 128,
    steps: int = 400,
    keep: int = 4,
    prior_draws: int = 200_000,
) -> Floats:
    """Draws from the exact posterior of each trace.

    Draws from the prior are chosen by their likelihood, which finds every part of the posterior in
    its proportion; an ensemble sampler then moves them until few are alike.

    Args:
        ground: The problem.
        observed: Traces, shape (problem, time).
        rng: Draws all numbers.
        walkers: Chains a trace, even.
        steps: Moves of each chain, the first half of them forgotten.
        keep: Times that the chains are kept, evenly spread over the second half.
        prior_draws: Grounds that the chains are chosen from.

    Returns:
        Unknowns between 0 and 1, shape (draw, problem, unknown), ``keep * walkers`` draws.
    """
    observed = np.asarray(observed, np.float64)
    bank = rng.random((prior_draws, ground.n_unknowns))
    traces = np.concatenate([ground.trace(some) for some in _blocks(bank)])
    begin = np.empty((len(observed), walkers, ground.n_unknowns))
    energy = np.square(traces).sum(axis=1)
    for number, seen in enumerate(observed):
        log_weight = (traces @ seen - 0.5 * energy) / ground.noise_std**2
        weight = np.exp(log_weight - log_weight.max())
        begin[number] = bank[rng.choice(prior_draws, walkers, p=weight / weight.sum())]
    # Chains that begin at one point would stay together: stretches are along their differences.
    begin = np.clip(begin + 1e-3 * rng.standard_normal(begin.shape), 1e-6, 1 - 1e-6)

    def log_density(unknowns: Floats) -> Floats:
        inside = ((unknowns > 0) & (unknowns < 1)).all(axis=-1)
        return np.where(inside, ground.log_likelihood(unknowns, observed), -np.inf)

    return ensemble_draws(log_density, begin, rng, steps=steps, keep=keep)


def ensemble_draws(
    log_density: LogDensity, begin: Floats, rng: np.random.Generator, *, steps: int, keep: int
) -> Floats:
    """Draws from densities by chains that move along each other's differences.

    Half of the chains at a time moves, each along the line to a chain of the other half; the moves
    are the same whatever linear units the unknowns have.

    Args:
        log_density: Of all problems at once.
        begin: Where the chains begin, shape (problem, walker, unknown), an even number of walkers.
        rng: Draws all numbers.
        steps: Moves of each chain, the first half of them forgotten.
        keep: Times that the chains are kept, evenly spread over the second half.

    Returns:
        Shape (draw, problem, unknown), ``keep * walker`` draws.

    Raises:
        ShapeError: If the walkers are odd or fewer than four, or there are fewer steps than two a
            kept time.

    References:
        Goodman & Weare (2010), CAMCoS 5(1), 65-80 (stretch move).
    """
    n_problem, n_walker, n_unknown = begin.shape
    if n_walker < 4 or n_walker % 2 or keep < 1 or steps < 2 * keep:
        raise ShapeError(
            f"{n_walker} walkers, {steps} steps and {keep} kept: needed four walkers or more, an "
            "even number, and two steps a kept time."
        )
    half, at = n_walker // 2, np.array(begin, dtype=np.float64)
    density = log_density(at)
    kept_at = set(np.linspace(steps, steps // 2, keep, endpoint=False).astype(int).tolist())
    kept = []
    for step in range(1, steps + 1):
        for first in (0, half):
            moving, other = slice(first, first + half), slice(half - first, n_walker - first)
            partner = rng.integers(half, size=(n_problem, half))
            towards = np.take_along_axis(at[:, other], partner[..., None], axis=1)
            # Density of the stretch z: 1 / sqrt(z) between 1 / a and a.
            root = _STRETCH**-0.5 + rng.random((n_problem, half)) * (_STRETCH**0.5 - _STRETCH**-0.5)
            stretch = root**2
            proposed = towards + stretch[..., None] * (at[:, moving] - towards)
            gain = log_density(proposed)
            log_odds = (n_unknown - 1) * np.log(stretch) + gain - density[:, moving]
            accepted = np.log(rng.random((n_problem, half))) < log_odds
            at[:, moving] = np.where(accepted[..., None], proposed, at[:, moving])
            density[:, moving] = np.where(accepted, gain, density[:, moving])
        if step in kept_at:
            kept.append(at.copy())
    return np.moveaxis(np.concatenate(kept, axis=1), 1, 0)


def _blocks(unknowns: Floats) -> list[Floats]:
    """Unknowns in blocks whose traces fit in memory."""
    return np.array_split(unknowns, -(-len(unknowns) // _BLOCK))
