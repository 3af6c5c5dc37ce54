"""A training run from a pair store to a checkpoint."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_only
from torch import nn

from geoml.checkpoint import Checkpoint, save_checkpoint
from geoml.errors import OptionError
from geoml.models import build_model, model_config
from geoml.registry import build, split_spec
from geoml.tasks import TASKS, Task
from geoml.training import scores
from geoml.training.adversarial import training_module
from geoml.training.early_check import check_training
from geoml.training.module import InversionModule
from geoml.training.options import TrainingOptions
from geoml.training.pair_data import PairData, pair_fingerprint
from geoml.training.posterior import with_trunk
from geoml.training.quiet import quiet_lightning
from geoml.training.run_folder import RESUME_FOLDER, prepare_folder
from geoml.training.run_report import Announce, Progress, RunReport
from geoml.training.stream_data import pair_data
from geoml.training.trainer import build_trainer
from geoml.training.weight_average import RunningMean
from geoml.training.window_options import section_shape, with_window_options

Spec = str | Mapping[str, Any]


def train(
    pairs_path: str | Path,
    out: str | Path,
    *,
    task: Spec = "velocity_edges",
    model: Spec = "mh_unet_s",
    options: TrainingOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    layout: dict[str, Any] | None = None,
    trend: dict[str, Any] | None = None,
    announce: Announce = print,
    progress: Progress | None = None,
) -> Path:
    """Train a network on the pairs of a store and write its checkpoint.

    The folder holds ``curve.csv``, one row an epoch, from the first epoch on, and the checkpoint
    when all is done. ``resume/`` in it holds Lightning's state until then.

    Args:
        pairs_path: Complete pair store.
        out: Folder of the run.
        task: Name of a task, or ``{name: {option: value}}``.
        model: Name of a model, or ``{name: {option: value}}``.
        options: Budget, optimiser, machine; the defaults if None.
        resume: Go on after the last whole epoch of an interrupted run, or begin where there is
            none. Epoch by epoch the result is that of a run without interruption, unless
            a time limit sets the learning rate.
        overwrite: Replace a finished or interrupted run.
        layout: Window layout for the checkpoint; that of the store's provenance if None.
        trend: Velocity trend for the checkpoint; that of the store's provenance if None.
        announce: Told one line at a time.
        progress: Told the work done and in all.

    Returns:
        ``out``, a folder that ``load_checkpoint`` reads.

    Raises:
        StoreError: If the run is there already, or the pairs are not.
        CheckpointError: If the interrupted run had other settings.
        OptionError: If task, model or an option is unknown or cannot work.
    """
    out, options = Path(out), options or TrainingOptions()
    announce = rank_zero_only(announce)
    goal: Task = build(TASKS, task, "task")
    model_name, model_options = split_spec(model, "model")
    check_training(task, model, options)
    data = pair_data(pairs_path, options)
    settings = {
        "task": split_spec(task, "task"),
        "model": [model_name, model_options],
        "options": options.lasting(),
        "pairs": data.fingerprint(),
    }
    torch.manual_seed(options.seed)
    window = data.train_pairs.input_acquisition
    network = build_model(
        model_name,
        section_shape(window),
        goal.heads,
        with_window_options(model_name, with_trunk(model_options, options), window),
    )
    module = training_module(model_name, network, goal, data.scaling, options)
    # Behind all that may refuse an option: an older run is not dropped for a typing error.
    state = prepare_folder(out, settings, resume, overwrite)
    announce(_opening(model_name, network, data, options))
    for note in data.train_pairs.notes:
        announce(note)
    report = RunReport(out, announce, progress)
    trainer = fit(module, data, out / RESUME_FOLDER, report, state)
    if not trainer.is_global_zero:
        return out
    for line in data.finish():
        announce(line)
    _take_best(module, out / RESUME_FOLDER, report.curve)
    provenance = data.provenance()
    checkpoint = Checkpoint(
        model_name=model_name,
        model_config=model_config(model_name, network),
        state={name: value.cpu() for name, value in network.state_dict().items()},
        task=split_spec(task, "task")[0],
        task_options=asdict(goal),  # type: ignore[call-overload]
        scaling=data.scaling.to_dict(),
        acquisition=data.train_pairs.acquisition.to_dict(),
        steps=list(data.pairs.attrs.get("steps", [])),
        layout=layout or provenance.get("layout"),
        trend=trend or provenance.get("trend"),
        **_examine(module, data, announce),
    )
    checkpoint.training.update(
        curve=report.curve,
        options=asdict(options) | {"precision": options.resolved_precision()},
        pairs={
            "sha256": data.fingerprint(),
            "store_sha256": pair_fingerprint(data.pairs),
            "count": int(data.pairs.sizes["sample"]),
            "model_runs": data.model_runs(),
        },
        provenance=provenance,
        versions={name: version(name) for name in ("geoml", "torch", "lightning", "deepwave")},
    )
    save_checkpoint(checkpoint, out)
    shutil.rmtree(out / RESUME_FOLDER)
    return out


def fit(
    module: InversionModule,
    data: PairData,
    folder: Path,
    report: RunReport,
    state: Path | None = None,
) -> lightning.Trainer:
    """Run Lightning's loop; afterwards ``folder`` holds the best and the last state."""
    options = module.options
    callbacks: list[lightning.Callback] = [
        RunningMean(options.ema_decay),
        report,
        ModelCheckpoint(
            folder,
            "best",
            monitor=module.monitor,
            save_last=True,
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        ),
    ]
    if options.patience is not None:
        callbacks.append(
            EarlyStopping(module.monitor, patience=options.patience, check_on_train_epoch_end=True)
        )
    trainer = build_trainer(
        accelerator=options.accelerator,
        devices=options.devices,
        strategy=options.strategy,
        precision=options.resolved_precision(),
        max_epochs=options.max_epochs,
        # A module with several optimizers clips by itself.
        gradient_clip_val=options.gradient_clip if module.automatic_optimization else None,
        callbacks=callbacks,
    )
    with quiet_lightning():
        try:
            trainer.fit(module, datamodule=data, ckpt_path=state, weights_only=True)
        finally:
            data.close()
    return trainer


def _take_best(module: InversionModule, folder: Path, curve: list[dict[str, float]]) -> None:
    """Put the averaged weights of the best epoch into the network.

    Raises:
        OptionError: If the losses are no numbers any more.
    """
    losses = [line[module.monitor] for line in curve if module.monitor in line]
    if not losses or not any(math.isfinite(loss) for loss in losses):
        raise OptionError(
            f"The training diverged; lower learning_rate (now {module.options.learning_rate:g})."
        )
    state = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)["state_dict"]
    module.load_state_dict(state)
    module.cpu()


def _examine(module: InversionModule, data: PairData, announce: Announce) -> dict[str, Any]:
    """Calibrate on one part, score on another, print the scores beside their trivial rows."""
    task, scaling, size = module.task, data.scaling, module.options.batch_size
    answers = scores.predict_pairs(module.network, data.part("calibration"), size)
    calibration = scores.calibrate(task, *answers)
    results: dict[str, Any] = {}
    if data.splits.test.size:
        output, batch = scores.predict_pairs(module.network, data.part("test"), size)
        own = scores.score(task, output, batch, scaling, calibration)
        calibration["coverage"] = own.get("coverage", {})
        train_m_s = data.pairs["velocity"][data.splits.train].values
        true_m_s = data.pairs["velocity"][data.splits.test].values
        results = {"network": own, **scores.trivial_scores(train_m_s, true_m_s)}
        for name, row in results.items():
            announce(_row(name, row))
    statistics = scores.input_statistics(data.train_pairs, data.part("calibration"), module.network)
    return {
        "calibration": calibration,
        "training": {"scores": results, "scored_pairs": int(data.splits.test.size)},
        "input_statistics": statistics,
    }


def _row(name: str, row: dict[str, Any]) -> str:
    text = (
        f"{name}: MAE {row['mae_m_s']:.0f} m/s, RMSE {row['rmse_m_s']:.0f}, SSIM {row['ssim']:.3f}"
    )
    if "edge_f1" in row:
        text += f", edge F1 {row['edge_f1']:.3f}"
    if "edge_f1_of_velocity" in row:
        text += f" (edges of its velocity {row['edge_f1_of_velocity']:.3f})"
    if "coverage" in row:
        shares = ", ".join(f"{float(k):.0%}: {v:.1%}" for k, v in row["coverage"].items())
        text += f", coverage {shares}"
    return text


def _opening(name: str, network: nn.Module, data: PairData, options: TrainingOptions) -> str:
    n_weights = sum(weight.numel() for weight in network.parameters())
    parts = ", ".join(
        f"{getattr(data.splits, part).size} {part}"
        for part in ("train", "validation", "calibration", "test")
    )
    return (
        f"{name}, {n_weights / 1e6:.2f} M weights, {options.resolved_precision()}; pairs: {parts}"
    )
