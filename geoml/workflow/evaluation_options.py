"""What an evaluation judges: options, and the networks and mixtures that they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.prediction.mixture_calibration import mixture_name
from geoml.workflow.evaluation_pairs import Split


@dataclass(frozen=True)
class EvaluationOptions:
    """What is judged, and on what.

    Attributes:
        split: Part of the training store; all pairs of another store are judged.
        mirror: A further row with the mirror image of every window.
        dropout_samples: A further row with that many draws of dropout; 0 for none.
        samples: A further row with so many samples of each network that draws them; 0 for none.
        ensemble: A further row with all checkpoints as one mixture.
        limit: Most pairs, evenly spread; None for all.
        calibrate: Fit factors and edge thresholds on the store's calibration part.
        augment: Add what training added to its gathers.
        allow_train: Judge on pairs that the network has learned from.
        refine: Rungs on each network in order, ``name`` or ``{name: {option: value}}``: mirror,
            consistency, fwi.
        batch: Windows in one call of a network.
        device: Where networks run, as torch spells it.
    """

    split: Split = "test"
    mirror: bool = False
    dropout_samples: int = 0
    samples: int = 0
    ensemble: bool = False
    limit: int | None = None
    calibrate: bool = False
    augment: bool = False
    allow_train: bool = False
    refine: tuple[str | dict[str, Any], ...] = ()
    batch: int = 16
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Mixture:
    """A network, or several answers as one, before it is scored.

    Attributes:
        name: Of its row.
        first: Number of its first checkpoint.
        checkpoints: One, or those of an ensemble.
        mirror: With the mirror image of every window.
        dropout_samples: With that many draws of dropout; 0 for none.
    """

    name: str
    first: int
    checkpoints: list[Checkpoint]
    mirror: bool = False
    dropout_samples: int = 0

    @property
    def is_mixture(self) -> bool:
        """True where there is more than one answer."""
        return self.mirror or self.dropout_samples > 0 or len(self.checkpoints) > 1

    @property
    def key(self) -> str:
        """Its name in the calibration of its first checkpoint; empty for a network by itself."""
        return mixture_name(
            self.checkpoints, mirror=self.mirror, dropout_samples=self.dropout_samples
        )


def planned_mixtures(
    named: Sequence[tuple[str, Checkpoint]], options: EvaluationOptions
) -> list[Mixture]:
    """Every checkpoint by itself, then with its members, then all of them together.

    Raises:
        OptionError: If a single checkpoint is to be an ensemble.
    """
    if options.ensemble and len(named) < 2:
        raise OptionError(
            "An ensemble is of two checkpoints at least; name more of them, commas between, or "
            "leave --ensemble out."
        )
    mirror, draws = options.mirror, options.dropout_samples
    label = mixture_name([named[0][1]], mirror=mirror, dropout_samples=draws)
    rows = []
    for number, (name, checkpoint) in enumerate(named):
        rows.append(Mixture(name, number, [checkpoint]))
        if label:
            rows.append(Mixture(f"{name} + {label}", number, [checkpoint], mirror, draws))
    if options.ensemble:
        name, together = f"ensemble of {len(named)}", [checkpoint for _, checkpoint in named]
        rows.append(Mixture(name, 0, together))
        if label:
            rows.append(Mixture(f"{name} + {label}", 0, together, mirror, draws))
    return rows
