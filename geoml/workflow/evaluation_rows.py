"""The rows beside a network's: answers that need none, and edges that need no edge head."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.objectives import EdgeSweep, thin_edges
from geoml.objectives.canny import REFLECTIONS, best_canny
from geoml.objectives.edge_score import edge_counts_of_each
from geoml.objectives.edge_sweep import TOLERANCES_CELLS
from geoml.objectives.section_scores import (
    Sections,
    TrueSections,
    edge_scores,
    velocity_part_scores,
)
from geoml.physics.edges import EDGE_THRESHOLD, velocity_edges
from geoml.training.baselines import gradient_model, mean_model, own_gradients
from geoml.workflow.evaluation_pairs import ChosenPairs

Row = dict[str, Any]
Velocities = NDArray[np.float32]

JUMPS = (0.0025, 0.005, 0.01, EDGE_THRESHOLD, 0.04, 0.08)
"""Reflection coefficients above which a step of the predicted velocity counts as an edge."""

MOST_CANNY_SECTIONS = 200
_SLOWEST_M_S = 300.0  # a network far outside its training may predict less, even below 0


def velocity_rows(velocity: xr.DataArray, chosen: ChosenPairs, true: TrueSections) -> list[Row]:
    """Mean model, the best gradient of all and of each, and edges everywhere.

    Args:
        velocity: All models of the store [m/s].
        chosen: Mean and gradient are fitted on its training part, or where there is none on the
            scored models themselves, which flatters them.
        true: The scored models.
    """
    train = velocity[chosen.train].values if chosen.train.size else true.velocity
    flattered = "" if chosen.train.size else ", fitted on these pairs"
    shape = true.velocity.shape
    answers = {
        f"mean model{flattered}": np.broadcast_to(mean_model(train), shape),
        f"best gradient of all{flattered}": np.broadcast_to(gradient_model(train), shape),
        "best gradient of each, knowing it": own_gradients(np.asarray(true.velocity)),
    }
    rows = [
        {"name": name, "kind": "trivial", **velocity_part_scores(np.asarray(answer), true)}
        for name, answer in answers.items()
    ]
    ones = np.ones(shape, dtype=bool)
    sweeps = {
        cells: EdgeSweep((0.5,), edge_counts_of_each(ones, true.thin, cells)[None])
        for cells in TOLERANCES_CELLS
    }
    return [*rows, {"name": "edges everywhere", "kind": "trivial", **edge_scores(sweeps, 0.5)}]


def edge_rows(name: str, velocity_m_s: Velocities, true: TrueSections) -> list[Row]:
    """Edges that a predicted velocity has by the definition of a true one.

    Args:
        name: Whose velocity.
        velocity_m_s: [m/s], shape (section, depth, distance).
        true: The scored models.
    """
    positive = np.maximum(velocity_m_s, _SLOWEST_M_S)
    thin = [thin_edges(velocity_edges(positive, jump)) for jump in JUMPS]
    sweeps = {
        cells: EdgeSweep(JUMPS, np.stack([edge_counts_of_each(t, true.thin, cells) for t in thin]))
        for cells in TOLERANCES_CELLS
    }
    row = {"name": f"jumps of the velocity of {name}", "kind": "edges"}
    return [{**row, **edge_scores(sweeps, EDGE_THRESHOLD)}]


def canny_row(
    name: str,
    velocity_m_s: Velocities,
    true: TrueSections,
    fitted: tuple[Sections, TrueSections] | None,
) -> Row:
    """Canny on a predicted velocity.

    Args:
        name: Whose velocity.
        velocity_m_s: [m/s], shape (section, depth, distance).
        true: The scored models.
        fitted: Predicted and true sections to choose its options on; on the scored ones
            themselves, which flatters it, if None.

    Raises:
        MissingPackageError: If scikit-image is not installed.
    """
    flattered = "" if fitted else ", chosen on these pairs"
    predicted, thin = (
        (velocity_m_s, true.thin) if fitted is None else (fitted[0].velocity, fitted[1].thin)
    )
    few = slice(0, MOST_CANNY_SECTIONS)
    canny = best_canny(np.maximum(predicted[few], _SLOWEST_M_S), thin[few])
    positive = np.maximum(velocity_m_s, _SLOWEST_M_S)
    sweeps = canny.sweeps(positive, true.thin, TOLERANCES_CELLS, REFLECTIONS)
    return {
        "name": f"Canny on the velocity of {name}{flattered}",
        "kind": "edges",
        "canny": {
            "sigma_cells": canny.sigma_cells,
            "low_share": canny.low_share,
            "reflection": canny.reflection,
        },
        **edge_scores(sweeps, canny.reflection),
    }
