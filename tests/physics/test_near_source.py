"""From one cell of offset on modelled amplitudes are the ground's, nearer than that the grid's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from small_fwi import SPACING_M, acquisition, truth

from geoml.physics.acoustic import model_acquisition
from geoml.physics.near_source import far_traces


def test_trace_counts_from_one_cell_of_offset_on() -> None:
    base = acquisition()
    expected = abs(base.receiver_distance_m - base.source_distance_m[:, None]) > 5.0
    assert (~expected).sum() == 1
    np.testing.assert_array_equal(far_traces(base, SPACING_M), expected)
    # Straight below a source counts as well as beside it.
    deeper = replace(base, receiver_depth_m=base.receiver_depth_m + SPACING_M)
    assert far_traces(deeper, SPACING_M).all()
    assert not far_traces(deeper, 30 * SPACING_M).any()


def test_finer_cells_change_no_amplitude_but_those_that_are_left_out() -> None:
    base = replace(acquisition(), max_frequency_hz=35.0)
    coarse, fine = (
        model_acquisition(
            np.full_like(truth(), 2500.0),
            base,
            max_velocity_m_s=3200.0,
            simulation_spacing_m=cell_m,
            absorbing_cells=round(200 / cell_m),
        )[0].numpy()
        for cell_m in (10.0, 5.0)
    )
    ratio = np.sqrt((coarse**2).sum(-1) / (fine**2).sum(-1))
    far = far_traces(base, SPACING_M)
    np.testing.assert_allclose(ratio[far], 1.0, atol=0.02)
    assert (ratio[~far] < 0.85).all()
