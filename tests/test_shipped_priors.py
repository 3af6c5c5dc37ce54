"""Priors that come with geoml: small, described, and their sections look like layered ground."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from geoml.checkpoint_files import SHIPPED
from geoml.models.priors import PRIORS
from geoml.network_checkpoint import load_network_checkpoint, shipped_networks
from geoml.physics.model_similarity import diversity_m_s, population, similarity, variogram_error
from geoml.registry import build
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS
from geoml.training.prior_data import unscaled

NAMES = shipped_networks("prior")
every_shipped = pytest.mark.parametrize("name", NAMES)


def drawn(name: str, count: int) -> np.ndarray:
    checkpoint = load_network_checkpoint(f"geoml:{name}", "prior")
    network: Any = checkpoint.network(PRIORS)
    samples = network.sample(count, torch.Generator().manual_seed(0))
    return unscaled(samples, tuple(checkpoint.settings["limits_m_s"]))


def test_there_is_one() -> None:
    assert NAMES


@every_shipped
def test_folder_is_small_and_has_a_card(name: str) -> None:
    folder = SHIPPED / name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3e6
    assert "licence" in (folder / "card.md").read_text(encoding="utf-8")


@every_shipped
def test_sections_are_like_those_of_its_families(name: str) -> None:
    checkpoint = load_network_checkpoint(name, "prior")
    preset = PRESETS["openfwi"]
    grid = SectionGrid.of(preset.acquisition)
    assert tuple(checkpoint.model["shape"]) == grid.shape
    families = [build(FAMILIES, family, "family") for family in checkpoint.training["families"]]
    true = np.stack(
        [
            families[i % len(families)](np.random.default_rng([5, i]), grid, preset.velocity_range)
            for i in range(400)
        ]
    )
    samples = drawn(name, 400)
    assert variogram_error(samples, true) < 0.25
    assert similarity(samples, true).velocity_m_s < 150
    assert 0.7 < diversity_m_s(samples) / diversity_m_s(true) < 1.3
    # Velocity rises with depth in them, and interfaces run along the section.
    assert (np.diff(samples.mean(axis=(0, 2))) > -10).all()
    found = population(samples).variograms
    assert found["vertical"][9] > 1.2 * found["lateral"][9]
