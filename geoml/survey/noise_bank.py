"""Noise of a survey's own: patches cut before its first arrivals, joined into whole gathers."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError, StoreError
from geoml.survey.gathers import gathers

Floats = NDArray[np.float32]

_SAME_INTERVAL = 1e-3  # relative difference of two sample intervals that count as one


@dataclass(frozen=True, eq=False)
class NoiseBank:
    """Patches of recorded noise, each of neighbouring traces over a short time.

    Attributes:
        patches: RMS amplitude 1 over all of them, shape (patch, time, trace).
        dt_s: Sample interval [s].
    """

    patches: Floats
    dt_s: float

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int], dt_s: float) -> Floats:
        """Noise of any length and spread, made of patches that overlap by half along time.

        Spectrum, strength from trace to trace and coherence between the traces of a patch are
        those of the survey; each patch may be turned over and its traces reversed.

        Args:
            rng: Source of randomness.
            shape: (shot, time, receiver).
            dt_s: Sample interval of the gathers [s].

        Raises:
            OptionError: If the bank has another sample interval.
        """
        self.check_interval(dt_s)
        n_shots, n_samples, n_receivers = shape
        n_patches, length, width = self.patches.shape
        hop, n_blocks = length // 2, -(-n_receivers // width)
        n_slots = -(-n_samples // hop) + 1
        noise = np.zeros((n_shots, (n_slots + 1) * hop, n_blocks * width), np.float32)
        # Independent patches add in power: the squares of the two halves add up to 1.
        fade = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)
        for slot in range(n_slots):
            chosen = rng.integers(n_patches, size=(n_shots, n_blocks))
            sign = rng.choice(np.array([-1, 1], np.float32), size=(n_shots, n_blocks, 1, 1))
            turned = rng.uniform(size=(n_shots, n_blocks, 1, 1)) < 0.5
            some = self.patches[chosen, : 2 * hop]  # (shot, block, time, trace)
            some = sign * fade[:, None] * np.where(turned, some[..., ::-1], some)
            columns = some.transpose(0, 2, 1, 3).reshape(n_shots, 2 * hop, -1)
            noise[:, slot * hop : (slot + 2) * hop] += columns
        # The first half of the first patch fades in.
        return noise[:, hop : hop + n_samples, :n_receivers]

    def check_interval(self, dt_s: float) -> None:
        """Refuse gathers of another sample interval [s].

        Raises:
            OptionError: If the bank has another.
        """
        if abs(dt_s / self.dt_s - 1) > _SAME_INTERVAL:
            raise OptionError(
                f"The noise bank has samples of {self.dt_s:g} s, the gathers of {dt_s:g} s; cut "
                "the noise from a survey resampled like them."
            )

    def save(self, path: str | Path) -> None:
        """Write the bank as NumPy's ``.npz``."""
        np.savez_compressed(path, patches=self.patches, dt_s=self.dt_s)


@lru_cache(maxsize=4)
def load_noise_bank(path: str) -> NoiseBank:
    """The bank that ``save`` wrote.

    Raises:
        StoreError: If there is none.
    """
    try:
        with np.load(path) as arrays:
            return NoiseBank(arrays["patches"], float(arrays["dt_s"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(
            f"{path}: not a noise bank ({reason}); 'geoml noise' writes one."
        ) from None


def cut_noise(
    survey: xr.Dataset,
    *,
    patch_s: float = 0.2,
    n_traces: int = 8,
    lead_s: float = 0.03,
    fastest_m_s: float = 6000.0,
    max_patches: int = 4000,
) -> NoiseBank:
    """Patches of a survey from before its first arrivals.

    Args:
        survey: Processed as the training pairs are, but not muted at the top. Where it has picked
            first breaks, they end the noise; else offset over ``fastest_m_s`` does.
        patch_s: Length of a patch [s].
        n_traces: Neighbouring traces in a patch.
        lead_s: Left out before the first arrival [s].
        fastest_m_s: No arrival is faster [m/s].
        max_patches: Stop after this many.

    Raises:
        OptionError: If the survey has no quiet time of that length.
    """
    time_s = survey["time"].to_numpy()
    dt_s = float(time_s[1] - time_s[0])
    length = max(2 * round(patch_s / dt_s / 2), 4)
    patches: list[Floats] = []
    longest_s = 0.0
    for _, gather in gathers(survey):
        quiet_s = _quiet_until_s(gather, lead_s, fastest_m_s)
        samples: Floats | None = None
        for first in range(0, quiet_s.size - n_traces + 1, n_traces):
            end_s = float(quiet_s[first : first + n_traces].min())
            longest_s = max(longest_s, end_s - time_s[0])
            count = min(int((end_s - time_s[0]) / dt_s), time_s.size) // length
            if count < 1:
                continue
            if samples is None:
                samples = gather["amplitude"].to_numpy().astype(np.float32)
            block = samples[first : first + n_traces, : count * length].T
            patches += [p for p in block.reshape(count, length, n_traces) if _is_live(p)]
        if len(patches) >= max_patches:
            break
    if not patches:
        raise OptionError(
            f"No {n_traces} neighbouring live traces are quiet for {patch_s:g} s before the first "
            f"arrival (longest {longest_s:.3g} s); shorten patch_s, or cut the noise before a mute."
        )
    chosen = np.stack(patches[:max_patches])
    return NoiseBank(chosen / np.sqrt(np.mean(np.square(chosen, dtype=np.float64))), dt_s)


def _quiet_until_s(gather: xr.Dataset, lead_s: float, fastest_m_s: float) -> NDArray[np.float64]:
    """Time before which each trace holds noise alone [s], shape (trace,)."""
    arrival_s = np.abs(gather["offset"].to_numpy()) / fastest_m_s
    if "first_break" in gather:
        picked_s = gather["first_break"].to_numpy()
        arrival_s = np.where(np.isfinite(picked_s), picked_s, arrival_s)
    return np.asarray(arrival_s - lead_s, dtype=np.float64)


def _is_live(patch: Floats) -> bool:
    """Every trace finite and none silent."""
    return bool(np.isfinite(patch).all() and (patch != 0).any(axis=0).all())
