"""Edge scores over all thresholds: one for the whole set (ODS), the best of each section (OIS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.objectives.edge_score import edge_counts_of_each, edge_crests, f1_scores

THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))
TOLERANCES_CELLS = (1, 2)


@dataclass(frozen=True, eq=False)
class EdgeSweep:
    """Counts of matched edge cells at every threshold.

    Attributes:
        thresholds: Ascending, shape (threshold,).
        counts: Matched, predicted and true cells, shape (threshold, section, 3).

    References:
        Arbelaez et al. (2011), Contour detection and hierarchical image segmentation, TPAMI 33(5).
    """

    thresholds: tuple[float, ...]
    counts: NDArray[np.int64]

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 over the cells of all sections, shape (threshold,)."""
        return f1_scores(self.counts.sum(axis=1))

    @property
    def ods(self) -> float:
        """F1 at the one threshold that is best for all sections together."""
        return float(self.f1.max())

    @property
    def ods_threshold(self) -> float:
        """That threshold; the middle one of several that are as good."""
        best = np.flatnonzero(self.f1 == self.f1.max())
        return self.thresholds[best[len(best) // 2]]

    @property
    def ois(self) -> float:
        """F1 over the cells of all sections, each at the threshold that is best for itself.

        Of several as good, the highest: where nothing true is found at any, it claims least. The
        cells are pooled, so that in rare sets it is below ``ods``.
        """
        descending = self.counts[::-1]
        best = f1_scores(descending).argmax(axis=0)
        return float(f1_scores(descending[best, np.arange(best.size)].sum(axis=0)))

    def f1_at(self, threshold: float) -> float:
        """F1 at the nearest of the thresholds."""
        return float(self.f1[np.abs(np.asarray(self.thresholds) - threshold).argmin()])


def sweep_edges(
    probability: ArrayLike,
    thin_true: ArrayLike,
    tolerance_cells: float = 2,
    thresholds: Sequence[float] = THRESHOLDS,
) -> EdgeSweep:
    """Thin an edge map, cut it at every threshold, match each cut with the truth.

    Args:
        probability: Probability of an edge [1], shape (section, depth, distance).
        thin_true: True on true edges, thinned, same shape.
        tolerance_cells: Largest distance of a matched pair [cells].
        thresholds: Ascending.
    """
    probability = np.asarray(probability, dtype=np.float32)
    crest = edge_crests(probability)
    counts = [
        edge_counts_of_each(crest & (probability >= threshold), thin_true, tolerance_cells)
        for threshold in thresholds
    ]
    return EdgeSweep(tuple(thresholds), np.stack(counts))
