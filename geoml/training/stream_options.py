"""How fresh pairs are streamed into a training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoml.errors import OptionError
from geoml.synthetic.stream import StreamMachine


@dataclass(frozen=True)
class StreamOptions:
    """What is modelled while training runs, and how often each pair is seen.

    An epoch has ``fresh_pairs`` times ``reuse`` samples: the last ``reuse`` blocks of fresh pairs,
    shuffled together; block k is modelled while epoch k and those before it train. The stored
    training part stands in for the blocks before the first. What an epoch holds depends on
    (seed, epoch) alone: a slow machine waits, it never trains on other pairs.

    Attributes:
        fresh_pairs: Pairs a block, new in every epoch.
        reuse: Epochs in which a pair is used: more where modelling is slower than the network.
        families: Entries of ``geoml.synthetic.FAMILIES``; those of the pair store if None.
        velocity_range: Options of ``geoml.synthetic.VelocityRange``; that of the store if None.
        seed: First part of each pair's seed; that of the store if None.
        first_pair: Number of the first fresh pair; behind those of the store if None.
        keep: Pair store to write the fresh pairs to; None drops them after use.
        ahead: Blocks that may be modelled beyond the next one.
        workers: Processes that model, each with one thread; 0 for a thread of the training
            process, best where it all runs on one GPU.
        batch: Pairs modelled at once.
        device: Where torch models them, such as ``cpu`` or ``cuda``.
        scheduler: Address of a running dask.distributed scheduler to model on, in place of
            processes.
        patience_s: Seconds without any finished batch after which the run stops.
    """

    fresh_pairs: int = 512
    reuse: int = 4
    families: tuple[str | dict[str, Any], ...] | None = None
    velocity_range: dict[str, Any] | None = None
    seed: int | None = None
    first_pair: int | None = None
    keep: str | None = None
    ahead: int = 1
    workers: int = 1
    batch: int = 4
    device: str = "cpu"
    scheduler: str | None = None
    patience_s: float = 600.0

    def __post_init__(self) -> None:
        if self.fresh_pairs < 1 or self.reuse < 1 or self.ahead < 0:
            raise OptionError(
                f"Stream with fresh_pairs {self.fresh_pairs}, reuse {self.reuse}, ahead "
                f"{self.ahead}; needed at least 1, 1 and 0."
            )
        _ = self.machine  # refuses what is out of range there

    @property
    def machine(self) -> StreamMachine:
        """Where pairs are modelled."""
        return StreamMachine(self.workers, self.batch, self.device, self.scheduler, self.patience_s)
