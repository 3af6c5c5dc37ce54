"""Which pairs of a store a checkpoint may be judged on, and their gathers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.registry import with_options
from geoml.samples import Augmentation, SplitFractions, split_pairs
from geoml.samples.dataset import PairDataset
from geoml.samples.mirror import mirror_channels
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition
from geoml.training.pair_data import pair_fingerprint
from geoml.workflow.seen_pairs import Indices, seen_pairs

Split = Literal["test", "validation", "all"]

_SOURCE_FIELDS = ("wavelet", "wavelet_start_s", "max_frequency_hz")


@dataclass(frozen=True, eq=False)
class ChosenPairs:
    """Pairs of a store by their part in an evaluation.

    Attributes:
        scored: Judged, shape (sample,).
        calibration: For the factors of a mixture and Canny's options; may be empty.
        train: What trivial answers are fitted on; empty where the store is not the training's.
        own: True where a checkpoint was trained on this very store.
        notes: What the reader should know.
    """

    scored: Indices
    calibration: Indices
    train: Indices
    own: bool
    notes: tuple[str, ...] = ()


def choose_pairs(
    pairs: xr.Dataset,
    checkpoints: Sequence[Checkpoint],
    *,
    split: Split = "test",
    limit: int | None = None,
    calibrate: bool = False,
    allow_train: bool = False,
) -> ChosenPairs:
    """The pairs to judge checkpoints on, none of which they have learned from.

    Of the store that a checkpoint was trained on, the parts are those of its training. All pairs
    of another store are judged, or with ``calibrate`` those outside its calibration part. Pairs
    over velocity models that a checkpoint learned from in another store are left out.

    Args:
        pairs: Complete pair store.
        checkpoints: The networks.
        split: Part of the training store.
        limit: Most pairs of a part, evenly spread over it.
        calibrate: Keep a calibration part out of another store.
        allow_train: Judge on pairs that weights or early stopping have seen.

    Raises:
        OptionError: If ``split`` would judge a network on what it has seen, nothing unseen is
            left, or ``limit`` is below 1.
        CheckpointError: If checkpoints of one store divide it in other ways.
    """
    if limit is not None and limit < 1:
        raise OptionError(f"'limit' is {limit}; it must be at least 1.")
    count = int(pairs.sizes["sample"])
    fingerprint = pair_fingerprint(pairs)
    owners = [checkpoint for checkpoint in checkpoints if fingerprint in _trained_on(checkpoint)]
    strangers = [one for one in checkpoints if fingerprint not in _trained_on(one)]
    every = np.arange(count, dtype=np.int64)
    seen = every[:0] if allow_train else seen_pairs(pairs, strangers)
    notes: tuple[str, ...] = ()
    if seen.size:
        notes = (f"{seen.size} pairs are over models that a checkpoint has seen: left out",)
    if not owners:
        if split == "validation":
            notes += ("no checkpoint was trained on this store: all pairs are judged",)
        held = split_pairs(count).calibration if calibrate else every[:0]
        scored = np.setdiff1d(every, np.union1d(held, seen))
        _need_unseen(scored, seen)
        held = np.setdiff1d(held, seen)
        return ChosenPairs(_thinned(scored, limit), _thinned(held, limit), every[:0], False, notes)
    fractions = [c.training.get("options", {}).get("splits", {}) for c in owners]
    if any(other != fractions[0] for other in fractions):
        raise CheckpointError(
            "The checkpoints were trained on this store with other splits, so that no part of it "
            "is unseen by all; judge them one by one, or on another store."
        )
    if split != "test" and not allow_train:
        raise OptionError(
            f"A checkpoint was trained on this very store: '--split {split}' holds pairs that it "
            "has learned or been chosen by. Leave --split out, or pass --allow-train."
        )
    parts = split_pairs(count, with_options(SplitFractions, fractions[0], "splits"))
    scored = {"all": every, "test": parts.test, "validation": parts.validation}[split]
    if scored.size == 0:
        raise OptionError("The checkpoint's training kept no test part; give another pair store.")
    if split != "test":
        notes += (f"split {split}: the network has seen these pairs",)
    scored = np.setdiff1d(scored, seen)
    _need_unseen(scored, seen)
    held = np.setdiff1d(parts.calibration, seen)
    return ChosenPairs(_thinned(scored, limit), _thinned(held, limit), parts.train, True, notes)


def _need_unseen(scored: Indices, seen: Indices) -> None:
    """Refuse an evaluation on nothing.

    Raises:
        OptionError: If all that could be scored has been seen.
    """
    if scored.size == 0:
        raise OptionError(
            f"A checkpoint has seen the models of all pairs that could be judged ({seen.size} of "
            "the store, drawn from the same families, range and seed); simulate some with another "
            "--seed, or pass --allow-train."
        )


def check_same_window(pairs: xr.Dataset, checkpoint: Checkpoint, name: str) -> list[str]:
    """Refuse pairs that the network cannot read or was not trained for.

    Returns:
        Notes on what differs and does no harm: the source wavelet.

    Raises:
        CheckpointError: If positions, sampling, grid or processing steps differ.
    """
    needed = Acquisition.from_dict(checkpoint.acquisition).to_dict()
    found = Acquisition.from_dict(pairs.attrs["acquisition"]).to_dict()
    other = [field for field in needed if not _alike(needed[field], found[field])]
    hard = [field for field in other if field not in _SOURCE_FIELDS]
    if hard:
        raise CheckpointError(
            f"The pairs have another acquisition than {name} was trained for: "
            f"{_difference(hard[0], found[hard[0]], needed[hard[0]])}. Simulate pairs for it, or "
            "train on these."
        )
    steps = [step_specs(build_steps(list(s))) for s in (pairs.attrs["steps"], checkpoint.steps)]
    if steps[0] != steps[1]:
        raise CheckpointError(
            f"The pairs went through steps {steps[0] or 'none'}; {name} was trained for "
            f"{steps[1] or 'none'}. Simulate pairs with the checkpoint's steps."
        )
    return [f"the pairs have another source wavelet than {name} was trained for"] if other else []


def quiet_notes(named: Sequence[tuple[str, Checkpoint]]) -> list[str]:
    """A note on each checkpoint that was trained on gathers as they are: there is none to add."""
    return [
        f"{name} was trained without augmentation: its gathers are as stored"
        for name, checkpoint in named
        if checkpoint.training.get("options", {}).get("augmentation") is None
    ]


def read_gathers(
    path: str | Path, indices: Indices, checkpoint: Checkpoint, *, augment: bool, batch: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Processed gathers (window, shot, receiver, time) and velocity [m/s], a batch at a time.

    Args:
        path: Pair store.
        indices: Which pairs.
        checkpoint: Whose augmentation is meant.
        augment: Add what training added, noise and dead traces, drawn as for its own test part.
        batch: Pairs at a time.
    """
    options: dict[str, Any] = checkpoint.training.get("options", {})
    scaling = Scaling.from_dict(checkpoint.scaling)
    change = mirror = None
    if augment and options.get("augmentation") is not None:
        given = with_options(Augmentation, options["augmentation"], "augmentation")
        change = given.of_a_survey()
        if given.mirror_probability > 0:
            # Its channels change what is drawn.
            mirror = mirror_channels(Acquisition.from_dict(checkpoint.acquisition))
    dataset = PairDataset(
        path,
        indices,
        scaling,
        change,
        mirror=mirror,
        seed=int(options.get("seed", 0)) + 1,
        memory_limit_gb=0,
    )
    for start in range(0, len(dataset), batch):
        some = dataset.__getitems__(range(start, min(start + batch, len(dataset))))
        shots = scaling.unscale_shots(some["shots"].numpy())
        if mirror is not None:
            shots = shots[:, mirror.recorded]
        velocity = scaling.unscale_velocity(some["velocity"].numpy())
        yield np.swapaxes(shots, 2, 3), velocity


def _trained_on(checkpoint: Checkpoint) -> tuple[str | None, ...]:
    """Fingerprints of its training's store; with a stream of fresh pairs ``sha256`` is of both."""
    pairs = checkpoint.training.get("pairs", {})
    return pairs.get("sha256"), pairs.get("store_sha256")


def _thinned(indices: Indices, limit: int | None) -> Indices:
    if limit is None or indices.size <= limit:
        return indices
    return indices[np.linspace(0, indices.size - 1, limit).round().astype(int)]


def _alike(one: Any, other: Any) -> bool:
    if np.shape(one) != np.shape(other):
        return False
    return bool(np.allclose(one, other, rtol=1e-5, atol=1e-6))


def _difference(field: str, found: Any, needed: Any) -> str:
    if np.shape(found) != np.shape(needed):
        return f"'{field}' has shape {np.shape(found)}, needed {np.shape(needed)}"
    if np.ndim(found) == 0:
        return f"'{field}' is {found:g}, needed {needed:g}"
    away = np.abs(np.asarray(found) - np.asarray(needed)).max()
    return f"'{field}' differs by up to {away:g}"
