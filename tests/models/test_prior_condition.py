"""Conditions of velocity priors: the trend of a section and its kind."""

from __future__ import annotations

import torch

from geoml.models.priors.condition import KnownConditions, section_condition, section_trend
from geoml.models.priors.prior_config import PriorConfig

SECTION = torch.tensor([[[1.0, 3.0]] * 4 + [[5.0, 7.0]] * 4])  # eight rows of two columns


def test_trend_is_the_mean_of_each_slab_by_hand() -> None:
    torch.testing.assert_close(section_trend(SECTION, 2), torch.tensor([[2.0, 6.0]]))
    torch.testing.assert_close(section_trend(SECTION, 4), torch.tensor([[2.0, 2.0, 6.0, 6.0]]))
    assert section_trend(SECTION, 0).shape == (1, 0)


def test_condition_is_the_kind_and_then_the_trend() -> None:
    config = PriorConfig(shape=(8, 8), n_labels=3, n_trend=2)
    found = section_condition(SECTION, torch.tensor([1]), config)
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([[0.0, 1.0, 0.0, 2.0, 6.0]]))
    assert section_condition(SECTION, None, PriorConfig(shape=(8, 8))) is None


def test_kept_conditions_are_drawn_about_equally_often() -> None:
    known = KnownConditions(1)
    known.keep(torch.arange(4.0)[:, None], torch.Generator().manual_seed(0))
    drawn = known.draw(4000, torch.Generator().manual_seed(1))[:, 0]
    assert (torch.bincount(drawn.long(), minlength=4) > 700).all()
