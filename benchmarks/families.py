"""Our FlatVel-A and CurveVel-A beside the genuine ones: statistics as a table and as pictures.

    python benchmarks/families.py                     # 2,500 models a population, under a minute
    python benchmarks/families.py --count 500 --out pictures

Needs the genuine models in the folder that GEOML_DATA names. The row 'genuine, other half' is what
chance alone makes of the same comparison; the last row is a family of blocky layers around a trend.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoml.physics.model_statistics import distances, model_statistics
from geoml.products.statistics_figure import mosaic_figure, statistics_figure
from geoml.products.style import png_bytes, write_whole
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.registry import build
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS
from geoml.workflow.input_path import data_folder

SETS = {"FlatVelA": ("flat_vel_a", "flat_layers"), "CurveVelA": ("curve_vel_a", "curved_layers")}
SHOWN = 10


def drawn(family: str, count: int, seed: int) -> NDArray[np.float32]:
    """Models of a family in OpenFWI's range and grid."""
    preset = PRESETS["openfwi"]
    grid = SectionGrid.of(preset.acquisition)
    blocky = {"gradient_share": (0.0, 0.0)} if FAMILIES[family].follows_trend else {}
    draw = build(FAMILIES, {family: blocky}, "family")
    return np.stack(
        [draw(np.random.default_rng([seed, i]), grid, preset.velocity_range) for i in range(count)]
    )


def compare(name: str, folder: Path, count: int, seed: int, out: Path) -> None:
    """Print one set's table and write its two pictures."""
    ours, contrast = SETS[name]
    arrays = open_velocity_arrays(folder / "velocity" / f"openfwi_{name}_train.zip")
    models = {
        "genuine": arrays.read(0, count),
        ours: drawn(ours, count, seed),
        "genuine, other half": arrays.read(len(arrays) - count, len(arrays)),
        contrast: drawn(contrast, count, seed),
    }
    found = {row: model_statistics(velocity) for row, velocity in models.items()}
    print(f"\n{name}: {count} models each; distance from the genuine ones")
    print(
        f"{'':22s}{'velocity':>10s}{'layers':>9s}{'edge':>9s}{'edge':>9s}{'by depth':>10s}"
        f"{'vertical':>10s}{'horizontal':>12s}"
    )
    print(
        f"{'':22s}{'m/s':>10s}{'':>9s}{'density':>9s}{'spread':>9s}{'m/s':>10s}"
        f"{'dB':>10s}{'dB':>12s}"
    )
    for row in list(models)[1:]:
        d = distances(found[row], found["genuine"])
        print(
            f"{row:22s}{d['velocity_m_s']:10.1f}{d['n_layers']:9.3f}{d['edge_density']:+9.1%}"
            f"{d['edge_spread']:9.1%}{d['velocity_by_depth_m_s']:10.1f}{d['vertical_db']:10.2f}"
            f"{d['horizontal_db']:12.2f}"
        )
    shown = {row: found[row] for row in ("genuine", ours, contrast)}
    rows = {row: models[row][:SHOWN] for row in ("genuine", ours)}
    rows |= {f"{row} ": models[row][SHOWN : 2 * SHOWN] for row in ("genuine", ours)}
    for kind, figure in (
        ("statistics", statistics_figure(shown, f"{name}, {count} models each")),
        ("models", mosaic_figure(rows)),
    ):
        path = out / f"families_{name}_{kind}.png"
        write_whole(path, png_bytes(figure))
        print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2500, help="models of each population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/families"), help="for the pictures")
    arguments = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise SystemExit("GEOML_DATA is not set; set it to the folder of the real data.")
    for name in SETS:
        compare(name, folder, arguments.count, arguments.seed, arguments.out)


if __name__ == "__main__":
    main()
