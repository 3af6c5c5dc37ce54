"""Where the traces of each gather lie along a line, so that a step knows their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.gathers import GatherKind

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TraceLine:
    """The traces of one gather in order along their line.

    Attributes:
        rows: Their places among the traces given, shape (trace,).
        position_m: Signed distance along the line [m], ascending: from the shot or the receiver
            that the traces share, along midpoints where they share an offset or are stacked;
            None where the headers hold neither positions nor offsets, shape (trace,).
    """

    rows: NDArray[np.int64]
    position_m: Floats | None


def trace_lines(
    values: xr.Dataset, labels: NDArray[np.int64], kind: GatherKind, step: str
) -> list[TraceLine]:
    """The gathers as lines of traces, by ascending label.

    Traces without positions are in the order of their trace number in the record, of their CDP
    number where all have the same one, and else as they lie in the file.

    Args:
        values: Trace variables of dims (trace,), as far as there are any.
        labels: Gather of each trace, shape (trace,).
        kind: What the traces of a gather share.
        step: Name of the step, for the message.

    Raises:
        GeometryError: If the traces of a gather cover an area.
    """
    plane_m, from_source = _plane_positions(values, kind)
    number = _trace_numbers(values, labels.size)
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    lines = []
    for rows in np.split(order, edges) if labels.size else []:
        if plane_m is None:
            lines.append(TraceLine(rows[np.lexsort([n[rows] for n in number])], None))
            continue
        along_m, across_m = _along_and_across(plane_m[rows], from_source)
        sort = np.lexsort([*(n[rows] for n in number), along_m])
        _check_is_line(along_m[sort], across_m[sort], kind, step)
        lines.append(TraceLine(rows[sort], along_m[sort]))
    return lines


def _plane_positions(values: xr.Dataset, kind: GatherKind) -> tuple[Floats | None, bool]:
    """Positions [m], shape (trace, 2), or None; and whether they count from what is shared."""
    names = ("source_x", "source_y", "receiver_x", "receiver_y")
    if all(name in values for name in names):
        sx, sy, rx, ry = (np.asarray(values[name].values, dtype=np.float64) for name in names)
        has_offset = "offset" in values and values["offset"].values.any()
        if (sx.any() or sy.any()) and not (rx.any() or ry.any() or has_offset):
            return np.stack([sx, sy], axis=1), False  # stacked traces
        if np.hypot(rx - sx, ry - sy).any():
            if kind == "offset":
                return np.stack([(sx + rx) / 2, (sy + ry) / 2], axis=1), False
            return np.stack([rx - sx, ry - sy], axis=1), True
    if kind != "offset" and "offset" in values and values["offset"].values.any():
        offset_m = np.asarray(values["offset"].values, dtype=np.float64)
        return np.stack([offset_m, np.zeros_like(offset_m)], axis=1), True
    return None, False


def _trace_numbers(values: xr.Dataset, n_traces: int) -> list[Floats]:
    """Keys that sort traces without positions, the last one first, shape (trace,) each."""
    keys = [np.arange(n_traces, dtype=np.float64)]
    for name in ("cdp", "trace_in_record"):
        if name in values:
            keys.append(np.asarray(values[name].values, dtype=np.float64))
    return keys


def _along_and_across(plane_m: Floats, from_source: bool) -> tuple[Floats, Floats]:
    """Position along the direction of greatest spread, and beside it [m], shape (trace,) each."""
    centred = plane_m if from_source else plane_m - plane_m.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0] if len(plane_m) > 1 else plane_m[0]
    length = np.hypot(*axis)
    axis = axis / length if length > 0 else np.array([1.0, 0.0])
    # The sign of a singular vector is arbitrary; x, or y where it is longer, is to rise.
    axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
    return plane_m @ axis, plane_m @ np.array([-axis[1], axis[0]])


def _check_is_line(along_m: Floats, across_m: Floats, kind: GatherKind, step: str) -> None:
    """Refuse parallel lines and areas, where the next trace along is not a neighbour."""
    if along_m.size < 4:
        return
    beside_m, next_m = np.median(np.abs(np.diff(across_m))), np.median(np.diff(along_m))
    if beside_m > max(next_m, 1e-3):
        raise GeometryError(
            f"'{step}' needs the traces of a {kind} gather on one line, but the next trace along "
            f"it is {beside_m:.4g} m beside and {next_m:.4g} m further; give it one cable or "
            "one line at a time, or gather the traces by another kind."
        )
