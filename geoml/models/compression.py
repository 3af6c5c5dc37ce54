"""Amplitudes on a scale between linear and logarithmic, as late reflections need it."""

from __future__ import annotations

import math

from torch import Tensor


def compressed(shots: Tensor, strength: float) -> Tensor:
    """``asinh(strength * amplitude) / asinh(strength)``; as they are at strength 0.

    Amplitudes well under 1 / strength stay in proportion, larger ones are told apart by their
    logarithm. A scaled OpenFWI record runs from 0.005, a late reflection, to 30, the direct wave.

    Args:
        shots: Scaled gathers, any shape.
        strength: [1], >= 0.
    """
    if strength == 0:
        return shots
    return (strength * shots).asinh() / math.asinh(strength)
