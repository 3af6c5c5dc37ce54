"""Rows of an evaluation that judge what posterior networks draw, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.models.posteriors import POSTERIORS
from geoml.objectives.sample_score import SAMPLE_LEVELS, sample_scores
from geoml.prediction.network import WindowPredictor
from geoml.prediction.posterior import check_samples
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_pairs import Indices, read_gathers

SAMPLES = "samples"
LEVELS = tuple(f"{100 * level:g}" for level in SAMPLE_LEVELS)
Row = dict[str, Any]


def drawing(named: Sequence[tuple[str, Checkpoint]], n: int) -> list[tuple[str, Checkpoint]]:
    """The checkpoints whose samples are judged, none where none are asked for.

    Raises:
        OptionError: If samples are asked for and no checkpoint draws any, or they are too few.
    """
    if n == 0:
        return []
    chosen = [(name, one) for name, one in named if one.model_name in POSTERIORS]
    if not chosen:
        raise OptionError(
            f"None of {', '.join(name for name, _ in named)} draws samples; leave the samples out, "
            f"or train one of {', '.join(POSTERIORS)}."
        )
    check_samples(chosen[0][1], n)
    return chosen


def sample_rows(
    named: Sequence[tuple[str, Checkpoint]],
    path: str | Path,
    scored: Indices,
    options: EvaluationOptions,
) -> list[Row]:
    """Scores of samples as they are drawn, without the calibrated factor; see ``sample_scores``.

    Args:
        named: Name and checkpoint.
        path: Pair store.
        scored: Pairs that are judged.
        options: How many samples, and how pairs are read.
    """
    rows = []
    for name, checkpoint in drawing(named, options.samples):
        predictor = WindowPredictor(checkpoint, device=options.device)
        parts: list[dict[str, float]] = []
        counts: list[int] = []
        for shots, velocity in read_gathers(
            path, scored, checkpoint, augment=options.augment, batch=options.batch
        ):
            drawn = predictor.samples(shots, options.samples, seed=len(parts))
            parts.append(sample_scores(drawn, velocity))
            counts.append(len(velocity))
        # Every score is a mean over cells, and every section has as many.
        means = {
            key: float(np.average([p[key] for p in parts], weights=counts)) for key in parts[0]
        }
        rows.append({"name": f"{name}, {options.samples} samples", "kind": SAMPLES, SAMPLES: means})
    return rows
