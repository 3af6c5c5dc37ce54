"""Files that take their names together when all are complete, on a disk or behind a URL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from geoml.errors import StoreError
from geoml.survey.location import AnyPath, exists, filesystem, is_url


class OutputFiles:
    """Files being written, as a context: they appear at its end, or none does after an error.

    On a local disk each stands beside its target as ``.NAME.part`` until then; in an object store
    the upload is completed at the end.
    """

    def __init__(self) -> None:
        self._parts: dict[Path, Path] = {}
        self._uploads: list[_Upload] = []
        self._spooled: dict[Path, AnyPath] = {}
        self._stack = ExitStack()
        self._now: AnyPath = ""

    @contextmanager
    def open(self, path: AnyPath) -> Iterator[BinaryIO]:
        """A new file to write from its first byte to its last.

        Args:
            path: The target, replaced if it exists; a local folder is made.
        """
        self._now = path
        if is_url(path):
            upload = _Upload(path)
            self._uploads.append(upload)
            yield upload.file
            upload.file.close()
        else:
            with self.place(path).open("wb") as file:
                yield file

    def place(self, path: AnyPath) -> Path:
        """A name on a local disk for a file that is written in any order.

        Args:
            path: The target; what a URL gets is uploaded at the end.
        """
        self._now = path
        if is_url(path):
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="geoml-"))
            spool = Path(folder) / "upload"
            self._spooled[spool] = path
            return spool
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        self._parts[part] = target
        return part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: object) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as late:
            error = late
        finally:
            for upload in self._uploads:
                upload.discard()
            for part in self._parts:
                with suppress(OSError):  # a disk that may not be written holds none
                    part.unlink(missing_ok=True)
            self._stack.close()
        if isinstance(error, OSError):
            reason = " ".join((error.strerror or str(error)).split())
            raise StoreError(
                f"{os.fspath(self._now)}: cannot be written ({reason}). Choose a folder with space "
                "that you may write to."
            ) from None

    def _finish(self) -> None:
        for spool, path in self._spooled.items():
            with spool.open("rb") as whole, self.open(path) as file:
                while block := whole.read(_COPY_BYTES):
                    file.write(block)
        for part, target in self._parts.items():
            self._now = target
            os.replace(part, target)
        for upload in self._uploads:
            upload.commit()


_COPY_BYTES = 8 * 2**20


class _Upload:
    """One object of a file system behind a URL."""

    def __init__(self, path: AnyPath) -> None:
        self._fs, self._name = filesystem(path)
        self._there_before = exists(path)
        self._done = False
        opened = self._fs.open(self._name, "wb", autocommit=False)
        self.file = cast(BinaryIO, opened)

    def commit(self) -> None:
        cast(Any, self.file).commit()
        self._done = True

    def discard(self) -> None:
        if self._done:
            return
        cast(Any, self.file).discard()
        # Some file systems show a file as soon as it is opened.
        if not self._there_before and self._fs.exists(self._name):
            self._fs.rm(self._name)


def refuse_existing(paths: list[AnyPath]) -> None:
    """Stop before a file is replaced.

    Raises:
        StoreError: If one of the files is there already.
    """
    there = [path for path in paths if exists(path)]
    if there:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise StoreError(
            f"{os.fspath(there[0])}{more} exists already; give another name or pass --overwrite."
        )


def is_folder(path: AnyPath) -> bool:
    """Whether a path names a folder that is there, or says that it means one."""
    if os.fspath(path).endswith("/"):
        return True
    if not is_url(path):
        return Path(path).is_dir()
    fs, name = filesystem(path)
    return bool(fs.isdir(name))
