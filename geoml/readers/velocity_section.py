"""Velocity models of whole sections: SEG-Y, gzipped or not, and HDF5 of squared slowness."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import FileFormatError, MissingPackageError, OptionError
from geoml.readers.binary_header import BINARY_BYTES, TEXT_BYTES, read_binary_header
from geoml.survey.sample_format import decode, require_format
from geoml.survey.velocity import section

SEGY_SUFFIXES = (".sgy", ".segy")
HDF5_SUFFIXES = (".h5", ".hdf5")

_TRACE_BYTES = 240
_BLOCK_TRACES = 1000
# Where Seismic Unix keeps the sample spacing of a section in depth, counted from 0.
_SU_SPACING = slice(180, 184)
_FASTEST_KM_S = 20.0  # no rock is slower in m/s, none is faster in km/s
_SPACINGS_M = (0.01, 1000.0)


def is_velocity_section(path: str | Path) -> bool:
    """Whether a file's name says that it holds one section."""
    name = Path(path).name.lower().removesuffix(".gz")
    return name.endswith((*SEGY_SUFFIXES, *HDF5_SUFFIXES))


def read_velocity_section(path: str | Path, spacing_m: float | None = None) -> xr.Dataset:
    """A section's P velocity in m/s; km/s is told by its values and converted.

    SEG-Y: one trace a column, samples downward; the cells are taken to be square, of the size that
    Seismic Unix keeps in bytes 181 to 184 of the trace header, or as given. HDF5: squared slowness
    ``m`` [s2/km2] (depth, distance) with cell size ``d`` [m], as JUDI writes it.

    Args:
        path: ``.sgy``, ``.segy``, either with ``.gz``, or ``.h5``.
        spacing_m: Cell size, both ways [m]; what the file says when None.

    Returns:
        Dataset with ``velocity`` [m/s] (depth, distance).

    Raises:
        FileFormatError: If the file is missing, damaged or holds no velocity.
        OptionError: If the file does not say its cell size and none is given.
        MissingPackageError: If it is HDF5 and h5py is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileFormatError(f"{path}: no such file; give a velocity model in SEG-Y or HDF5.")
    if not is_velocity_section(path):
        raise FileFormatError(
            f"{path.name}: no velocity section by its name; known are "
            f"{', '.join(SEGY_SUFFIXES)} (also with .gz) and {', '.join(HDF5_SUFFIXES)}."
        )
    read = _read_hdf5 if path.name.lower().endswith(HDF5_SUFFIXES) else _read_segy
    velocity, stated_m = read(path)
    spacing = stated_m if spacing_m is None else spacing_m
    if spacing is None:
        raise OptionError(
            f"{path.name}: says no cell size in bytes 181 to 184 of its first trace header; "
            "give it with --model-spacing-m."
        )
    if not _SPACINGS_M[0] <= spacing <= _SPACINGS_M[1]:
        raise OptionError(
            f"{path.name}: a cell size of {spacing:g} m; {_SPACINGS_M[0]:g} to "
            f"{_SPACINGS_M[1]:g} m is needed. Give it with --model-spacing-m."
        )
    if not (np.isfinite(velocity).all() and velocity.min() > 0):
        raise FileFormatError(
            f"{path.name}: velocities from {velocity.min():g} to {velocity.max():g}; all must be "
            "above 0."
        )
    factor = 1000.0 if velocity.max() < _FASTEST_KM_S else 1.0
    return section(velocity * np.float32(factor), spacing, attrs={"source_file": path.name})


def _read_segy(path: Path) -> tuple[NDArray[np.float32], float | None]:
    """Velocity as stored (depth, distance), and the cell size [m] if the file says it."""
    try:
        with _opened(path) as file:
            head = _exactly(file, TEXT_BYTES + BINARY_BYTES, path)
            header = read_binary_header(head[TEXT_BYTES:], path.name)
            if header.n_extended_texts < 0 or header.n_extra_trace_headers:
                raise FileFormatError(
                    f"{path.name}: a SEG-Y file of revision 2 with trailing texts or additional "
                    "trace headers; convert it to revision 1."
                )
            _exactly(file, TEXT_BYTES * header.n_extended_texts, path)
            counts = header.sample_counts
            if not counts:
                raise FileFormatError(f"{path.name}: its binary header says 0 samples a trace.")
            code = header.sample_format
            row_bytes = _TRACE_BYTES + counts[0] * require_format(code, path.name).n_bytes
            blocks, spacing = [], None
            while raw := file.read(row_bytes * _BLOCK_TRACES):
                if len(raw) % row_bytes:
                    raise FileFormatError(
                        f"{path.name}: ends inside a trace of {counts[0]} samples; the file is cut "
                        "or its binary header is wrong."
                    )
                rows = np.frombuffer(raw, np.uint8).reshape(-1, row_bytes)
                if spacing is None:
                    order = ">" if header.byte_order == "big" else "<"
                    spacing = float(rows[0, _SU_SPACING].copy().view(f"{order}f4")[0])
                blocks.append(decode(rows[:, _TRACE_BYTES:], code, header.byte_order))
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"{path.name}: cannot be read ({error}).") from None
    if not blocks:
        raise FileFormatError(f"{path.name}: holds no trace.")
    plausible = spacing is not None and _SPACINGS_M[0] <= spacing <= _SPACINGS_M[1]
    return np.concatenate(blocks).T, spacing if plausible else None


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _exactly(file: BinaryIO, n_bytes: int, path: Path) -> bytes:
    raw = file.read(n_bytes)
    if len(raw) < n_bytes:
        raise FileFormatError(f"{path.name}: too short for SEG-Y.")
    return raw


def _read_hdf5(path: Path) -> tuple[NDArray[np.float32], float | None]:
    """Velocity [km/s] (depth, distance) from squared slowness, and the cell size [m]."""
    try:
        import h5py
    except ImportError:
        raise MissingPackageError(
            f"Reading {path.name} needs the package 'h5py'. Install it with: "
            "pip install 'geoml[hdf5]'"
        ) from None
    try:
        with h5py.File(path) as file:
            found: dict[str, Any] = {
                name: np.asarray(file[name]) for name in ("m", "d") if name in file
            }
    except OSError as error:
        raise FileFormatError(f"{path.name}: not an HDF5 file ({error}).") from None
    if set(found) != {"m", "d"} or found["m"].ndim != 2:
        raise FileFormatError(
            f"{path.name}: squared slowness 'm' (depth, distance) and cell size 'd' are needed."
        )
    squared, cells = found["m"], found["d"].ravel()
    if np.ptp(cells) > 1e-6 * cells.max():
        raise FileFormatError(f"{path.name}: cells of {cells} m; square ones are needed.")
    if not (np.isfinite(squared).all() and squared.min() > 0):
        raise FileFormatError(f"{path.name}: squared slowness 'm' must be above 0 everywhere.")
    return (1 / np.sqrt(squared)).astype(np.float32), float(cells[0])
