"""Lightning's trainer on the machine that was asked for, or one line on why it cannot run there."""

from __future__ import annotations

from typing import Any

import lightning
from lightning.fabric.utilities.exceptions import MisconfigurationException

from geoml.errors import OptionError
from geoml.training.quiet import quiet_lightning

_HALF = "16-mixed"


def build_trainer(
    *,
    accelerator: str = "auto",
    devices: int | str = 1,
    strategy: str = "auto",
    precision: str = "32-true",
    **more: Any,
) -> lightning.Trainer:
    """A trainer without logger, bar and summary.

    Args:
        accelerator: As Lightning spells it.
        devices: How many, or ``auto``.
        strategy: As Lightning spells it.
        precision: Of the computation; ``16-mixed`` needs a GPU.
        more: Further arguments of ``lightning.Trainer``.

    Raises:
        OptionError: If this machine has no such accelerator, or they do not go together.
    """
    asked = f"accelerator '{accelerator}', devices {devices}, strategy '{strategy}'"
    try:
        with quiet_lightning():
            trainer = lightning.Trainer(
                accelerator=accelerator,
                devices=devices,
                strategy=strategy,
                precision=precision,  # type: ignore[arg-type]
                logger=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                num_sanity_val_steps=0,
                **more,
            )
    except (MisconfigurationException, ValueError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split()).rstrip(".!")
        raise OptionError(
            f"Training cannot run with {asked}: {reason}. Take auto, or what this machine has."
        ) from None
    if precision == _HALF and trainer.precision != _HALF:
        # Lightning would take bfloat16 in its place, and the checkpoint name what never ran.
        raise OptionError(
            f"Precision {_HALF} needs a GPU, and {asked} has none; take auto, or choose bf16-mixed "
            "or 32-true."
        )
    return trainer
