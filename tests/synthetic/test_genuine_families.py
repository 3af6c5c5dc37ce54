"""Our FlatVel-A and CurveVel-A hold the statistics of the genuine models, within chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.physics.model_statistics import distances, model_statistics
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS

COUNT = 500


@pytest.mark.data
@pytest.mark.parametrize(
    ("family", "genuine"), [("flat_vel_a", "FlatVelA"), ("curve_vel_a", "CurveVelA")]
)
def test_family_is_no_farther_from_the_genuine_models_than_chance(
    family: str, genuine: str, data_dir: Path
) -> None:
    preset = PRESETS["openfwi"]
    grid, draw = SectionGrid.of(preset.acquisition), FAMILIES[family]()
    ours = [draw(np.random.default_rng([2, i]), grid, preset.velocity_range) for i in range(COUNT)]
    arrays = open_velocity_arrays(data_dir / "velocity" / f"openfwi_{genuine}_train.zip")
    apart = distances(model_statistics(ours), model_statistics(arrays.read(0, COUNT)))
    # Two parts of the genuine set of this size lie up to half as far apart.
    assert apart["velocity_m_s"] < 120
    assert apart["velocity_by_depth_m_s"] < 120
    assert apart["n_layers"] < 0.3
    assert abs(apart["edge_density"]) < 0.08
    assert apart["edge_spread"] < 0.1
    assert apart["vertical_db"] < 0.6
    assert apart["horizontal_db"] < 0.8
