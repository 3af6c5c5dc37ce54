"""Inversion for a stack of layers by Gauss-Newton, where cells cannot hear the deep ones.

A deep layer changes the gathers by less than what cells leave unexplained of the shallow ones, so
that steps down a gradient never come to it. A stack of layers has some tens of unknowns instead of
thousands; what each does to the gathers can be modelled one by one, and the normal equations then
weigh deep against shallow by what the gathers tell of them. Residuals are levelled along time for
the same reason. What is left of them is taken for the noise against which the start's spread
stands: unknowns that the gathers do not feel stay where they began.

References:
    Levenberg (1944), Quarterly of Applied Mathematics 2, 164-168. Broyden (1965), Mathematics of
    Computation 19, 577-593. Pratt, Shin & Hicks (1998), Geophysical Journal International 133,
    341-362 (Gauss-Newton in waveform inversion). Tarantola (2005), Inverse Problem Theory, SIAM.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.layer_model import LayerCake, LayerUnknowns, settled
from geoml.physics.layer_tracking import MOST_INTERFACES, step_edges, tracked_interfaces

Floats = NDArray[np.float64]
Residual = Callable[[Floats], NDArray[np.float32]]
"""From a section [m/s] to what its gathers leave of the observed ones; squares sum to a share."""

_CONFORMITIES, _EVEN = (0.1, 0.3, 0.8), (0.1, 0.05)
_PRICE = 1.1
"""Factor of the misfit that an interface more has to buy."""
_INDEPENDENT = 1000.0
"""Samples of the gathers that count as independent of each other."""
_JACOBIANS = 2
_STEPS, _TRIALS = 4, 4
_DAMPING, _LEAST_DAMPING = 0.03, 1e-4
_LONGEST = 2.0
_WORTH_A_STEP, _WORTH_A_JACOBIAN = 0.05, 0.03
_MOST_GB = 8.0


def check_room(n_samples: int, knots: int) -> None:
    """Refuse gathers whose Jacobian would not fit into memory, before anything is modelled.

    Args:
        n_samples: Of the residual.
        knots: Of an interface.

    Raises:
        OptionError: If it would take more than 8 GB with as many interfaces as are ever tracked.
    """
    needed_gb = 4e-9 * n_samples * ((knots + 1) * MOST_INTERFACES + 1)
    if needed_gb > _MOST_GB:
        raise OptionError(
            f"'layer_rounds' may need {needed_gb:.0f} GB for {n_samples} samples; give windows of "
            f"fewer traces, fewer 'layer_knots', or set it to 0 (limit {_MOST_GB:g} GB)."
        )


def best_cake(
    section: Floats,
    edges: Floats | None,
    std: Floats | None,
    residual: Residual,
    tracked: Floats | None = None,
) -> LayerCake | None:
    """The stack of layers of a section, of several trackings the one that fits best.

    Args:
        section: [m/s], shape (depth, distance).
        edges: Probability of an edge [1], same shape; None to go by the section's steps alone.
        std: Spread of the section [m/s], same shape; None where unknown.
        residual: What a section leaves of the gathers.
        tracked: Interfaces that stand for choice as well [cells], shape (interface, distance).

    Returns:
        None where no interface is found.
    """
    steps = step_edges(section)
    known = [steps] if edges is None else [edges, np.maximum(edges, steps)]
    ways = product(known, _CONFORMITIES, _EVEN)
    found = ([] if tracked is None else [tracked]) + [tracked_interfaces(*way) for way in ways]
    best: tuple[float, LayerCake] | None = None
    for interfaces in found:
        cake = settled(section, interfaces, std)
        if len(cake.depth) == 0:
            continue
        misfit = _energy(residual(cake.section())) * _PRICE ** len(cake.depth)
        if best is None or misfit < best[0]:
            best = misfit, cake
    return None if best is None else best[1]


def fitted_cake(unknowns: LayerUnknowns, residual: Residual) -> LayerCake:
    """The stack that fits the gathers, by Gauss-Newton from where its unknowns are 0.

    The Jacobian is modelled by differences a few times and kept up by Broyden's update between.

    Args:
        unknowns: The stack as a function of numbers of which 1 is a likely step.
        residual: What a section leaves of the gathers.
    """
    moved = unknowns.cake()
    x = np.zeros(unknowns.size)
    left = residual(moved(x).section())
    damping = _DAMPING
    for _ in range(_JACOBIANS):
        before = _energy(left)
        jacobian = _differences(moved, x, left, unknowns.probes, residual)
        x, left, damping = _descended(moved, x, left, jacobian, damping, residual)
        if _energy(left) > (1 - _WORTH_A_JACOBIAN) * before:
            break
        damping = min(damping, _DAMPING)
    return moved(x)


def _energy(left: NDArray[np.float32]) -> float:
    return float((left.astype(np.float64) ** 2).sum())


def _differences(
    moved: Callable[[Floats], LayerCake],
    x: Floats,
    left: NDArray[np.float32],
    probes: Floats,
    residual: Residual,
) -> NDArray[np.float32]:
    """What each unknown does to the residual, shape (unknown, sample)."""
    jacobian = np.zeros((x.size, left.size), dtype=np.float32)
    at = moved(x).section()
    for number, probe in enumerate(probes):
        other = x.copy()
        other[number] += probe
        section = moved(other).section()
        if np.array_equal(section, at):
            # An interface outside of the section, or a velocity at its upper bound.
            other[number] -= 2 * probe
            section, probe = moved(other).section(), -probe
            if np.array_equal(section, at):
                continue
        jacobian[number] = (residual(section) - left) / probe
    return jacobian


def _descended(
    moved: Callable[[Floats], LayerCake],
    x: Floats,
    left: NDArray[np.float32],
    jacobian: NDArray[np.float32],
    damping: float,
    residual: Residual,
) -> tuple[Floats, NDArray[np.float32], float]:
    """Steps from one Jacobian, as long as they are worth it: unknowns, residual, damping."""
    normal = (jacobian @ jacobian.T).astype(np.float64)
    for _ in range(_STEPS):
        energy = _energy(left)
        if energy == 0:
            break  # nothing is left to fit, and with it no noise to weigh the prior by
        prior = energy / _INDEPENDENT
        gradient = jacobian @ left + prior * x
        for _ in range(_TRIALS):
            curbed = np.diag(damping * np.diag(normal) + (1 + damping) * prior)
            step = -np.linalg.solve(normal + curbed, gradient).clip(-_LONGEST, _LONGEST)
            tried = residual(moved(x + step).section())
            now = _energy(tried) + prior * float((x + step) @ (x + step))
            if now < energy + prior * float(x @ x):
                break
            damping *= 4
        else:
            break
        missed = tried - left - step.astype(np.float32) @ jacobian
        length = float(step @ step)
        cross = jacobian @ missed
        normal += (np.outer(step, cross) + np.outer(cross, step)) / length
        normal += np.outer(step, step) * _energy(missed) / length**2
        jacobian += np.outer(step / length, missed).astype(np.float32)
        x, left = x + step, tried
        damping = max(damping / 3, _LEAST_DAMPING)
        if _energy(left) > (1 - _WORTH_A_STEP) * energy:
            break
    return x, left, damping
