"""A device that is not there is one line, wherever it is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from command import refused
from small_fwi import acquisition, observed, truth

from geoml.errors import OptionError
from geoml.physics.device import usable_device
from geoml.survey.pairs import create_pairs
from geoml.workflow.option_check import check_options
from geoml.workflow.specification import Workflow, checked

NONE_HERE = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


@pytest.mark.parametrize("name", ["abacus", "meta", pytest.param("cuda:0", marks=NONE_HERE)])
def test_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=name) as error:
        usable_device(name)
    assert "\n" not in str(error.value)


def test_device_that_is_there_is_given_back() -> None:
    assert usable_device("cpu") == torch.device("cpu")


def test_command_says_it_in_one_line(tmp_path: Path) -> None:
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}}
    pairs = tmp_path / "pairs.zarr"
    writer = create_pairs(pairs, acquisition(), 1, attrs, shard_samples=1, chunk_samples=1)
    writer.write(0, observed(), truth()[None], np.zeros(1, dtype=np.int32))
    writer.finish()
    asked = ("fwi", pairs, "--out", tmp_path / "v.npy", "--device", "abacus")
    assert "Device 'abacus' is not usable" in refused(*asked)


@pytest.mark.parametrize("part", ["invert", "check", "denoise"])
def test_workflow_is_refused_before_its_first_stage(part: str) -> None:
    plain = {"name": "a", "survey": "a.sgy", "checkpoint": "land", part: {"device": "abacus"}}
    with pytest.raises(OptionError, match="abacus"):
        check_options(checked(Workflow, plain, "a.yaml"))


def test_workflow_without_inversion_does_not_ask_for_its_device() -> None:
    plain = {"name": "a", "survey": "a.sgy", "invert": None, "check": {"device": "abacus"}}
    check_options(checked(Workflow, plain, "a.yaml"))
