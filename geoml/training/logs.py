"""Training of models on logs: tables of training wells in, the members of a checkpoint out.

A loop of its own instead of the Lightning module of the sections: a batch of logs takes a few
milliseconds, less than the bookkeeping of a trainer's step. Learning rate and clock are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from geoml.errors import OptionError
from geoml.models.logs import (
    LOG_FITS,
    LogNetwork,
    build_log_network,
    fitted_from_arrays,
    log_network_config,
    model_kind,
)
from geoml.registry import split_spec, with_options
from geoml.samples.hidden_curves import HiddenCurves
from geoml.samples.log_features import WindowFeatures
from geoml.samples.log_scaling import LogScaling, fit_log_scaling
from geoml.samples.log_sequences import LogAugmentation, LogWindows
from geoml.samples.log_table import LogTable
from geoml.tasks.log_task import Answers, LogTask, TargetPlan
from geoml.training.log_options import LogTrainingOptions
from geoml.training.masked_logs import LogReconstruction
from geoml.training.schedule import learning_rate_factor
from geoml.well_checkpoint import LogMember, with_base

Spec = str | Mapping[str, Any]
OWN_OPTIONS = ("features", "training", "weight", "sees", "hide", "base")
"""Options of a model's entry that are not the model's own; ``train_member`` tells of them."""


def fit_scalings(
    tables: Sequence[LogTable], task: LogTask, options: LogTrainingOptions
) -> tuple[LogScaling, TargetPlan]:
    """Scaling of the inputs and of the targets, from the training rows alone."""
    return fit_log_scaling(tables, options.clip_share), task.plan(tables)


def train_member(
    tables: Sequence[LogTable],
    spec: Spec,
    task: LogTask,
    scaling: LogScaling,
    plan: TargetPlan,
    options: LogTrainingOptions,
    progress: Callable[[int, int], None] | None = None,
) -> LogMember:
    """Train or fit one model.

    Args:
        tables: Training rows in unbroken runs.
        spec: Name of a model, or ``{name: {option: value}}``. Beside the model's own options there
            are ``features`` (of ``WindowFeatures``, for a fit), ``training`` (of
            ``LogTrainingOptions``, for a network), ``weight`` in an ensemble, ``sees``, the
            input channels that are not hidden from it, ``hide`` (of ``HiddenCurves``, for a fit:
            the training rows a second time with curves missing), and for a regression ``base``, a
            fit such as ``ridge`` that goes first: the model learns what it leaves over. Trees and
            networks do not go on along a trend beyond the training rows; a straight line does.
        task: What is learned.
        scaling: Of the inputs.
        plan: Of the targets.
        options: Of the training; a spec's own come on top.
        progress: Told the work done and in all.

    Raises:
        OptionError: If there is nothing to learn from, or an option is unknown.
    """
    name, settings = split_spec(spec, "log model")
    own = {key: settings.pop(key) for key in OWN_OPTIONS if key in settings}
    weight = float(own.get("weight", 1.0))
    if not weight > 0:
        raise OptionError(f"'{name}' has weight {weight:g}; it must be above 0.")
    sees = own.get("sees")
    base, answered = None, [np.zeros((1, 1))] * len(tables)
    if "base" in own:
        base, answered = _base(tables, own["base"], task, scaling, plan, options)
    learned = [plan.scaled(t.targets) - a for t, a in zip(tables, answered, strict=True)]
    if model_kind(name) == "fit":
        if "training" in own:
            raise OptionError(f"'{name}' is fitted in one go; it has no option 'training'.")
        features = with_options(WindowFeatures, own.get("features", {}), f"{name}.features")
        if "hide" in own:
            hide = with_options(HiddenCurves, own["hide"], f"{name}.hide")
            generator = np.random.default_rng(options.seed)
            tables = [*tables, *(hide(table, generator) for table in tables)]
            learned = [*learned, *learned]
        n_classes = task.heads(plan)[0][1] if task.is_classification else None
        seen = _Rows(tables, learned, scaling, sees)
        member = _fitted(seen, name, settings, features, n_classes, options.seed)
    else:
        for option in ("features", "hide"):
            if option in own:
                raise OptionError(f"'{name}' reads sequences; it has no option '{option}'.")
        mine = with_options(
            LogTrainingOptions, {**asdict(options), **own.get("training", {})}, f"{name}.training"
        )
        rows = _Rows([table.seen_by(sees) for table in tables], learned, scaling, sees)
        member = _trained(rows, name, settings, task, plan, mine, progress)
    member = replace(member, weight=weight, settings={**member.settings, "sees": sees})
    return member if base is None else with_base(member, base)


def depends_on_seed(spec: Spec) -> bool:
    """Whether another seed of ``LogTrainingOptions`` gives another model."""
    name, options = split_spec(spec, "log model")
    if model_kind(name) == "network" or "hide" in options:
        return True
    drawn = "seed" in LOG_FITS[name].__dataclass_fields__ and "seed" not in options  # type: ignore[attr-defined]
    return drawn or ("base" in options and depends_on_seed(options["base"]))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Training rows, what is learned of them, and what a model sees of them."""

    tables: Sequence[LogTable]
    learned: Sequence[Answers]
    scaling: LogScaling
    sees: Sequence[str] | None


def _base(
    tables: Sequence[LogTable],
    spec: Spec,
    task: LogTask,
    scaling: LogScaling,
    plan: TargetPlan,
    options: LogTrainingOptions,
) -> tuple[LogMember, list[Answers]]:
    """The fit that goes first, and its answers for the training rows."""
    name, own = split_spec(spec, "log model")
    if task.is_classification or model_kind(name) != "fit" or "base" in own:
        raise OptionError(
            f"base is '{name}'; needed is a regression, and a fit such as ridge without a base."
        )
    member = train_member(tables, spec, task, scaling, plan, options)
    fitted = fitted_from_arrays(name, member.arrays)
    recipe = with_options(WindowFeatures, member.settings["features"], name)
    how: dict[str, Any] = {"takes_missing": fitted.takes_missing, "sees": member.settings["sees"]}
    return member, [fitted.predict(recipe.of_table(t, scaling, **how)) for t in tables]


def _fitted(
    seen: _Rows,
    name: str,
    settings: Mapping[str, Any],
    features: WindowFeatures,
    n_classes: int | None,
    seed: int,
) -> LogMember:
    known_options = LOG_FITS[name].__dataclass_fields__  # type: ignore[attr-defined]
    chosen = {**({"seed": seed} if "seed" in known_options else {}), **settings}
    recipe = with_options(LOG_FITS[name], chosen, name)
    takes_missing = name != "ridge"
    columns, learned = [], []
    for table, scaled in zip(seen.tables, seen.learned, strict=True):
        known = np.isfinite(scaled).any(axis=1)
        rows = np.flatnonzero(known)[:: features.train_every]
        every = features.of_table(table, seen.scaling, takes_missing=takes_missing, sees=seen.sees)
        columns.append(every[rows])
        learned.append(scaled[rows].astype(np.float64))
    table_rows, targets = np.concatenate(columns), np.concatenate(learned)
    if len(table_rows) == 0:
        raise OptionError("No training row has a target.")
    # A curve that no training well has says nothing, and scikit-learn will not bin it.
    table_rows = np.where(np.isnan(table_rows).all(axis=0), np.float32(0), table_rows)
    fitted = recipe.fit(table_rows, targets, n_classes)
    options = {key: getattr(recipe, key) for key in known_options}
    return LogMember(name, {"options": options, "features": asdict(features)}, fitted.arrays())


def _trained(
    rows: _Rows,
    name: str,
    settings: Mapping[str, Any],
    task: LogTask,
    plan: TargetPlan,
    options: LogTrainingOptions,
    progress: Callable[[int, int], None] | None,
) -> LogMember:
    generator = torch.Generator().manual_seed(options.seed)
    n_inputs = rows.tables[0].inputs.shape[1]
    # The caller's random numbers stay as they were.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = build_log_network(name, n_inputs, task.heads(plan), settings)
        parts = [
            (*rows.scaling.scaled(table.inputs), learned.astype(np.float32))
            for table, learned in zip(rows.tables, rows.learned, strict=True)
        ]
        augment = with_options(LogAugmentation, options.augmentation, "augmentation")
        done = options.pretrain_steps + options.steps
        if options.pretrain_steps:
            every = [(v, p, np.ones((len(v), 1), np.float32)) for v, p, _ in parts]
            windows = LogWindows(every, options.window, options.batch_size, generator)
            module = LogReconstruction(network)

            def pretraining_loss() -> torch.Tensor:
                return module.loss(augment(windows.batch(), generator), generator)

            _descend(module, pretraining_loss, options, options.pretrain_steps, progress, 0, done)
        windows = LogWindows(parts, options.window, options.batch_size, generator)

        def loss() -> torch.Tensor:
            batch = augment(windows.batch(), generator)
            inputs = batch["values"], batch["present"], batch["real"]
            extra = (task.fed(batch["targets"], plan),) if network.reads_targets else ()
            return task.loss(network(*inputs, *extra), batch["targets"], plan)

        kept = _descend(
            network, loss, options, options.steps, progress, options.pretrain_steps, done
        )
    arrays = {key: value.numpy(force=True) for key, value in kept.state_dict().items()}
    config = log_network_config(name, network)
    return LogMember(name, {"config": config, "window": options.window}, arrays)


def _descend(
    module: nn.Module,
    loss_of_batch: Callable[[], torch.Tensor],
    options: LogTrainingOptions,
    n_steps: int,
    progress: Callable[[int, int], None] | None,
    first: int,
    n_all: int,
) -> LogNetwork:
    """Minimise; the module's weights become their running mean."""
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    mean = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(options.ema_decay))
    module.train()
    for step in range(n_steps):
        factor = learning_rate_factor(step / n_steps, options.warmup)
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * factor
        loss = loss_of_batch()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), options.gradient_clip)
        optimizer.step()
        # First, random weights would stay in the mean for long.
        if step >= n_steps // 4:
            mean.update_parameters(module)
        if progress is not None:
            progress(first + step + 1, n_all)
    if not torch.isfinite(loss):
        raise OptionError(
            f"The training diverged; lower learning_rate (now {options.learning_rate:g})."
        )
    module.load_state_dict(mean.module.state_dict())
    return module.eval()  # type: ignore[return-value]
