"""Pairs of noisy and noise-free patches, drawn afresh for every step of a training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.noise import Noise
from geoml.synthetic.reflection_section import ReflectionSection

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class NoisyPatches:
    """A noise-free patch under one noise after the other, in the order given.

    Attributes:
        noises: What is added or put in the place of traces.
        section: Draws the noise-free patches.
        mute_chance: Share of patches that are zero above a straight line, as top mutes leave them.
    """

    noises: tuple[Noise, ...]
    section: ReflectionSection = field(default_factory=ReflectionSection)
    mute_chance: float = 0.1

    def __call__(
        self, rng: np.random.Generator, n_traces: int, n_times: int, dt_s: float
    ) -> tuple[Floats, Floats]:
        """One pair.

        Args:
            rng: Source of randomness.
            n_traces: Traces.
            n_times: Samples of a trace.
            dt_s: Sample interval [s].

        Returns:
            Noisy patch and its signal, which has an RMS of 1 before any mute, each of shape
            (trace, time). Where the noisy patch is dead the signal is zero too.
        """
        signal = self.section(rng, n_traces, n_times)
        if rng.uniform() < 0.5:
            signal = signal[::-1]
        noisy = signal
        for noise in self.noises:
            noisy = noise(rng, noisy, dt_s)
        shown = (noisy != 0).any(axis=1, keepdims=True)
        if rng.uniform() < self.mute_chance:
            trace = np.arange(n_traces)[:, None] - n_traces / 2
            line = rng.uniform(0, 0.7) * n_times + rng.normal(0, 1.5) * trace
            shown = shown & (np.arange(n_times) >= line)
        return noisy * shown, signal * shown
