"""Velocity models in .npy arrays: one file, a folder of them, or a zip read where it stands."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, ShapeError

_MODEL_NAME = re.compile(r"(model|vel)", re.IGNORECASE)


@dataclass(frozen=True)
class _Part:
    """One array: its file, its member where that is a zip, and its count of models."""

    path: Path
    member: str
    count: int

    @property
    def name(self) -> str:
        return f"{self.path.name}:{self.member}" if self.member else self.path.name


@dataclass(frozen=True)
class VelocityArrays:
    """Velocity models as one sequence, read when they are asked for.

    No file stays open, so that worker processes may have a copy.

    Attributes:
        parts: The arrays, in the order of the numbers in their names.
        shape: Rows and columns of a model.
    """

    parts: tuple[_Part, ...]
    shape: tuple[int, int]

    def __len__(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def names(self) -> list[str]:
        """File names, with the member's where it is in a zip."""
        return [part.name for part in self.parts]

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Models ``start`` to ``stop`` [m/s], shape (sample, depth, distance).

        Raises:
            FileFormatError: If a file is damaged or has gone.
        """
        found, first = [], 0
        for part in self.parts:
            low, high = max(start - first, 0), min(stop - first, part.count)
            if low < high:
                models = _load(part)[low:high]
                found.append(np.asarray(models, dtype=np.float32).reshape(-1, *self.shape))
            first += part.count
        if not found:
            return np.empty((0, *self.shape), dtype=np.float32)
        return np.concatenate(found)


def open_velocity_arrays(path: str | Path) -> VelocityArrays:
    """The models in a ``.npy`` file, in the ``.npy`` files of a folder, or in those of a zip.

    Arrays have shape (sample, 1, depth, distance) or (sample, depth, distance), in m/s. In a
    folder or zip with other arrays beside them, those with 'model' or 'vel' in their names.

    Raises:
        FileFormatError: If nothing is there, or a file is no such array.
        ShapeError: If arrays differ in the shape of their models.
    """
    path = Path(path)
    if path.is_dir():
        names = _chosen([str(file.relative_to(path)) for file in path.rglob("*.npy")])
        files = [(path / name, "") for name in names]
    elif path.suffix.lower() == ".zip" and path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                members = [name for name in archive.namelist() if name.lower().endswith(".npy")]
        except (OSError, zipfile.BadZipFile) as error:
            raise FileFormatError(f"{path.name}: not a zip file ({error}).") from None
        files = [(path, name) for name in _chosen(members)]
    elif path.is_file():
        files = [(path, "")]
    else:
        raise FileFormatError(f"{path}: no such file or folder of velocity models.")
    if not files:
        raise FileFormatError(
            f"{path}: no .npy array of velocity models; OpenFWI names them model1.npy and so on."
        )
    parts: list[_Part] = []
    shapes: dict[tuple[int, ...], str] = {}
    for file, member in files:
        shape = _header_shape(file, member)
        fits = len(shape) == 3 or (len(shape) == 4 and shape[1] == 1)
        part = _Part(file, member, shape[0] if shape else 0)
        if not fits or 0 in shape:
            raise FileFormatError(
                f"{part.name}: shape {shape}; (sample, 1, depth, distance) is needed."
            )
        parts.append(part)
        shapes.setdefault(shape[-2:], part.name)
    if len(shapes) > 1:
        said = ", ".join(f"{one} x {other} in {name}" for (one, other), name in shapes.items())
        raise ShapeError(f"{path}: models of several shapes ({said}); keep one.")
    rows, columns = next(iter(shapes))
    return VelocityArrays(tuple(parts), (rows, columns))


def _chosen(names: list[str]) -> list[str]:
    """Names of models in natural order: by their numbers, not by their digits."""
    models = [name for name in names if _MODEL_NAME.search(Path(name).name)] or names
    return sorted(models, key=natural_order)


def natural_order(name: str) -> list[tuple[int, str]]:
    """Key that sorts ``model2`` before ``model10``."""
    pieces = re.split(r"(\d+)", name)
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def _header_shape(path: Path, member: str) -> tuple[int, ...]:
    """Shape by the array's header alone."""
    if not member:
        return tuple(_mapped(path).shape)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            return _shape(file)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{path.name}:{member}: not an .npy array ({error}).") from None


def _shape(file: IO[bytes]) -> tuple[int, ...]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version > (1, 0):
        read = np.lib.format.read_array_header_2_0
    return read(file)[0]


def _load(part: _Part) -> NDArray[np.float32]:
    return _unpacked(part) if part.member else _mapped(part.path)


def _mapped(path: Path) -> NDArray[np.float32]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FileFormatError(f"{path.name}: not an .npy array ({error}).") from None


# Models are read in order, a few at a time: the member in hand is kept, the one before it dropped.
@lru_cache(maxsize=1)
def _unpacked(part: _Part) -> NDArray[np.float32]:
    try:
        with zipfile.ZipFile(part.path) as archive, archive.open(part.member) as file:
            return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FileFormatError(f"{part.name}: not an .npy array ({error}).") from None
