"""The streaming benchmark at a hundredth of its size: it runs, and it knows a wrong answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gather_ways import RawMap
from streaming import RAW, take_turns

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "streaming.py"


def test_benchmark_prints_every_row_and_verdict(tmp_path):
    command = [sys.executable, str(BENCHMARK), "--scale", "0.01", "--repeats", "1"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "mdio: not installed for --peer-python, left out" in lines
    assert "4 shots x 200 channels x 1501 samples, read warm" in lines
    for row in ("geoml, store", "geoml, SEG-Y IEEE", "segyio, SEG-Y IEEE", RAW):
        assert sum(line.startswith(row + "  ") for line in lines) == 3, row
    verdicts = [line.split()[-1] for line in lines if line.startswith("geoml") and " 1.0  " in line]
    assert len(verdicts) == 3
    assert set(verdicts) <= {"yes", "NO"}
    assert not list(tmp_path.iterdir()), "the files are removed"


class Wrong(RawMap):
    """A memory map that is one shot off."""

    def shot(self, shot: int) -> tuple[float, float]:
        return super().shot(shot + 1)


def test_way_that_gives_other_samples_ends_the_benchmark(tmp_path):
    from field_file import write_field_file

    write_field_file(tmp_path / "ieee.sgy", 2, ibm=False)
    ways = {RAW: RawMap(tmp_path / "ieee.sgy"), "wrong": Wrong(tmp_path / "ieee.sgy")}
    with pytest.raises(ValueError, match="wrong: magnitudes sum to"):
        take_turns(ways, [lambda way: way.shot(0)])
