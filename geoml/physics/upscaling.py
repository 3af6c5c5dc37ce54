"""Logs at the scale of waves: Backus averages, and the velocity that travel time tells.

References:
    Backus (1962), Journal of Geophysical Research 67(11), 4427-4440.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError

Floats = NDArray[np.float64]


def backus_average(
    velocity_m_s: ArrayLike, density_g_cm3: ArrayLike, step_m: float, length_m: float
) -> tuple[Floats, Floats]:
    """Velocity and density of waves that are long against the beds, travelling across them.

    Densities are averaged, and so are compliances 1 / (rho v^2), over a box that slides along the
    log; missing samples count nothing.

    Args:
        velocity_m_s: P velocity [m/s], shape (depth,).
        density_g_cm3: Density [g/cm3], shape (depth,).
        step_m: Step of the log [m].
        length_m: Length of the box [m], a third of a wavelength or less for Backus to hold.

    Returns:
        Velocity [m/s] and density [g/cm3], shape (depth,); NaN where half a box has no sample.
    """
    velocity, density = (np.asarray(a, np.float64) for a in (velocity_m_s, density_g_cm3))
    there = np.isfinite(velocity) & np.isfinite(density)
    mean_density = box_mean(np.where(there, density, np.nan), step_m, length_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        compliance = np.where(there, 1 / (density * velocity**2), np.nan)
        mean = box_mean(compliance, step_m, length_m)
        return np.sqrt(1 / (mean * mean_density)), mean_density


def time_average(velocity_m_s: ArrayLike, step_m: float, length_m: float) -> Floats:
    """Velocity that the travel time through a box around each depth gives: the mean slowness.

    Args:
        velocity_m_s: [m/s], shape (depth,).
        step_m: Step of the log [m].
        length_m: Length of the box [m].
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        slowness = 1 / np.asarray(velocity_m_s, np.float64)
    return 1 / box_mean(slowness, step_m, length_m)


def box_mean(values: Floats, step_m: float, length_m: float) -> Floats:
    """Mean of a box around each sample, NaN left out; NaN where under half of the box is there.

    At the ends of the log the box is cut.

    Raises:
        PhysicsError: If step or length are not above 0.
    """
    if not step_m > 0 or not length_m > 0:
        raise PhysicsError(
            f"A step of {step_m:g} m and a box of {length_m:g} m; above 0 is needed."
        )
    half = round(length_m / step_m / 2)
    there = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    place = np.arange(values.size)
    low, high = np.clip(place - half, 0, None), np.clip(place + half + 1, None, values.size)
    number = count[high] - count[low]
    enough = number * 2 >= high - low
    mean = (total[high] - total[low]) / np.maximum(number, 1)
    return np.where(enough & (number > 0), mean, np.nan)
