from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.synthetic import SectionGrid


def test_last_row_and_column_lie_at_height_and_width() -> None:
    grid = SectionGrid(3, 5, 20.0)
    assert grid.height_m == grid.depth_m[-1] == 40
    assert grid.width_m == grid.distance_m[-1] == 80
    assert np.ones(grid.shape).shape == (3, 5)


@pytest.mark.parametrize("size", [(1, 5, 20.0), (3, 1, 20.0), (3, 5, 0.0)])
def test_grid_without_cells_is_refused(size: tuple[int, int, float]) -> None:
    with pytest.raises(OptionError, match="at least 2 x 2 cells of a positive size"):
        SectionGrid(*size)
