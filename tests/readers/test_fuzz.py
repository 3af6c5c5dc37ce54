"""A short run of benchmarks/fuzz_segy.py, and that the fuzzer itself sees what is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import fuzz_segy
import numpy as np
import pytest
from fuzz_corpus import generated, mutated
from fuzz_segy import Outcome, failures, fuzz, table
from mutation import MUTATIONS

from geoml.readers import ingest as ingest_module


def test_damaged_files_give_right_answers_or_one_line():
    outcomes = fuzz(generated(20), count=108, seed=11, n_workers=1)
    assert [outcome.number for outcome in outcomes] == list(range(108))
    assert not failures(outcomes), table(outcomes)
    verdicts = {(outcome.kind, outcome.verdict) for outcome in outcomes}
    assert {kind for kind, _ in verdicts} == set(MUTATIONS)
    assert {verdict for _, verdict in verdicts} == {"accepted", "refused"}


def test_a_number_always_means_the_same_damage():
    seeds = generated(5)
    for number in range(27):
        damaged, kind = mutated(seeds, 3, number)
        again, same_kind = mutated(generated(5), 3, number)
        assert (damaged, kind) == (again, same_kind)
    assert len({mutated(seeds, 3, number)[0].content for number in range(27)}) > 20


def test_wrong_samples_are_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The fuzzer would see a reader that loses a byte."""
    right = ingest_module.read_survey

    def lossy(path: Path):
        survey = right(path)
        survey["header_bytes"].values[-1, 200] ^= 1
        return survey

    whole = generated(1)[0]
    assert fuzz_segy.try_file(whole, tmp_path, through_store=True) == ("accepted", "")
    monkeypatch.setattr(ingest_module, "read_survey", lossy)
    verdict = fuzz_segy.try_file(whole, tmp_path, through_store=False)
    assert verdict == ("failed", "accepted, but other bytes exported")


def hang(*args: object, **options: object) -> tuple[str, str]:
    time.sleep(60)
    return "accepted", ""


def eat_memory(*args: object, **options: object) -> tuple[str, str]:
    return "accepted", str(np.ones(2**28).sum())


def test_memory_over_the_limit_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    context = fuzz_segy.mp.get_context("fork")
    monkeypatch.setattr(fuzz_segy.mp, "get_context", lambda name: context)
    monkeypatch.setattr(fuzz_segy, "try_file", eat_memory)
    (outcome,) = fuzz(generated(1), count=1, n_workers=1)
    assert outcome.verdict == "failed"
    assert "MemoryError" in outcome.message


def test_hang_is_a_failure_and_the_work_goes_on(monkeypatch: pytest.MonkeyPatch):
    context = fuzz_segy.mp.get_context("fork")
    monkeypatch.setattr(fuzz_segy.mp, "get_context", lambda name: context)
    monkeypatch.setattr(fuzz_segy, "try_file", hang)
    monkeypatch.setattr(fuzz_segy, "PATIENCE_S", 1.0)
    outcomes = fuzz(generated(1), count=2, n_workers=1)
    assert [outcome.verdict for outcome in outcomes] == ["lost", "lost"]
    assert outcomes[0].message == "no answer after 1 s"
    assert all(isinstance(outcome, Outcome) for outcome in failures(outcomes))
