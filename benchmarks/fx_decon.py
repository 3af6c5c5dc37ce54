"""What f-x deconvolution gains on white noise, and what it takes from the signal.

Run ``python benchmarks/fx_decon.py`` (20 seconds on one core). The issue asks for a gain of
10.5 dB at an input of 0 dB on a layered, folded, faulted section. Options were tuned with
``--tune`` on sections 100 to 102, and of those with the same gain the ones that leak least were
taken; all that is printed is measured on sections 0 to 4, which no option has seen. How much
there is to gain hangs on how often events break off: the first table has every method on four
faults in 3.2 km, the second one the tuned step on none to four.

Gain is the energy of the noise over the energy of the output's error, so that lost signal counts
as error. Two columns tell what is lost: ``leak``, the part of the signal that is in what was
removed, by regression, and ``clean``, the level of the signal over the error on the noise-free
section.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr
from folded_section import DT_S, SPACING_M, folded_section
from numpy.typing import NDArray

from geoml.preprocess import Step
from geoml.preprocess.bandpass import Bandpass
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.median import Median
from geoml.preprocess.rank_reduction import RankReduction

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

NEEDED_DB = 10.5
MOST_FAULTS = 4
BAND_HZ = (6.0, 52.0)
ORMSBY = Bandpass(corners_hz=(7, 11, 36, 52))
TUNED = FxDecon(
    window_traces=28,
    window_s=0.4,
    overlap=0.75,
    band_hz=BAND_HZ,
    n_coefficients=5,
    prewhitening=0.01,
)
WHOLE_SECTION = FxDecon(window_traces=256, window_s=2.048, n_coefficients=30, prewhitening=0.001)

ROWS: dict[str, Sequence[Step]] = {
    "as recorded": [],
    "bandpass alone, 7-11-36-52 Hz": [ORMSBY],
    "mean of 5 traces after bandpass": [
        Bandpass(corners_hz=(5, 9, 45, 58)),
        Median(n_traces=5, trim=0),
    ],
    "median of 5 traces after bandpass": [
        Bandpass(corners_hz=(5, 9, 45, 58)),
        Median(n_traces=5),
    ],
    "rank_reduction, defaults": [RankReduction()],
    "rank_reduction, tuned": [
        RankReduction(rank=1, window_traces=20, window_s=0.4, overlap=0.75, band_hz=BAND_HZ)
    ],
    "fx_decon, untuned: one window, 30 coefficients": [WHOLE_SECTION],
    "fx_decon, defaults": [FxDecon()],
    "fx_decon, defaults in the band": [FxDecon(band_hz=BAND_HZ)],
    "fx_decon, tuned": [TUNED],
    "fx_decon, tuned, run twice": [TUNED, TUNED],
}


def section_and_noise(seed: int, n_faults: int = MOST_FAULTS) -> Pair:
    """A noise-free section and the same under white noise of its RMS, shape (trace, time)."""
    clean = folded_section(seed, n_faults)
    noise = np.random.default_rng(1000 + seed).normal(size=clean.shape)
    return clean, clean + noise / np.sqrt(np.mean(noise**2))


def processed(samples: Floats, steps: Iterable[Step]) -> Floats:
    n_traces, n_time = samples.shape
    gathers = xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={
            "time": np.arange(n_time) * DT_S,
            "cdp": ("trace", np.arange(n_traces)),
            "offset": ("trace", SPACING_M * np.arange(n_traces)),
        },
    )
    for step in steps:
        gathers = step(gathers)
    return gathers.values.astype(np.float64)


def gain_db(pair: Pair, output: Floats) -> float:
    clean, noisy = pair
    return float(10 * np.log10(np.sum((noisy - clean) ** 2) / np.sum((output - clean) ** 2)))


def leak(pair: Pair, output: Floats) -> float:
    """Part of the signal that the removed samples hold, by regression on the signal."""
    clean, noisy = pair
    return float(np.sum((noisy - output) * clean) / np.sum(clean**2))


def table(seeds: Sequence[int]) -> None:
    pairs = [section_and_noise(seed) for seed in seeds]
    n_bytes = 4 * pairs[0][0].size
    print(
        f"gain at 0 dB white noise, median (lowest to highest) of sections {seeds[0]}-{seeds[-1]}"
    )
    print(f"{'':48s}{'gain dB':>22s}{'leak %':>8s}{'clean dB':>9s}{'MB/s':>6s}")
    for name, steps in ROWS.items():
        start = time.perf_counter()
        outputs = [processed(noisy, steps) for _, noisy in pairs]
        rate = n_bytes * len(pairs) / (time.perf_counter() - start) / 1e6
        gains = [gain_db(*both) for both in zip(pairs, outputs, strict=True)]
        leaks = [100 * leak(*both) for both in zip(pairs, outputs, strict=True)]
        clean = [signal_db(signal, processed(signal, steps)) for signal, _ in pairs]
        spread = f"{np.median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})"
        speed = f"{rate:6.1f}" if steps else f"{'':6s}"
        print(f"{name:48s}{spread:>22s}{np.median(leaks):8.1f}{np.median(clean):9.1f}{speed}")


def by_faults(seeds: Sequence[int]) -> None:
    print(f"\n{'fx_decon, tuned':48s}{'gain dB':>22s}{'leak %':>8s}  {NEEDED_DB} dB")
    for n_faults in range(MOST_FAULTS + 1):
        pairs = [section_and_noise(seed, n_faults) for seed in seeds]
        outputs = [processed(noisy, [TUNED]) for _, noisy in pairs]
        gains = [gain_db(*both) for both in zip(pairs, outputs, strict=True)]
        leaked = np.median([100 * leak(*both) for both in zip(pairs, outputs, strict=True)])
        spread = f"{np.median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})"
        verdict = "reached" if np.median(gains) >= NEEDED_DB else "NOT reached"
        print(f"{f'{n_faults} faults in 3.2 km':48s}{spread:>22s}{leaked:8.1f}  {verdict}")


def signal_db(signal: Floats, output: Floats) -> float:
    """Level of the signal over what a step does to it [dB]; infinite where it does nothing."""
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(np.sum((output - signal) ** 2) / np.sum(signal**2)))


def tune(seeds: Sequence[int]) -> None:
    """Print the best of a grid of options on other sections; half a minute."""
    pairs = [section_and_noise(seed) for seed in seeds]
    grid = itertools.product(
        ((20, 4), (24, 4), (28, 5), (32, 6), (40, 8)),
        (0.3, 0.4, 0.5),
        (0.01, 0.03, 0.1),
        (0.5, 0.75),
        ((5.0, 60.0), BAND_HZ, (8.0, 48.0)),
    )
    found = []
    for (window_traces, n_coefficients), window_s, prewhitening, overlap, band_hz in grid:
        step = FxDecon(
            window_traces=window_traces,
            window_s=window_s,
            overlap=overlap,
            band_hz=band_hz,
            n_coefficients=n_coefficients,
            prewhitening=prewhitening,
        )
        gains = [gain_db(pair, processed(pair[1], [step])) for pair in pairs]
        found.append((float(np.mean(gains)), step))
    for gain, step in sorted(found, key=lambda row: -row[0])[:8]:
        print(f"{gain:.2f} dB  {step}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tune", action="store_true", help="search options on sections 100-102")
    if parser.parse_args().tune:
        tune((100, 101, 102))
    else:
        table((0, 1, 2, 3, 4))
        by_faults((0, 1, 2, 3, 4))
