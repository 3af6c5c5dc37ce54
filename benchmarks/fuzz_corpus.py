"""The undamaged files that the fuzzer starts from, and the damaged one of each number."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mutation import MUTATIONS

ROOT = Path(__file__).resolve().parents[1]

_LARGEST_FILE = 400_000
_GENERATED = 60


@dataclass(frozen=True)
class Seed:
    """An undamaged file.

    Attributes:
        name: What it is, for the report.
        suffix: ``.sgy`` or ``.su``.
        content: Its bytes.
    """

    name: str
    suffix: str
    content: bytes


def corpus(with_real_files: bool = True) -> list[Seed]:
    """Small real files, as far as the data folder is there, and generated ones."""
    folder = Path(os.environ.get("GEOML_DATA", ROOT / ".." / "shared" / "data")) / "seismic"
    paths = [ROOT / "sample_data" / "marine_line_velocity.sgy"]
    if with_real_files and folder.is_dir():
        paths += sorted(path for path in folder.rglob("*") if path.suffix in (".sgy", ".su"))
    paths = [path for path in paths if path.stat().st_size <= _LARGEST_FILE]
    seeds = [Seed(path.name, path.suffix, path.read_bytes()) for path in paths]
    return seeds + generated(_GENERATED)


def generated(count: int) -> list[Seed]:
    """Files of the strategies that the tests use, always the same ones."""
    sys.path.insert(0, str(ROOT / "tests"))
    from hypothesis import HealthCheck, given, settings
    from segy_strategy import trace_files
    from true_segy import TrueFile

    seeds: list[Seed] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(trace_files())
    def collect(true: TrueFile) -> None:
        seeds.append(Seed(f"generated {len(seeds)}", true.suffix, true.content))

    collect()
    return seeds


def mutated(seeds: Sequence[Seed], seed: int, number: int) -> tuple[Seed, str]:
    """The damaged file of a number, and the kind of damage."""
    rng = np.random.default_rng([seed, number])
    source = seeds[rng.integers(len(seeds))]
    kind = list(MUTATIONS)[number % len(MUTATIONS)]
    content = MUTATIONS[kind](bytearray(source.content), rng, source.suffix)
    return Seed(source.name, source.suffix, bytes(content)), kind
