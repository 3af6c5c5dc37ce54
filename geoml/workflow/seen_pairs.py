"""Pairs over velocity models that a checkpoint knows from its training, in whatever store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.registry import with_options
from geoml.samples import SplitFractions, split_pairs
from geoml.synthetic.stored_recipe import shared_numbers, stored_run

Indices = NDArray[np.int64]


def seen_pairs(pairs: xr.Dataset, checkpoints: Sequence[Checkpoint]) -> Indices:
    """Pairs that trained, stopped or calibrated one of the checkpoints, ascending, shape (sample,).

    A store is known by its fingerprint; here it is another one, longer or shorter than that of the
    training or shot with other noise, whose models come from the same families, range and seed.
    Checkpoints that do not tell what their models were drawn from have seen nothing.

    Args:
        pairs: Complete pair store, on the checkpoints' grid.
        checkpoints: Networks that were trained on other stores.
    """
    run = stored_run(pairs.attrs, int(pairs.sizes["sample"]))
    seen: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for checkpoint in checkpoints:
        runs: dict[str, Any] = checkpoint.training.get("pairs", {}).get("model_runs", {})
        for kind, known in runs.items():
            if run is not None and known is not None:
                numbers = np.array(shared_numbers(run, known), dtype=np.int64)
                if kind == "stored":  # a part of it only judged
                    numbers = np.setdiff1d(numbers, known["first"] + _test_part(checkpoint, known))
                seen.append(numbers - run["first"])
    return np.unique(np.concatenate(seen))


def _test_part(checkpoint: Checkpoint, known: dict[str, Any]) -> Indices:
    """Pairs of its own store that a checkpoint never met before its last score."""
    fractions = checkpoint.training.get("options", {}).get("splits", {})
    return split_pairs(known["count"], with_options(SplitFractions, fractions, "splits")).test
