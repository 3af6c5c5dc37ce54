from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.physics.acoustic import model_acquisition
from geoml.physics.openfwi import OPENFWI, OPENFWI_MODELLING
from geoml.survey.acquisition import Acquisition

# The record's own velocity is not published; its direct wave fits 1640 m/s best.
TOP_VELOCITY_M_S = 1640.0
DIRECT_ONLY = 140


@pytest.mark.data
def test_direct_wave_of_a_genuine_record_is_reproduced(data_dir: Path) -> None:
    genuine = np.load(data_dir / "velocity" / "openfwi_one_record.npy")
    acquisition = Acquisition(**(OPENFWI | {"n_samples": DIRECT_ONLY}))
    velocity = np.full((70, 70), TOP_VELOCITY_M_S)
    modelled = model_acquisition(velocity, acquisition, **OPENFWI_MODELLING)[0].numpy()
    for shot, column in enumerate((0, 17, 34, 52, 69)):
        peak = modelled[shot, column].max()
        assert 40.06 <= peak <= 40.55
        assert modelled[shot, column].argmax() == genuine[shot, :, column].argmax()
    middle = genuine[2, :DIRECT_ONLY, 20:50].T
    misfit = np.linalg.norm(modelled[2, 20:50] - middle) / np.linalg.norm(middle)
    assert misfit < 0.02
