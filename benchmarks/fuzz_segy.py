"""Damaged SEG-Y and Seismic Unix files: a right answer or one line, whatever was damaged.

    .venv/bin/python benchmarks/fuzz_segy.py [--count 10000] [--seed 0] [--replay NUMBER]

Each mutation of a small file goes through scan, ingest and export in a process that may not take
more than 1 GB of memory of its own or 10 s of processor time. If it is accepted, the exported bytes
have to be those of the damaged file; if not, it has to be refused by a GeomlError of one line.
Anything else, a warning of NumPy included, is a failure, printed with its number to replay.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing as mp
import os
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from fuzz_corpus import Seed, corpus, mutated
from mutation import MUTATIONS

LIMIT_S = 10.0
PATIENCE_S = 60.0  # without an answer: the machine may be busy with other work
LIMIT_BYTES = 2**30
STORE_EVERY = 16  # mutations that also go through a store on disk, which costs ten times more


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation.

    Attributes:
        number: The mutation's number.
        kind: What was damaged.
        verdict: ``accepted``, ``refused`` or ``failed``.
        message: The refusal, or what is wrong.
        time_s: Processor time it took [s].
        peak_bytes: Most memory of its own that the process has held so far [bytes].
    """

    number: int
    kind: str
    verdict: str
    message: str
    time_s: float = 0.0
    peak_bytes: int = 0


def try_file(damaged: Seed, folder: Path, *, through_store: bool) -> tuple[str, str]:
    """Verdict and message of one file.

    Args:
        damaged: The file.
        folder: A folder to work in.
        through_store: Whether to ingest into a store as well.
    """
    from geoml.errors import GeomlError
    from geoml.products.survey_segy import write_survey_segy
    from geoml.readers.ingest import ingest, read_survey
    from geoml.readers.scan import scan
    from geoml.survey.store import open_survey

    path, again = folder / f"in{damaged.suffix}", folder / f"out{damaged.suffix}"
    path.write_bytes(damaged.content)
    try:
        str(scan(path))
        survey = read_survey(path)
    except GeomlError as error:
        line = str(error)
        return ("refused", line) if line and "\n" not in line else ("failed", f"not a line: {line}")
    write_survey_segy(survey, again)
    if again.read_bytes() != damaged.content:
        return "failed", "accepted, but other bytes exported"
    if through_store:
        ingest(path, folder / "in.zarr", overwrite=True)
        write_survey_segy(open_survey(folder / "in.zarr"), again)
        if again.read_bytes() != damaged.content:
            return "failed", "accepted, but other bytes exported from the store"
    return "accepted", ""


def _work(seeds: Sequence[Seed], seed: int, tasks: Connection) -> None:
    """A worker process: numbers in, outcomes out, until None comes."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory(prefix="geoml-fuzz-") as name:
        while (number := tasks.recv()) is not None:
            damaged, kind = mutated(seeds, seed, number)
            started = time.process_time()
            try:
                store = number % STORE_EVERY == 0
                verdict, message = try_file(damaged, Path(name), through_store=store)
            except Exception as error:  # every escape is a failure to report
                verdict, message = "failed", f"{type(error).__name__}: {error}"
            time_s = time.process_time() - started
            tasks.send(Outcome(number, kind, verdict, message, time_s, _own_peak_bytes()))


def _own_peak_bytes() -> int:
    """Most anonymous memory that this process may have held: peak of its data segment."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(fields["VmHWM"].split()[0]) - 1024 * int(fields["RssFile"].split()[0])


class _Worker:
    """A process with the number that it works on."""

    def __init__(self, seeds: Sequence[Seed], seed: int) -> None:
        context = mp.get_context("spawn")
        self.tasks, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(seeds, seed, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.number: int | None = None
        self.since = 0.0

    def give(self, number: int | None) -> None:
        self.number = number
        self.since = time.monotonic()
        self.tasks.send(number)

    def stop(self) -> None:
        if self.number is None:
            self.process.join()  # it was told to end
        self.process.kill()
        self.process.join()
        self.tasks.close()


def fuzz(
    seeds: Sequence[Seed], count: int, seed: int = 0, n_workers: int | None = None
) -> list[Outcome]:
    """Outcomes of the mutations 0 to ``count`` - 1 of some files.

    Args:
        seeds: The undamaged files.
        count: How many mutations.
        seed: Seed of all of them.
        n_workers: Processes; None takes one a core.
    """
    waiting = iter(range(count))
    n_workers = n_workers or len(os.sched_getaffinity(0))
    workers = [_Worker(seeds, seed) for _ in range(min(n_workers, count))]
    outcomes: list[Outcome] = []
    for worker in workers:
        worker.give(next(waiting, None))
    try:
        while busy := [worker for worker in workers if worker.number is not None]:
            ready = wait([worker.tasks for worker in busy], timeout=0.5)
            for worker in busy:
                outcome = _outcome(worker, ready=worker.tasks in ready)
                if outcome is None:
                    continue
                outcomes.append(outcome)
                if outcome.verdict == "lost":
                    worker.stop()
                    workers[workers.index(worker)] = worker = _Worker(seeds, seed)
                worker.give(next(waiting, None))
    finally:
        for worker in workers:
            worker.stop()
    return sorted(outcomes, key=lambda outcome: outcome.number)


def _outcome(worker: _Worker, *, ready: bool) -> Outcome | None:
    """What a worker has to say, None where it is still at work."""
    assert worker.number is not None
    kind = list(MUTATIONS)[worker.number % len(MUTATIONS)]
    if ready:
        try:
            outcome: Outcome = worker.tasks.recv()
        except EOFError:
            worker.process.join()
            how = f"the process died with exit code {worker.process.exitcode}"
            return Outcome(worker.number, kind, "lost", how)
        if outcome.time_s > LIMIT_S:
            return replace(outcome, verdict="failed", message=f"took {outcome.time_s:.1f} s")
        return outcome
    if time.monotonic() - worker.since > PATIENCE_S:
        return Outcome(worker.number, kind, "lost", f"no answer after {PATIENCE_S:.0f} s")
    return None


def table(outcomes: Sequence[Outcome]) -> str:
    """Counts by kind of damage."""
    rows = [f"{'damage':<24}{'mutations':>10}{'accepted':>10}{'refused':>10}{'failed':>10}"]
    verdicts = Counter((outcome.kind, outcome.verdict) for outcome in outcomes)
    for kind in [*MUTATIONS, "all"]:
        counts = Counter(
            {verdict: number for (of, verdict), number in verdicts.items() if kind == of}
        )
        if kind == "all":
            counts = Counter(outcome.verdict for outcome in outcomes)
        failed = counts["failed"] + counts["lost"]
        rows.append(
            f"{kind:<24}{sum(counts.values()):>10}{counts['accepted']:>10}"
            f"{counts['refused']:>10}{failed:>10}"
        )
    return "\n".join(rows)


def failures(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that are neither right answers nor refusals."""
    return [outcome for outcome in outcomes if outcome.verdict in ("failed", "lost")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="mutations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, help="processes, by default one a core")
    parser.add_argument("--replay", type=int, metavar="NUMBER", help="run one, with its traceback")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the replayed file there")
    chosen = parser.parse_args()
    seeds = corpus()
    if chosen.replay is not None:
        damaged, kind = mutated(seeds, chosen.seed, chosen.replay)
        print(f"{damaged.name}, {len(damaged.content)} bytes, {kind}")
        if chosen.keep is not None:
            chosen.keep.write_bytes(damaged.content)
        warnings.simplefilter("error")
        with tempfile.TemporaryDirectory(prefix="geoml-fuzz-") as folder:
            print(*try_file(damaged, Path(folder), through_store=True))
        return
    started = time.perf_counter()
    outcomes = fuzz(seeds, chosen.count, chosen.seed, chosen.workers)
    elapsed_s = time.perf_counter() - started
    wrong = failures(outcomes)
    for outcome in wrong:
        print(f"--seed {chosen.seed} --replay {outcome.number}: {outcome.kind}: {outcome.message}")
    print(f"{len(seeds)} files, seed {chosen.seed}, {elapsed_s:.0f} s")
    print(table(outcomes))
    slowest = max(outcome.time_s for outcome in outcomes)
    peak_mb = max(outcome.peak_bytes for outcome in outcomes) / 1e6
    print(f"slowest {slowest:.2f} s, peak memory {peak_mb:.0f} MB a process")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
