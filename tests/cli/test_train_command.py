"""What ``geoml train`` takes for tasks and networks, and names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command import geoml, refused

from geoml.cli.options import named_options
from geoml.models import SECTION_NETWORKS
from geoml.tasks import TASKS


def test_help_names_every_task_and_every_network() -> None:
    status, told, _ = geoml("train", "--help")
    assert status == 0
    words = set(told.replace(",", " ").replace("'", " ").replace(":", " ").split())
    assert set(TASKS) | set(SECTION_NETWORKS) <= words


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("velocity", "velocity"),
        ("velocity_edges: {depth_weight: 1, spread: false}",
         {"velocity_edges": {"depth_weight": 1, "spread": False}}),
    ],
)  # fmt: skip
def test_name_may_bring_its_options(text: str, spec: Any) -> None:
    assert named_options(text, "--task") == spec


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--task", "velocity_edges: {dept_weight: 1}"), "Did you mean 'depth_weight'"),
        (("--task", "velocity_edges: {depth_weight: -1}"), "'depth_weight' is -1"),
        (("--task", "velocity_edges: {"), "--task 'velocity_edges: {' cannot be read"),
        (("--model", "mh_unet: {dropout: 0.1}"), "Did you mean 'mh_unet_s'"),
    ],
)
def test_options_of_task_and_network_are_checked(
    tmp_path: Path, more: tuple[str, str], message: str
) -> None:
    assert message in refused("train", tmp_path / "p.zarr", "--out", tmp_path / "run", *more)
