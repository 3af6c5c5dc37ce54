"""Windows of gathers through a trained network, back in physical units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.samples.mirror import MirrorChannels, channels_for, mirror_channels, mirror_order
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition

Shots = NDArray[np.float32]
LEVEL = 0.8
"""Share of cells that the interval of a prediction holds."""
NORMAL_HALF_WIDTH = 1.2815515655446004
"""Half-width of a normal distribution's 80 % interval, in standard deviations."""


@dataclass(frozen=True, eq=False)
class WindowSections:
    """What the network says of some windows.

    Attributes:
        velocity: [m/s], shape (window, depth, distance).
        velocity_std: Calibrated standard deviation [m/s], same shape; None without a spread head.
        edge_probability: [1], same shape; None without an edge head.
    """

    velocity: NDArray[np.float64]
    velocity_std: NDArray[np.float64] | None
    edge_probability: NDArray[np.float64] | None


class WindowPredictor:
    """A checkpoint's network with its scaling and calibration around it.

    Attributes:
        acquisition: Geometry and grid that the network was trained for.
        scaling: Between physical units and what the network sees.
    """

    def __init__(self, checkpoint: Checkpoint, *, mirror: bool, device: str) -> None:
        """Load the network.

        Args:
            checkpoint: What training wrote.
            mirror: Predict the mirror image of each window too.
            device: Where torch computes, such as ``cpu`` or ``cuda:0``.

        Raises:
            OptionError: If ``mirror`` is asked for and the acquisition is not its own mirror image,
                or torch has no such device.
            CheckpointError: If the checkpoint has a spread head but no calibration.
        """
        self.acquisition = Acquisition.from_dict(checkpoint.acquisition)
        self.scaling = Scaling.from_dict(checkpoint.scaling)
        n_channels = int(checkpoint.model_config["shape"]["n_shots"])
        self._channels = channels_for(self.acquisition, n_channels)
        self._mirror = (self._channels or _mirror(self.acquisition)) if mirror else None
        self._factor = _calibration_factor(checkpoint)
        try:
            self._device = torch.device(device)
            self._network = checkpoint.network().to(self._device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).split("\n")[0]
            raise OptionError(f"Device '{device}' is not usable: {reason}. Try 'cpu'.") from None

    def scaled(self, shots: Shots) -> Shots:
        """Gathers as the network sees them, shape (window, channel, time, receiver).

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        scaled = self.scaling.scale_shots(np.ascontiguousarray(np.swapaxes(shots, 2, 3)))
        return scaled if self._channels is None else self._channels.place(scaled)

    def members(self, shots: Shots) -> list[WindowSections]:
        """The prediction, and that of the mirror image, flipped back, where it is asked for.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        scaled = self.scaled(shots)
        members = [self._predict(scaled)]
        if self._mirror is not None:
            members.append(_flip(self._predict(self._mirror.flip(scaled))))
        return members

    def _predict(self, scaled: Shots) -> WindowSections:
        with torch.inference_mode():
            output = self._network(torch.from_numpy(scaled).to(self._device))
        arrays = {name: value.double().cpu().numpy() for name, value in output.items()}
        deviation = edges = None
        if "log_variance" in arrays and self._factor is not None:
            raw = self.scaling.unscale_std(np.exp(0.5 * arrays["log_variance"]))
            deviation = raw * self._factor / NORMAL_HALF_WIDTH
        if "edges" in arrays:
            edges = 1 / (1 + np.exp(-arrays["edges"]))
        velocity = self.scaling.unscale_velocity(arrays["velocity"])
        return WindowSections(velocity, deviation, edges)


def _mirror(acquisition: Acquisition) -> MirrorChannels:
    """How a network that reads the recorded shots alone is shown the mirror image."""
    if mirror_order(acquisition) is None:
        raise OptionError(
            "The trained window is not its own mirror image (sources or receivers have no partner "
            "on the other side), so its mirrored gathers mean other positions; leave mirror off."
        )
    return mirror_channels(acquisition)


def _calibration_factor(checkpoint: Checkpoint) -> float | None:
    """Half-width of the 80 % interval in predicted standard deviations."""
    if "log_variance" not in checkpoint.model_config.get("heads", ()):
        return None
    factors: dict[str, Any] = checkpoint.calibration.get("factors", {})
    if f"{LEVEL:g}" not in factors:
        raise CheckpointError(
            f"The checkpoint predicts a spread but holds no calibration for {LEVEL:.0%} "
            f"(found: {', '.join(factors) or 'none'}); train it to the end."
        )
    return float(factors[f"{LEVEL:g}"])


def _flip(sections: WindowSections) -> WindowSections:
    parts = (sections.velocity, sections.velocity_std, sections.edge_probability)
    return WindowSections(*(None if part is None else part[..., ::-1] for part in parts))  # type: ignore[arg-type]
