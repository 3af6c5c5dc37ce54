"""A trace file as a run of bytes: mapped from a local disk, or fetched by range from a URL."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError
from geoml.survey.location import AnyPath, base_name, filesystem, is_url, reached

Bytes = NDArray[np.uint8]
Range = tuple[int, int]
Piece = tuple[int, int, Bytes]

BLOCK_BYTES = 64 * 2**20
"""What a pass over a file asks for at once."""

# Linux from 5.14 on; Python has no name for it.
_MADV_POPULATE_READ = 22

# Requests of this size run side by side, as one alone does not fill a connection.
_PIECE_BYTES = 8 * 2**20
_WAVE_BYTES = 32 * 2**20
_WAVE_PIECES = 64
# Rows closer than this are fetched with what lies between them.
_WORTH_ONE_REQUEST = 256 * 2**10


@dataclass(frozen=True)
class SourceFile:
    """Where a file is and how long it was when it was looked at.

    No handle is kept: every read opens the file anew, so that an object of this class may be
    pickled, sent to another machine that sees the same path, and used after a fork. Whoever cuts
    a local file while it is read must expect the process to die of SIGBUS, as with every map.

    Attributes:
        path: Path or URL, as given.
        name: Its last part.
        n_bytes: Length [bytes].
        modified: A token that changes when the file changes; empty where nothing tells.

    Args:
        path: Path on a local disk, or an fsspec URL.

    Raises:
        FileFormatError: If there is no file, or it is no regular one.
        MissingPackageError: If the package for such URLs is not installed.
        StoreError: If the service behind a URL does not answer, or refuses.
    """

    path: str
    name: str = field(init=False)
    n_bytes: int = field(init=False)
    modified: str = field(init=False)

    def __init__(self, path: AnyPath) -> None:
        n_bytes, modified = _remote_state(path) if is_url(path) else _local_state(path)
        # A frozen dataclass sets its fields this way.
        object.__setattr__(self, "path", os.fspath(path))
        object.__setattr__(self, "name", base_name(path))
        object.__setattr__(self, "n_bytes", n_bytes)
        object.__setattr__(self, "modified", modified)

    @property
    def is_local(self) -> bool:
        """Whether the file is on a local disk, so that it can be mapped."""
        return not is_url(self.path)

    def read(self, start: int, stop: int, *, all_at_once: bool = False) -> Bytes:
        """Bytes from ``start`` up to ``stop``, shape (byte,).

        Of a local file they are mapped, not read, and take no memory of their own.

        Args:
            start: First byte, counted from 0.
            stop: The byte after the last.
            all_at_once: Whether most of the bytes will be looked at, so that the system may map
                them in one go and not page by page. It changes nothing but the speed.

        Raises:
            FileFormatError: If the file does not hold them, or cannot be read.
        """
        self._check(start, stop)
        if self.is_local:
            return self._mapped(start, stop, all_at_once=all_at_once)
        return self._fetched([(start, stop)])[0]

    def read_ranges(self, ranges: Sequence[Range]) -> list[Bytes]:
        """Several runs of bytes, of a URL requested side by side.

        Args:
            ranges: First byte and the byte after the last of each run, counted from 0.

        Raises:
            FileFormatError: If the file does not hold them, or cannot be read.
        """
        for start, stop in ranges:
            self._check(start, stop)
        if self.is_local:
            return [self._mapped(start, stop) for start, stop in ranges]
        return self._fetched(ranges)

    def read_rows(self, starts: NDArray[np.int64], n_bytes: int) -> Bytes:
        """Equally long runs of bytes from anywhere, and of a local file nothing else.

        Args:
            starts: First byte of each, counted from 0, shape (row,).
            n_bytes: Length of each.

        Returns:
            Shape (row, byte).

        Raises:
            FileFormatError: If the file does not hold them, or cannot be read.
        """
        rows = np.empty((starts.size, n_bytes), dtype=np.uint8)
        if not starts.size:
            return rows
        self._check(int(starts.min()), int(starts.max()) + n_bytes)
        if not self.is_local:
            return self._fetched_rows(starts, rows)
        # Plain reads: a map would cost a page fault for each of them.
        try:
            with open(self.path, "rb", buffering=0) as file:
                for start, row in zip(starts.tolist(), rows, strict=True):
                    file.seek(start)
                    if file.readinto(row.data) != n_bytes:
                        raise OSError(f"it became shorter than {self.n_bytes} bytes")
        except OSError as error:
            raise self._unreadable(error) from None
        return rows

    def _fetched_rows(self, starts: NDArray[np.int64], rows: Bytes) -> Bytes:
        """Rows over range requests, those that lie close together in one."""
        n_bytes = rows.shape[1]
        order = np.argsort(starts, kind="stable")
        gaps = np.diff(starts[order]) - n_bytes
        runs = np.split(order, np.flatnonzero(gaps > _WORTH_ONE_REQUEST) + 1)
        ranges = [(int(starts[run[0]]), int(starts[run[-1]]) + n_bytes) for run in runs]
        for run, (first, _), content in zip(runs, ranges, self._fetched(ranges), strict=True):
            for row in run:
                at = int(starts[row]) - first
                rows[row] = content[at : at + n_bytes]
        return rows

    def _check(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.n_bytes:
            raise FileFormatError(
                f"{self.name}: bytes {start} to {stop} are asked of a file of {self.n_bytes}."
            )

    def _mapped(self, start: int, stop: int, *, all_at_once: bool = False) -> Bytes:
        if start == stop:
            return np.empty(0, dtype=np.uint8)
        before = start % mmap.ALLOCATIONGRANULARITY
        try:
            with open(self.path, "rb", buffering=0) as file:
                length = os.fstat(file.fileno()).st_size
                if length < stop:
                    raise OSError(f"it became shorter, {length} of {self.n_bytes} bytes")
                mapped = mmap.mmap(
                    file.fileno(),
                    before + stop - start,
                    access=mmap.ACCESS_READ,
                    offset=start - before,
                )
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if all_at_once:
            # Other systems do not know the call; there the pages come one by one.
            with suppress(OSError, AttributeError):
                mapped.madvise(_MADV_POPULATE_READ)
        return np.frombuffer(mapped, dtype=np.uint8, offset=before)

    def _fetched(self, ranges: Sequence[Range]) -> list[Bytes]:
        fs, name = filesystem(self.path)
        found = [np.empty(stop - start, dtype=np.uint8) for start, stop in ranges]
        pieces: list[Piece] = [
            (at, min(at + _PIECE_BYTES, stop), array[at - start :])
            for (start, stop), array in zip(ranges, found, strict=True)
            for at in range(start, stop, _PIECE_BYTES)
        ]
        for wave in _waves(pieces):
            starts, stops = [piece[0] for piece in wave], [piece[1] for piece in wave]
            try:
                with reached(self.path):
                    parts = fs.cat_ranges([name] * len(wave), starts, stops, on_error="raise")
            except FileNotFoundError as error:
                raise self._unreadable(error) from None
            for (start, stop, array), part in zip(wave, parts, strict=True):
                if len(part) != stop - start:
                    short = OSError(f"{len(part)} bytes came of {stop - start} asked for")
                    raise self._unreadable(short)
                array[: stop - start] = np.frombuffer(part, dtype=np.uint8)
        return found

    def _unreadable(self, error: Exception) -> FileFormatError:
        return FileFormatError(f"{self.path}: cannot be read ({_one_line(error)}). Try again.")


def _waves(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces that are requested together: few enough to hold in memory twice."""
    wave: list[Piece] = []
    for piece in pieces:
        wave.append(piece)
        if len(wave) == _WAVE_PIECES or sum(stop - at for at, stop, _ in wave) >= _WAVE_BYTES:
            yield wave
            wave = []
    if wave:
        yield wave


def _local_state(path: AnyPath) -> tuple[int, str]:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        why = "no such file" if missing else f"cannot be read ({_one_line(error)})"
        raise FileFormatError(f"{os.fspath(path)}: {why}.") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or device"
        raise FileFormatError(f"{os.fspath(path)}: {kind}; a file is needed.")
    return status.st_size, str(status.st_mtime_ns)


def _remote_state(path: AnyPath) -> tuple[int, str]:
    fs, name = filesystem(path)
    try:
        with reached(path):
            # Another writer may have replaced the file since a folder was listed.
            fs.invalidate_cache()
            facts = fs.info(name)
    except FileNotFoundError:
        raise FileFormatError(f"{path}: no such file.") from None
    if facts.get("type") != "file" or facts.get("size") is None:
        raise FileFormatError(f"{path}: a file of known size is needed; is it a folder?")
    token = facts.get("ETag") or facts.get("LastModified") or facts.get("mtime") or ""
    return int(facts["size"]), str(token)


def _one_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__
