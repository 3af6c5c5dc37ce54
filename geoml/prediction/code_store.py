"""Codes of a whole survey or of velocity sections, as a Zarr store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import ShapeError, StoreError
from geoml.prediction.codes import PatchCoder, SectionCodes
from geoml.preprocess.step import sample_interval_s
from geoml.preprocess.trace_line import trace_lines
from geoml.survey.gathers import GatherKind, as_slice, gather_index
from geoml.survey.store_files import part_path, replace_store

_AT_ONCE = 512

Progress = Callable[[int, int], None]


def write_survey_codes(
    coder: PatchCoder,
    survey: xr.Dataset,
    out: Path,
    *,
    gather: GatherKind = "shot",
    step: tuple[int, int] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Codes of patches along every gather of a survey, one gather in memory at a time.

    The store has ``code`` (patch, code), ``level`` (patch) in the survey's amplitude, and of each
    patch the number of its middle ``trace`` in the survey, its middle ``time`` [s] and ``gather``.

    Args:
        coder: A trained autoencoder.
        survey: Opened store.
        out: The store to make.
        gather: What traces that lie side by side share.
        step: Traces and samples between patches; None for half a patch.
        overwrite: Replace a store that is already there.
        progress: Told the gathers done and in all.

    Raises:
        StoreError: If the store is there.
        OptionError: If the sample interval is not that of the training.
        GeometryError: If the traces of a gather cover an area.
    """
    n_traces, n_times = coder.patch_shape
    step = step or (max(1, n_traces // 2), max(1, n_times // 2))
    dt_s = sample_interval_s(survey["amplitude"])
    time_s = survey["time"].to_numpy()
    lines = trace_lines(survey, gather_index(survey, gather).labels(), gather, "codes")
    with _Part(out, overwrite) as part:
        for i, line in enumerate(lines):
            rows = np.sort(line.rows)
            samples = survey["amplitude"].isel(trace=as_slice(rows)).to_numpy()
            codes = coder.along(samples[np.searchsorted(rows, line.rows)], step, dt_s)
            part.append(_patch_table(codes, line.rows, time_s, i))
            if progress is not None:
                progress(i + 1, len(lines))


def write_section_codes(
    coder: PatchCoder,
    velocity: NDArray[np.float32],
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Codes of velocity sections that are coded whole: ``code`` (section, code).

    Args:
        coder: An autoencoder of sections.
        velocity: [m/s], shape (section, depth, distance).
        out: The store to make.
        overwrite: Replace a store that is already there.
        progress: Told the sections done and in all.

    Raises:
        ShapeError: If the sections are not those that the coder was trained on.
        StoreError: If the store is there.
    """
    sections = np.swapaxes(velocity, 1, 2)
    if sections.shape[1:] != coder.patch_shape:
        raise ShapeError(
            f"Sections of {sections.shape[2]} x {sections.shape[1]} cells; the code is of "
            f"{coder.patch_shape[1]} x {coder.patch_shape[0]}."
        )
    with _Part(out, overwrite) as part:
        for start in range(0, len(sections), _AT_ONCE):
            code, _ = coder.encode(sections[start : start + _AT_ONCE])
            part.append(xr.Dataset({"code": (("section", "code_number"), code)}), "section")
            if progress is not None:
                progress(min(start + _AT_ONCE, len(sections)), len(sections))


def _patch_table(
    codes: SectionCodes, rows: NDArray[np.int64], time_s: NDArray[np.floating], gather: int
) -> xr.Dataset:
    n_across, n_along, n_code = codes.code.shape
    table = xr.Dataset(
        {
            "code": (("patch", "code_number"), codes.code.reshape(-1, n_code)),
            "level": ("patch", codes.level.ravel()),
            "trace": ("patch", np.repeat(rows[codes.trace], n_along).astype(np.int64)),
            "time": ("patch", np.tile(time_s[codes.sample], n_across).astype(np.float64)),
            "gather": ("patch", np.full(n_across * n_along, gather, dtype=np.int32)),
        }
    )
    table["time"].attrs["units"] = "s"
    return table


class _Part:
    """A store under another name that gets its own when everything is in it."""

    def __init__(self, path: Path, overwrite: bool) -> None:
        if path.exists() and not overwrite:
            raise StoreError(f"{path} is already there; pass --overwrite to replace it.")
        self._path, self._part = path, part_path(path)
        self._begun = False

    def __enter__(self) -> _Part:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._part, ignore_errors=True)
        return self

    def append(self, table: xr.Dataset, dim: str = "patch") -> None:
        """Add rows."""
        if self._begun:
            table.to_zarr(self._part, append_dim=dim, consolidated=False)
        else:
            table.to_zarr(self._part, mode="w", zarr_format=3, consolidated=False)
        self._begun = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._begun:
            replace_store(self._part, self._path)
        else:
            shutil.rmtree(self._part, ignore_errors=True)
