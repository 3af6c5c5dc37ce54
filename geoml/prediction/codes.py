"""Codes of a trained autoencoder along a section or gather, on a regular grid of patches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geoml.errors import OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.samples.code_scaling import CodeScaling

KIND = "latent"
Floats = NDArray[np.float32]

_AT_ONCE = 512
_SAME_DT = 1e-3


@dataclass(frozen=True, eq=False)
class SectionCodes:
    """Codes of the patches around a grid of points.

    Attributes:
        code: Shape (row, column, code).
        level: What each patch was divided by, in the section's amplitude, shape (row, column).
        trace: Middle trace of each row of patches, shape (row,).
        sample: Middle sample of each column of patches, shape (column,).
        shape: Traces and samples of the section.
    """

    code: Floats
    level: Floats
    trace: NDArray[np.int64]
    sample: NDArray[np.int64]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class PatchCoder:
    """A trained autoencoder that codes patches of any section.

    Attributes:
        network: It has ``encode``.
        patch_shape: Traces and samples of a patch.
        scaling: What its training scaled patches by.
        dt_s: Sample interval of the training [s]; None of velocity sections.
    """

    network: nn.Module
    patch_shape: tuple[int, int]
    scaling: CodeScaling
    dt_s: float | None

    def encode(self, patches: Floats) -> tuple[Floats, Floats]:
        """Codes and levels of patches.

        Args:
            patches: As recorded, shape (patch, trace, time).

        Returns:
            Shapes (patch, code) and (patch,).
        """
        codes, levels = [], []
        with torch.inference_mode():
            for start in range(0, len(patches), _AT_ONCE):
                scaled, level = self.scaling.scaled(patches[start : start + _AT_ONCE])
                code = self.network.encode(torch.from_numpy(scaled))  # type: ignore[operator]
                codes.append(code.float().numpy())
                levels.append(level)
        return np.concatenate(codes), np.concatenate(levels)

    def decode(self, code: Floats, level: Floats) -> Floats:
        """Patches of codes, at the level they had, shape (patch, trace, time)."""
        with torch.inference_mode():
            scaled = self.network.decode(torch.from_numpy(code))  # type: ignore[operator]
        return self.scaling.unscaled(scaled.float().numpy(), level)

    def along(
        self, samples: Floats, step: tuple[int, int], dt_s: float | None = None
    ) -> SectionCodes:
        """Codes of the patches around every ``step``-th trace and sample.

        Beyond its ends the section is continued by its mirror image.

        Args:
            samples: Section or gather, traces in order along their line, shape (trace, time).
            step: Traces and samples from one patch to the next.
            dt_s: Its sample interval [s].

        Raises:
            OptionError: If a step is below 1, or the interval is not that of the training.
        """
        if min(step) < 1:
            raise OptionError(f"A step of {step} traces and samples; both are at least 1.")
        if None not in (dt_s, self.dt_s) and abs(dt_s / self.dt_s - 1) > _SAME_DT:  # type: ignore[operator]
            raise OptionError(
                f"The section is sampled every {1e3 * dt_s:g} ms, the code was trained at "  # type: ignore[operator]
                f"{1e3 * self.dt_s:g} ms; put the step 'resample' before."  # type: ignore[operator]
            )
        before = [size // 2 for size in self.patch_shape]
        after = [size - 1 - half for size, half in zip(self.patch_shape, before, strict=True)]
        wide = np.pad(samples, list(zip(before, after, strict=True)), mode="symmetric")
        every = np.lib.stride_tricks.sliding_window_view(wide, self.patch_shape)
        trace = np.arange(0, samples.shape[0], step[0])
        sample = np.arange(0, samples.shape[1], step[1])
        rows = [self.encode(every[i, sample]) for i in trace]
        return SectionCodes(
            np.stack([code for code, _ in rows]),
            np.stack([level for _, level in rows]),
            trace,
            sample,
            (samples.shape[0], samples.shape[1]),
        )


def patch_coder(checkpoint: NetworkCheckpoint) -> PatchCoder:
    """The coder of a checkpoint of kind ``latent``."""
    settings = checkpoint.settings
    n_traces, n_times = settings["patch_shape"]
    return PatchCoder(
        checkpoint.network(GATHER_MODELS),
        (int(n_traces), int(n_times)),
        CodeScaling(**settings["scaling"]),
        settings["dt_s"],
    )


def load_coder(path_or_name: str | Path) -> PatchCoder:
    """The coder of a folder that ``geoml latent train`` wrote.

    Raises:
        CheckpointError: If there is none, or it is of another kind.
    """
    return patch_coder(load_network_checkpoint(path_or_name, KIND))
