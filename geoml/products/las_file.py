"""Wells as LAS 2.0 by lasio: the file's curves untouched, predictions and flags beside them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import ShapeError
from geoml.products.output_file import refuse_existing
from geoml.products.style import write_whole
from geoml.survey.log_units import convert, known_unit
from geoml.survey.well import regular_step, text_values

PREDICTION = re.compile(
    r"(?P<of>.+)_(PRED|STD|LOW|HIGH|FILLED|P-?\d+(\.\d+)?)$|PREDICTION_FLAG$|.+_(FLAG|QC)$"
)
"""Names of curves that geoml adds to a well."""

_NULL = -999.25
_DIGITS = 7
_STEP_ITEMS = ("STRT", "STOP", "STEP", "NULL")


def save_las(
    well: xr.Dataset,
    path: str | Path,
    *,
    original: xr.Dataset | None = None,
    history: Sequence[str] = (),
    curves: Sequence[str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a well as LAS 2.0.

    With its original the file has that one's depths, mnemonics, units and numbers, to the last
    digit, and behind them the curves that geoml made, at the same depths and, where a prediction is
    of a curve of the file, in its unit. Without, all curves of the well on its regular grid.

    Args:
        well: As ``geoml.survey.wells`` gives it, predictions among its curves.
        path: The file to make.
        original: As ``original_well`` gives it.
        history: Lines for the section ~Other, such as the store's history.
        curves: Curves of the well to write, by default those that geoml made beside an original,
            and all without one.
        overwrite: Replace a file that is already there.

    Raises:
        ShapeError: If the well lacks one of ``curves``.
        StoreError: If the file exists and ``overwrite`` is False.
    """
    if not overwrite:
        refuse_existing([path])
    missing = [name for name in curves or () if name not in well]
    if missing:
        raise ShapeError(f"Well '{well.attrs.get('name', '')}' has no curve '{missing[0]}'.")
    if curves is None:
        all_curves = [str(name) for name in well.data_vars]
        made = [name for name in all_curves if PREDICTION.fullmatch(name)]
        curves = all_curves if original is None else made
    write_whole(path, las_text(well, original, curves, history).encode("utf-8"))


def las_name(name: str) -> str:
    """A file's name for a well, ``A 16/1-6`` -> ``A_16_1-6.las``."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_.") + ".las"


def las_text(
    well: xr.Dataset,
    original: xr.Dataset | None,
    curves: Sequence[str],
    history: Sequence[str] = (),
) -> str:
    """The file that ``save_las`` writes, as text."""
    import lasio

    las = lasio.LASFile()
    null = _null(original)
    depth = well["depth"] if original is None else original["depth"]
    unit = str(depth.attrs.get("units", "m")) or "m"
    _fill_header(las, well, original, null)
    printed = _numbers(depth.values, null, exact=True)
    las.append_curve(str(depth.attrs.get("mnemonic", "DEPT")), printed, unit, descr="DEPTH")
    if original is not None:
        for curve in original.data_vars.values():
            las.append_curve(
                str(curve.attrs.get("mnemonic", curve.name)),
                _printed(curve, null, exact=True),
                str(curve.attrs.get("units", "")),
                descr=_line(curve.attrs.get("description", "")),
            )
    for name in curves:
        curve = well[name]
        unit_kept, values = _in_file_unit(well, name, original)
        if original is not None:
            values = _at_depths(well, values, curve, depth.values)
        las.append_curve(
            name if original is None else str(curve.attrs.get("mnemonic", name)),
            _printed(curve.copy(data=values) if original is None else values, null, exact=False),
            unit_kept,
            descr=_line(curve.attrs.get("description", "")),
        )
    las.sections["Other"] = _other(original, history)
    buffer = io.StringIO()
    step = regular_step(depth.values * np.sign(depth.values[-1] - depth.values[0] or 1))
    signed = 0.0 if step is None else step * np.sign(depth.values[-1] - depth.values[0])
    las.write(
        buffer,
        version=2.0,
        wrap=False,
        STRT=printed[0],
        STOP=printed[-1],
        STEP=f"{signed:.{_DIGITS}g}",
        len_numeric_field=12,
    )
    return buffer.getvalue()


def _null(original: xr.Dataset | None) -> float:
    null = None if original is None else original.attrs.get("null")
    return _NULL if null is None else float(null)


def _fill_header(las: Any, well: xr.Dataset, original: xr.Dataset | None, null: float) -> None:
    import lasio

    header = {} if original is None else original.attrs.get("header", {})
    for mnemonic, (unit, value, text) in header.get("Well", {}).items():
        if mnemonic not in _STEP_ITEMS:
            las.well[mnemonic] = lasio.HeaderItem(mnemonic, unit, _line(value), _line(text))
    if "Well" not in header:
        for mnemonic, key in (("WELL", "well"), ("UWI", "uwi"), ("FLD", "field")):
            las.well[mnemonic].value = _line(well.attrs.get(key, ""))
    las.well["NULL"].value = f"{null:.10g}"
    parameters = header.get("Parameter", {})
    for mnemonic, row in parameters.items() if isinstance(parameters, dict) else ():
        las.params[mnemonic] = lasio.HeaderItem(mnemonic, row[0], _line(row[1]), _line(row[2]))
    las.params["GEOML"] = lasio.HeaderItem("GEOML", "", __version__, "VERSION OF GEOML")


def _other(original: xr.Dataset | None, history: Sequence[str]) -> str:
    header = {} if original is None else original.attrs.get("header", {})
    text = header.get("Other", "")
    lines = text.splitlines() if isinstance(text, str) else []
    # A line that starts with a tilde would begin a section.
    return "\n".join(line.lstrip().lstrip("~") for line in [*lines, *history])


def _line(value: Any) -> str:
    """A header value on one line; a colon would end it early."""
    return " ".join(str(value).split())


def _in_file_unit(
    well: xr.Dataset, name: str, original: xr.Dataset | None
) -> tuple[str, NDArray[Any]]:
    """A curve in the unit of the curve of the file that it is about."""
    unit, values = str(well[name].attrs.get("units", "")), well[name].values
    match = PREDICTION.fullmatch(name)
    of = match["of"] if match else None
    if original is None or not of or of not in well:
        return unit, values
    there = str(well[of].attrs.get("original_units", ""))
    known, own = known_unit(there), known_unit(unit)
    plain = known is not None and own is not None and known.quantity == own.quantity
    if not plain or known is None or known.offset:
        return unit, values
    return there, convert(values.astype(np.float64), unit, there)


def _at_depths(
    well: xr.Dataset, values: NDArray[Any], curve: xr.DataArray, index: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at the depths of the file: linear between grid points, the nearest of a class."""
    depth = well["depth"].values
    wanted = np.asarray(convert(index, str(well.attrs.get("depth_unit_in_file", "m")), "m"))
    row = np.clip(np.searchsorted(depth, wanted), 1, max(depth.size - 1, 1))
    low, high = np.clip(row - 1, 0, None), np.clip(row, None, depth.size - 1)
    span = np.where(depth[high] > depth[low], depth[high] - depth[low], 1.0)
    share = np.clip((wanted - depth[low]) / span, 0, 1)
    # Within a hundredth of a step it is the same depth, and the value is kept to the digit.
    share = np.where(np.abs(share - np.round(share)) < 0.01, np.round(share), share)
    step = float(well.attrs.get("step_m", 0) or 0)
    outside = (wanted < depth[0] - step / 2) | (wanted > depth[-1] + step / 2)
    if curve.attrs.get("kind", "log") == "log":
        first = np.where(share == 1, 0.0, values[low] * (1 - share))
        second = np.where(share == 0, 0.0, values[high] * share)
        found = first + second
    else:
        found = np.where(share > 0.5, values[high], values[low])
    return np.where(outside | ~np.isfinite(wanted), np.nan, found)


def _printed(curve: xr.DataArray | NDArray[Any], null: float, *, exact: bool) -> NDArray[Any]:
    if isinstance(curve, xr.DataArray) and "categories" in curve.attrs:
        words = [str(word) for word in text_values(curve)]
        return np.array([_word(word, null) for word in words])
    values = curve.values if isinstance(curve, xr.DataArray) else curve
    return _numbers(values, null, exact=exact)


def _numbers(values: NDArray[Any], null: float, *, exact: bool) -> NDArray[Any]:
    """Numbers as text: the shortest that reads back the same, or seven digits."""
    plain = np.asarray(values, dtype=np.float64).tolist()
    missing = f"{null:.10g}"
    if exact:
        return np.array([missing if v != v else repr(v) for v in plain])
    return np.array([missing if v != v else f"{v:.{_DIGITS}g}" for v in plain])


def _word(word: str, null: float) -> str:
    if not word:
        return f"{null:.10g}"
    clean = word.replace('"', "'")
    return f'"{clean}"' if re.search(r"\s", clean) else clean
