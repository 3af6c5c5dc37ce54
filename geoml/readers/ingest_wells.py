"""Log files into a wells store: files are read side by side, wells keep the order of the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geoml import __version__
from geoml.errors import FileFormatError, GeomlError
from geoml.readers.file_list import trace_files
from geoml.readers.log_options import LogOptions
from geoml.readers.log_readers import LOG_READERS, read_wells
from geoml.readers.well_reader import WellPair, options_as_dict
from geoml.survey.scheduler import run_tasks
from geoml.survey.store_files import history_line
from geoml.survey.well_writer import WellWriter

Progress = Callable[[int, int], None]

# Starting workers costs more than reading this much.
_FEW_BYTES = 64 * 2**20
# Small files are read several a task, so that handing over does not cost more than reading.
_TASK_BYTES = 4 * 2**20


@dataclass
class WellIngest:
    """What became of the files.

    Attributes:
        n_files: Files that were read.
        names: Names of the wells in the store.
        refused: File and reason of those that were not read.
        findings: Well and line of everything that was noticed.
    """

    n_files: int = 0
    names: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)


def log_files(paths: Sequence[str | Path]) -> list[Path]:
    """The log files that a user names: files, patterns, or folders with all they hold.

    Raises:
        FileFormatError: If a folder or pattern holds no log file, or one comes twice.
    """
    found: list[str | Path] = []
    for path in paths:
        if Path(path).is_dir():
            inside = [p for p in sorted(Path(path).rglob("*")) if p.suffix.lower() in LOG_READERS]
            if not inside:
                raise FileFormatError(
                    f"{path}: no log file in the folder. Known: {', '.join(LOG_READERS)}."
                )
            found += inside
        else:
            found.append(path)
    return [Path(file) for file in trace_files(found)]


def ingest_wells(
    paths: Sequence[str | Path],
    out: str | Path,
    options: LogOptions | None = None,
    *,
    strict: bool = False,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> WellIngest:
    """Read log files into a wells store; a file that cannot be read is told and left out.

    Args:
        paths: Files, patterns or folders.
        out: The store to make.
        options: What the files do not say.
        strict: Refuse all where one file is refused.
        scheduler: Where files are read, see ``run_tasks``; by default processes where it pays.
        overwrite: Replace a store that is already there.
        progress: Told the files done.

    Raises:
        FileFormatError: If no file can be read, or one cannot and ``strict`` is True.
        StoreError: If the target exists and ``overwrite`` is False, or cannot be written.
    """
    files, options = log_files(paths), options or LogOptions()
    sizes = [os.path.getsize(file) if file.is_file() else 0 for file in files]
    scheduler = scheduler or ("processes" if sum(sizes) > _FEW_BYTES else "synchronous")
    settled = {"files": [file.name for file in files[:20]], "n_files": len(files)}
    step = {**settled, **options_as_dict(options)}
    writer = WellWriter(
        out, history=[history_line("wells ingest", step, __version__)], overwrite=overwrite
    )
    tasks = _tasks(files, sizes)
    report, waiting, due = WellIngest(), {}, 0

    def take(answer: tuple[int, list[_Answer]]) -> None:
        nonlocal due
        waiting[answer[0]] = answer[1]
        while due in waiting:
            for one in waiting.pop(due):
                _store(writer, one, report, strict)
                if progress is not None:
                    progress(report.n_files + len(report.refused), len(files))
            due += 1

    try:
        run_tasks(
            _Reading(options), [(i, task) for i, task in enumerate(tasks)], scheduler, done=take
        )
        if not report.names:
            raise FileFormatError(
                f"None of {len(files)} files could be read; the first: {report.refused[0][1]}"
                if len(files) > 1
                else report.refused[0][1]
            )
        writer.finish(refused=[list(pair) for pair in report.refused])
    except BaseException:
        writer.abandon()
        raise
    return report


@dataclass(frozen=True)
class _Answer:
    """A file's wells, or why there are none."""

    file: str
    wells: list[WellPair]
    refused: str = ""


@dataclass(frozen=True)
class _Reading:
    """Reads the files of a task; picklable."""

    options: LogOptions

    def __call__(self, task: tuple[int, list[Path]]) -> tuple[int, list[_Answer]]:
        return task[0], [self._answer(file) for file in task[1]]

    def _answer(self, file: Path) -> _Answer:
        try:
            return _Answer(file.name, read_wells(file, self.options))
        except GeomlError as error:
            return _Answer(file.name, [], str(error))


def _tasks(files: list[Path], sizes: list[int]) -> list[list[Path]]:
    tasks: list[list[Path]] = []
    room = 0
    for file, size in zip(files, sizes, strict=True):
        if room < size or not tasks:
            tasks.append([])
            room = _TASK_BYTES
        tasks[-1].append(file)
        room -= size
    return tasks


def _store(writer: WellWriter, answer: _Answer, report: WellIngest, strict: bool) -> None:
    if answer.refused:
        if strict:
            raise FileFormatError(answer.refused)
        report.refused.append((answer.file, answer.refused))
        return
    report.n_files += 1
    for well, original in answer.wells:
        name = writer.append(well, original)
        report.names.append(name)
        report.findings += [(name, text) for text in well.attrs["findings"]]
