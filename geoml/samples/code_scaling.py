"""How patches become what an autoencoder reads, and how its answer becomes amplitude again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.samples.patches import patch_scale

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CodeScaling:
    """A profile that is subtracted and a scale that is divided by.

    Amplitudes have neither: each patch is divided by its own level, which is no part of the code.
    Velocities have both, the same for all sections, so that the code holds absolute velocity.

    Attributes:
        profile: Subtracted along the last axis, a value each sample or depth; None for zero.
        scale: Divided by; None for the level of each patch.
    """

    profile: tuple[float, ...] | None = None
    scale: float | None = None

    @classmethod
    def of_sections(cls, sections: Floats) -> CodeScaling:
        """Mean profile and standard deviation around it.

        Args:
            sections: Shape (section, distance, depth).
        """
        profile = sections.mean(axis=(0, 1), dtype=np.float64)
        deviation = float(np.std(sections - profile.astype(np.float32), dtype=np.float64))
        return cls(tuple(float(value) for value in profile), deviation or 1.0)

    def settings(self) -> dict[str, Any]:
        """Plain JSON values, from which ``CodeScaling(**...)`` makes the same again."""
        return asdict(self)

    def scaled(self, patches: Floats) -> tuple[Floats, Floats]:
        """What the network reads, and what each patch was divided by.

        Args:
            patches: Shape (patch, trace, time).

        Returns:
            Shapes (patch, trace, time) and (patch,).

        Raises:
            ShapeError: If the patches are not as long as the profile.
        """
        centred = patches - self._centre(patches.shape[-1])
        scale = (
            patch_scale(centred)
            if self.scale is None
            else np.full(len(patches), self.scale, dtype=np.float32)
        )
        return (centred / scale[:, None, None]).astype(np.float32), scale

    def unscaled(self, scaled: Floats, scale: Floats) -> Floats:
        """The way back, shape (patch, trace, time)."""
        patches = scaled * scale[:, None, None] + self._centre(scaled.shape[-1])
        return np.asarray(patches, dtype=np.float32)

    def _centre(self, n_times: int) -> Floats:
        if self.profile is None:
            return np.zeros(n_times, dtype=np.float32)
        if len(self.profile) != n_times:
            raise ShapeError(
                f"Patches of {n_times} samples; this code is of sections of {len(self.profile)}."
            )
        return np.asarray(self.profile, dtype=np.float32)
