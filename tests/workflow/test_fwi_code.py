"""``geoml fwi --prior``: a code instead of cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from command import geoml, refused
from small_fwi import CELLS, SPACING_M, acquisition, observed, truth

from geoml.models.network_table import build_network, network_config
from geoml.models.priors import PRIORS
from geoml.network_checkpoint import NetworkCheckpoint, save_network_checkpoint
from geoml.survey.pairs import create_pairs
from geoml.survey.velocity import open_section

FAST = (
    *("--option", "bands_hz=[12]", "--option", "iterations=4", "--option", "held_out=4"),
    *("--option", "max_velocity_m_s=3200", "--option", "simulation_spacing_m=10"),
)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fwi") / "pairs.zarr"
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}}
    writer = create_pairs(path, acquisition(), 1, attrs, shard_samples=1, chunk_samples=1)
    writer.write(0, observed(), truth()[None], np.zeros(1, dtype=np.int32))
    writer.finish()
    return path


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained prior: its sections are nonsense, and its code moves them all the same."""
    torch.manual_seed(0)
    sizes = {"code": 4, "widths": (8, 16)}
    network = build_network(PRIORS, "vae", "prior", {"shape": (CELLS, CELLS)}, sizes)
    checkpoint = NetworkCheckpoint(
        kind="prior",
        model=network_config("vae", network),
        state=network.state_dict(),
        settings={"limits_m_s": [1500.0, 3200.0], "spacing_m": SPACING_M, "labels": []},
    )
    return save_network_checkpoint(checkpoint, tmp_path_factory.mktemp("prior"))


def test_code_is_inverted_and_cells_go_on_from_its_section(
    pairs: Path, prior: Path, tmp_path: Path
) -> None:
    out = tmp_path / "velocity.zarr"
    status, told, err = geoml(
        "fwi", pairs, "--prior", prior, "--then-cells", "--option", "code_weight=0", "--out", out,
        *FAST,
    )  # fmt: skip
    assert status == 0, err
    assert "By its code: misfit" in told
    attrs = open_section(out).attrs
    assert attrs["fwi_code"]["accepted"]
    assert attrs["fwi_code"]["misfit"][1] < attrs["fwi_code"]["misfit"][0]
    assert attrs["fwi"]["misfit"][0] == pytest.approx(attrs["fwi_code"]["misfit"][1], rel=1e-3)
    assert attrs["fwi"]["misfit"][1] < attrs["fwi"]["misfit"][0]


def test_wrong_commands_are_refused_in_one_line(pairs: Path, prior: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "velocity.zarr")
    assert "with --prior" in refused("fwi", pairs, *out, "--then-cells")
    assert "with --prior" in refused("fwi", pairs, *out, "--option", "code_weight=1")
    assert "No checkpoint folder" in refused("fwi", pairs, *out, "--prior", tmp_path / "none")
    assert "'code_weight' is -1" in refused(
        "fwi", pairs, *out, "--prior", prior, "--option", "code_weight=-1"
    )
