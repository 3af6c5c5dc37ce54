"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real and benchmark data, or a skip that says how to get it."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("GEOML_DATA", root / ".." / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set GEOML_DATA to their folder")
    return folder
