"""What a denoiser that is shipped gains, noise by noise, beside the classical tools.

Run ``python benchmarks/shipped_denoiser.py [NAME]`` (half a minute on one core). Sections and
gathers of 96 traces and 384 samples at 4 ms are drawn by the generator that the training drew from,
with seeds that it never used; the sections of ``folded_section`` are drawn by another one. All
noises are at 0 dB but bad traces, which are a fifth of the traces at three times the signal's RMS,
and spikes, one sample in 200 at 10 times. The last row of each table has no noise at all: what is
removed there is signal.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from folded_section import DT_S, folded_section
from fx_decon import processed
from numpy.typing import NDArray

from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import load_network_checkpoint
from geoml.objectives.signal_preservation import amplitude_ratio, gain_db, leakage
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.median import Median
from geoml.registry import build
from geoml.synthetic.noise import NOISES
from geoml.synthetic.reflection_section import ReflectionSection
from geoml.tasks.denoise import denoise_task, denoised

Floats = NDArray[np.floating]
Tool = Callable[[Floats], Floats]

SHAPE = (96, 384)
SEEDS = range(9000, 9006)
LEVEL = (1.0, 1.0)
SPOILED: dict[str, dict[str, dict[str, Any]]] = {
    "white": {"white": {"level": LEVEL}},
    "coloured": {"coloured": {"level": LEVEL}},
    "ground roll": {"ground_roll": {"level": LEVEL}},
    "swell": {"swell": {"level": LEVEL}},
    "spikes": {"spikes": {"level": (10.0, 10.0), "share": (0.005, 0.005)}},
    "bad traces": {"bad_traces": {"level": (3.0, 3.0), "share": (0.2, 0.2), "white": 1.0}},
}


def sections(kind: str) -> list[Floats]:
    """Noise-free sections or gathers, (trace, time) each."""
    if kind == "folded sections":
        return [folded_section(seed) for seed in range(3)]
    section = ReflectionSection(gather_share=float(kind == "gathers"))
    return [section(np.random.default_rng(seed), *SHAPE) for seed in SEEDS]


def table(kind: str, tools: dict[str, Tool]) -> None:
    """Median gain of each tool on each noise."""
    print(f"\n{kind}: median gain [dB], and leakage [%] of the network")
    print(f"{'':14s}" + "".join(f"{name:>20s}" for name in tools) + f"{'leak %':>10s}")
    clean = sections(kind)
    for name, spec in SPOILED.items():
        noise = build(NOISES, spec, "noise")
        noisy = [
            noise(np.random.default_rng(i), np.asarray(section, np.float32), DT_S)
            for i, section in enumerate(clean)
        ]
        found = {tool: [run(section) for section in noisy] for tool, run in tools.items()}
        gains = {
            tool: np.median([gain_db(*trio) for trio in zip(noisy, clean, outputs, strict=True)])
            for tool, outputs in found.items()
        }
        first = next(iter(tools))
        lost = np.median([leakage(*trio) for trio in zip(noisy, clean, found[first], strict=True)])
        print(
            f"{name:14s}"
            + "".join(f"{gain:20.1f}" for gain in gains.values())
            + f"{100 * lost:10.1f}"
        )
    kept = {
        tool: np.median([amplitude_ratio(section, run(section)) for section in clean])
        for tool, run in tools.items()
    }
    print(f"{'none (ampl.)':14s}" + "".join(f"{ratio:20.3f}" for ratio in kept.values()))


def network(name: str) -> Tool:
    """The shipped network as a function of a section."""
    checkpoint = load_network_checkpoint(name, "denoise")
    model, task = checkpoint.network(GATHER_MODELS), denoise_task(checkpoint.settings["task"])
    shape = (checkpoint.settings["patch_shape"][0], checkpoint.settings["patch_shape"][1])
    return lambda section: denoised(model, task, np.asarray(section, np.float32), shape)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="?", default="geoml:denoiser")
    torch.set_num_threads(1)
    rows: dict[str, Tool] = {
        "network": network(parser.parse_args().name),
        "f-x, defaults": lambda section: processed(np.asarray(section, np.float64), [FxDecon()]),
        "median of 5 traces": lambda section: processed(
            np.asarray(section, np.float64), [Median(n_traces=5)]
        ),
        "silence": np.zeros_like,
    }
    for each in ("sections", "gathers", "folded sections"):
        table(each, rows)
