"""The commands that measure cost run from end to end on small files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

pytestmark = pytest.mark.slow


def _printed(script: str, *options: str) -> str:
    command = [sys.executable, str(BENCHMARKS / script), "--repeats", "1", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ingest_prints_its_peers_and_every_verdict(tmp_path: Path) -> None:
    printed = _printed("ingest.py", "--largest", "0.01", "--folder", str(tmp_path))
    for row in (
        "geoml, --layout receiver",
        "segyio loop",
        "mdio: not installed",
        "Over file sizes",
    ):
        assert row in printed
    assert printed.count(": met") + printed.count(": MISSED") >= 4
    assert list(tmp_path.iterdir()) == []


def test_preprocess_prints_every_verdict(tmp_path: Path) -> None:
    printed = _printed("preprocess.py", "--size", "0.02", "--folder", str(tmp_path))
    for row in ("threads", "processes", "bare loop", "Scheduler with", "Bandpass alone"):
        assert row in printed
    assert printed.count(": met") + printed.count(": MISSED") >= 5
    assert list(tmp_path.iterdir()) == []
