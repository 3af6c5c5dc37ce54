"""3-D post-stack traces as dense (inline, crossline, time) arrays, read when they are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.registry import nearest
from geoml.survey.cdp_position import cdp_positions

_LEAST_FILLED = 0.05
_NO_TRACE = -1


def cube(
    survey: xr.Dataset, *, inline: str = "inline", crossline: str = "crossline"
) -> xr.DataArray:
    """Amplitudes of stacked traces by inline and crossline number, lazily.

    One Dask block is one inline, or one crossline where the file is sorted that way, so that a
    section reads its own traces and no others. Bins without a trace are NaN.

    Args:
        survey: Dataset of dims (trace, time), one trace a bin.
        inline: Trace variable that holds the inline numbers; older files keep them in
            ``field_record``.
        crossline: The same for crosslines; older files keep them in ``cdp``.

    Returns:
        Dims (inline, crossline, time) with the numbers and times as coordinates, and the CDP
        positions ``cdp_x`` and ``cdp_y`` [m] of dims (inline, crossline), NaN where no trace is.

    Raises:
        GeometryError: If traces carry no such numbers, share a bin, or fill under 5 % of the grid.
        OptionError: If a trace variable is unknown.
    """
    bins = _bins(survey, inline, crossline)
    by_inline = _mostly_constant(survey[inline].values) >= _mostly_constant(
        survey[crossline].values
    )
    rows = bins.trace if by_inline else bins.trace.T
    blocks = [_lazy_section(survey["amplitude"], traces) for traces in rows]
    return xr.DataArray(
        da.stack(blocks, axis=0 if by_inline else 1),
        dims=("inline", "crossline", "time"),
        coords={
            "inline": bins.inline,
            "crossline": bins.crossline,
            "time": survey["time"],
            **_positions(survey, bins.trace, ("inline", "crossline")),
        },
        name="amplitude",
        attrs=dict(survey["amplitude"].attrs),
    )


def inline(
    survey: xr.Dataset, number: int, *, inline: str = "inline", crossline: str = "crossline"
) -> xr.DataArray:
    """One inline of dims (crossline, time), equal to ``cube(survey).sel(inline=number)``.

    Args:
        survey: Dataset of dims (trace, time), one trace a bin.
        number: Inline number.
        inline: Trace variable that holds the inline numbers.
        crossline: Trace variable that holds the crossline numbers.

    Raises:
        GeometryError: As ``cube``.
        OptionError: If there is no such inline.
    """
    bins = _bins(survey, inline, crossline)
    at = _place(bins.inline, number, "inline")
    return _section(survey, bins.trace[at], "crossline", bins.crossline, {"inline": number})


def crossline(
    survey: xr.Dataset, number: int, *, inline: str = "inline", crossline: str = "crossline"
) -> xr.DataArray:
    """One crossline of dims (inline, time), equal to ``cube(survey).sel(crossline=number)``.

    Args:
        survey: Dataset of dims (trace, time), one trace a bin.
        number: Crossline number.
        inline: Trace variable that holds the inline numbers.
        crossline: Trace variable that holds the crossline numbers.

    Raises:
        GeometryError: As ``cube``.
        OptionError: If there is no such crossline.
    """
    bins = _bins(survey, inline, crossline)
    at = _place(bins.crossline, number, "crossline")
    return _section(survey, bins.trace[:, at], "inline", bins.inline, {"crossline": number})


@dataclass(frozen=True, eq=False)
class _Bins:
    """The grid: its numbers, ascending, and the trace in each bin, -1 where none."""

    inline: NDArray[np.int64]
    crossline: NDArray[np.int64]
    trace: NDArray[np.int64]


def _bins(survey: xr.Dataset, inline: str, crossline: str) -> _Bins:
    numbers = []
    for name in (inline, crossline):
        if name not in survey or survey[name].dims != ("trace",):
            known = tuple(str(key) for key, values in survey.items() if values.dims == ("trace",))
            raise OptionError(f"The survey has no trace variable '{name}'.{nearest(name, known)}")
        numbers.append(survey[name].values.astype(np.int64))
    if not numbers[0].any() and not numbers[1].any():
        raise GeometryError(
            f"Every '{inline}' and '{crossline}' number is 0: no 3-D grid. Name the variables that "
            "hold them, or ingest again with a geometry table that has these columns (--geometry)."
        )
    (inlines, row), (crosslines, column) = (
        np.unique(values, return_inverse=True) for values in numbers
    )
    n_traces, n_bins = numbers[0].size, inlines.size * crosslines.size
    if n_traces < _LEAST_FILLED * n_bins:
        raise GeometryError(
            f"{n_traces} traces fill {100 * n_traces / n_bins:.2g} % of {inlines.size} inlines x "
            f"{crosslines.size} crosslines; a cube needs 5 %. Is it a line?"
        )
    place = row.reshape(-1) * crosslines.size + column.reshape(-1)
    _refuse_shared(place, inlines, crosslines)
    trace = np.full(n_bins, _NO_TRACE, dtype=np.int64)
    trace[place] = np.arange(n_traces)
    return _Bins(inlines, crosslines, trace.reshape(inlines.size, crosslines.size))


def _refuse_shared(
    place: NDArray[np.int64], inlines: NDArray[np.int64], crosslines: NDArray[np.int64]
) -> None:
    count = np.bincount(place)
    if count.max() <= 1:
        return
    first = int(np.argmax(count > 1))
    traces = np.flatnonzero(place == first)
    row, column = divmod(first, crosslines.size)
    raise GeometryError(
        f"{int((count > 1).sum())} bins hold more than one trace; the first is inline "
        f"{inlines[row]}, crossline {crosslines[column]} with traces {traces[0]} and {traces[1]}. "
        "A cube holds one a bin: select one offset, or drop the duplicates, with "
        "survey.isel(trace=...)."
    )


def _place(numbers: NDArray[np.int64], number: int, axis: str) -> int:
    at = int(np.searchsorted(numbers, number))
    if at == numbers.size or numbers[at] != number:
        closest = int(numbers[np.argmin(np.abs(numbers - number))])
        raise OptionError(
            f"There is no {axis} {number}; they go from {numbers[0]} to {numbers[-1]}, the nearest "
            f"is {closest}."
        )
    return at


def _section(
    survey: xr.Dataset,
    traces: NDArray[np.int64],
    axis: str,
    numbers: NDArray[np.int64],
    fixed: dict[str, int],
) -> xr.DataArray:
    return xr.DataArray(
        _lazy_section(survey["amplitude"], traces),
        dims=(axis, "time"),
        coords={
            axis: numbers,
            "time": survey["time"],
            **fixed,
            **_positions(survey, traces, (axis,)),
        },
        name="amplitude",
        attrs=dict(survey["amplitude"].attrs),
    )


def _lazy_section(amplitude: xr.DataArray, traces: NDArray[np.int64]) -> Any:
    """Traces of one section, NaN where there is none, as one Dask block, shape (bin, time)."""
    there = np.flatnonzero(traces != _NO_TRACE)
    # Ascending trace numbers touch each stored chunk once.
    there = there[np.argsort(traces[there])]
    wanted = traces[there]
    is_run = wanted.size and wanted[-1] - wanted[0] == wanted.size - 1
    block = amplitude.isel(trace=slice(int(wanted[0]), int(wanted[-1]) + 1) if is_run else wanted)
    shape = (traces.size, amplitude.sizes["time"])
    placed = dask.delayed(_placed)(block.data, there, shape)
    return da.from_delayed(placed, shape, dtype=amplitude.dtype)


def _placed(block: NDArray[Any], there: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[Any]:
    section = np.full(shape, np.nan, dtype=block.dtype)
    section[there] = block
    return section


def _positions(
    survey: xr.Dataset, traces: NDArray[np.int64], dims: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], NDArray[np.float64], dict[str, str]]]:
    return {
        name: (dims, np.where(traces == _NO_TRACE, np.nan, values[traces]), {"units": "m"})
        for name, values in zip(("cdp_x", "cdp_y"), cdp_positions(survey), strict=True)
    }


def _mostly_constant(numbers: NDArray[np.int64]) -> float:
    """Fraction of traces that carry the number of the trace before."""
    return float(np.mean(numbers[1:] == numbers[:-1])) if numbers.size > 1 else 1.0
