"""Gathers with events of one apparent velocity laid flat, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.preprocess.gather_step import Section
from geoml.preprocess.trace_shift import shifted
from geoml.survey.gathers import GatherKind

Floats = NDArray[np.float64]


class LinearMoveout:
    """Shifts that take ``distance / velocity`` out of a gather, with room for all its samples.

    Distance is that from the source, the same on both sides of a split spread; along the line
    where the traces share an offset.
    """

    def __init__(self, section: Section, kind: GatherKind, velocity_m_s: float, step: str) -> None:
        """Work the shifts out.

        Args:
            section: One gather.
            kind: What its traces share.
            velocity_m_s: Apparent velocity [m/s], > 0.
            step: Name of the step, for the message.

        Raises:
            GeometryError: If the traces have no positions.
        """
        if section.position_m is None:
            raise GeometryError(
                f"'{step}' follows events of {velocity_m_s:g} m/s, but the traces have no "
                "positions; leave velocity_m_s out, or give the survey a geometry."
            )
        if kind == "offset":
            distance_m = section.position_m - section.position_m[0]
        else:
            distance_m = np.abs(section.position_m)
        self._n_time = section.samples.shape[1]
        self._shift = (distance_m.max() - distance_m) / (velocity_m_s * section.dt_s)  # [sample]
        self._n_room = int(np.ceil(self._shift.max(initial=0)))

    def flat(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Longer traces in which the events are flat, shape (trace, longer time)."""
        return shifted(np.pad(samples, ((0, 0), (0, self._n_room))), self._shift)

    def back(self, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        """Flat traces moved and cut back, shape (trace, time)."""
        return shifted(flat, -self._shift)[:, : self._n_time]
