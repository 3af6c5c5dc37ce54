"""How much the waveforms know of each layer: why inversion of them stops short of the deep ones.

    python benchmarks/fwi_reach.py                # 5 models, under half a CPU minute
    python benchmarks/fwi_reach.py --percent 1

Genuine OpenFWI CurveVel-A models that no training has seen, modelled without noise. One layer after
the other is made faster while all interfaces keep their vertical time, as a section that explains
the recorded reflections would; printed is the energy of what changes in the gathers, as a share of
theirs, and of gathers whose samples are levelled along time as ``time_power: 1`` levels them.
An inversion whose misfit still lies above a layer's number has heard next to nothing of that layer:
what is left of the layers above outweighs it.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from refine import FIRST_UNSEEN, genuine_models
from scipy.ndimage import uniform_filter1d

from geoml.physics.acoustic import model_acquisition
from geoml.physics.openfwi import OPENFWI
from geoml.survey.acquisition import Acquisition

Floats = NDArray[np.float64]

LEVEL_S = 0.2
SUB_CELLS = 20
ALIKE_M_S = 0.5


def layers_of(velocity: NDArray[np.floating]) -> list[NDArray[np.bool_]]:
    """Cells of each layer, from the top, by its velocity."""
    values = np.unique(np.round(velocity))
    masks = [np.abs(velocity - value) <= ALIKE_M_S for value in values]
    depth = np.arange(velocity.shape[0])[:, None]
    return sorted((m for m in masks if m.any()), key=lambda m: float((m * depth).sum() / m.sum()))


def faster(velocity: Floats, factor: Floats, spacing_m: float) -> Floats:
    """A section with its velocities multiplied and every interface at its vertical time.

    Args:
        velocity: [m/s], shape (depth, distance).
        factor: [1], same shape.
        spacing_m: Cell size [m].

    Returns:
        Velocity that crosses each cell in the time of what lies in it [m/s], same shape.
    """
    fine = np.repeat(velocity * factor, SUB_CELLS, axis=0)
    thickness_m = spacing_m / SUB_CELLS * np.repeat(factor, SUB_CELLS, axis=0)
    edges_m = spacing_m * np.arange(len(velocity) + 1)
    out = np.empty(velocity.shape)
    for column in range(velocity.shape[1]):
        # The last layer goes on below, where faster ones above have pushed nothing in.
        last_m = np.append(thickness_m[:, column], edges_m[-1])
        speed = np.append(fine[:, column], fine[-1, column])
        depth_m = np.concatenate([[0.0], np.cumsum(last_m)])
        time_s = np.concatenate([[0.0], np.cumsum(last_m / speed)])
        out[:, column] = spacing_m / np.diff(np.interp(edges_m, depth_m, time_s))
    return out


def gathers(velocity: Floats, acquisition: Acquisition) -> Floats:
    """Noise-free gathers, shape (shot, receiver, time)."""
    with torch.no_grad():
        made = model_acquisition(
            velocity.astype(np.float32), acquisition, max_velocity_m_s=4700.0, accuracy=4
        )
    return made[0].double().numpy()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data = Path(os.environ.get("GEOML_DATA", "../shared/data"))
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--percent", type=float, default=3.0, help="how much faster a layer is")
    parser.add_argument(
        "--zip", type=Path, default=data / "velocity" / "openfwi_CurveVelA_train.zip"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    acquisition = Acquisition.from_dict(dict(OPENFWI))
    window = round(LEVEL_S / acquisition.dt_s)
    found: dict[int, list[tuple[float, float, float]]] = {}
    for model in genuine_models(arguments.zip, FIRST_UNSEEN + 97 * np.arange(arguments.models)):
        velocity = model.astype(np.float64)
        # The section itself goes the same way, so that nothing but the layer differs.
        known = gathers(faster(velocity, np.ones(velocity.shape), 10.0), acquisition)
        level = uniform_filter1d(known**2, window, axis=-1, mode="nearest")
        weight = 1 / np.maximum(level, 1e-4 * level.max())
        for number, cells in enumerate(layers_of(velocity)):
            factor = np.where(cells, 1 + arguments.percent / 100, 1.0)
            changed = faster(velocity, factor, 10.0)
            other = gathers(changed, acquisition) - known
            found.setdefault(number, []).append(
                (
                    float(np.abs(changed - velocity).mean()),
                    float((other**2).sum() / (known**2).sum()),
                    float((weight * other**2).sum() / (weight * known**2).sum()),
                )
            )
    print(f"each layer {arguments.percent:g} % faster, interfaces at their vertical times: medians")
    print(
        f"{'layer':>5} {'models':>6} {'section off [m/s]':>18} {'of energy':>10} {'levelled':>10}"
    )
    for number, rows in found.items():
        off, plain, levelled = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{number + 1:5d} {len(rows):6d} {off:18.1f} {plain:10.1e} {levelled:10.1e}")


if __name__ == "__main__":
    main()
