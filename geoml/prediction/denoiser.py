"""A denoising network on one gather: patches, scale and sampling taken off and put back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, signal
from torch import nn

from geoml.errors import CheckpointError, OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.samples.patches import cut_patches
from geoml.tasks.denoise import DenoiseTask, denoise_task

KIND = "denoise"
Floats = NDArray[np.float32]

_BATCH = 8  # larger ones fall out of the processor's cache and take twice as long
_SAME_DT = 1e-3  # of an interval: headers hold whole microseconds
_MOST_PARTS = 16  # of the fraction between two sample intervals
_SMOOTH = 9  # frequencies over which the levels of two spectra are compared
_MUTED_SAMPLES = 8
_LEVEL_TRACES = 3
_LEVEL_FLOOR = 1e-3  # of a trace's highest: silence before the first arrivals is not blown up
_loading = Lock()


@dataclass(frozen=True, eq=False)
class Denoiser:
    """A trained network that is called on the samples of one gather or section.

    Attributes:
        network: A network of ``GATHER_MODELS``.
        task: How its signal is taken from it; knows which traces or samples to hide.
        patch_shape: Traces and samples of a patch.
        dt_s: Sample interval of the training [s]; None where any will do.
        device: Where torch computes.
        bfloat16: Compute in bfloat16: up to twice as fast where the processor multiplies in it,
            and about 40 dB below the signal off.
    """

    network: nn.Module
    task: DenoiseTask
    patch_shape: tuple[int, int]
    dt_s: float | None
    device: str = "cpu"
    bfloat16: bool = False

    def __call__(
        self,
        samples: Floats,
        dt_s: float,
        *,
        overlap: float = 0.5,
        gain_window_s: float | None = None,
        work_dt_s: float | None = None,
    ) -> Floats:
        """The samples without what the network takes for noise.

        Where the network works at another sample interval, traces are resampled for it, and what
        it removes is interpolated back and subtracted: frequencies that it has not seen stay as
        they are. At no frequency is more removed than there is, and what is muted stays so.

        Args:
            samples: Amplitude of traces in order along their line, shape (trace, time).
            dt_s: Their sample interval [s].
            overlap: Share of a patch that the next one covers too, 0 to 0.9.
            gain_window_s: Length of the window whose RMS is taken off before the network and put
                back behind it [s], so that it sees late reflections as strong as early ones; none
                to scale by patches alone.
            work_dt_s: Sample interval that the network works at [s]; by default that of its
                training, or that of the survey where any will do.

        Returns:
            Amplitude in the units of the input, shape (trace, time).

        Raises:
            OptionError: If the two sample intervals are no simple fraction of each other.
        """
        ratio = self.sampling_ratio(dt_s, work_dt_s)
        up, down = ratio.numerator, ratio.denominator
        seen = samples
        if ratio != 1:
            seen = signal.resample_poly(samples, up, down, axis=1).astype(np.float32)
        removed = self._removed(seen, dt_s * down / up, overlap, gain_window_s)
        if ratio != 1:
            removed = signal.resample_poly(removed, down, up, axis=1)[:, : samples.shape[1]]
        return np.where(muted(samples), np.float32(0), samples - removed).astype(np.float32)

    def sampling_ratio(self, dt_s: float, work_dt_s: float | None = None) -> Fraction:
        """Samples that the network sees for one of the survey.

        Args:
            dt_s: Sample interval of the survey [s].
            work_dt_s: That of the network [s]; None for its training's.

        Raises:
            OptionError: If it is no simple fraction.
        """
        wanted_s = work_dt_s or self.dt_s
        if wanted_s is None:
            return Fraction(1)
        ratio = Fraction(dt_s / wanted_s).limit_denominator(_MOST_PARTS)
        fits = ratio > 0 and abs(float(ratio) * wanted_s / dt_s - 1) < _SAME_DT
        if not fits or ratio.numerator > _MOST_PARTS:
            raise OptionError(
                f"The survey is sampled every {1e3 * dt_s:g} ms, the denoiser works at "
                f"{1e3 * wanted_s:g} ms, which is no simple fraction of it; put the step "
                f"'resample: {{dt_s: {wanted_s:g}}}' before."
            )
        return ratio

    def _removed(
        self, samples: Floats, dt_s: float, overlap: float, gain_window_s: float | None
    ) -> Floats:
        """What the network takes for noise, at its sampling, shape (trace, time)."""
        level: Floats | float = 1.0
        if gain_window_s is not None:
            level = local_level(samples, max(1, round(gain_window_s / dt_s)))
        even = (samples / level).astype(np.float32)
        removed = even - self._through_network(even, overlap)
        return np.asarray(level * within_spectrum(removed, even), dtype=np.float32)

    def _through_network(self, samples: Floats, overlap: float) -> Floats:
        patches = cut_patches(samples, self.patch_shape, overlap)
        predicted = np.empty_like(patches.samples)
        kind = torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=self.bfloat16):
            for start in range(0, len(predicted), _BATCH):
                some = slice(start, start + _BATCH)
                batch = torch.from_numpy(patches.samples[some]).to(self.device)
                signal_part = self.task.predict(self.network, batch)
                predicted[some] = signal_part.float().cpu().numpy()
        return patches.blend(predicted)


def within_spectrum(removed: Floats, samples: Floats) -> Floats:
    """What is removed, turned down at frequencies where it is stronger than the samples.

    A network's output has a faint floor at all frequencies. Where the recording holds nothing,
    above its band, subtracting that floor would add noise.

    Args:
        removed: Shape (trace, time).
        samples: What it is removed from, shape (trace, time).
    """
    n_times = samples.shape[1]
    spectra = [np.fft.rfft(part.astype(np.float32), axis=1) for part in (removed, samples)]
    level, most = (
        ndimage.uniform_filter1d(np.sqrt(np.mean(np.abs(part) ** 2, axis=0)), _SMOOTH)
        for part in spectra
    )
    if not (level > most).any():
        return removed
    factor = np.where(level > most, most / np.maximum(level, 1e-30), 1.0)
    return np.fft.irfft(spectra[0] * factor, n_times, axis=1).astype(np.float32)


def muted(samples: Floats) -> NDArray[np.bool_]:
    """Where a live trace is exactly 0 for a while, as mutes leave it, shape (trace, time)."""
    live = samples.any(axis=1, keepdims=True)
    silent = ndimage.binary_opening(samples == 0, np.ones((1, _MUTED_SAMPLES), dtype=bool))
    return np.asarray(silent & live)


def denoiser_of(
    checkpoint: NetworkCheckpoint, device: str = "cpu", *, bfloat16: bool = False
) -> Denoiser:
    """The denoiser that a checkpoint holds.

    Args:
        checkpoint: Of kind ``denoise``; its settings hold ``task``, ``patch_shape``, ``dt_s``.
        device: Where torch computes.
        bfloat16: Compute in bfloat16.

    Raises:
        CheckpointError: If the settings lack the shape of a patch.
        OptionError: If there is no such device.
    """
    shape = checkpoint.settings.get("patch_shape")
    if not isinstance(shape, Sequence) or len(shape) != 2:
        raise CheckpointError(
            f"The denoiser's settings hold patch_shape {shape!r}; [traces, samples] is needed. "
            "Train it again."
        )
    network = checkpoint.network(GATHER_MODELS)
    try:
        # Convolutions are half as long again in the other order of memory.
        network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise OptionError(f"Device '{device}' cannot be used: {reason}.") from None
    n_traces, n_times = (int(n) for n in shape)
    task = denoise_task(checkpoint.settings.get("task", "supervised"))
    dt_s = checkpoint.settings.get("dt_s")
    return Denoiser(network, task, (n_traces, n_times), dt_s, device, bfloat16)


def checkpoint_digest(checkpoint: NetworkCheckpoint) -> str:
    """First 16 digits of the SHA-256 of weights, config and settings."""
    digest = hashlib.sha256()
    for name, value in sorted(checkpoint.state.items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    plain = {"model": checkpoint.model, "settings": checkpoint.settings}
    digest.update(json.dumps(plain, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def loaded_denoiser(
    path_or_name: str | Path, weights: str, device: str, bfloat16: bool
) -> Denoiser:
    """A denoiser that each process reads once, for all of its threads.

    Args:
        path_or_name: Folder or shipped name.
        weights: ``checkpoint_digest`` that is expected.
        device: Where torch computes.
        bfloat16: Compute in bfloat16.

    Raises:
        CheckpointError: If there is none, or it is no longer the one that was named.
    """
    with _loading:
        return _loaded(str(path_or_name), weights, device, bfloat16)


@lru_cache(maxsize=2)
def _loaded(path_or_name: str, weights: str, device: str, bfloat16: bool) -> Denoiser:
    checkpoint = load_network_checkpoint(path_or_name, KIND)
    found = checkpoint_digest(checkpoint)
    if found != weights:
        raise CheckpointError(
            f"Checkpoint {path_or_name} is {found}, the work began with {weights}; put that one "
            "back, or begin anew under another name."
        )
    return denoiser_of(checkpoint, device, bfloat16=bfloat16)


def local_level(samples: Floats, n_window: int) -> Floats:
    """RMS of the samples around each sample, shape (trace, time), above 0.

    Args:
        samples: Shape (trace, time).
        n_window: Samples of the window; it spans three traces.
    """
    square = samples.astype(np.float64) ** 2
    # Twice a box is a triangle: the level has no corners that the network would take for events.
    for _ in range(2):
        square = ndimage.uniform_filter(square, (_LEVEL_TRACES, n_window), mode="nearest")
    rms = np.sqrt(np.maximum(square, 0))
    # A floor a trace: beside a strong near trace all others would be below a common one.
    floor = _LEVEL_FLOOR * rms.max(axis=1, keepdims=True)
    return np.asarray(np.where(floor > 0, np.maximum(rms, floor), 1.0), dtype=np.float32)
