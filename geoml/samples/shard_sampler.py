"""The order in which gathers are read: shuffled by shard, split over ranks, resumable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch.distributed
from numpy.typing import NDArray
from torch.utils.data import Sampler

from geoml.errors import OptionError
from geoml.samples.gather_dataset import GatherDataset

_SAME = ("seed", "shuffle", "buffer_shards", "equal", "rank", "world_size", "n_gathers")


class ShardShuffleSampler(Sampler[int]):
    """Places of gathers in an order that depends on (seed, epoch) alone, never on workers.

    Shards come in random order, and the gathers of a few of them at a time are shuffled together:
    the order is near to random, yet a process reads one part of a store after another. Every rank
    takes one run of this order, so that ranks share at most a shard at each end of their runs, and
    all of them together read every gather once an epoch. Gathers whose traces lie all over the
    survey, as receiver gathers of a store laid out by shots do, count to the shard of their first
    trace.

    Attributes:
        epoch: Epoch in force.
        start: Samples of the epoch that are left out, because they were read before.
    """

    def __init__(
        self,
        dataset: GatherDataset,
        *,
        shuffle: bool = True,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        buffer_shards: int = 4,
        equal: bool = False,
    ) -> None:
        """Sampler over all gathers of a dataset.

        Args:
            dataset: The gathers.
            shuffle: False for ascending keys.
            seed: Seed of the order.
            rank: Which of the processes that share the work this is; None asks torch.distributed.
            world_size: How many they are; None asks torch.distributed.
            buffer_shards: Shards whose gathers are shuffled together.
            equal: True to leave out up to ``world_size - 1`` gathers, others in every epoch, so
                that each rank has as many as the next; otherwise they may differ by one.

        Raises:
            OptionError: If a number is out of range.
        """
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        if rank is None:
            rank = torch.distributed.get_rank() if distributed else 0
        if world_size is None:
            world_size = torch.distributed.get_world_size() if distributed else 1
        if not 0 <= rank < world_size or buffer_shards < 1:
            raise OptionError(
                f"Rank {rank} of {world_size} with a buffer of {buffer_shards} shards; needed a "
                "rank from 0 to below the count, and at least 1 shard."
            )
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.buffer_shards = buffer_shards
        self.equal = equal
        self.epoch = 0
        self.start = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next pass takes; another one is read from its start."""
        if epoch != self.epoch:
            self.start = 0
        self.epoch = epoch

    def order(self) -> NDArray[np.int64]:
        """All places of this rank in the epoch in force, shape (sample,)."""
        first, last = self._run()
        if not self.shuffle:
            return np.arange(first, last)
        rng = np.random.default_rng([self.seed, self.epoch])
        index = self.dataset.index
        shard = index.order[index.starts[:-1]] // self.dataset.shard_traces
        _, shard = np.unique(shard, return_inverse=True)
        turn = rng.permutation(int(shard.max()) + 1)[shard]
        mine = np.argsort(turn, kind="stable")[first:last]
        buffer = (turn[mine] - turn[mine[:1]]) // self.buffer_shards
        draw = rng.random(len(index))[first:last]
        return mine[np.lexsort((draw, buffer))]

    def __len__(self) -> int:
        """Gathers of this rank in a whole epoch, wherever the next pass begins."""
        first, last = self._run()
        return last - first

    def __iter__(self) -> Iterator[int]:
        return iter(self.order()[self.start :].tolist())

    def state_dict(self) -> dict[str, Any]:
        """What ``load_state_dict`` needs to go on at ``start``; plain numbers."""
        state = {name: getattr(self, name) for name in _SAME if name != "n_gathers"}
        return {
            **state,
            "n_gathers": len(self.dataset),
            "epoch": self.epoch,
            "start": self.start,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the samples that were read when the state was taken.

        Raises:
            OptionError: If the state is of another order: that one has other samples left.
        """
        mine = self.state_dict()
        other = [name for name in _SAME if state.get(name) != mine[name]]
        if other:
            found = ", ".join(f"{name} {state.get(name)}" for name in other)
            needed = ", ".join(f"{name} {mine[name]}" for name in other)
            raise OptionError(
                f"The saved position is of {found}; this sampler has {needed}. Resume with the "
                "same, or begin the epoch anew."
            )
        self.epoch, self.start = int(state["epoch"]), int(state["start"])

    def _run(self) -> tuple[int, int]:
        """First place of this rank's run in the order of all ranks, and the one behind it."""
        n, size = len(self.dataset), self.world_size
        if self.equal:
            return self.rank * (n // size), (self.rank + 1) * (n // size)
        return self.rank * n // size, (self.rank + 1) * n // size
