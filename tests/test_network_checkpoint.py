"""A checkpoint of any network comes back whole, or is refused in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from geoml.checkpoint_files import WEIGHTS_NAME
from geoml.errors import CheckpointError, OptionError, UnknownNameError
from geoml.models.network_table import (
    NetworkEntry,
    build_network,
    network_config,
    rebuild_network,
)
from geoml.network_checkpoint import (
    SETTINGS_NAME,
    NetworkCheckpoint,
    load_network_checkpoint,
    save_network_checkpoint,
)


@dataclass(frozen=True)
class LinearConfig:
    n_times: int
    width: int = 3
    widths: tuple[int, ...] = (1, 2)


class Linear(nn.Module):
    def __init__(self, config: LinearConfig) -> None:
        super().__init__()
        self.config = config
        self.map = nn.Sequential(
            nn.Linear(config.n_times, config.width), nn.Linear(config.width, sum(config.widths))
        )

    def forward(self, samples: Tensor) -> Tensor:
        return self.map(samples)


TABLE = {"linear": NetworkEntry(Linear, LinearConfig, {"width": 4})}


def made() -> nn.Module:
    return build_network(TABLE, "linear", "network", {"n_times": 5, "n_traces": 7})


@pytest.fixture
def checkpoint() -> NetworkCheckpoint:
    network = made()
    config = json.loads(json.dumps(network_config("linear", network)))
    return NetworkCheckpoint(
        "denoise", config, network.state_dict(), {"dt_s": 0.004}, {"curve": []}
    )


def test_network_answers_as_before_it_was_saved(
    checkpoint: NetworkCheckpoint, tmp_path: Path
) -> None:
    samples = torch.randn(2, 5)
    answer = checkpoint.network(TABLE)(samples)
    save_network_checkpoint(checkpoint, tmp_path)
    back = load_network_checkpoint(tmp_path, "denoise")
    torch.testing.assert_close(back.network(TABLE)(samples), answer, rtol=0, atol=0)
    assert back.settings == {"dt_s": 0.004}
    assert not back.network(TABLE).training


def test_name_stands_for_options_and_a_user_goes_on_top() -> None:
    assert made().config == LinearConfig(5, 4, (1, 2))
    wider = build_network(TABLE, "linear", "network", {"n_times": 5}, {"width": 6})
    assert wider.config == LinearConfig(5, 6, (1, 2))
    assert rebuild_network(TABLE, network_config("linear", wider), "network").config == wider.config


def test_what_follows_from_the_data_is_not_the_users_to_give() -> None:
    with pytest.raises(OptionError, match="'n_times' of 'linear' follows from data"):
        build_network(TABLE, "linear", "network", {"n_times": 5}, {"n_times": 6})
    with pytest.raises(UnknownNameError, match=r"Unknown network 'lineal'\. Did you mean 'linear'"):
        build_network(TABLE, "lineal", "network", {"n_times": 5})


def test_another_kind_is_refused(checkpoint: NetworkCheckpoint, tmp_path: Path) -> None:
    save_network_checkpoint(checkpoint, tmp_path)
    with pytest.raises(CheckpointError, match="of kind 'denoise'; this needs one of kind 'prior'"):
        load_network_checkpoint(tmp_path, "prior")


def test_weights_of_another_network_are_refused(
    checkpoint: NetworkCheckpoint, tmp_path: Path
) -> None:
    save_network_checkpoint(replace(checkpoint, state={"a": torch.zeros(1)}), tmp_path)
    with pytest.raises(CheckpointError, match="weights do not fit network 'linear'"):
        load_network_checkpoint(tmp_path, "denoise").network(TABLE)


@pytest.mark.parametrize("name", [SETTINGS_NAME, WEIGHTS_NAME])
def test_damaged_file_is_refused(checkpoint: NetworkCheckpoint, tmp_path: Path, name: str) -> None:
    save_network_checkpoint(checkpoint, tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-3])
    with pytest.raises(CheckpointError, match=r"cannot be read|do not belong together"):
        load_network_checkpoint(tmp_path, "denoise")


def test_version_and_missing_folder_are_told(checkpoint: NetworkCheckpoint, tmp_path: Path) -> None:
    save_network_checkpoint(checkpoint, tmp_path)
    document = json.loads((tmp_path / SETTINGS_NAME).read_text())
    document["network_checkpoint_version"] = 99
    (tmp_path / SETTINGS_NAME).write_text(json.dumps(document))
    with pytest.raises(CheckpointError, match="has version 99; this geoml reads 1"):
        load_network_checkpoint(tmp_path, "denoise")
    with pytest.raises(CheckpointError, match="No checkpoint folder 'geoml:nothing'"):
        load_network_checkpoint("geoml:nothing", "denoise")
    with pytest.raises(CheckpointError, match=r"Did you mean 'denoiser'\? Shipped: denoiser\.$"):
        load_network_checkpoint("geoml:denoise", "denoise")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"holds no network\.json"):
        load_network_checkpoint(tmp_path / "empty", "denoise")
