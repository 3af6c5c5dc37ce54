"""What is to be learned from wells, as a workflow or the command line asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field, model_validator

from geoml.errors import FileFormatError, OptionError
from geoml.registry import build, split_spec, with_options
from geoml.samples.log_table import LogChannels, LogTable, choose_channels, log_table
from geoml.samples.well_splits import WellSplit
from geoml.tasks import LOG_TASKS, LogTask
from geoml.training.log_options import LogTrainingOptions

Spec = str | dict[str, Any]

USUAL_INPUTS = ("GR", "RDEP", "RHOB", "NPHI")


class PenaltyFile(BaseModel):
    """What a wrong facies costs, from a file of numbers.

    Attributes:
        file: ``.npy`` or CSV without a header, a row the true facies, a column the answer.
        codes: Facies of its rows and columns, in their order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    codes: tuple[float, ...] = Field(min_length=2)

    def options(self) -> dict[str, Any]:
        """``codes`` and ``penalty`` of the facies task, in ascending order of the codes.

        Raises:
            FileFormatError: If the file cannot be read.
            OptionError: If it is no square of the codes.
        """
        path = Path(self.file)
        try:
            loads = path.suffix == ".npy"
            table = np.load(path, allow_pickle=False) if loads else np.loadtxt(path, delimiter=",")
        except (OSError, ValueError) as error:
            raise FileFormatError(f"{path}: no table of penalties: {error}.") from None
        if table.shape != (len(self.codes),) * 2 or len(set(self.codes)) != len(self.codes):
            raise OptionError(
                f"{path.name} has shape {table.shape} for {len(set(self.codes))} different codes; "
                "needed is a square of the codes."
            )
        order = np.argsort(self.codes)
        return {
            "codes": sorted(self.codes),
            "penalty": table[np.ix_(order, order)].astype(float).tolist(),
        }


class WellLearning(BaseModel):
    """Task, inputs, models and how they are judged; a key that it does not know is refused.

    Attributes:
        task: Name in ``LOG_TASKS``, or ``name: {option: value}``.
        penalty: Where the costs of wrong facies are; they go to the task.
        inputs: Curves that enter, by default ``USUAL_INPUTS`` but the targets; text and category
            curves become a channel a value.
        log10: Inputs that enter as logarithms; those in ohm.m when None.
        within_well: Curves that enter, also or instead, as their place within their own well: its
            median taken off, its spread as the unit. For wells whose tools do not read alike.
        models: Names in ``LOG_MODELS`` or ``LOG_FITS``, or ``name: {option: value}``; several are
            averaged by their ``weight``.
        seeds: Networks are trained from so many seeds and averaged, > 0.
        split: Options of ``geoml.samples.well_splits.WellSplit``; imputation hides blocks of depth
            of 10 m where nothing else is said, and whatever lies beside them trains.
        training: Options of ``geoml.training.log_options.LogTrainingOptions``.
        smoother: ``{}``, or a name in ``LOG_SMOOTHERS``: ``median: {rows: 5}``, or for facies
            ``viterbi: {weight: 1}``.
        keep: Curve -> lowest and highest value of sound rows; a row outside, or without the curve,
            is neither learned from nor scored. It is still predicted.
        calibrate: Whether the folds are trained too, for scores and a calibrated spread.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Spec = "log_regression"
    penalty: PenaltyFile | None = None
    inputs: tuple[str, ...] = Field(default=USUAL_INPUTS, min_length=1)
    log10: tuple[str, ...] | None = None
    within_well: tuple[str, ...] = ()
    models: tuple[Spec, ...] = Field(default=("bilstm",), min_length=1)
    seeds: int = Field(default=1, gt=0)
    split: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    smoother: dict[str, Any] = Field(default_factory=dict)
    keep: dict[str, tuple[float, float]] = Field(default_factory=dict)
    calibrate: bool = True

    @model_validator(mode="before")
    @classmethod
    def _no_target_is_a_usual_input(cls, given: Any) -> Any:
        """Inputs that nobody named leave out what is to be predicted."""
        task = given.get("task") if isinstance(given, dict) else None
        if not isinstance(task, dict) or "inputs" in given:
            return given
        options = next(iter(task.values()), None) or {}
        targets = options.get("targets", ()) if isinstance(options, dict) else ()
        return {**given, "inputs": [name for name in USUAL_INPUTS if name not in targets]}

    def built_task(self) -> LogTask:
        """The task with its options checked."""
        if self.penalty is None:
            return build(LOG_TASKS, self.task, "well task")
        name, options = split_spec(self.task, "well task")
        return build(LOG_TASKS, {name: {**self.penalty.options(), **options}}, "well task")

    def built_split(self) -> WellSplit:
        """The split with its options checked."""
        split = self.split
        name, _ = split_spec(self.task, "well task")
        if name == "imputation" and split.get("by", "depth_block") == "depth_block":
            split = {"by": "depth_block", "block_m": 10.0, "gap_m": 0.0, **split}
            if "cuts_m" in split:
                split.pop("block_m")
        return with_options(WellSplit, split, "split")

    def built_training(self) -> LogTrainingOptions:
        """The training options, checked."""
        return with_options(LogTrainingOptions, self.training, "training")

    def members(self) -> list[tuple[str, Spec, int]]:
        """Label, specification and seed of every model to train."""
        first = self.built_training().seed
        found = []
        for spec in self.models:
            name, _ = split_spec(spec, "log model")
            found += [(name, spec, first + number) for number in range(self.seeds)]
        return found


def learning_tables(
    wells: Sequence[xr.Dataset], learning: WellLearning, task: LogTask
) -> tuple[LogChannels, list[LogTable]]:
    """Channels and tables of the training wells; targets of rows that are not kept are NaN.

    Raises:
        OptionError: If no well has a target, or a curve does not exist.
    """
    targets = task.targets
    for target in targets:
        if target in (*learning.inputs, *learning.within_well):
            raise OptionError(f"'{target}' is the target; take it out of the inputs.")
        if not any(target in well for well in wells):
            known = sorted({str(name) for well in wells for name in well.data_vars})
            raise OptionError(f"No well has the target '{target}'. Curves: {', '.join(known)}.")
    channels = choose_channels(wells, learning.inputs, learning.log10, learning.within_well)
    tables = [log_table(well, channels, targets) for well in wells]
    if learning.keep:
        tables = [
            without_targets(table, kept_rows(well, learning.keep))
            for well, table in zip(wells, tables, strict=True)
        ]
    return channels, tables


def kept_rows(well: xr.Dataset, keep: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """Rows that train and are scored, shape (row,)."""
    kept = np.ones(well.sizes["depth"], bool)
    for name, (low, high) in keep.items():
        if name not in well:
            return np.zeros_like(kept)
        values = well[name].values
        kept &= (values >= low) & (values <= high)
    return kept


def without_targets(table: LogTable, kept: np.ndarray) -> LogTable:
    """The table with the targets of the other rows unknown."""
    return replace(table, targets=np.where(kept[:, None], table.targets, np.float32(np.nan)))
