"""A checkpoint is whole or refused, and gives back what was trained."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from geoml import checkpoint_files
from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, shipped_names
from geoml.errors import CheckpointError
from geoml.models import SectionShape, build_model, model_config

SHAPE = SectionShape(n_shots=2, n_samples=40, n_receivers=9, n_depth=12, n_distance=15)


@pytest.fixture
def trained() -> Checkpoint:
    torch.manual_seed(0)
    model = build_model("mh_unet_s", SHAPE, ("velocity",), {"widths": [8, 16]})
    return Checkpoint(
        model_name="mh_unet_s",
        model_config=model_config("mh_unet_s", model),
        state=model.state_dict(),
        task="velocity",
        task_options={"depth_weight": 0.5},
        scaling={"amplitude": 0.1, "velocity_centre_m_s": 2500.0, "velocity_scale_m_s": 1 / 3},
        acquisition={"dt_s": 0.004},
        steps=[{"bandpass": {"low_hz": 3}}],
        layout={"n_shots": 2},
        calibration={"factors": {"0.8": 1.3}},
        training={"seed": 1},
        input_statistics={"levels": [0.5]},
    )


def test_saved_checkpoint_comes_back_exactly(trained: Checkpoint, tmp_path: Path) -> None:
    loaded = load_checkpoint(save_checkpoint(trained, tmp_path / "run"))
    for field in fields(Checkpoint):
        if field.name not in ("state", "model_config"):
            assert getattr(loaded, field.name) == getattr(trained, field.name), field.name
    shots = torch.randn(1, 2, 40, 9)
    before, after = trained.network()(shots), loaded.network()(shots)
    assert torch.equal(before["velocity"], after["velocity"])
    assert not loaded.network().training


def test_files_hold_no_pickle_and_no_leftovers(trained: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(trained, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.json", "weights.safetensors"]
    json.loads((tmp_path / "checkpoint.json").read_text())
    header = (tmp_path / "weights.safetensors").read_bytes()[8:]
    assert header.startswith(b'{"')


def test_saving_again_replaces_and_spares_other_files(trained: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("epoch\n")
    save_checkpoint(trained, tmp_path)
    save_checkpoint(replace(trained, training={"seed": 2}), tmp_path)
    assert load_checkpoint(tmp_path).training == {"seed": 2}
    assert (tmp_path / "curve.csv").read_text() == "epoch\n"


def test_failed_save_leaves_the_old_checkpoint(trained: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(trained, tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_checkpoint(replace(trained, training={"loss": float("nan")}), tmp_path)
    assert load_checkpoint(tmp_path).training == {"seed": 1}
    assert not list(tmp_path.glob("*.tmp"))


def test_weights_of_another_run_are_refused(trained: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(trained, tmp_path)
    weights = tmp_path / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="do not belong together"):
        load_checkpoint(tmp_path)


def test_weights_that_do_not_fit_the_config_are_refused(trained: Checkpoint) -> None:
    config = {**trained.model_config, "widths": [16, 16]}
    with pytest.raises(CheckpointError, match="do not fit model 'mh_unet_s'"):
        replace(trained, model_config=config).network()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "weights.safetensors").unlink(), "cannot be read"),
        (lambda d: (d / "checkpoint.json").write_text("{"), "cannot be read"),
        (lambda d: (d / "checkpoint.json").write_text("[]"), "cannot be read"),
        (lambda d: (d / "checkpoint.json").unlink(), "holds no checkpoint.json"),
        (lambda d: _edit(d, checkpoint_version=99), "has version 99"),
        (lambda d: _edit(d, flavour="sweet"), "not whole.*flavour"),
    ],
)
def test_damaged_checkpoint_is_refused(
    trained: Checkpoint, tmp_path: Path, damage, message: str
) -> None:
    damage(save_checkpoint(trained, tmp_path))
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)


def _edit(folder: Path, **changes: object) -> None:
    path = folder / "checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_shipped_checkpoint_is_found_by_name(
    trained: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "SHIPPED", tmp_path)
    save_checkpoint(trained, tmp_path / "marine_line")
    assert shipped_names() == ["marine_line"]
    for name in ("marine_line", "geoml:marine_line"):
        assert load_checkpoint(name).task == "velocity"
    with pytest.raises(CheckpointError, match=r"Did you mean 'marine_line'\? Shipped: marine_line"):
        load_checkpoint("marine_lime")
