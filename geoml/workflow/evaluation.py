"""Checkpoints judged on pairs: velocity, edges and spread, beside answers that need no network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import MissingPackageError
from geoml.objectives import conformal_factors, sweep_edges, thin_edges
from geoml.objectives.section_scores import Sections, TrueSections, section_scores
from geoml.objectives.velocity_score import SSIM_DEFINITION
from geoml.physics.edges import velocity_edges
from geoml.prediction.network import WindowPredictor
from geoml.survey.pairs import open_pairs
from geoml.workflow.evaluation_options import EvaluationOptions, Mixture, planned_mixtures
from geoml.workflow.evaluation_pairs import (
    ChosenPairs,
    Indices,
    check_same_window,
    choose_pairs,
    quiet_notes,
    read_gathers,
)
from geoml.workflow.evaluation_refinement import refinement_rows, window_rungs
from geoml.workflow.evaluation_rows import canny_row, edge_rows, velocity_rows
from geoml.workflow.evaluation_samples import drawing, sample_rows

Progress = Callable[[int, int], None]
Row = dict[str, Any]


class FittedCalibration(NamedTuple):
    """A calibration that an evaluation fitted.

    Attributes:
        first: Number of the checkpoint that it belongs to, the first of its mixture.
        name: As ``mixture_name`` calls it; empty for the network by itself.
        calibration: ``factors``, ``edge_threshold``, and the ``coverage`` of the scored pairs.
    """

    first: int
    name: str
    calibration: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came out.

    Attributes:
        facts: Store, pairs and what the reader should know, as plain values.
        rows: One an answer: ``name``, ``kind`` and its scores, as plain values.
        fitted: Calibrations that were fitted for rows of it.
    """

    facts: dict[str, Any]
    rows: list[Row]
    fitted: tuple[FittedCalibration, ...] = ()


def evaluate(
    named: Sequence[tuple[str, Checkpoint]],
    path: str | Path,
    options: EvaluationOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge checkpoints on the pairs of a store.

    A network by itself is scored with the calibration in its checkpoint, unless ``calibrate`` is
    set; a mixture with the one that was fitted for it, here or before.

    Args:
        named: Name and checkpoint, at least one.
        path: Complete pair store.
        options: What is judged; the defaults if None.
        progress: Told the sections predicted.

    Raises:
        CheckpointError: If a checkpoint is for another acquisition or other steps.
        OptionError: If the pairs are those it was trained on, or an option does not fit.
        StoreError: If there is no complete pair store.
    """
    options = options or EvaluationOptions()
    window_rungs(options.refine)  # refuses before anything is computed
    drawing(named, options.samples)
    mixtures = planned_mixtures(named, options)
    pairs = open_pairs(path)
    notes = [note for name, one in named for note in check_same_window(pairs, one, name)]
    if options.augment:
        notes += quiet_notes(named)
    checkpoints = [checkpoint for _, checkpoint in named]
    chosen = choose_pairs(
        pairs,
        checkpoints,
        split=options.split,
        limit=options.limit,
        calibrate=options.calibrate,
        allow_train=options.allow_train,
    )
    judge = _Judge(path, pairs, chosen, options, progress)
    judge.total = len(mixtures) * chosen.scored.size
    rows: list[Row] = []
    predicted: dict[str, Sections] = {}
    for mixture in mixtures:
        row, sections = judge.row(mixture)
        rows.append(row)
        predicted[mixture.name] = sections
    plain = [m for m in mixtures if not m.is_mixture]
    rows += velocity_rows(pairs["velocity"], chosen, judge.true)
    for mixture in plain:
        rows += edge_rows(mixture.name, predicted[mixture.name].velocity, judge.true)
        rows += judge.canny(mixture, predicted[mixture.name])
    rows += sample_rows(named, path, chosen.scored, options)
    rows += refinement_rows(named, path, pairs, chosen.scored, options)
    return Evaluation(
        facts={
            "pairs": str(path),
            "scored": int(chosen.scored.size),
            "calibration": int(chosen.calibration.size),
            "own_store": chosen.own,
            "split": options.split if chosen.own else "all",
            "augmented": options.augment,
            "ssim": SSIM_DEFINITION,
            "families": sorted(set(judge.true.family)),
            "notes": [*notes, *chosen.notes, *judge.notes],
        },
        rows=rows,
        fitted=tuple(judge.fitted),
    )


class _Judge:
    """Predicts and scores the rows of one evaluation."""

    def __init__(
        self,
        path: str | Path,
        pairs: xr.Dataset,
        chosen: ChosenPairs,
        options: EvaluationOptions,
        progress: Progress | None,
    ) -> None:
        self.path, self.chosen, self.options = path, chosen, options
        self.progress = progress
        self.done = self.total = 0
        self.notes: list[str] = []
        self.fitted: list[FittedCalibration] = []
        families = np.asarray(pairs.attrs["families"])[pairs["family"].values[chosen.scored]]
        self.true = true_sections(pairs["velocity"][chosen.scored].values, families.tolist())
        self._canny_sections: dict[int, tuple[Sections, TrueSections]] = {}

    def row(self, mixture: Mixture) -> tuple[Row, Sections]:
        """Scores of a mixture on the scored pairs, and what it predicts."""
        predictor = WindowPredictor(
            mixture.checkpoints,
            mirror=mixture.mirror,
            device=self.options.device,
            dropout_samples=mixture.dropout_samples,
        )
        started = time.perf_counter()
        sections, velocity = self._predict(predictor, mixture, self.chosen.scored)
        seconds = time.perf_counter() - started
        calibration = self._calibration(predictor, mixture)
        scores = section_scores(
            sections,
            self.true,
            factors=calibration.get("factors"),
            edge_threshold=calibration.get("edge_threshold"),
        )
        if self.fitted and self.fitted[-1].calibration is calibration:
            # Or a report would state the coverage of the factors before them.
            calibration["coverage"] = scores.get("coverage", {})
        row = {
            "name": mixture.name,
            "kind": "mixture" if mixture.is_mixture else "network",
            "members": predictor.n_members,
            "sections_per_s": len(velocity) / seconds,
            "edge_threshold": calibration.get("edge_threshold"),
            **scores,
        }
        return row, sections

    def canny(self, mixture: Mixture, predicted: Sections) -> list[Row]:
        """Canny on a network's velocity, its options chosen on the calibration part."""
        fitted = self._canny_sections.get(mixture.first)
        if fitted is None and self.chosen.calibration.size:
            predictor = WindowPredictor(mixture.checkpoints, device=self.options.device)
            fitted = self._on_calibration(predictor, mixture)
        try:
            return [canny_row(mixture.name, predicted.velocity, self.true, fitted)]
        except MissingPackageError as error:
            self._note(f"no row for Canny: {error}")
            return []

    def _calibration(self, predictor: WindowPredictor, mixture: Mixture) -> dict[str, Any]:
        known = predictor.calibration
        fit = self.chosen.calibration.size > 0
        if not fit or (not mixture.is_mixture and not self.options.calibrate and known):
            if known is None:
                self._note(
                    f"{mixture.name}: never calibrated as a mixture, the first checkpoint's "
                    "factors are used; --calibrate fits its own"
                )
            return known or mixture.checkpoints[0].calibration
        sections, true = self._on_calibration(predictor, mixture)
        if not mixture.is_mixture:
            self._canny_sections[mixture.first] = (sections, true)
        calibration: dict[str, Any] = {}
        if sections.std is not None:
            residual = sections.velocity - true.velocity
            calibration["factors"] = conformal_factors(residual, sections.std)
        if sections.edge_probability is not None:
            sweep = sweep_edges(sections.edge_probability, true.thin)
            calibration["edge_threshold"] = sweep.ods_threshold
        self.fitted.append(FittedCalibration(mixture.first, mixture.key, calibration))
        return calibration

    def _on_calibration(
        self, predictor: WindowPredictor, mixture: Mixture
    ) -> tuple[Sections, TrueSections]:
        self.total += self.chosen.calibration.size
        sections, velocity = self._predict(predictor, mixture, self.chosen.calibration)
        return sections, true_sections(velocity, ())

    def _predict(
        self, predictor: WindowPredictor, mixture: Mixture, indices: Indices
    ) -> tuple[Sections, NDArray[np.float32]]:
        parts: list[tuple[NDArray[Any] | None, ...]] = []
        for shots, velocity in read_gathers(
            self.path,
            indices,
            mixture.checkpoints[0],
            augment=self.options.augment,
            batch=self.options.batch,
        ):
            told = predictor.uncalibrated(shots)
            parts.append((told.velocity, told.velocity_std, told.edge_probability, velocity))
            self.done += len(velocity)
            if self.progress is not None:
                self.progress(self.done, max(self.total, self.done))
        joined = [_joined(column) for column in zip(*parts, strict=True)]
        assert joined[0] is not None  # every network has velocity
        assert joined[3] is not None
        return Sections(joined[0], joined[1], joined[2]), joined[3]

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def true_sections(velocity_m_s: NDArray[np.float32], family: Sequence[str]) -> TrueSections:
    """Velocity with the edges that it has, as ``geoml.physics.edges`` defines them."""
    edges = velocity_edges(velocity_m_s)
    return TrueSections(velocity_m_s, edges, thin_edges(edges), family)


def _joined(parts: Sequence[NDArray[Any] | None]) -> NDArray[np.float32] | None:
    arrays = [np.asarray(part, dtype=np.float32) for part in parts if part is not None]
    return np.concatenate(arrays) if arrays else None
