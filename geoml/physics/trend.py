"""Velocity that rises with depth, under an optional layer of water: where inversion starts.

First-arrival times of such a model are closed sums, so a trend is fitted to picked first breaks
in milliseconds.

References:
    Slotnick (1959), Lessons in Seismic Computing, SEG (diving waves under a linear gradient).
    Aki & Richards (2002), Quantitative Seismology, ch. 9 (delay time tau(p)).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from geoml.errors import OptionError, PhysicsError, ShapeError

Floats = NDArray[np.float64]

_SLOWNESSES = 400
_LEAST_GRADIENT_1_S = 0.01
_MOST_GRADIENT_1_S = 5.0


@dataclass(frozen=True)
class VelocityTrend:
    """Velocity by depth: a linear rise to a ceiling, under an optional uniform top layer.

    Attributes:
        surface_m_s: Velocity at depth 0, or just below the top layer [m/s].
        gradient_1_s: Rise of velocity with depth from there [m/s per m].
        max_m_s: Ceiling of the rise [m/s].
        top_velocity_m_s: Velocity of the top layer [m/s], None without one.
        top_thickness_m: Thickness of the top layer [m], None without one.
    """

    surface_m_s: float
    gradient_1_s: float
    max_m_s: float
    top_velocity_m_s: float | None = None
    top_thickness_m: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.surface_m_s <= self.max_m_s or self.gradient_1_s < 0:
            raise OptionError(
                f"Trend of {self.surface_m_s:g} m/s rising by {self.gradient_1_s:g} 1/s to "
                f"{self.max_m_s:g} m/s: the surface must be above 0 and under the ceiling, the "
                "gradient not below 0."
            )
        if (self.top_velocity_m_s is None) != (self.top_thickness_m is None):
            raise OptionError("A top layer needs both top_velocity_m_s and top_thickness_m.")
        if self.top_velocity_m_s is not None and (self.top_velocity_m_s <= 0 or self._top_m < 0):
            raise OptionError(
                f"Top layer of {self._top_m:g} m at {self.top_velocity_m_s:g} m/s: the velocity "
                "must be above 0, the thickness not below 0."
            )

    @property
    def _top_m(self) -> float:
        return self.top_thickness_m or 0.0

    def __call__(self, depth_m: ArrayLike) -> Floats:
        """Velocity at depths [m/s], shape of ``depth_m``."""
        depth = np.asarray(depth_m, dtype=np.float64)
        below = np.maximum(depth - self._top_m, 0.0)
        velocity = np.minimum(self.surface_m_s + self.gradient_1_s * below, self.max_m_s)
        if self.top_velocity_m_s is not None:
            velocity = np.where(depth < self._top_m, self.top_velocity_m_s, velocity)
        return np.asarray(velocity, dtype=np.float64)

    def section(self, n_depth: int, n_distance: int, spacing_m: float) -> NDArray[np.float32]:
        """Velocity on a grid with depth 0 in the first row [m/s], shape (depth, distance)."""
        column = self(np.arange(n_depth) * spacing_m).astype(np.float32)
        return np.repeat(column[:, None], n_distance, axis=1)

    def first_arrivals(
        self,
        offset_m: ArrayLike,
        source_depth_m: ArrayLike = 0.0,
        receiver_depth_m: ArrayLike = 0.0,
    ) -> Floats:
        """Earliest of the direct, diving and head waves.

        Args:
            offset_m: Horizontal distance, its sign is ignored [m].
            source_depth_m: Below depth 0 [m].
            receiver_depth_m: Below depth 0 [m].

        Returns:
            Times [s], the three arguments broadcast together.

        Raises:
            PhysicsError: If a position lies below the top layer.
        """
        x, source, receiver = np.broadcast_arrays(
            np.abs(np.asarray(offset_m, dtype=np.float64)), source_depth_m, receiver_depth_m
        )
        deepest = float(np.maximum(source, receiver).max(initial=0.0))
        if self.top_velocity_m_s is None:
            return self._within_gradient(x, source, receiver)
        if deepest > self._top_m:
            raise PhysicsError(
                f"A source or receiver at {deepest:g} m lies below the top layer of "
                f"{self._top_m:g} m; its first arrival has no closed form here."
            )
        direct = np.hypot(x, receiver - source) / self.top_velocity_m_s
        # tau(p) + p x is least at the ray that arrives first; its largest p is the head wave.
        p = np.linspace(
            1 / self.max_m_s, 1 / max(self.surface_m_s, self.top_velocity_m_s), _SLOWNESSES
        )
        leg = np.sqrt(np.maximum(1 / self.top_velocity_m_s**2 - p**2, 0.0))
        legs = 2 * self._top_m - source - receiver
        below = self._delay_below(p)
        times = below + p * x[..., None] + leg * legs[..., None]
        return np.minimum(direct, times.min(axis=-1))

    def _delay_below(self, p: Floats) -> Floats:
        """Down and up through the gradient to where each ray turns: tau(p) [s]."""
        k = max(self.gradient_1_s, _LEAST_GRADIENT_1_S)
        cosine = np.sqrt(np.maximum(1 - (p * self.surface_m_s) ** 2, 0.0))
        inverse = np.maximum(1 / (p * self.surface_m_s), 1.0)
        return 2 / k * (np.arccosh(inverse) - cosine)

    def _within_gradient(self, x: Floats, source: Floats, receiver: Floats) -> Floats:
        """Time between two points of the gradient, and along the ceiling where that is faster."""
        k = max(self.gradient_1_s, _LEAST_GRADIENT_1_S)
        v_source, v_receiver = self.surface_m_s + k * source, self.surface_m_s + k * receiver
        squared = x**2 + (receiver - source) ** 2
        diving = np.arccosh(1 + k**2 * squared / (2 * v_source * v_receiver)) / k
        p = 1 / self.max_m_s
        head = p * x + 0.5 * (_delay_from(v_source, p, k) + _delay_from(v_receiver, p, k))
        turning = np.sqrt(v_source * v_receiver + (k * x / 2) ** 2)
        return np.where(turning > self.max_m_s, np.minimum(head, diving), diving)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON; ``from_dict`` undoes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> VelocityTrend:
        """The trend that ``to_dict`` wrote."""
        return cls(**plain)


def _delay_from(velocity: Floats, p: float, k: float) -> Floats:
    """Down and up from a start velocity to the ray's turning point: tau(p) [s]."""
    sine = np.minimum(p * velocity, 1.0)
    return 2 / k * (np.arccosh(1 / sine) - np.sqrt(1 - sine**2))


def fit_trend(
    offset_m: ArrayLike,
    first_break_s: ArrayLike,
    *,
    source_depth_m: ArrayLike = 0.0,
    receiver_depth_m: ArrayLike = 0.0,
    top_velocity_m_s: float | None = None,
    top_thickness_m: float | None = None,
    max_m_s: float = 5500.0,
    outlier_s: float = 0.01,
) -> VelocityTrend:
    """Trend whose first arrivals fit picked ones, unmoved by single bad picks.

    Args:
        offset_m: Receiver minus source distance [m], any shape.
        first_break_s: Picks [s], NaN where none, same shape.
        source_depth_m: Below depth 0 [m], broadcast.
        receiver_depth_m: Below depth 0 [m], broadcast.
        top_velocity_m_s: Velocity of a uniform top layer [m/s], such as water; None for none.
        top_thickness_m: Its thickness [m]; None to find it from the picks.
        max_m_s: Ceiling of the trend below what the picks see [m/s].
        outlier_s: Misfit beyond which a pick loses weight [s].

    Returns:
        The trend with the smallest robust misfit.

    Raises:
        ShapeError: If picks and offsets differ in shape.
        PhysicsError: If fewer than five picks are finite.

    References:
        Huber's loss in its smooth form, as in ``scipy.optimize.least_squares``.
    """
    offsets = np.abs(np.asarray(offset_m, dtype=np.float64))
    times = np.asarray(first_break_s, dtype=np.float64)
    if offsets.shape != times.shape:
        raise ShapeError(f"Offsets have shape {offsets.shape}, first breaks {times.shape}.")
    _, source, receiver = np.broadcast_arrays(offsets, source_depth_m, receiver_depth_m)
    found = np.isfinite(times) & np.isfinite(offsets)
    if found.sum() < 5:
        raise PhysicsError(
            f"{int(found.sum())} first breaks are picked; a trend needs at least 5. Pick with a "
            "lower noise_ratio, or give the trend."
        )
    x, t, source, receiver = (a[found] for a in (offsets, times, source, receiver))
    if not (x > 0).any():
        raise PhysicsError(
            "All picked first breaks have offset 0, which tells no velocity; give the trend."
        )

    def trend(unknowns: Floats) -> VelocityTrend:
        surface, gradient = np.exp(unknowns[:2])
        thickness = top_thickness_m
        if top_velocity_m_s is not None and thickness is None:
            thickness = float(np.exp(unknowns[2]))
        surface = min(float(surface), max_m_s)
        return VelocityTrend(surface, float(gradient), max_m_s, top_velocity_m_s, thickness)

    def misfit(unknowns: Floats) -> Floats:
        return trend(unknowns).first_arrivals(x, source, receiver) - t

    deepest = max(float(source.max(initial=0)), float(receiver.max(initial=0)), 1.0)
    slowest = 300.0 if top_velocity_m_s is None else 1.01 * top_velocity_m_s
    lower = np.log([slowest, _LEAST_GRADIENT_1_S, 1.01 * deepest])
    upper = np.log([max_m_s, _MOST_GRADIENT_1_S, max(10.0 * deepest, float(x.max()))])
    n_unknowns = 3 if top_velocity_m_s is not None and top_thickness_m is None else 2
    lower, upper = lower[:n_unknowns], upper[:n_unknowns]
    apparent = float(np.median(x[x > 0] / np.maximum(t[x > 0], 1e-3)))
    fits = []
    for gradient in (0.3, 0.8, 1.6):
        for fraction in (0.03, 0.1, 0.3)[: 1 if n_unknowns == 2 else 3]:
            start = np.log([max(apparent, 1.02 * slowest), gradient, fraction * x.max() + deepest])
            start = np.clip(start[:n_unknowns], lower + 1e-6, upper - 1e-6)
            fits.append(
                least_squares(
                    misfit, start, bounds=(lower, upper), loss="soft_l1", f_scale=outlier_s
                )
            )
    return trend(min(fits, key=lambda fit: fit.cost).x)
