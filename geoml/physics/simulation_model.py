"""Positions and velocity as a wave simulation needs them: checked, refined, extended."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.device import usable_device

Floats = NDArray[np.float64]

WINDOW_CELLS = 4
"""Half of the window of cells over which a position between nodes is spread."""


def positions(
    source_distance_m: ArrayLike,
    source_depth_m: ArrayLike,
    receiver_distance_m: ArrayLike,
    receiver_depth_m: ArrayLike,
) -> tuple[Floats, Floats]:
    """(depth, distance) of sources (shot, 2) and receivers (shot, receiver, 2) [m]."""
    source = [np.asarray(a, dtype=np.float64) for a in (source_depth_m, source_distance_m)]
    receiver = [np.asarray(a, dtype=np.float64) for a in (receiver_depth_m, receiver_distance_m)]
    fits = source[0].ndim == 1 and receiver[0].ndim == 2
    fits = fits and source[0].shape == source[1].shape and receiver[0].shape == receiver[1].shape
    if not fits or receiver[0].shape[0] != source[0].size:
        raise ShapeError(
            f"Sources have shapes {source[1].shape} and {source[0].shape}, receivers "
            f"{receiver[1].shape} and {receiver[0].shape}; needed (shot,) and (shot, receiver)."
        )
    stacked = np.stack(source, axis=-1), np.stack(receiver, axis=-1)
    if not all(np.isfinite(p).all() for p in stacked):
        raise PhysicsError(
            "Source or receiver positions hold NaN or Inf; give every one in metres."
        )
    return stacked


def velocity_models(velocity: ArrayLike | torch.Tensor, device: str | torch.device) -> torch.Tensor:
    """Velocity as float32, shape (model, depth, distance)."""
    models = torch.as_tensor(velocity).to(device=usable_device(device), dtype=torch.float32)
    if models.ndim == 2:
        models = models[None]
    if models.ndim != 3 or min(models.shape) < 1:
        raise ShapeError(
            f"Velocity has shape {tuple(models.shape)}; needed (depth, distance) or "
            "(model, depth, distance)."
        )
    if not bool((torch.isfinite(models) & (models > 0)).all()):
        raise PhysicsError("Velocity holds values that are not above 0 m/s; give absolute m/s.")
    return models


def fastest_velocity(models: torch.Tensor, limit_m_s: float | None) -> float:
    """The velocity that fixes the time step [m/s]."""
    fastest = float(models.detach().max())
    if limit_m_s is None:
        return fastest
    # float32 may round a velocity that was clipped at the limit just above it.
    if fastest > limit_m_s * (1 + 1e-6):
        raise PhysicsError(
            f"Velocity reaches {fastest:.0f} m/s, above max_velocity_m_s of {limit_m_s:.0f}; "
            "raise it, since the time step depends on it."
        )
    return max(fastest, limit_m_s)


def refined(models: torch.Tensor, spacing_m: float, finer_m: float) -> torch.Tensor:
    """Models on a grid finer by a whole number, linear in slowness, first nodes shared."""
    factor = round(spacing_m / finer_m)
    if factor < 1 or abs(factor * finer_m - spacing_m) > 1e-6 * spacing_m:
        raise PhysicsError(
            f"Simulation spacing of {finer_m:g} m does not divide the model's {spacing_m:g} m; "
            "choose it over a whole number."
        )
    if factor == 1:
        return models
    shape = [(n - 1) * factor + 1 for n in models.shape[1:]]
    slowness = torch.nn.functional.interpolate(
        1 / models[:, None], size=shape, mode="bilinear", align_corners=True
    )
    return 1 / slowness[:, 0]


def extended(
    models: torch.Tensor, points: Floats, spacing_m: float, free_surface: bool, pad_m: float
) -> tuple[torch.Tensor, Floats]:
    """Models grown by their edge values around every window, and (depth, distance) of cell 0 [m].

    Args:
        models: [m/s], shape (model, depth, distance).
        points: (depth, distance) of all positions [m], shape (shot, position, 2).
        spacing_m: Cell size [m].
        free_surface: Whether depth 0 reflects.
        pad_m: Least extension of absorbing sides [m].
    """
    low = points.min(axis=(0, 1)) / spacing_m
    high = points.max(axis=(0, 1)) / spacing_m
    if free_surface and low[0] <= 0:
        raise PhysicsError(
            f"A source or receiver lies {low[0] * spacing_m:g} m below the free surface, where "
            "the pressure is zero; give its depth, or use free_surface=False."
        )
    least = int(np.ceil(pad_m / spacing_m))
    n_depth, n_distance = models.shape[1:]
    top = max(least, int(np.ceil(-low[0])) + WINDOW_CELLS, 0)
    bottom = max(least, int(np.ceil(high[0])) + WINDOW_CELLS + 1 - n_depth, 0)
    left = max(least, int(np.ceil(-low[1])) + WINDOW_CELLS, 0)
    right = max(least, int(np.ceil(high[1])) + WINDOW_CELLS + 1 - n_distance, 0)
    if free_surface:
        # deepwave's free plane lies one cell above the first row it is given: drop row 0.
        models, top = models[:, 1:] if n_depth > 1 else models, 0
        origin_depth = spacing_m
    else:
        origin_depth = -top * spacing_m
    grown = torch.nn.functional.pad(models[:, None], (left, right, top, bottom), mode="replicate")
    return grown[:, 0], np.array([origin_depth, -left * spacing_m])
