"""Answers of a well checkpoint: values with their spread, or facies with probabilities; flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import CheckpointError, OptionError
from geoml.models.logs import (
    FittedLog,
    LogNetwork,
    fitted_from_arrays,
    model_kind,
    rebuild_log_network,
)
from geoml.models.logs.smoother import LOG_SMOOTHERS
from geoml.registry import build, with_options
from geoml.samples.class_table import ClassTable
from geoml.samples.log_features import WindowFeatures
from geoml.samples.log_scaling import LogScaling, TargetScaling
from geoml.samples.log_sequences import blend_windows, window_batches
from geoml.samples.log_table import LogChannels, LogTable, log_table
from geoml.tasks import LOG_TASKS, Facies, Imputation, LogTask
from geoml.tasks.log_task import Answers, TargetPlan
from geoml.well_checkpoint import LogMember, WellCheckpoint, parted_from_base

FLAG_MISSING_INPUT = 1
"""Bit of the flag: at least one input curve is missing at this depth."""
FLAG_OUTSIDE = 2
"""Bit of the flag: an input lies outside the range of the training rows."""
FLAG_NO_INPUT = 4
"""Bit of the flag: no input curve at all, so that no answer is given."""
FLAG_FILLED = 1
"""Of ``<target>_FILLED_FLAG``: the value is no measurement."""
FLAG_GAP = 2
"""Of ``<target>_FILLED_FLAG``: no input curve to fill the gap from."""

_FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class LogAnswer:
    """What models say of the rows of a well.

    Attributes:
        answers: Scaled targets or probabilities, shape (row, output).
        variance: Variance of the scaled answers, None for facies, shape (row, target).
    """

    answers: Answers
    variance: NDArray[np.float64] | None


class LogMemberModel:
    """One trained model, ready to answer."""

    def __init__(
        self, member: LogMember, task: LogTask, scaling: LogScaling, plan: TargetPlan
    ) -> None:
        member, base = parted_from_base(member)
        self._base = None if base is None else LogMemberModel(base, task, scaling, plan)
        self._task, self._scaling, self._plan = task, scaling, plan
        self._sees: list[str] | None = member.settings.get("sees")
        self._network: LogNetwork | None = None
        self._fitted: FittedLog | None = None
        if model_kind(member.model) == "network":
            self._network = rebuild_log_network(member.settings["config"])
            state = {name: torch.from_numpy(array) for name, array in member.arrays.items()}
            try:
                self._network.load_state_dict(state)
            except RuntimeError as error:
                reason = " ".join(str(error).split())[:200]
                raise CheckpointError(
                    f"The weights do not fit '{member.model}': {reason}. Train it again."
                ) from None
            self._network.eval()
            self._window = int(member.settings["window"])
        else:
            self._fitted = fitted_from_arrays(member.model, member.arrays)
            self._features = with_options(WindowFeatures, member.settings["features"], member.model)

    def answer(self, table: LogTable) -> LogAnswer:
        """Answers for every row of one well."""
        if self._network is None:
            answer = LogAnswer(self._fit_answer(table), None)
        else:
            output = self._outputs(table.seen_by(self._sees))
            log_variance = self._task.log_variance(output, self._plan)
            variance = None if log_variance is None else np.exp(log_variance)
            answer = LogAnswer(self._task.answers(output, self._plan), variance)
        if self._base is None:
            return answer
        return replace(answer, answers=answer.answers + self._base.answer(table).answers)

    def _fit_answer(self, table: LogTable) -> Answers:
        assert self._fitted is not None, "a member is a network or a fit"
        takes = self._fitted.takes_missing
        return self._fitted.predict(
            self._features.of_table(table, self._scaling, takes_missing=takes, sees=self._sees)
        )

    def _outputs(self, table: LogTable) -> dict[str, NDArray[np.float32]]:
        """Values of every head, windows blended, shape (row, channel) each."""
        assert self._network is not None, "a member is a network or a fit"
        values, present = self._scaling.scaled(table.inputs)
        starts: list[int] = []
        windows: dict[str, list[NDArray[np.float32]]] = {}
        with torch.inference_mode():
            for some, batch in window_batches(values, present, self._window):
                starts += some
                output = self._network(batch["values"], batch["present"], batch["real"])
                for head, answer in output.items():
                    windows.setdefault(head, []).extend(answer.numpy())
        return {
            head: blend_windows(parts, starts, table.n_rows).astype(np.float32)
            for head, parts in windows.items()
        }


class LogPredictor:
    """A checkpoint, ready to answer for wells.

    Attributes:
        task: What was learned.
        channels: Which curves enter.
    """

    def __init__(self, checkpoint: WellCheckpoint) -> None:
        self.checkpoint = checkpoint
        self.task: LogTask = with_options(
            LOG_TASKS[checkpoint.task], checkpoint.task_options, checkpoint.task
        )
        self.channels = LogChannels.from_dict(checkpoint.channels)
        self.scaling = LogScaling.from_dict(checkpoint.scaling)
        self.plan = self.task.plan_from_dict(checkpoint.plan)
        self._members = [
            LogMemberModel(member, self.task, self.scaling, self.plan)
            for member in checkpoint.members
        ]

    def answer(self, table: LogTable) -> LogAnswer:
        """The members' weighted mean, smoothed; its variance holds their disagreement too."""
        parts = [member.answer(table) for member in self._members]
        weights = np.array([member.weight for member in self.checkpoint.members])
        residual = self.checkpoint.calibration.get("residual_variance")
        return joined_answers(parts, weights, self.plan, self.checkpoint.smoother, residual)

    def decide(self, answer: LogAnswer) -> Answers:
        """Values in the targets' units, or codes of facies, shape (row, target)."""
        return decided(answer.answers, self.task, self.plan)

    def std(self, answer: LogAnswer) -> NDArray[np.float64] | None:
        """Standard deviation in the targets' units, calibrated where the checkpoint is."""
        if not isinstance(self.plan, TargetScaling) or answer.variance is None:
            return None
        return self.plan.unscaled_std(answer.answers, np.sqrt(answer.variance))

    def predict(self, well: xr.Dataset) -> xr.Dataset:
        """The well with the predictions beside its own curves.

        Returns:
            For a regression ``<target>_PRED``, and ``<target>_STD``, ``<target>_LOW`` and
            ``<target>_HIGH`` (the 80 % interval) where the spread is known; imputation adds
            ``<target>_FILLED`` and ``<target>_FILLED_FLAG``. For facies ``<target>_PRED`` and
            ``<target>_P<code>``, the probability of each class. ``PREDICTION_FLAG`` sums the flags
            of this module; rows of no input have no answer.

        Raises:
            OptionError: If the well has none of the input curves.
        """
        table = log_table(well, self.channels, self.task.targets)
        present = np.isfinite(table.inputs)
        if not present.any():
            raise OptionError(
                f"Well {table.well} has none of the input curves {', '.join(self.channels.names)}."
            )
        answer = self.answer(table)
        blind = np.asarray(~present.any(axis=1))
        values = np.where(blind[:, None], np.nan, self.decide(answer))
        out = well.copy()
        name = self.checkpoint.task
        for column, target in enumerate(self.task.targets):
            unit = self.checkpoint.units.get(target, "")
            _put(out, f"{target}_PRED", values[:, column], unit, f"{target} predicted by {name}")
        if isinstance(self.task, Facies) and isinstance(self.plan, ClassTable):
            out[f"{self.task.target}_PRED"].attrs["kind"] = "category"
            for column, code in enumerate(self.plan.codes):
                chance = np.where(blind, np.nan, answer.answers[:, column])
                _put(out, f"{self.task.target}_P{code:g}", chance, "", f"probability of {code:g}")
        else:
            self._put_spread(out, table, answer, values)
        flag = (
            FLAG_MISSING_INPUT * ~present.all(axis=1)
            + FLAG_OUTSIDE * self._outside(table)
            + FLAG_NO_INPUT * blind
        )
        _put_flag(out, "PREDICTION_FLAG", flag, "1 input missing, 2 outside training, 4 no input")
        return out

    def _put_spread(
        self, out: xr.Dataset, table: LogTable, answer: LogAnswer, values: Answers
    ) -> None:
        std = self.std(answer)
        factors = self.checkpoint.calibration.get("factors", {})
        for column, target in enumerate(self.task.targets):
            unit = self.checkpoint.units.get(target, "")
            if isinstance(self.task, Imputation):
                measured = table.targets.astype(np.float64)
                filled = self.task.filled(measured, values, table.depth_m)[:, column]
                _put(out, f"{target}_FILLED", filled, unit, f"{target}, gaps filled")
                flag = np.isnan(measured[:, column]) * np.where(
                    np.isnan(filled), FLAG_GAP, FLAG_FILLED
                )
                _put_flag(out, f"{target}_FILLED_FLAG", flag, "0 measured, 1 filled, 2 still a gap")
            if std is None:
                continue
            _put(out, f"{target}_STD", std[:, column], unit, "standard deviation of the prediction")
            factor = float(factors.get(target, {}).get("0.8", 1.2816))
            for suffix, sign in (("LOW", -1), ("HIGH", 1)):
                bound = values[:, column] + sign * factor * std[:, column]
                _put(out, f"{target}_{suffix}", bound, unit, "bound of the 80 % interval")

    def _outside(self, table: LogTable) -> NDArray[np.bool_]:
        inputs = table.inputs
        reach = self.scaling.high - self.scaling.low
        # Clipping takes a share of sound rows too: a flag is for what lies clearly beyond.
        below = inputs < self.scaling.low - 0.1 * reach
        above = inputs > self.scaling.high + 0.1 * reach
        return np.asarray((below | above).any(axis=1))


def joined_answers(
    parts: Sequence[LogAnswer],
    weights: NDArray[np.float64],
    plan: TargetPlan,
    smoother: Mapping[str, Any],
    residual_variance: Sequence[float] | None = None,
) -> LogAnswer:
    """Weighted mean of several models' answers of one well, smoothed.

    The variance of a regression is the mean of the members' own, where they tell it, or the
    variance of residuals, plus that of their answers about the mean.

    Args:
        parts: Answers of the models.
        weights: Weight of each, > 0.
        plan: Scaling of the targets or classes.
        smoother: ``name: {option: value}`` of ``LOG_SMOOTHERS``, ``{}`` for none.
        residual_variance: Of the scaled targets, for models that tell no spread; None if unknown.
    """
    share = weights / weights.sum()
    stack = np.stack([part.answers for part in parts])
    mean = np.tensordot(share, stack, axes=1)
    variance = None
    if isinstance(plan, TargetScaling):
        own = [(s, p.variance) for s, p in zip(share, parts, strict=True) if p.variance is not None]
        between = np.tensordot(share, (stack - mean) ** 2, axes=1)
        if own:
            told = sum(s * v for s, v in own) / sum(s for s, _ in own)
            variance = told + between
        elif residual_variance is not None:
            variance = np.asarray(residual_variance, np.float64) + between
    return LogAnswer(
        smoothed(mean, smoother, plan),
        None if variance is None else np.maximum(variance, _FLOOR**2),
    )


def smoothed(answers: Answers, smoother: Mapping[str, Any], plan: TargetPlan) -> Answers:
    """Answers of one well behind a smoother, ``{}`` for none."""
    if not smoother:
        return answers
    below = plan.below if isinstance(plan, ClassTable) else None
    return build(LOG_SMOOTHERS, smoother, "smoother")(answers, below=below)


def decided(answers: Answers, task: LogTask, plan: TargetPlan) -> Answers:
    """Values in the targets' units, or codes of facies, shape (row, target)."""
    if isinstance(task, Facies):
        return task.decide(answers, plan)
    assert isinstance(plan, TargetScaling), "a regression is learned with a scaling"
    return plan.unscaled(answers)


def _put_flag(out: xr.Dataset, name: str, values: NDArray[Any], text: str) -> None:
    _put(out, name, values, "", text)
    out[name].attrs["kind"] = "flag"


def _put(out: xr.Dataset, name: str, values: NDArray[Any], unit: str, text: str) -> None:
    attrs = {"units": unit, "mnemonic": name, "description": text, "kind": "log"}
    out[name] = ("depth", np.asarray(values, np.float32), attrs)
