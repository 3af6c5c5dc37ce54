"""All scores of predicted sections in one table of plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.objectives.edge_sweep import TOLERANCES_CELLS, EdgeSweep, sweep_edges
from geoml.objectives.spread_score import spread_scores
from geoml.objectives.velocity_parts import error_by_depth, error_by_place, error_by_quarter
from geoml.objectives.velocity_score import velocity_scores

Floats = NDArray[np.floating[Any]]
Scores = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sections:
    """What is predicted of some sections.

    Attributes:
        velocity: [m/s], shape (section, depth, distance).
        std: Standard deviation as the network says it, without calibration [m/s], same shape; None
            where none is predicted.
        edge_probability: [1], same shape; None where no edges are predicted.
    """

    velocity: Floats
    std: Floats | None = None
    edge_probability: Floats | None = None


@dataclass(frozen=True, eq=False)
class TrueSections:
    """What is true of them.

    Attributes:
        velocity: [m/s], shape (section, depth, distance).
        edges: True on edges, same shape.
        thin: True on edges after ``thin_edges``, same shape.
        family: Name of each section's family, shape (section,); empty for one without a name.
    """

    velocity: Floats
    edges: NDArray[np.bool_]
    thin: NDArray[np.bool_]
    family: Sequence[str] = ()


def section_scores(
    predicted: Sections,
    true: TrueSections,
    *,
    factors: dict[str, float] | None = None,
    edge_threshold: float | None = None,
) -> Scores:
    """Velocity, spread and edges as far as they are predicted.

    Args:
        predicted: The answer.
        true: The truth.
        factors: Conformal factors of the spread; without them it is not scored.
        edge_threshold: Calibrated threshold for the plain F1; without it edges are not scored.

    Returns:
        The entries of ``velocity_scores``, ``spread_scores`` and ``edge_scores``, ``parts`` with
        errors by family, depth and place, and ``mae_by_depth_m_s``.
    """
    scores: Scores = velocity_part_scores(predicted.velocity, true)
    if predicted.std is not None and factors is not None:
        scores |= spread_scores(predicted.velocity - true.velocity, predicted.std, factors)
    if predicted.edge_probability is not None and edge_threshold is not None:
        sweeps = {
            cells: sweep_edges(predicted.edge_probability, true.thin, cells)
            for cells in TOLERANCES_CELLS
        }
        scores |= edge_scores(sweeps, edge_threshold)
    return scores


def velocity_part_scores(velocity_m_s: Floats, true: TrueSections) -> Scores:
    """Scores of a velocity as a whole and in parts.

    Args:
        velocity_m_s: [m/s], shape (section, depth, distance).
        true: The truth.
    """
    residual = np.asarray(velocity_m_s, np.float64) - true.velocity
    parts = {
        "depth": error_by_quarter(residual),
        "place": error_by_place(residual, true.edges),
    }
    names = np.asarray(true.family)
    families = {str(name): names == name for name in np.unique(names)} if names.size else {}
    parts["family"] = {
        name: {**_velocity(velocity_m_s[chosen], true.velocity[chosen]), "sections": int(n)}
        for name, chosen in families.items()
        if (n := chosen.sum())
    }
    return {
        **_velocity(velocity_m_s, true.velocity),
        "parts": parts,
        "mae_by_depth_m_s": error_by_depth(residual).tolist(),
    }


def edge_scores(sweeps: dict[int, EdgeSweep], threshold: float) -> Scores:
    """Scores of edges, as plain values.

    Args:
        sweeps: Tolerance [cells] -> counts at every threshold; 2 is among them.
        threshold: The one that was chosen on other sections.

    Returns:
        ``edge_f1`` and ``edge_ods`` at 2 cells, and all of ``edges``: tolerance -> ``f1``,
        ``ods``, ``ods_threshold``, ``ois``.
    """
    edges = {
        str(cells): {
            "f1": sweep.f1_at(threshold),
            "ods": sweep.ods,
            "ods_threshold": sweep.ods_threshold,
            "ois": sweep.ois,
        }
        for cells, sweep in sweeps.items()
    }
    return {"edge_f1": edges["2"]["f1"], "edge_ods": edges["2"]["ods"], "edges": edges}


def _velocity(predicted: Floats, true: Floats) -> dict[str, float]:
    return velocity_scores(_tensor(predicted), _tensor(true))


def _tensor(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
