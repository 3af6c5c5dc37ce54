"""Networks that come with geoml for its presets: small, described, and worth more than a mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.checkpoint import load_checkpoint, shipped_names
from geoml.checkpoint_files import SHIPPED
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.synthetic.generate import generate_pairs
from geoml.synthetic.presets import PRESETS

NETWORK_OF = {"openfwi": "openfwi_s", "streamer": "streamer", "land": "land"}
MOST_BYTES = 15e6


def test_every_preset_has_a_network() -> None:
    assert set(NETWORK_OF) == set(PRESETS)
    assert set(NETWORK_OF.values()) <= set(shipped_names())


@pytest.mark.parametrize("name", shipped_names())
def test_it_is_small_and_its_card_says_data_budget_scores_and_limits(name: str) -> None:
    folder = SHIPPED / name
    assert sum(file.stat().st_size for file in folder.iterdir()) <= MOST_BYTES
    card = (folder / "card.md").read_text(encoding="utf-8")
    for needed in ("| trained on |", "| training |", " minutes", "## Scores", "## Limits"):
        assert needed in card, needed


@pytest.mark.parametrize("preset", NETWORK_OF)
def test_it_reads_its_preset_and_knows_more_than_the_mean(preset: str, tmp_path: Path) -> None:
    chosen, checkpoint = PRESETS[preset], load_checkpoint(f"geoml:{NETWORK_OF[preset]}")
    trained_for = Acquisition.from_dict(checkpoint.acquisition).to_dict()
    for field, value in chosen.acquisition.to_dict().items():
        np.testing.assert_allclose(trained_for[field], value, rtol=1e-6, atol=1e-9, err_msg=field)
    generate_pairs(
        tmp_path / "pairs.zarr",
        chosen.acquisition,
        families=chosen.families,
        velocity_range=chosen.velocity_range,
        count=4,
        seed=4242,  # no pair of this seed trained it
        **chosen.modelling,
    )
    pairs = open_pairs(tmp_path / "pairs.zarr")
    true = pairs["velocity"].values
    told = WindowPredictor(checkpoint).predict(pairs["amplitude"].values)
    error = np.abs(told.velocity - true)
    assert error.mean() < 0.7 * np.abs(true.mean(axis=0) - true).mean()
    # Two spreads hold most of the cells, and not all of them for being boundless.
    assert told.velocity_std is not None
    assert (error < 2 * told.velocity_std).mean() > 0.7
    assert told.velocity_std.mean() < 3 * error.mean()
