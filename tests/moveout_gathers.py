"""Small gathers with one straight arrival a gather, whose time is known on every trace."""

from __future__ import annotations

import numpy as np

from geoml.samples.labelled_gathers import LabelledGathers


def moveout_gathers(
    n: int = 24, n_traces: int = 9, n_times: int = 48, seed: int = 0, noise: float = 0.02
) -> LabelledGathers:
    """A pulse along t = t0 + |x| / v; every third gather belongs to one group."""
    rng = np.random.default_rng(seed)
    dt_s = 0.008
    offset_m = np.tile(50.0 * (np.arange(n_traces) - n_traces // 2), (n, 1))
    velocity = rng.uniform(1500, 3000, n)
    arrival_s = rng.uniform(0.04, 0.12, (n, 1)) + np.abs(offset_m) / velocity[:, None]
    lag_s = np.arange(n_times) * dt_s - arrival_s[..., None]
    pulse = (1 - 2 * (np.pi * 20 * lag_s) ** 2) * np.exp(-((np.pi * 20 * lag_s) ** 2))
    samples = pulse * rng.uniform(0.5, 3, (n, n_traces, 1))
    samples += noise * rng.normal(size=samples.shape)
    return LabelledGathers(
        samples.astype(np.float32),
        offset_m.astype(np.float32),
        arrival_s.astype(np.float32),
        np.tile(velocity[:, None], (1, n_times)).astype(np.float32),
        np.arange(n) // 3,
        dt_s,
    )
