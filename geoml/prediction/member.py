"""One trained network with its scaling around it, and the mixture of what several say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.models.dropout import enable_dropout
from geoml.models.posteriors import POSTERIORS, PosteriorNetwork
from geoml.physics.device import usable_device
from geoml.samples.mirror import MirrorChannels, channels_for, mirror_channels, mirror_order
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition

Shots = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WindowSections:
    """What networks say of some windows.

    Attributes:
        velocity: [m/s], shape (window, depth, distance).
        velocity_std: Standard deviation [m/s], same shape; None without a spread head.
        edge_probability: [1], same shape; None without an edge head.
    """

    velocity: NDArray[np.float64]
    velocity_std: NDArray[np.float64] | None
    edge_probability: NDArray[np.float64] | None


class NetworkMember:
    """A checkpoint's network: gathers in, sections in physical units out, spread uncalibrated.

    Attributes:
        scaling: Between physical units and what the network sees.
        n_members: Passes through the network for every window.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        mirror: bool,
        device: str,
        dropout_samples: int,
        bfloat16: bool = False,
    ) -> None:
        """Load the network; arguments and errors as those of ``WindowPredictor``."""
        acquisition = Acquisition.from_dict(checkpoint.acquisition)
        self.scaling = Scaling.from_dict(checkpoint.scaling)
        n_channels = int(checkpoint.model_config["shape"]["n_shots"])
        self._channels = channels_for(acquisition, n_channels)
        self._mirror = (self._channels or _mirror(acquisition)) if mirror else None
        self._device = usable_device(device)
        network = checkpoint.network().to(self._device)
        # Channels last: what convolutions on a processor are quickest with.
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._samples, self._bfloat16 = dropout_samples, bfloat16
        if dropout_samples:
            enable_dropout(self._network)
        self.n_members = max(dropout_samples, 1) * (1 if self._mirror is None else 2)

    def scaled(self, shots: Shots) -> Shots:
        """Gathers as the network sees them, shape (window, channel, time, receiver).

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        scaled = self.scaling.scale_shots(np.ascontiguousarray(np.swapaxes(shots, 2, 3)))
        return scaled if self._channels is None else self._channels.place(scaled)

    def predict(self, shots: Shots) -> list[WindowSections]:
        """One answer a draw, and one a draw of the mirror image, flipped back.

        Dropout draws the same numbers in every call, those of its first seeds.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        scaled = self.scaled(shots)
        flipped = None if self._mirror is None else self._mirror.flip(scaled)
        answers = []
        for seed in range(max(self._samples, 1)):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                answers.append(self._answer(scaled))
                if flipped is not None:
                    answers.append(_flip(self._answer(flipped)))
        return answers

    def samples(self, shots: Shots, n: int, seed: int) -> NDArray[np.float64]:
        """Velocity sections that the network draws [m/s], (sample, window, depth, distance).

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
            n: Samples of each window.
            seed: Fixes them.

        Raises:
            OptionError: If the network draws none.
        """
        if not isinstance(self._network, PosteriorNetwork):
            raise OptionError(
                f"This network draws no samples; one of {', '.join(POSTERIORS)} is needed."
            )
        scaled = torch.from_numpy(self.scaled(shots)).to(self._device)
        narrow = torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16)
        with torch.inference_mode(), narrow:
            drawn = self._network.sample(scaled, n, torch.Generator().manual_seed(seed))
        return self.scaling.unscale_velocity(drawn.double().cpu().numpy())

    def encoded(self, shots: Shots) -> NDArray[np.float64] | None:
        """What the network's encoder makes of gathers, shape (window, width); None without one.

        Args:
            shots: Processed gathers, shape (window, shot, receiver, time).
        """
        encode = getattr(self._network, "encode", None)
        if encode is None:
            return None
        with torch.inference_mode():
            found = encode(torch.from_numpy(self.scaled(shots)).to(self._device))
        return np.asarray(found.double().cpu().numpy())

    def _answer(self, scaled: Shots) -> WindowSections:
        narrow = torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16)
        with torch.inference_mode(), narrow:
            output = self._network(torch.from_numpy(scaled).to(self._device))
        arrays = {name: value.double().cpu().numpy() for name, value in output.items()}
        deviation = edges = None
        if "log_variance" in arrays:
            deviation = self.scaling.unscale_std(np.exp(0.5 * arrays["log_variance"]))
        if "edges" in arrays:
            edges = 1 / (1 + np.exp(-arrays["edges"]))
        return WindowSections(self.scaling.unscale_velocity(arrays["velocity"]), deviation, edges)


def mixture_of(members: Sequence[WindowSections]) -> WindowSections:
    """The distribution that gives every member the same weight.

    Args:
        members: Answers to the same windows, all with the same heads.

    Returns:
        Mean velocity; the root of the mean variance plus the variance of the velocities; mean
        probability of an edge.

    References:
        Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation using
        deep ensembles, NeurIPS.
    """
    if len(members) == 1:
        return members[0]
    velocity = np.stack([member.velocity for member in members])
    deviation = edges = None
    deviations = [m.velocity_std for m in members if m.velocity_std is not None]
    if deviations:
        deviation = np.sqrt(np.square(deviations).mean(axis=0) + velocity.var(axis=0))
    probabilities = [m.edge_probability for m in members if m.edge_probability is not None]
    if probabilities:
        edges = np.mean(probabilities, axis=0)
    return WindowSections(velocity.mean(axis=0), deviation, edges)


def _mirror(acquisition: Acquisition) -> MirrorChannels:
    """How a network that reads the recorded shots alone is shown the mirror image."""
    if mirror_order(acquisition) is None:
        raise OptionError(
            "The trained window is not its own mirror image (sources or receivers have no partner "
            "on the other side), so its mirrored gathers mean other positions; leave mirror off."
        )
    return mirror_channels(acquisition)


def _flip(sections: WindowSections) -> WindowSections:
    parts = (sections.velocity, sections.velocity_std, sections.edge_probability)
    return WindowSections(*(None if part is None else part[..., ::-1] for part in parts))  # type: ignore[arg-type]
