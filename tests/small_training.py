"""A training that takes a moment, and one that is cut short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geoml.training import TrainingOptions, train

MODEL = {"mh_unet_s": {"widths": [16, 32], "stem_widths": [8, 16], "dropout": 0.1}}


def options(**changes: Any) -> TrainingOptions:
    base = {"max_epochs": 2, "batch_size": 8, "precision": "32-true", "accelerator": "cpu"}
    return TrainingOptions(**{**base, **changes})


def run(pairs: Path, out: Path, lines: list[str] | None = None, **changes: Any) -> Path:
    keys = ("task", "model", "resume", "overwrite")
    given = {key: changes.pop(key) for key in keys if key in changes}
    tell = (lines if lines is not None else []).append
    return train(pairs, out, **{"model": MODEL, **given}, options=options(**changes), announce=tell)


class PowerCutError(Exception):
    """The machine goes dark."""


def run_until_epoch(last: int, pairs: Path, out: Path, **changes: Any) -> None:
    """A run that dies as the epoch after ``last`` comes to its end."""

    def announce(line: str) -> None:
        if line.startswith(f"epoch {last + 1}/"):
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(pairs, out, model=MODEL, options=options(**changes), announce=announce)
