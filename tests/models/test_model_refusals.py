"""Options, heads and shapes that a network cannot work with are refused."""

from __future__ import annotations

import pytest
import torch

from geoml.errors import OptionError, ShapeError, UnknownNameError
from geoml.models import SectionShape, build_model

SMALL = SectionShape(n_shots=3, n_samples=61, n_receivers=11, n_depth=17, n_distance=23)
HEADS = ("velocity", "edges", "log_variance")


def test_unknown_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'mh_unet_s'"):
        build_model("unet_s", SMALL, HEADS)


def test_gathers_of_another_size_are_refused_with_both_sizes() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3, 62, 11\).*3, 61, 11"):
        build_model("mh_unet_s", SMALL, HEADS)(torch.zeros(2, 3, 62, 11))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": [7]}, "width 7 is not a multiple of 8"),
        ({"stem_widths": [0]}, "width 0 is not a multiple of 8 above 0"),
        ({"map_groups": 5}, "map_groups 5 does not divide"),
        ({"attention_heads": 5}, "attention_heads 5 does not divide"),
        ({"compression": -1.0}, "compression is -1"),
        ({"time_reduction": 0}, "time_reduction is 0"),
        ({"first_stride": (1, 1)}, r"needed at least 1 and at least \(2, 1\)"),
        ({"norm_channels": 7}, "norm_channels is 7"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"blocks": 0}, "at least one"),
        ({"receiver_order": [[0, 1]]}, r"1 rows of \[2\] entries; needed 3 shots of 11"),
        ({"receiver_order": [[11] * 11] * 3}, "runs from 11 to 11; receivers are counted from 0"),
        ({"shape": 1}, "follows from data and task"),
        ({"bloks": 1}, "Did you mean 'blocks'"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build_model("mh_unet_s", SMALL, HEADS, options)


def test_unknown_head_is_refused() -> None:
    with pytest.raises(OptionError, match="no head 'porosity'"):
        build_model("mh_unet_s", SMALL, ("porosity",))


def test_section_smaller_than_the_network_can_draw_is_refused() -> None:
    with pytest.raises(ShapeError, match="n_depth is 4"):
        SectionShape(3, 61, 11, 4, 23)
