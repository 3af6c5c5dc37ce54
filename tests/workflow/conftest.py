"""Pair stores with something to tell apart in them, and a checkpoint to judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from judged_pairs import OTHERS, make_pairs, untrained

from geoml.checkpoint import Checkpoint


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("own") / "pairs.zarr", 0)


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("other") / "others.zarr", 1, OTHERS)


@pytest.fixture(scope="session")
def checkpoint(pairs: Path) -> Checkpoint:
    return untrained(pairs)
