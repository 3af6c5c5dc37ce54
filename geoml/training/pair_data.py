"""The parts of a pair store as Lightning's data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError
from geoml.registry import with_options
from geoml.samples import Augmentation, SplitFractions, Splits, split_pairs
from geoml.samples.dataset import PairDataset, fit_pair_scaling
from geoml.samples.loader import EpochSampler, pair_loader
from geoml.samples.scaling import Scaling
from geoml.survey.pairs import open_pairs
from geoml.synthetic.stored_recipe import stored_run
from geoml.tasks import Batch
from geoml.training.options import TrainingOptions


class FixedPairs(PairDataset):
    """Pairs whose augmentation is the same in every epoch, so that scores can be compared."""

    def set_epoch(self, epoch: int) -> None:
        """Stay with the draw of the first epoch."""


class PairData(lightning.LightningDataModule):
    """Training, validation, calibration and test parts of one store under one scaling.

    Attributes:
        pairs: The store.
        splits: Which pairs are in which part.
        scaling: Fitted on the training part.
        train_pairs: The training part, augmented.
    """

    def __init__(self, path: str | Path, options: TrainingOptions) -> None:
        """Split the store, fit the scaling and read the training part.

        Raises:
            OptionError: If a part that training needs would be empty.
            StoreError: If the store is missing or incomplete.
        """
        super().__init__()
        self.path = Path(path)
        self.options = options
        self.pairs: xr.Dataset = open_pairs(path)
        fractions = with_options(SplitFractions, options.splits, "splits")
        for part in ("train", "validation", "calibration"):
            if getattr(fractions, part) == 0:
                raise OptionError(f"The {part} part has share 0; training needs it.")
        self.splits: Splits = split_pairs(int(self.pairs.sizes["sample"]), fractions)
        self.augment = (
            None
            if options.augmentation is None
            else with_options(Augmentation, options.augmentation, "augmentation")
        )
        self.scaling: Scaling = self._scaling()
        self.train_pairs = self.training_pairs()
        self._order: EpochSampler | None = None

    def _scaling(self) -> Scaling:
        """That of the trunk whose weights are taken over, or one fitted on the training part."""
        trunk = self.options.posterior.get("trunk")
        if trunk is not None:
            return Scaling.from_dict(load_checkpoint(trunk).scaling)
        return fit_pair_scaling(self.path, self.splits.train)

    def training_arguments(self) -> tuple[Path, NDArray[np.int64], Scaling, Augmentation | None]:
        """Store, indices, scaling and augmentation of the training part."""
        return self.path, self.splits.train, self.scaling, self.augment

    def training_pairs(self) -> PairDataset:
        """The training part, augmented."""
        return PairDataset(
            *self.training_arguments(),
            seed=self.options.seed,
            memory_limit_gb=self.options.memory_limit_gb,
            memory_dtype=self.options.memory_dtype,
        )

    def close(self) -> None:
        """End what runs in the background: nothing here."""

    def finish(self) -> list[str]:
        """What there is to say after the last epoch, one line each: nothing here."""
        return []

    def part(self, name: str) -> PairDataset:
        """Another part than the training one, with the same noise in every pass.

        Its gathers are augmented like those of the training, as the survey is noisy too, but never
        flipped or scaled: the survey fills the recorded channels.
        """
        recorded = None if self.augment is None else self.augment.of_a_survey()
        return FixedPairs(
            self.path,
            getattr(self.splits, name),
            self.scaling,
            recorded,
            mirror=self.train_pairs.mirror,
            seed=self.options.seed + 1,
            memory_limit_gb=self.options.memory_limit_gb,
            memory_dtype=self.options.memory_dtype,
        )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches in an order that follows from seed and epoch."""
        loader = pair_loader(
            self.train_pairs,
            self.options.batch_size,
            shuffle=True,
            seed=self.options.seed,
            workers=self.options.workers,
            drop_last=True,
        )
        assert isinstance(loader.sampler, EpochSampler)
        self._order = loader.sampler
        if self.trainer is not None:
            # Workers ask for the order before Lightning names the epoch of a resumed run.
            self.set_epoch(self.trainer.current_epoch)
        return loader

    def val_dataloader(self) -> DataLoader[Batch]:
        """Batches of the validation part."""
        return pair_loader(
            self.part("validation"), self.options.batch_size, workers=self.options.workers
        )

    def set_epoch(self, epoch: int) -> None:
        """Tell the order which epoch begins.

        Lightning tells its own sampler; on several devices that one wraps ours and keeps the news
        to itself.
        """
        if self._order is not None:
            self._order.set_epoch(epoch)

    def fingerprint(self) -> str:
        """SHA-256 over the store's attributes and its first and last pair."""
        return pair_fingerprint(self.pairs)

    def model_runs(self) -> dict[str, Any]:
        """``model_run`` of the ``stored`` pairs, None where they do not tell, and the trunk's."""
        runs = {"stored": stored_run(self.pairs.attrs, int(self.pairs.sizes["sample"]))}
        trunk = self.options.posterior.get("trunk")
        if trunk is not None:
            known = load_checkpoint(trunk).training.get("pairs", {}).get("model_runs", {})
            runs |= {f"trunk_{kind}": run for kind, run in known.items()}
        return runs

    def provenance(self) -> dict[str, Any]:
        """How the pairs were made, as the store says."""
        return dict(self.pairs.attrs.get("provenance") or {})


def pair_fingerprint(pairs: xr.Dataset) -> str:
    """SHA-256 over a pair store's attributes and its first and last pair."""
    digest = hashlib.sha256(json.dumps(pairs.attrs, sort_keys=True).encode())
    n_pairs = int(pairs.sizes["sample"])
    digest.update(str(n_pairs).encode())
    for row in (0, n_pairs - 1):
        for name in ("amplitude", "velocity"):
            digest.update(np.ascontiguousarray(pairs[name][row].values).tobytes())
    return digest.hexdigest()
