"""Windows of gathers through trained networks, back in physical units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.prediction.member import NetworkMember, Shots, WindowSections, mixture_of
from geoml.prediction.mixture_calibration import mixture_calibration
from geoml.samples.input_features import ENCODER
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition

__all__ = ["LEVEL", "NORMAL_HALF_WIDTH", "WindowPredictor", "WindowSections"]

LEVEL = 0.8
"""Share of cells that the interval of a prediction holds."""
NORMAL_HALF_WIDTH = 1.2815515655446004
"""Half-width of a normal distribution's 80 % interval, in standard deviations."""


class WindowPredictor:
    """One or several checkpoints with their scaling and calibration around them.

    Its members are every checkpoint's network, with its dropout drawn several times where that is
    asked for, each on the gathers and, where that is asked for, on their mirror image. Together
    they are a mixture: the mean of the velocities, and as variance the mean of the variances plus
    the variance of the velocities.

    Attributes:
        acquisition: Geometry and grid that the networks were trained for.
        scaling: Between physical units and what the first network sees.
        n_members: Passes through a network for every window.
        calibration: Conformal ``factors`` and ``edge_threshold`` of the mixture as a whole; None
            where they were never fitted.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | Sequence[Checkpoint],
        *,
        mirror: bool = False,
        device: str = "cpu",
        dropout_samples: int = 0,
        bfloat16: bool = False,
    ) -> None:
        """Load the networks.

        Args:
            checkpoint: What training wrote; several of one acquisition are an ensemble.
            mirror: Predict the mirror image of each window too.
            device: Where torch computes, such as ``cpu`` or ``cuda:0``.
            dropout_samples: Draws of dropout for every network; 0 predicts without dropout.
            bfloat16: Compute in bfloat16 but for the read-outs: some three times as fast where the
                processor multiplies in it, and a few m/s off. Training computes so too.

        Raises:
            OptionError: If ``mirror`` is asked for and a window is not its own mirror image,
                dropout is asked for and a network has none, or torch has no such device.
            CheckpointError: If a checkpoint has a spread head but no calibration, or the
                checkpoints do not go together.
        """
        checkpoints = [checkpoint] if isinstance(checkpoint, Checkpoint) else list(checkpoint)
        _check_together(checkpoints)
        if dropout_samples < 0:
            raise OptionError(f"{dropout_samples} dropout samples; 0 for none, or more.")
        self.acquisition = Acquisition.from_dict(checkpoints[0].acquisition)
        self._networks = [
            NetworkMember(
                one,
                mirror=mirror,
                device=device,
                dropout_samples=dropout_samples,
                bfloat16=bfloat16,
            )
            for one in checkpoints
        ]
        self._factors = [_calibration_factor(one) for one in checkpoints]
        self.scaling: Scaling = self._networks[0].scaling
        self.n_members = sum(network.n_members for network in self._networks)
        self.calibration = mixture_calibration(
            checkpoints, mirror=mirror, dropout_samples=dropout_samples
        )

    def scaled(self, shots: Shots) -> Shots:
        """Gathers as the first network sees them, shape (window, channel, time, receiver).

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        return self._networks[0].scaled(shots)

    def encoded(self, shots: Shots) -> dict[str, NDArray[np.float64]]:
        """Feature ``encoder`` of the first network, (window, width), where it has an encoder.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        found = self._networks[0].encoded(shots)
        return {} if found is None else {ENCODER: found}

    def samples(self, shots: Shots, n: int, seed: int = 0) -> NDArray[np.float64]:
        """Sections that the first network draws [m/s], shape (sample, window, depth, distance).

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
            n: Samples of each window.
            seed: Fixes them.

        Raises:
            OptionError: If the network draws none.
        """
        return self._networks[0].samples(shots, n, seed)

    def members(self, shots: Shots) -> list[WindowSections]:
        """What every member says by itself, its spread calibrated as that of its checkpoint.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        return [
            _with_factor(member, factor)
            for network, factor in zip(self._networks, self._factors, strict=True)
            for member in network.predict(shots)
        ]

    def predict(self, shots: Shots) -> WindowSections:
        """What the members say together, with a calibrated spread.

        Where the mixture as a whole was calibrated (``geoml evaluate --write-calibration``), its
        own factor scales its spread. Otherwise every member's spread is scaled by its checkpoint's
        factor before they are joined, which tends to be too wide.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        if self.calibration is None:
            return mixture_of(self.members(shots))
        factor = self.calibration.get("factors", {}).get(f"{LEVEL:g}")
        return _with_factor(self.uncalibrated(shots), factor)

    def uncalibrated(self, shots: Shots) -> WindowSections:
        """What the members say together, with the spread as the networks say it.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        return mixture_of([m for network in self._networks for m in network.predict(shots)])


def _with_factor(sections: WindowSections, factor: float | None) -> WindowSections:
    """Spread whose normal 80 % interval is the conformal one."""
    if sections.velocity_std is None or factor is None:
        return sections
    return replace(sections, velocity_std=sections.velocity_std * (factor / NORMAL_HALF_WIDTH))


def _check_together(checkpoints: list[Checkpoint]) -> None:
    """Refuse an ensemble of networks that do not answer the same question."""
    if not checkpoints:
        raise CheckpointError("No checkpoint was given; at least one is needed.")
    first = checkpoints[0]
    for number, other in enumerate(checkpoints[1:], start=2):
        for what in ("acquisition", "steps"):
            if getattr(other, what) != getattr(first, what):
                raise CheckpointError(
                    f"Checkpoint {number} of the ensemble was trained for another {what} than the "
                    "first; an ensemble is of networks for one survey."
                )
        heads, needed = (tuple(c.model_config["heads"]) for c in (other, first))
        if set(heads) != set(needed):
            raise CheckpointError(
                f"Checkpoint {number} of the ensemble predicts {', '.join(heads)}, the first "
                f"{', '.join(needed)}; an ensemble needs the same heads."
            )


def _calibration_factor(checkpoint: Checkpoint) -> float | None:
    """Half-width of the 80 % interval in predicted standard deviations."""
    if "log_variance" not in checkpoint.model_config.get("heads", ()):
        return None
    factors: dict[str, float] = checkpoint.calibration.get("factors", {})
    if f"{LEVEL:g}" not in factors:
        raise CheckpointError(
            f"The checkpoint predicts a spread but holds no calibration for {LEVEL:.0%} "
            f"(found: {', '.join(factors) or 'none'}); train it to the end."
        )
    return float(factors[f"{LEVEL:g}"])
