"""A window that is not its own mirror image trains a network of more channels than shots."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import zarr

from geoml.checkpoint import load_checkpoint
from geoml.errors import GeometryError
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.training import TrainingOptions, train
from geoml.training.pair_data import PairData

MODEL = {"mh_unet_s": {"widths": [16, 32], "stem_widths": [8, 16]}}
OPTIONS = TrainingOptions(
    max_epochs=1,
    batch_size=16,
    precision="32-true",
    accelerator="cpu",
    augmentation={"mirror_probability": 0.5},
)


def with_positions(pairs: Path, folder: Path, **positions: list[float]) -> Path:
    """The pairs, said to be recorded with other positions."""
    copy = folder / "moved.zarr"
    shutil.copytree(pairs, copy)
    group = zarr.open_group(copy, mode="r+")
    group.attrs["acquisition"] = {**group.attrs["acquisition"], **positions}
    return copy


def test_network_reads_a_channel_a_position_and_predicts_from_recorded_shots(
    pairs: Path, tmp_path: Path
) -> None:
    # On 180 m: 20 m and 160 m are partners; 100 m has its mirror image at 80 m.
    moved = with_positions(pairs, tmp_path, source_distance_m=[20.0, 100.0])
    out = train(moved, tmp_path / "run", model=MODEL, options=OPTIONS, announce=lambda _: None)
    checkpoint = load_checkpoint(out)
    assert checkpoint.model_config["shape"]["n_shots"] == 4
    assert len(checkpoint.model_config["receiver_order"]) == 4
    assert Acquisition.from_dict(checkpoint.acquisition).n_shots == 2
    shots = open_pairs(moved).amplitude[:3].values
    recorded, mirrored = WindowPredictor(checkpoint, mirror=True, device="cpu").members(shots)
    assert recorded.velocity.shape == mirrored.velocity.shape == (3, 12, 16)
    assert abs(recorded.velocity - mirrored.velocity).max() > 0


def test_held_out_pairs_are_never_flipped(pairs: Path, tmp_path: Path) -> None:
    moved = with_positions(pairs, tmp_path, source_distance_m=[20.0, 100.0])
    data = PairData(moved, OPTIONS)
    for batch in (data.part("validation").__getitems__(range(6)), data.part("test")[0]):
        filled = batch["shots"].flatten(-2).any(dim=-1).reshape(-1, 4)
        assert filled.tolist() == [[True, False, True, False]] * len(filled)
    flipped = data.train_pairs.__getitems__(range(40))["shots"].flatten(-2).any(dim=-1)
    assert {tuple(row) for row in flipped.tolist()} == {
        (True, False, True, False),
        (False, True, False, True),
    }


def test_window_without_a_mirror_image_is_refused(pairs: Path, tmp_path: Path) -> None:
    one_sided = [[30.0 + 10 * i for i in range(10)]] * 2
    moved = with_positions(pairs, tmp_path, receiver_distance_m=one_sided)
    with pytest.raises(GeometryError, match="mirrored they lie at 60 to 150 m"):
        PairData(moved, OPTIONS)
