"""A machine that is not there, and options inside options, are told in one line at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from geoml.errors import CheckpointError, GeomlError, OptionError, StoreError
from geoml.training import TrainingOptions, train
from geoml.training.early_check import check_training
from geoml.training.run_folder import prepare_folder
from geoml.training.trainer import build_trainer


@pytest.mark.parametrize(
    "machine",
    [
        {"accelerator": "abacus"},
        {"accelerator": "tpu"},
        {"accelerator": "cpu", "devices": "many"},
        {"accelerator": "cpu", "devices": 0},
        {"accelerator": "cpu", "strategy": "dpd"},
        {"accelerator": "cpu", "precision": "16-mixed"},
        pytest.param(
            {"accelerator": "gpu"},
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here"),
        ),
    ],
)
def test_machine_that_is_not_there_is_one_line(machine: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=str(next(iter(machine.values())))) as error:
        build_trainer(**machine)
    assert "\n" not in str(error.value)
    assert "take auto" in str(error.value).lower()


def test_machine_that_is_there_is_taken() -> None:
    assert build_trainer(accelerator="cpu", precision="bf16-mixed").precision == "bf16-mixed"


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"mh_unet_s": {"wdths": [8]}}, {}, "Did you mean 'widths'"),
        ({"mh_unet_s": {"heads": ["velocity"]}}, {}, "leave it out"),
        ("mh_unet_s", {"augmentation": {"mirror": 1}}, "'augmentation' has no option 'mirror'"),
        ("mh_unet_s", {"splits": {"train": 2}}, "Split train 2"),
        ("mh_unet_s", {"stream": {"worker": 2}}, "'stream' has no option 'worker'"),
        ("mh_unet_s", {"accelerator": "abacus"}, "abacus"),
        ("mh_unet_s", {"memory_limit_gb": float("inf")}, "'memory_limit_gb' is inf"),
        ("mh_unet_s", {"augmentation": {"snr_db": [0, float("inf")]}}, "'snr_db' is inf"),
        ({"mh_unet_s": {"compression": float("nan")}}, {}, "'compression' is nan; it must be fin"),
        ("mh_unet_s", {"posterior": {"trunk": "x"}}, "'mh_unet_s' draws no sections"),
        ("inversion_net", {"adversarial": {"critic_steps": 2}}, "'inversion_net' has no critic"),
        ("cwgan", {"adversarial": {"critic_steps": 2}}, "'cwgan' has no critic"),
        ("cvae", {"posterior": {"trnk": "x"}}, "Did you mean 'trunk'"),
        ("velocity_gan", {"adversarial": {"critic_steps": 0}}, "critic_steps is 0"),
    ],
)
def test_wrong_option_is_refused_before_pairs_are_read(
    tmp_path: Path, model: Any, options: dict[str, Any], message: str
) -> None:
    chosen, run = TrainingOptions(**options), tmp_path / "run"
    with pytest.raises(GeomlError, match=message):
        check_training("velocity", model, chosen)
    with pytest.raises(GeomlError, match=message):
        train(tmp_path / "none.zarr", run, task="velocity", model=model, options=chosen)
    assert not run.exists()


@pytest.mark.parametrize("damaged", ["run.json", "last.ckpt"])
def test_damaged_state_of_a_run_is_one_line_that_says_what_to_do(
    tmp_path: Path, damaged: str
) -> None:
    settings = {"options": {"seed": 1}}
    assert prepare_folder(tmp_path, settings, resume=False, overwrite=False) is None
    torch.save({}, tmp_path / "resume" / "last.ckpt")
    whole = prepare_folder(tmp_path, settings, resume=True, overwrite=False)
    assert whole == tmp_path / "resume" / "last.ckpt"
    path = tmp_path / "resume" / damaged
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=f"{damaged} is damaged; pass --overwrite"):
        prepare_folder(tmp_path, settings, resume=True, overwrite=False)
    assert prepare_folder(tmp_path, settings, resume=True, overwrite=True) is None


def test_run_never_goes_into_a_store(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text("{}")
    with pytest.raises(StoreError, match="give the run a folder of its own"):
        prepare_folder(tmp_path, {}, resume=False, overwrite=True)
