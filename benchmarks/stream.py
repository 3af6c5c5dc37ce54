"""Fresh pairs a second beside a training, and how long it waits for them.

    python benchmarks/stream.py             # under 3 minutes on two free cores
    python benchmarks/stream.py --reuse 8 --workers 2

Trains ``mh_unet_s`` on the OpenFWI geometry, one core for the network and one worker for the
modelling, and tells pairs and samples a second by the wall clock, and CPU seconds of each, which do
not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import re
import resource
import tempfile
import time
from pathlib import Path

import torch

from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.presets import PRESETS
from geoml.training import TrainingOptions, train

SPLITS = {"train": 0.5, "validation": 0.25, "calibration": 0.25, "test": 0.0}


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Train on a stream for some epochs.

    Args:
        folder: For the stored pairs and the run.
        arguments: Of the command line.

    Returns:
        What was measured, by name.
    """
    preset = PRESETS["openfwi"]
    store = folder / "pairs.zarr"
    generate_pairs(
        store,
        preset.acquisition,
        families=preset.families,
        velocity_range=preset.velocity_range,
        count=arguments.stored,
        seed=1,
        batch=4,
        **preset.modelling,
    )
    options = TrainingOptions(
        max_epochs=arguments.epochs,
        patience=None,
        precision="auto",
        accelerator="cpu",
        splits=SPLITS,
        stream={
            "fresh_pairs": arguments.fresh,
            "reuse": arguments.reuse,
            "workers": arguments.workers,
        },
    )
    lines: list[str] = []
    began, cpu_began = time.monotonic(), time.process_time()
    modelling_began = _children_cpu_s()
    train(store, folder / "run", model=arguments.model, options=options, announce=lines.append)
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
    told = next(line for line in lines if line.startswith("stream: "))
    print(told)
    found = re.search(r"(\d+) fresh pairs, ([\d.]+) a second; training waited (\d+)%", told)
    assert found is not None, told
    n_fresh, n_samples = int(found[1]), arguments.epochs * arguments.fresh * arguments.reuse
    return {
        "fresh pairs": n_fresh,
        "fresh pairs a second": float(found[2]),
        "share of waiting": int(found[3]) / 100,
        "training samples a second": n_samples / wall_s,
        "CPU s a fresh pair (start of the worker included)": (_children_cpu_s() - modelling_began)
        / max(n_fresh, 1),
        "CPU s a training sample (validation included)": cpu_s / n_samples,
    }


def _children_cpu_s() -> float:
    """CPU time of the processes that this one started and that have ended [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="mh_unet_s")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--reuse", type=int, default=4)
    parser.add_argument("--fresh", type=int, default=64, help="Fresh pairs an epoch.")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--stored", type=int, default=64, help="Pairs of the fixed store.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name, value in measure(Path(folder), arguments).items():
            print(f"{name}: {value:.3g}")


if __name__ == "__main__":
    main()
