"""Batches of training pairs in a reproducible order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from geoml.errors import OptionError
from geoml.samples.dataset import Batch, PairDataset


class EpochSampler(Sampler[int]):
    """Positions of a dataset, in an order that depends on (seed, epoch) alone.

    Lightning calls ``set_epoch`` before each epoch, so that a resumed run goes on in the order the
    interrupted one would have had. The dataset's augmentation is told the epoch too.

    Attributes:
        epoch: Epoch in force.
    """

    def __init__(self, dataset: PairDataset, *, shuffle: bool, seed: int = 0) -> None:
        """Sampler over all positions.

        Args:
            dataset: The pairs.
            shuffle: False for the order of the store.
            seed: Seed of the order.
        """
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next pass takes."""
        self.epoch = epoch
        self.dataset.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[int]:
        if not self.shuffle:
            return iter(range(len(self)))
        rng = np.random.default_rng([self.seed, self.epoch])
        return iter(rng.permutation(len(self)).tolist())


def pair_loader(
    dataset: PairDataset,
    batch_size: int,
    *,
    shuffle: bool = False,
    seed: int = 0,
    workers: int = 0,
    drop_last: bool = False,
    pin_memory: bool = False,
) -> DataLoader[Batch]:
    """Batches ``shots``, ``velocity`` and ``edges``, each with (batch, ...) in front.

    Args:
        dataset: The pairs.
        batch_size: Samples a batch.
        shuffle: True for an order drawn anew each epoch.
        seed: Seed of the order.
        workers: Worker processes, each with one torch thread; 0 reads in this process.
        drop_last: True to leave out a last batch that is not full.
        pin_memory: True where batches go to a GPU.

    Raises:
        OptionError: If ``batch_size`` or ``workers`` is out of range.
    """
    if batch_size < 1 or workers < 0:
        raise OptionError(
            f"Batches of {batch_size} by {workers} workers; needed at least 1 and at least 0."
        )
    if drop_last and len(dataset) < batch_size:
        drop_last = False  # a short first batch beats an epoch without any
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=EpochSampler(dataset, shuffle=shuffle, seed=seed),
        num_workers=workers,
        collate_fn=_as_it_is,
        drop_last=drop_last,
        pin_memory=pin_memory,
        persistent_workers=workers > 0,
        worker_init_fn=_use_one_thread if workers > 0 else None,
    )


def _as_it_is(batch: Any) -> Any:
    """The dataset hands out whole batches already."""
    return batch


def _use_one_thread(worker: int) -> None:
    """Worker processes run side by side: more threads each would only get in the way."""
    torch.set_num_threads(1)
