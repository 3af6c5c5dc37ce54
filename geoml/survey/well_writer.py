"""Writing a wells store: wells come one by one, whole chunks of rows go to the disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from geoml.errors import StoreError
from geoml.survey.store_files import (
    check_target,
    part_path,
    plain_json,
    replace_store,
    unwritable,
)
from geoml.survey.store_layout import consolidated, create_array
from geoml.survey.store_seal import sealed

WELLS_VERSION = "1"
ORIGINAL = "original"
RESERVED = ("depth", "well_index", "well_name", "well_row", "well_rows", "well_metadata", ORIGINAL)

_CHUNK_ROWS = 65536
# Rows that are gathered before they are written: every write also enlarges every array.
_BLOCK_ROWS = 4 * _CHUNK_ROWS


class WellWriter:
    """Appends wells to a store that stands beside its target as ``.NAME.part`` until ``finish``.

    Args:
        path: The store to make.
        history: Lines of what was done so far.
        overwrite: Replace a store that is already there, at ``finish``.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False, or cannot be written.
    """

    def __init__(
        self, path: str | Path, *, history: Sequence[str] = (), overwrite: bool = False
    ) -> None:
        self.path = Path(path)
        check_target(self.path, overwrite)
        part = part_path(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if part.exists():
                shutil.rmtree(part)
            group = zarr.open_group(part, mode="w", zarr_format=3)
            group.attrs.update({"complete": False})
        except OSError as error:
            raise unwritable(path, error, goes_on=False) from None
        self._history = list(history)
        self._regular = _RowTable(group, "float32", ("depth", "well_index"))
        self._original = _RowTable(group.create_group(ORIGINAL), "float64", ("index",))
        self._names: dict[str, int] = {}
        self._metadata: list[dict[str, Any]] = []

    @property
    def n_wells(self) -> int:
        """Wells appended so far."""
        return len(self._metadata)

    def append(self, well: xr.Dataset, original: xr.Dataset | None = None) -> str:
        """Add a well; one whose name is taken gets a number behind it.

        Args:
            well: As ``well_dataset`` makes it.
            original: The same well as its file has it, of dim ``depth``.

        Returns:
            The well's name in the store.
        """
        name = self._free_name(str(well.attrs["name"]))
        attrs = {**well.attrs, "name": name}
        depth = well["depth"].values.astype(np.float64)
        index = np.full(depth.size, self.n_wells, dtype=np.int32)
        facts: dict[str, Any] = {
            "attrs": attrs,
            "rows": depth.size,
            "curves": self._regular.append(well, {"depth": depth, "well_index": index}),
        }
        if original is not None:
            rows = original["depth"].values.astype(np.float64)
            facts[ORIGINAL] = {
                "row": self._original.n_rows,
                "rows": rows.size,
                "attrs": dict(original.attrs),
                "index": dict(original["depth"].attrs),
                "curves": self._original.append(original, {"index": rows}),
            }
        self._metadata.append(plain_json(facts))
        return name

    def finish(self, **attrs: Any) -> None:
        """Write what is left, mark the store complete and give it its name.

        Raises:
            StoreError: If no well was appended, or the store cannot be written.
        """
        if not self._metadata:
            self.abandon()
            raise StoreError(f"{self.path}: no well to store.")
        try:
            self._regular.finish()
            self._original.finish()
            self._write_wells()
            place = part_path(self.path)
            marks = {"wells_version": WELLS_VERSION, "complete": True, "history": self._history}
            whole = {**plain_json(attrs), **marks}
            consolidated(place).attrs.put(sealed(place, whole))
            replace_store(place, self.path)
        except OSError as error:
            raise unwritable(self.path, error, goes_on=False) from None

    def abandon(self) -> None:
        """Remove what was written."""
        shutil.rmtree(part_path(self.path), ignore_errors=True)

    def _free_name(self, name: str) -> str:
        count = self._names.get(name, 0) + 1
        self._names[name] = count
        return name if count == 1 else self._free_name(f"{name} ({count})")

    def _write_wells(self) -> None:
        rows = np.array([facts.pop("rows") for facts in self._metadata], dtype=np.int64)
        columns: dict[str, NDArray[Any]] = {
            "well_name": np.array([m["attrs"]["name"] for m in self._metadata], dtype=object),
            "well_metadata": np.array([json.dumps(m) for m in self._metadata], dtype=object),
            "well_row": np.cumsum(rows) - rows,
            "well_rows": rows,
        }
        for name, values in columns.items():
            array = self._regular.group.create_array(
                name,
                shape=values.shape,
                chunks=values.shape,
                dtype="str" if values.dtype == object else "int64",
                dimension_names=("well",),
            )
            array[:] = values


class _RowTable:
    """Columns of equal length that grow together; a column that a well lacks is NaN there."""

    def __init__(self, group: zarr.Group, dtype: str, own: tuple[str, ...]) -> None:
        self.group = group
        self.n_rows = 0
        self._dtype = dtype
        self._own = own
        self._written = 0
        self._parts: dict[str, list[tuple[int, NDArray[Any]]]] = {}
        self._arrays: dict[str, Any] = {}
        self._units: dict[str, set[str]] = {}
        self._attrs: dict[str, dict[str, Any]] = {}
        self._words: dict[str, dict[str, int]] = {}

    def append(self, well: xr.Dataset, own: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Add the rows of a well; returns the attributes of its curves by column."""
        curves = {}
        for name, curve in well.data_vars.items():
            column = str(name)
            attrs = dict(curve.attrs)
            values = curve.values
            if "categories" in attrs:
                values = self._recoded(column, values, attrs.pop("categories"))
            self._parts.setdefault(column, []).append((self.n_rows, values))
            self._units.setdefault(column, set()).add(str(attrs.get("units", "")))
            self._attrs.setdefault(column, {k: attrs[k] for k in _SHARED if k in attrs})
            curves[column] = attrs
        for column, values in own.items():
            self._parts.setdefault(column, []).append((self.n_rows, values))
        self.n_rows += len(next(iter(own.values())))
        if self.n_rows - self._written >= _BLOCK_ROWS:
            self._flush(self.n_rows // _CHUNK_ROWS * _CHUNK_ROWS)
        return curves

    def finish(self) -> None:
        """Write the rows that are left and what holds for whole columns."""
        self._flush(self.n_rows)
        for column, array in self._arrays.items():
            if column == "depth":
                array.attrs.update({"units": "m", "positive": "down"})
            if column in self._own:
                continue
            units = self._units[column]
            attrs = {**self._attrs[column], "units": units.pop() if len(units) == 1 else "mixed"}
            if column in self._words:
                attrs["categories"] = list(self._words[column])
            array.attrs.update(attrs)

    def _flush(self, stop: int) -> None:
        """Write the rows up to ``stop`` and keep the others."""
        for column in [*self._arrays, *(c for c in self._parts if c not in self._arrays)]:
            kept, block = [], None
            for start, values in self._parts.get(column, []):
                if block is None:
                    block = self._empty(column, stop - self._written)
                here = min(values.size, max(0, stop - start))
                block[start - self._written : start - self._written + here] = values[:here]
                if here < values.size:
                    kept.append((start + here, values[here:]))
            self._parts[column] = kept
            array = self._grown(column, stop)
            if block is not None and block.size:
                array[self._written : stop] = block
        self._written = stop

    def _empty(self, column: str, size: int) -> NDArray[Any]:
        dtype = self._column_dtype(column)
        return np.full(size, np.nan if dtype != "int32" else 0, dtype=dtype)

    def _column_dtype(self, column: str) -> str:
        return {"depth": "float64", "well_index": "int32"}.get(column, self._dtype)

    def _grown(self, column: str, rows: int) -> Any:
        if column not in self._arrays:
            dtype = self._column_dtype(column)
            # Blocks of wells that lack a curve are never written, and so read as NaN.
            self._arrays[column] = create_array(
                self.group,
                column,
                (rows,),
                (_CHUNK_ROWS,),
                dtype,
                ("row",),
                fill_value=0 if dtype == "int32" else np.nan,
            )
        elif self._arrays[column].shape[0] != rows:
            self._arrays[column].resize((rows,))
        return self._arrays[column]

    def _recoded(
        self, column: str, codes: NDArray[Any], categories: Sequence[str]
    ) -> NDArray[np.float64]:
        """A well's word numbers in the numbering of the whole column."""
        known = self._words.setdefault(column, {})
        numbers = [known.setdefault(word, len(known)) for word in categories]
        whole = np.array([*numbers, np.nan])
        return whole[np.nan_to_num(codes, nan=len(categories)).astype(np.int64)]


_SHARED = ("description", "kind")
