"""Fixed scaling between physical units and what a network sees; travels in the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError

Array = TypeVar("Array")  # numpy array or torch tensor: both know - * /


@dataclass(frozen=True)
class Scaling:
    """Constants fitted once on the training part, undone once after prediction.

    Absolute velocity survives: a model is never scaled by its own minimum and maximum.

    Attributes:
        amplitude: One unit of scaled amplitude, in the unit of the processed gathers, > 0.
        velocity_centre_m_s: Velocity that becomes 0 [m/s].
        velocity_scale_m_s: One unit of scaled velocity [m/s], > 0.
    """

    amplitude: float
    velocity_centre_m_s: float
    velocity_scale_m_s: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (np.isfinite(value) and value > 0):
                raise OptionError(f"Scaling '{name}' is {value:g}; it must be finite and above 0.")

    def scale_shots(self, shots: Array) -> Array:
        """Processed gathers -> scaled gathers [1], same shape."""
        return cast(Array, cast(Any, shots) / self.amplitude)

    def unscale_shots(self, scaled: Array) -> Array:
        """Scaled gathers [1] -> processed gathers, same shape."""
        return cast(Array, cast(Any, scaled) * self.amplitude)

    def scale_velocity(self, velocity_m_s: Array) -> Array:
        """Velocity [m/s] -> scaled velocity [1], same shape."""
        departure = cast(Any, velocity_m_s) - self.velocity_centre_m_s
        return cast(Array, departure / self.velocity_scale_m_s)

    def unscale_velocity(self, scaled: Array) -> Array:
        """Scaled velocity [1] -> velocity [m/s], same shape."""
        departure = cast(Any, scaled) * self.velocity_scale_m_s
        return cast(Array, departure + self.velocity_centre_m_s)

    def unscale_std(self, scaled_std: Array) -> Array:
        """Spread of scaled velocity [1] -> spread of velocity [m/s], same shape."""
        return cast(Array, cast(Any, scaled_std) * self.velocity_scale_m_s)

    def to_dict(self) -> dict[str, float]:
        """Plain numbers, for JSON; ``from_dict`` undoes it exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Scaling:
        """The scaling that ``to_dict`` wrote."""
        return cls(**{name: float(plain[name]) for name in cls.__dataclass_fields__})


def fit_scaling(
    batches: Iterable[tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> Scaling:
    """Scaling under which the training part has RMS amplitude 1 and velocity mean 0, spread 1.

    Args:
        batches: Training pairs in any blocks: amplitude of shape (sample, shot, receiver, time) and
            velocity [m/s] of shape (sample, depth, distance).

    Raises:
        OptionError: If there is no pair, the gathers are all zero or not finite, or all velocities
            are equal.
    """
    n_amplitude = n_velocity = 0
    amplitude_square = velocity_sum = velocity_square = 0.0
    centre = 0.0
    for amplitude, velocity in batches:
        if n_velocity == 0:
            # Squares are taken about the first block's mean: about 0 they would lose digits.
            centre = float(np.mean(velocity, dtype=np.float64))
        departure = velocity.astype(np.float64) - centre
        n_amplitude += amplitude.size
        n_velocity += velocity.size
        amplitude_square += float(np.sum(np.square(amplitude, dtype=np.float64)))
        velocity_sum += float(departure.sum())
        velocity_square += float(np.square(departure).sum())
    if n_amplitude == 0 or n_velocity == 0:
        raise OptionError("No training pairs to fit the scaling on; simulate more pairs.")
    rms = float(np.sqrt(amplitude_square / n_amplitude))
    mean = velocity_sum / n_velocity
    spread = float(np.sqrt(max(velocity_square / n_velocity - mean**2, 0.0)))
    if not (np.isfinite(rms) and rms > 0):
        raise OptionError(
            f"Training gathers have an RMS amplitude of {rms:g}; they must be finite and not all "
            "zero. Check the preprocessing steps of the pairs."
        )
    if not spread > 1e-6 * abs(centre):
        raise OptionError(
            f"All training velocities equal {centre:g} m/s; widen the velocity range."
        )
    return Scaling(rms, centre + mean, spread)
