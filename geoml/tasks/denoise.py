"""Denoising: how a network learns to remove noise, and how its signal is then taken from it.

``supervised`` learns from noise-free patches and the same under noise. ``blind_spot`` and
``blind_trace`` need no noise-free data: part of a noisy patch is hidden, and the network predicts
it from the rest. Noise that is independent of what is left cannot be predicted, so the signal is
what comes out. White noise differs from sample to sample, and single samples are enough to hide;
noise that is correlated along time needs whole traces hidden.

References:
    Krull et al. (2019), Noise2Void, CVPR.
    Birnie et al. (2021), The potential of self-supervised networks for random noise suppression in
    seismic data, Artificial Intelligence in Geosciences 2, 47-59.
    Liu et al. (2023), Trace-wise coherent noise suppression via a self-supervised blind-trace deep
    learning scheme, Geophysics 88(6), V459-V472.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from geoml.errors import OptionError
from geoml.objectives.kl_divergence import kl_to_standard_normal
from geoml.registry import build
from geoml.samples.patches import cut_patches

Network = Callable[[Tensor], dict[str, Tensor]]

_NEIGHBOURS = 4  # traces on either side that a trace's level is compared with


class DenoiseTask(Protocol):
    """How a network on patches is trained and used to denoise."""

    def loss(self, network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars of ``samples`` (batch, trace, time) and, where needed, ``signal``."""

    def predict(self, network: Network, samples: Tensor) -> Tensor:
        """Signal of patches at RMS 1, (batch, trace, time)."""


@dataclass(frozen=True)
class Supervised:
    """Noise-free patches are known: predict them from noisy ones.

    Attributes:
        penalty: Of the error: ``l1`` keeps weak signal better, ``l2`` gains most in dB.
        most: Traces louder than this many times their neighbours are turned down to it first.
    """

    penalty: Literal["l1", "l2"] = "l2"
    most: float = 4.0

    def __post_init__(self) -> None:
        _check_most(self.most)

    def loss(self, network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean error of the signal; ``gain_db`` is what it is below the noise."""
        found = network(turned_down(batch["samples"], self.most))
        error = found["signal"] - batch["signal"]
        loss = error.abs().mean() if self.penalty == "l1" else error.square().mean()
        noise = (batch["samples"] - batch["signal"]).square().mean()
        left = error.square().mean()
        # A batch may have no noise: there is nothing to gain then, and no logarithm of 0.
        gain_db = 10 * torch.log10(torch.where(noise > 0, noise / left.clamp(min=1e-12), 1.0))
        return {"loss": loss + _divergence(found), "gain_db": gain_db.detach()}

    def predict(self, network: Network, samples: Tensor) -> Tensor:
        """Signal of patches at RMS 1, (batch, trace, time)."""
        return network(turned_down(samples, self.most))["signal"]


@dataclass(frozen=True)
class BlindSpot:
    """Single samples are hidden behind one of their neighbours and predicted.

    Attributes:
        share: Of the samples that are hidden at a time.
        reach: How far the neighbour may be, in samples and traces.
        penalty: Of the error.
        passes: Prediction hides each sample once, in so many passes; 0 shows all samples at once,
            which gains more: the network has learned not to look at the sample itself, and passes
            spoil what it does look at.
        most: As in ``Supervised``.
    """

    share: float = 0.1
    reach: int = 3
    penalty: Literal["l1", "l2"] = "l2"
    passes: int = 0
    most: float = 4.0

    def __post_init__(self) -> None:
        _check_most(self.most)
        if not 0 < self.share <= 0.5 or self.reach < 1 or self.passes < 0 or self.passes == 1:
            raise OptionError(
                "'share' lies in 0..0.5, 'reach' is at least 1, 'passes' is 0 or at least 2."
            )

    def loss(self, network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean error at the hidden samples."""
        samples = turned_down(batch["samples"], self.most)
        hidden = torch.rand_like(samples) < self.share
        found = network(torch.where(hidden, _shuffled(samples, self.reach), samples))
        return _hidden_loss(found, samples, hidden, self.penalty)

    def predict(self, network: Network, samples: Tensor) -> Tensor:
        """Signal of patches at RMS 1, (batch, trace, time)."""
        samples = turned_down(samples, self.most)
        if self.passes == 0:
            return network(samples)["signal"]
        turn = torch.randint(self.passes, samples.shape[1:], device=samples.device)
        found = torch.empty_like(samples)
        for number in range(self.passes):
            hidden = (turn == number).expand_as(samples)
            signal = network(torch.where(hidden, _shuffled(samples, self.reach), samples))
            found = torch.where(hidden, signal["signal"].to(found.dtype), found)
        return found


@dataclass(frozen=True)
class BlindTrace:
    """Whole traces are hidden and predicted from their neighbours.

    Attributes:
        every: One trace in so many is hidden at a time; prediction takes as many passes, so that
            no trace is predicted from itself. Shown all traces at once, the network would let much
            of their noise through.
        penalty: Of the error: ``l1`` shrugs off bad traces.
        most: As in ``Supervised``.
    """

    every: int = 4
    penalty: Literal["l1", "l2"] = "l1"
    most: float = 4.0

    def __post_init__(self) -> None:
        _check_most(self.most)
        if self.every < 2:
            raise OptionError(f"'every' is {self.every}; a trace needs neighbours, take 2 or more.")

    def loss(self, network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean error at the hidden traces that are not dead."""
        samples = turned_down(batch["samples"], self.most)
        first = torch.randint(self.every, (samples.shape[0], 1, 1), device=samples.device)
        hidden = (self._turn(samples) == first).expand_as(samples)
        found = network(samples.masked_fill(hidden, 0))
        alive = (samples != 0).any(dim=-1, keepdim=True)
        return _hidden_loss(found, samples, hidden & alive, self.penalty)

    def predict(self, network: Network, samples: Tensor) -> Tensor:
        """Signal of patches at RMS 1, (batch, trace, time)."""
        samples = turned_down(samples, self.most)
        turn = self._turn(samples)
        found = torch.empty_like(samples)
        for number in range(self.every):
            hidden = (turn == number).expand_as(samples)
            signal = network(samples.masked_fill(hidden, 0))["signal"]
            found = torch.where(hidden, signal.to(found.dtype), found)
        return found

    def _turn(self, samples: Tensor) -> Tensor:
        """Which pass hides each trace, shape (1, trace, 1)."""
        return torch.arange(samples.shape[1], device=samples.device)[None, :, None] % self.every


DENOISE_TASKS: dict[str, type[DenoiseTask]] = {
    "supervised": Supervised,
    "blind_spot": BlindSpot,
    "blind_trace": BlindTrace,
}
"""Name -> frozen dataclass whose fields are the task's options."""


def task_settings(task: DenoiseTask) -> dict[str, Any]:
    """A task as a checkpoint keeps it: ``{name: {option: value}}``."""
    names = {kind: name for name, kind in DENOISE_TASKS.items()}
    return {names[type(task)]: asdict(task)}  # type: ignore[call-overload]


def denoise_task(settings: str | dict[str, Any]) -> DenoiseTask:
    """The task that ``task_settings`` kept or that a user wrote.

    Raises:
        UnknownNameError: If there is no such task.
        OptionError: If an option is unknown or does not fit.
    """
    return build(DENOISE_TASKS, settings, "denoising task")


@torch.no_grad()
def denoised(
    network: Network,
    task: DenoiseTask,
    samples: NDArray[np.float32],
    patch_shape: tuple[int, int],
    overlap: float = 0.5,
    patches_at_once: int = 32,
) -> NDArray[np.float32]:
    """The signal of one gather or section, by overlapping patches.

    Args:
        network: Trained, set to predict, on the CPU.
        task: What it was trained for.
        samples: Amplitude, shape (trace, time).
        patch_shape: Traces and samples of a patch, as in training.
        overlap: Share of a patch that the next one covers too.
        patches_at_once: Bounds the memory.

    Returns:
        Amplitude, shape (trace, time); dead traces stay dead.
    """
    patches = cut_patches(samples, patch_shape, overlap)
    rows = torch.from_numpy(patches.samples).split(patches_at_once)
    signal = patches.blend(torch.cat([task.predict(network, row) for row in rows]).float().numpy())
    return np.where((samples != 0).any(axis=1, keepdims=True), signal, np.float32(0))


def turned_down(samples: Tensor, most: float) -> Tensor:
    """Patches whose traces are at most so many times as loud as the traces round them.

    A trace that is far louder than its neighbours is noise, and would drown them in a network
    that weighs a patch as a whole.

    Args:
        samples: Shape (batch, trace, time).
        most: Greatest RMS over the median RMS of the nine traces round a trace.
    """
    rms = samples.float().square().mean(dim=-1).sqrt()  # (batch, trace)
    around = pad(rms[:, None], (_NEIGHBOURS, _NEIGHBOURS), mode="replicate")[:, 0]
    usual = around.unfold(1, 2 * _NEIGHBOURS + 1, 1).median(dim=-1).values
    # Among dead traces the median is 0: a live one there stays as it is.
    factor = torch.where(usual > 0, most * usual / rms.clamp(min=1e-12), 1.0).clamp(max=1)
    return samples * factor[..., None].to(samples.dtype)


def _check_most(most: float) -> None:
    if not most >= 1:
        raise OptionError(
            f"'most' is {most:g}; a trace as loud as its neighbours stays, take >= 1."
        )


def _shuffled(samples: Tensor, reach: int) -> Tensor:
    """At each sample the value of a random other one nearby, shape as given."""
    shape, device = samples.shape[1:], samples.device
    across = torch.randint(-reach, reach + 1, shape, device=device)
    along = torch.randint(-reach, reach + 1, shape, device=device)
    along = torch.where((across == 0) & (along == 0), 1, along)
    trace = _moved(torch.arange(shape[0], device=device)[:, None], across, shape[0])
    time = _moved(torch.arange(shape[1], device=device), along, shape[1])
    return samples[:, trace, time]


def _moved(place: Tensor, step: Tensor, n: int) -> Tensor:
    """Places a step away; a step over the end goes the other way."""
    inside = (place + step >= 0) & (place + step < n)
    return torch.where(inside, place + step, place - step).clamp(0, n - 1)


def _hidden_loss(
    found: dict[str, Tensor], samples: Tensor, hidden: Tensor, penalty: str
) -> dict[str, Tensor]:
    """Mean error where samples were hidden."""
    error = (found["signal"] - samples)[hidden]
    loss = error.abs() if penalty == "l1" else error.square()
    # No trace may be hidden where all are dead: the sum is then 0 and not an error.
    return {"loss": loss.sum() / max(error.numel(), 1) + _divergence(found)}


def _divergence(found: dict[str, Tensor]) -> Tensor | float:
    """Of a variational autoencoder's code from the standard normal, a sample of a patch."""
    if "log_variance" not in found:
        return 0.0
    nats = kl_to_standard_normal(found["mean"].float(), found["log_variance"].float())
    return _DIVERGENCE_WEIGHT * nats.mean() / found["signal"][0].numel()


_DIVERGENCE_WEIGHT = 0.1
"""A full weight drowns the signal of a patch; this much keeps the codes in one place."""
