"""What a run tells while it trains: a bar, a line an epoch, the curve as CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import lightning

from geoml.training.module import InversionModule

Announce = Callable[[str], None]
Progress = Callable[[int, int], None]

CURVE_NAME = "curve.csv"
_PARTS = 1000  # of a run, for the bar
_SECONDS = 0.5  # between two calls of the bar


class RunReport(lightning.Callback):
    """Tells progress and epochs and keeps ``curve.csv``; a resumed run goes on in its curve.

    Lightning's own CSV logger starts its file again when a run is resumed.

    Attributes:
        curve: One line an epoch: losses, scores, learning rate, time.
    """

    def __init__(self, folder: Path, announce: Announce, progress: Progress | None) -> None:
        """Report of a run.

        Args:
            folder: Where ``curve.csv`` goes.
            announce: Told one line an epoch.
            progress: Told the work done and in all.
        """
        self.folder = folder
        self.announce = announce
        self.progress = progress
        self.curve: list[dict[str, float]] = []
        self._told = 0.0

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *args: Any
    ) -> None:
        """Move the bar, a few times a second at most."""
        done = cast(InversionModule, pl_module).clock.progress(trainer.global_step)
        if self.progress and (done == 1 or time.monotonic() > self._told + _SECONDS):
            self._told = time.monotonic()
            self.progress(int(_PARTS * done), _PARTS)

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Add a line to the curve and tell it."""
        module = cast(InversionModule, pl_module)
        scores = {name: float(value) for name, value in trainer.callback_metrics.items()}
        line = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            "minutes": round(module.clock.elapsed_s / 60, 3),
            "learning_rate": float(trainer.optimizers[0].param_groups[0]["lr"]),
            **{f"train/{name}": value for name, value in module.mean_train_losses().items()},
            **{name: value for name, value in scores.items() if name.startswith("validation/")},
        }
        self.curve.append(line)
        if trainer.is_global_zero:
            write_curve(self.folder / CURVE_NAME, self.curve)
            self.announce(_sentence(line, trainer.max_epochs))

    def state_dict(self) -> dict[str, Any]:
        """The curve, for a resumed run."""
        return {"curve": self.curve}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on in the curve of the interrupted run."""
        self.curve = [dict(line) for line in state_dict["curve"]]


def write_curve(path: Path, curve: list[dict[str, float]]) -> None:
    """One row an epoch as CSV; the file is replaced as a whole."""
    names = list(dict.fromkeys(name for line in curve for name in line))
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(curve)
    temporary.replace(path)


def _sentence(line: dict[str, float], max_epochs: int | None) -> str:
    text = f"epoch {line['epoch']:.0f}/{max_epochs}  {line['minutes']:.1f} min"
    for name, label, form in (
        ("train/loss", "loss", ".4f"),
        ("validation/loss", "validation", ".4f"),
        ("validation/mae_m_s", "MAE [m/s]", ".0f"),
        ("validation/edge_f1", "edge F1", ".2f"),
    ):
        if name in line:
            text += f"  {label} {line[name]:{form}}"
    return text
