"""The classical way to edges that a network's edge head has to beat: Canny on its velocity."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import MissingPackageError
from geoml.objectives.edge_score import edge_counts_of_each
from geoml.objectives.edge_sweep import EdgeSweep

REFLECTIONS = tuple(float(r) for r in np.geomspace(0.001, 0.08, 12).round(5))
"""Upper thresholds of the sweep, as reflection coefficients."""

_SIGMAS_CELLS = (0.5, 1.0, 1.5, 2.0)
_LOW_SHARES = (0.25, 0.6)
# Sobel's weights add up to 4 a side, and a step of ln v is twice a reflection coefficient.
_GRADIENT_OF_REFLECTION = 8.0


@dataclass(frozen=True)
class Canny:
    """Canny's detector on the logarithm of velocity, whose steps are reflection coefficients.

    Attributes:
        sigma_cells: Standard deviation of the smoothing [cells].
        low_share: Lower threshold as a share of the upper one.
        reflection: Upper threshold: reflection coefficient of a sharp step, before smoothing.

    References:
        Canny (1986), A computational approach to edge detection, TPAMI 8(6).
    """

    sigma_cells: float
    low_share: float
    reflection: float = REFLECTIONS[len(REFLECTIONS) // 2]

    def __call__(
        self, velocity_m_s: ArrayLike, reflection: float | None = None
    ) -> NDArray[np.bool_]:
        """True on edges, one cell thick.

        Args:
            velocity_m_s: [m/s], > 0, shape (section, depth, distance).
            reflection: Upper threshold, its own if None.

        Raises:
            MissingPackageError: If scikit-image is not installed.
        """
        detect = _detector()
        high = _GRADIENT_OF_REFLECTION * (self.reflection if reflection is None else reflection)
        sections = np.log(np.asarray(velocity_m_s, dtype=np.float64))
        return np.stack(
            [
                detect(
                    section,
                    sigma=self.sigma_cells,
                    low_threshold=self.low_share * high,
                    high_threshold=high,
                    mode="nearest",
                )
                for section in sections
            ]
        )

    def sweeps(
        self,
        velocity_m_s: ArrayLike,
        thin_true: ArrayLike,
        tolerances_cells: Sequence[int] = (2,),
        reflections: Sequence[float] = REFLECTIONS,
    ) -> dict[int, EdgeSweep]:
        """Its edges at every upper threshold, matched with the truth.

        Args:
            velocity_m_s: [m/s], shape (section, depth, distance).
            thin_true: True on true edges, thinned, same shape.
            tolerances_cells: Largest distances of a matched pair [cells].
            reflections: Upper thresholds, ascending.

        Returns:
            Tolerance -> counts at every threshold.
        """
        edges = [self(velocity_m_s, reflection) for reflection in reflections]
        return {
            cells: EdgeSweep(
                tuple(reflections),
                np.stack([edge_counts_of_each(cut, thin_true, cells) for cut in edges]),
            )
            for cells in tolerances_cells
        }

    def sweep(
        self, velocity_m_s: ArrayLike, thin_true: ArrayLike, tolerance_cells: int = 2
    ) -> EdgeSweep:
        """``sweeps`` at one tolerance."""
        return self.sweeps(velocity_m_s, thin_true, (tolerance_cells,))[tolerance_cells]


def best_canny(velocity_m_s: ArrayLike, thin_true: ArrayLike, tolerance_cells: int = 2) -> Canny:
    """The detector with the best ODS over smoothings and thresholds.

    Args:
        velocity_m_s: Predicted velocity [m/s], shape (section, depth, distance).
        thin_true: True on true edges, thinned, same shape.
        tolerance_cells: Largest distance of a matched pair [cells].

    Raises:
        MissingPackageError: If scikit-image is not installed.
    """
    best, best_ods = Canny(_SIGMAS_CELLS[0], _LOW_SHARES[0]), -1.0
    for sigma, low in itertools.product(_SIGMAS_CELLS, _LOW_SHARES):
        sweep = Canny(sigma, low).sweep(velocity_m_s, thin_true, tolerance_cells)
        if sweep.ods > best_ods:
            best, best_ods = Canny(sigma, low, sweep.ods_threshold), sweep.ods
    return best


def _detector():  # type: ignore[no-untyped-def]  # scikit-image has no types
    try:
        return import_module("skimage.feature").canny
    except ImportError:
        raise MissingPackageError(
            "Canny's edges need the package 'scikit-image'. Install it with: "
            "pip install 'geoml[evaluate]'"
        ) from None
