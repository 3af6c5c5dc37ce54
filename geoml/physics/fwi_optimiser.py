"""L-BFGS and Adam over the unknowns of one band."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_problem import BandProblem

Floats = NDArray[np.float64]
Record = Callable[[float, float], None]
"""Called after each iteration with (objective, data misfit)."""

_MEMORY = 15
_FIRST_STEP = 0.15
"""RMS of the first step of L-BFGS, in units of the unknowns."""
_TRIALS = 1.5


def minimised(problem: BandProblem, options: FwiOptions, record: Record) -> Floats:
    """Unknowns after a band's iterations, shape (cell,).

    Args:
        problem: What is minimised; its unknowns begin at 0.
        options: Optimiser and iterations.
        record: Told each iteration.
    """
    size = problem.parameter.size
    if options.optimiser == "adam":
        return _adam(problem, size, options, record)
    return _lbfgs(problem, size, options, record)


def _lbfgs(problem: BandProblem, size: int, options: FwiOptions, record: Record) -> Floats:
    """SciPy's L-BFGS-B, scaled so that its first step is one of ``_FIRST_STEP``."""
    unit = _FIRST_STEP * np.sqrt(size)
    best: tuple[float, Floats] = (np.inf, np.zeros(size))
    latest = {"objective": np.nan, "data": np.nan}
    norm: float | None = None

    def scaled(y: Floats) -> tuple[float, Floats]:
        nonlocal best, norm
        value, gradient = problem(y * unit)
        latest.update(objective=value, data=problem.data_misfit)
        if value < best[0]:
            best = (value, y * unit)
        # L-BFGS-B steps by at most one over the gradient's length at first: make that one.
        if norm is None:
            norm = float(np.linalg.norm(gradient * unit)) or 1.0
        return value / norm, gradient * unit / norm

    def after(_: Floats) -> None:
        record(latest["objective"], latest["data"])

    bounds = problem.parameter.bounds()
    if bounds is not None:
        bounds = [(low / unit, high / unit) for low, high in bounds]
    minimize(
        scaled,
        np.zeros(size),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        callback=after,
        options={
            "maxiter": options.iterations,
            "maxfun": int(np.ceil(_TRIALS * options.iterations)) + 1,
            "maxcor": _MEMORY,
            "ftol": 1e-12,
            "gtol": 1e-12,
        },
    )
    return best[1]


def _adam(problem: BandProblem, size: int, options: FwiOptions, record: Record) -> Floats:
    """Torch's Adam with a cosine decay; the best point counts."""
    x = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([x], lr=options.learning_rate)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, options.iterations, eta_min=0.0)
    best: tuple[float, Floats] = (np.inf, np.zeros(size))
    for _ in range(options.iterations):
        point = x.detach().numpy().copy()
        value, gradient = problem(point)
        if value < best[0]:
            best = (value, point)
        record(value, problem.data_misfit)
        x.grad = torch.from_numpy(gradient)
        adam.step()
        decay.step()
    value, _ = problem(x.detach().numpy())
    return x.detach().numpy().copy() if value < best[0] else best[1]
