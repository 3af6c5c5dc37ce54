"""A checkpoint of models on logs is whole or refused, and holds no pickle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from geoml.checkpoint_files import WEIGHTS_NAME
from geoml.errors import CheckpointError
from geoml.well_checkpoint import (
    SETTINGS_NAME,
    LogMember,
    WellCheckpoint,
    load_well_checkpoint,
    save_well_checkpoint,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    members = tuple(
        LogMember("constant", {"number": n}, {"value": np.arange(3.0) + n}, weight=n + 1.0)
        for n in range(11)
    )
    checkpoint = WellCheckpoint(members, "facies", {}, {}, {}, {}, units={"DTC": "us/m"})
    return save_well_checkpoint(checkpoint, tmp_path / "run")


def test_checkpoint_comes_back_as_it_was(folder: Path) -> None:
    again = load_well_checkpoint(folder)
    assert [member.weight for member in again.members] == [n + 1.0 for n in range(11)]
    for number, member in enumerate(again.members):
        assert member.settings == {"number": number}
        np.testing.assert_array_equal(member.arrays["value"], np.arange(3.0) + number)
    assert again.units == {"DTC": "us/m"}


def test_files_are_json_and_safetensors(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {SETTINGS_NAME, WEIGHTS_NAME}
    json.loads((folder / SETTINGS_NAME).read_text(encoding="utf-8"))
    assert b"pickle" not in (folder / WEIGHTS_NAME).read_bytes()


def test_weights_of_another_checkpoint_are_refused(folder: Path) -> None:
    path = folder / WEIGHTS_NAME
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(bytes(damaged))
    with pytest.raises(CheckpointError, match="do not belong together"):
        load_well_checkpoint(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plain: plain.update(well_checkpoint_version=99), "has version 99"),
        (lambda plain: plain.pop("weights_sha256"), "cannot be read"),
        (lambda plain: plain.pop("scaling"), "is not whole"),
        (lambda plain: plain.update(surprise=1), "is not whole"),
    ],
)
def test_damaged_settings_are_refused(folder: Path, change, message: str) -> None:
    path = folder / SETTINGS_NAME
    plain = json.loads(path.read_text(encoding="utf-8"))
    change(plain)
    path.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        load_well_checkpoint(folder)


def test_folder_without_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="geoml wells train"):
        load_well_checkpoint(tmp_path)
