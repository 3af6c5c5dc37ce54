"""How ``generative.py`` measures drawn models against genuine ones, keeps and prints it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from generative_classics import LIMITS_M_S, Models

from geoml.physics.model_similarity import (
    Population,
    compare,
    diversity_m_s,
    nearest_m_s,
    population,
)

SHOWN = 10


@dataclass(frozen=True, eq=False)
class Genuine:
    """Models that others are measured against.

    Attributes:
        models: Velocity [m/s], shape (model, depth, distance).
        population: Their statistics.
    """

    models: Models
    population: Population

    @classmethod
    def of(cls, models: Models) -> Genuine:
        """These models, measured."""
        return cls(models, population(models, LIMITS_M_S))

    def figures(self, drawn: Models, known: Models | None) -> dict[str, float]:
        """Figures of other models.

        Args:
            drawn: Velocity [m/s], shape (model, depth, distance).
            known: What they may be copies of; each other if None.
        """
        found, nearest = population(drawn, LIMITS_M_S), nearest_m_s(drawn, known)
        lag_one = (part.variograms["vertical"][0] for part in (found, self.population))
        return {
            **vars(compare(found, self.population)),
            "lag_one": float(np.divide(*lag_one)),
            "diversity": diversity_m_s(drawn) / diversity_m_s(self.models),
            "nearest_least_m_s": float(nearest.min()),
            "nearest_median_m_s": float(np.median(nearest)),
        }

    def measured(
        self, draw: Callable[[], Models], known: Models | None
    ) -> tuple[dict[str, float], Models]:
        """Figures of models that are drawn here, and the models."""
        drawn = draw()
        return self.figures(drawn, known), drawn


def two_sets(train: Models, sizes: tuple[int, int], seed: int) -> tuple[dict[str, float], Models]:
    """Figures of so many training models against so many others, and the first ones."""
    order = np.random.default_rng(seed).permutation(len(train))
    one, others = train[order[: sizes[0]]], train[order[sizes[0] :]]
    return Genuine.of(others[: sizes[1]]).figures(one, others), one


class Kept:
    """Figures and first samples of every population, measured once and kept in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def once(
        self, row: str, measure: Callable[[], tuple[dict[str, float], Models]]
    ) -> dict[str, float]:
        """Figures of a population, which is measured if they are not there yet."""
        log = self._place(row, "json")
        if not log.is_file():
            figures, drawn = measure()
            np.save(self._place(row, "npy"), drawn[:SHOWN])
            log.write_text(json.dumps(figures))
        found: dict[str, float] = json.loads(log.read_text())
        return found

    def examples(self, row: str) -> list[Models]:
        """First samples of a population that has been measured."""
        return list(np.load(self._place(row, "npy")))

    def _place(self, row: str, suffix: str) -> Path:
        stem = row.replace(",", "").replace(" ", "_")
        return self._folder / f"{self._name}_{stem}_against_held_out.{suffix}"


COLUMNS = {
    "velocity_m_s": ("hist m/s", "9.1f"),
    "variogram_error": ("variogram", "10.1%"),
    "variogram_vertical": ("vertical", "9.1%"),
    "variogram_lateral": ("lateral", "9.1%"),
    "covariance_error": ("covar.", "8.1%"),
    "lag_one": ("lag 1", "7.2f"),
    "edge_density": ("edges", "8.1%"),
    "diversity": ("divers.", "8.2f"),
    "nearest_least_m_s": ("least", "7.0f"),
    "nearest_median_m_s": ("median", "8.0f"),
}


def print_row(name: str, runs: list[dict[str, float]]) -> None:
    """Median over the seeds; below it the range of the seeds."""
    cells = {
        key: (statistics.median(r[key] for r in runs), [r[key] for r in runs]) for key in COLUMNS
    }
    print(f"{name:24s}" + "".join(f"{cells[k][0]:{f}}" for k, (_, f) in COLUMNS.items()))
    if len(runs) > 1:
        for word, pick in (("least", min), ("most", max)):
            values = "".join(f"{pick(cells[k][1]):{f}}" for k, (_, f) in COLUMNS.items())
            print(f"  {word + ' of ' + str(len(runs)):22s}{values}")
