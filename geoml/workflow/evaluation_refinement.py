"""What rungs of the ladder buy on pairs, beside the network that they stand on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.objectives.velocity_score import velocity_scores
from geoml.prediction import RUNGS, Rung
from geoml.prediction.refine_pairs import Windows, check_window_rungs, refine_windows
from geoml.preprocess.replay import replayed_steps
from geoml.registry import build, lookup, split_spec
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import pair_modelling
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_pairs import Indices, read_gathers
from geoml.workflow.refinement import Replay

Row = dict[str, Any]
KIND = "rung"
"""Of a row in an evaluation."""


def window_rungs(specs: Sequence[str | dict[str, Any]]) -> list[tuple[str, Rung]]:
    """Names and rungs in order.

    Args:
        specs: ``name`` or ``{name: {option: value}}`` each.

    Raises:
        OptionError: If a rung or an option is unknown, or a rung needs a line.
    """
    names = [split_spec(spec, "rung")[0] for spec in specs]
    check_window_rungs([(name, lookup(RUNGS, name, "rung")) for name in names])
    return [(name, build(RUNGS, spec, "rung")) for name, spec in zip(names, specs, strict=True)]


def refinement_rows(
    named: Sequence[tuple[str, Checkpoint]],
    path: str | Path,
    pairs: xr.Dataset,
    indices: Indices,
    options: EvaluationOptions,
) -> list[Row]:
    """A row for each network and one for each rung on it, each starting where the last one ended.

    Args:
        named: Name and checkpoint.
        path: Pair store.
        pairs: The same, opened.
        indices: Pairs that are judged.
        options: ``refine`` and how networks run.

    Returns:
        ``name``, ``rung``, the scores of ``velocity_scores``, ``data_misfit`` [1], ``solves`` (of
        the wave equation; those of judging not), ``passes`` (windows through a network) and
        ``cpu_s``, the last three of the rung alone, and ``note``.
    """
    rungs = window_rungs(options.refine)
    if not rungs:
        return []
    steps = pairs.attrs["steps"]
    rows: list[Row] = []
    for name, checkpoint in named:
        parts = read_gathers(
            path, indices, checkpoint, augment=options.augment, batch=options.batch
        )
        shots, velocity = (np.concatenate(column) for column in zip(*parts, strict=True))
        windows = Windows(
            shots,
            Acquisition.from_dict(pairs.attrs["acquisition"]),
            checkpoint,
            process=Replay(steps) if replayed_steps(steps) else None,
            modelling=pair_modelling(pairs.attrs),
            batch=options.batch,
            device=options.device,
        )
        true = torch.as_tensor(velocity, dtype=torch.float64)
        rows += _climbed(name, windows, rungs, true)
    return rows


def _climbed(
    name: str, windows: Windows, rungs: Sequence[tuple[str, Rung]], true: torch.Tensor
) -> list[Row]:
    """Rows of one network and of the rungs on it."""
    clock = time.process_time()
    sections = windows.predict()
    cpu_s = time.process_time() - clock
    passes = len(windows.shots) * windows.predictor.n_members

    def row(rung: str, solves: int, passes: int, cpu_s: float, note: str = "") -> Row:
        return {
            "name": name,
            "kind": KIND,
            "rung": rung,
            **velocity_scores(torch.as_tensor(sections.velocity), true),
            "data_misfit": windows.misfit(sections.velocity),
            "solves": solves,
            "passes": passes,
            "cpu_s": cpu_s,
            "note": note,
        }

    rows = [row("network", 0, passes, cpu_s)]
    for rung_name, rung in rungs:
        clock = time.process_time()
        step = refine_windows(rung, windows, sections)
        cpu_s = time.process_time() - clock
        windows, sections = step.windows, step.sections
        rows.append(row(rung_name, step.solves, step.passes, cpu_s, step.note))
    return rows
