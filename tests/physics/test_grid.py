from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import OptionError, PhysicsError
from geoml.physics.grid import CELLS_PER_WAVELENGTH, choose_grid
from geoml.physics.time_axis import stable_step_s


def test_grid_by_hand() -> None:
    # 1500 m/s at 25 Hz: 60 m; 3.5 cells of 17.1 m, so 20 m is halved and 15 m is kept.
    assert choose_grid(1500, 4000, 25.0, 20.0, 0.004).spacing_m == 10.0
    kept = choose_grid(1500, 4000, 25.0, 15.0, 0.004)
    assert kept.spacing_m == 15.0
    assert kept.cells_per_wavelength == 4.0
    # 0.9 * 0.5546 * 15 / 4000 = 1.87 ms, so 4 ms takes three steps.
    assert kept.step_s == pytest.approx(0.004 / 3)
    assert "4.0 cells in the shortest wavelength of 60 m" in kept.note


@given(
    slow=st.floats(300, 3000),
    ratio=st.floats(1, 6),
    top=st.floats(5, 100),
    target=st.floats(2, 60),
    order=st.sampled_from([4, 8]),
)
def test_choice_carries_the_band_divides_the_target_and_is_stable(
    slow: float, ratio: float, top: float, target: float, order: int
) -> None:
    choice = choose_grid(slow, slow * ratio, top, target, 0.004, accuracy=order)
    assert choice.cells_per_wavelength >= CELLS_PER_WAVELENGTH[order] * (1 - 1e-6)
    factor = target / choice.spacing_m
    assert factor == pytest.approx(round(factor))
    assert 0.004 / choice.step_s == pytest.approx(round(0.004 / choice.step_s))
    assert choice.step_s <= stable_step_s(choice.spacing_m, slow * ratio, order) * (1 + 1e-9)
    coarser = target / (round(factor) - 1) if round(factor) > 1 else None
    if coarser is not None:
        assert slow / top / coarser < CELLS_PER_WAVELENGTH[order]


def test_note_tells_where_a_little_less_saves_much() -> None:
    # 17.14 m cells carry 1500 m/s at 25 Hz: a target of 18 m is halved for want of 5 %.
    note = choose_grid(1500, 4000, 25.0, 18.0).note
    assert "A target of 17.1 m or a band to 23.8 Hz" in note
    assert "about 12 % of the time" in note
    assert choose_grid(1500, 4000, 25.0, 17.1).spacing_m == 17.1
    assert choose_grid(1500, 4000, 23.8, 18.0).spacing_m == 18.0
    assert "A target of" not in choose_grid(1500, 4000, 25.0, 30.0).note


def test_impossible_grids_are_refused() -> None:
    with pytest.raises(PhysicsError, match=r"nothing above 62\.5 Hz"):
        choose_grid(1500, 4000, 80.0, 10.0, 0.008)
    with pytest.raises(OptionError, match="slowest velocity first"):
        choose_grid(4000, 1500, 20.0, 10.0, 0.008)
    with pytest.raises(OptionError, match="order 2"):
        choose_grid(1500, 4000, 20.0, 10.0, 0.008, accuracy=2)
