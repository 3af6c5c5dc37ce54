"""What ``geoml train`` and ``geoml simulate`` take by name, and how names bring options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from command import geoml, refused_and_left

from geoml.cli.options import named_options
from geoml.models import SECTION_NETWORKS
from geoml.synthetic import FAMILIES
from geoml.tasks import TASKS


@pytest.mark.parametrize(
    ("command", "names"),
    [("train", set(TASKS) | set(SECTION_NETWORKS)), ("simulate", set(FAMILIES))],
)
def test_help_names_every_entry(command: str, names: set[str]) -> None:
    status, told, _ = geoml(command, "--help")
    assert status == 0
    assert names <= set(re.findall(r"\w+", told))


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
    places = (tmp_path / "p.zarr", "--out", tmp_path / "run")
    assert message in refused_and_left(tmp_path, "train", *places, *more)
