"""Batches of gathers that a training run can leave and come back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import torch
from torch.utils.data import DataLoader, get_worker_info

from geoml.errors import OptionError
from geoml.samples.gather_dataset import Gather, GatherDataset, collate_gathers
from geoml.samples.shard_sampler import ShardShuffleSampler

StartMethod = Literal["fork", "spawn", "forkserver"]

_SMALL_BYTES = 2**16


class GatherLoader(DataLoader[Gather]):
    """A DataLoader that knows how many samples it has handed out, also with workers.

    Workers read ahead, so the sampler is always further than the training loop; this counts what
    the loop was given. Each pass over it is the next epoch, unless ``set_epoch`` says otherwise.
    ``state_dict`` and ``load_state_dict`` are those that Lightning and torchdata look for.
    """

    sampler: ShardShuffleSampler
    _given = 0

    def __iter__(self) -> Iterator[Gather]:  # type: ignore[override]
        self._given = 0
        for batch in super().__iter__():
            self._given += 1
            yield {name: torch.as_tensor(value) for name, value in batch.items()}
        self._given = 0
        self.set_epoch(self.sampler.epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next pass."""
        self.sampler.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the loop stands, in samples; plain numbers."""
        state = self.sampler.state_dict()
        assert self.batch_size is not None, "gather_loader makes batches"
        done = state["start"] + self._given * self.batch_size
        return {**state, "start": min(done, len(self.sampler))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass begin after the samples that were handed out.

        Raises:
            OptionError: If the state is of another order.
        """
        self.sampler.load_state_dict(state)
        self._given = 0


def gather_loader(
    dataset: GatherDataset,
    batch_size: int,
    *,
    shuffle: bool = True,
    seed: int = 0,
    rank: int | None = None,
    world_size: int | None = None,
    buffer_shards: int = 4,
    equal: bool = False,
    workers: int = 0,
    start_method: StartMethod | None = None,
    prefetch: int = 2,
    drop_last: bool = False,
    pin_memory: bool = False,
) -> GatherLoader:
    """Batches ``samples``, ``traces``, ``mask`` and ``key``, as ``collate_gathers`` makes them.

    The order depends on (seed, epoch, rank) alone. Where Lightning trains on several ranks, its
    ``use_distributed_sampler`` must be False: this sampler has its own share already.

    Args:
        dataset: The gathers.
        batch_size: Gathers a batch.
        shuffle: False for ascending keys.
        seed: Seed of the order.
        rank: Which process this is; None asks torch.distributed.
        world_size: How many share the gathers; None asks torch.distributed.
        buffer_shards: Shards whose gathers are shuffled together.
        equal: True to give every rank the same number of gathers.
        workers: Processes that read ahead, each with one torch thread and alive until the loader
            goes; 0 reads in this process.
        start_method: How workers start; None for the platform's way.
        prefetch: Batches that each worker reads ahead.
        drop_last: True to leave out a last batch that is not full.
        pin_memory: True where batches go to a GPU.

    Raises:
        OptionError: If a number is out of range.
    """
    if batch_size < 1 or workers < 0 or prefetch < 1:
        raise OptionError(
            f"Batches of {batch_size} by {workers} workers, {prefetch} ahead; needed at least 1, "
            "0 and 1."
        )
    sampler = ShardShuffleSampler(
        dataset,
        shuffle=shuffle,
        seed=seed,
        rank=rank,
        world_size=world_size,
        buffer_shards=buffer_shards,
        equal=equal,
    )
    several = workers > 0
    return GatherLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        collate_fn=_collate_to_send,
        drop_last=drop_last,
        pin_memory=pin_memory,
        persistent_workers=several,
        prefetch_factor=prefetch if several else None,
        multiprocessing_context=start_method if several else None,
        worker_init_fn=_use_one_thread if several else None,
    )


def _collate_to_send(gathers: Sequence[Gather]) -> dict[str, Any]:
    """One batch; from a worker, what is small comes as arrays, which ``GatherLoader`` takes back.

    A tensor is sent as a file descriptor through a connection of its own, which for a few numbers
    takes longer than to read a gather.
    """
    batch = collate_gathers(gathers)
    if get_worker_info() is None:
        return batch
    return {
        name: value.numpy() if value.nbytes < _SMALL_BYTES else value
        for name, value in batch.items()
    }


def _use_one_thread(worker: int) -> None:
    """Worker processes run side by side: more threads each would only get in the way."""
    torch.set_num_threads(1)
