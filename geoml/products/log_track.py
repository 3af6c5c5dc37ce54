"""Tracks of a composite log: curves on their customary scales, fills, strips and headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray

from geoml.products.style import HAIRLINE, INK, MUTED

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class TrackCurve:
    """A curve with the scale it is drawn on.

    Attributes:
        label: What the header calls it.
        units: Unit of the scale.
        values: Values in that unit, shape (depth,).
        left: Value at the left edge.
        right: Value at the right edge; smaller than ``left`` where the scale runs backwards.
        colour: Of the line and its header.
        log: Whether the scale is logarithmic.
        dashed: Whether the line is.
        lower: Lower bound of a band, in the same unit.
        upper: Upper bound of a band.
        width: Line width [pt].
    """

    label: str
    units: str
    values: Floats
    left: float
    right: float
    colour: str
    log: bool = False
    dashed: bool = False
    lower: Floats | None = None
    upper: Floats | None = None
    width: float = 0.8

    def place(self, values: Floats) -> Floats:
        """Where values lie across the track, 0 at its left edge and 1 at its right."""
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.where(values > 0, np.log10(values), np.nan)
            left, right = np.log10(self.left), np.log10(self.right)
        else:
            left, right = self.left, self.right
        return (values - left) / (right - left)


@dataclass(frozen=True, eq=False)
class Fill:
    """Shading between two curves of a track where the first lies left of the second.

    Attributes:
        first: Place of the curve in the track's list.
        second: Place of the other.
        colour: Of the shading.
    """

    first: int
    second: int
    colour: str


@dataclass(frozen=True, eq=False)
class CurveTrack:
    """Curves drawn over one another.

    Attributes:
        curves: From the back to the front.
        fills: Shadings below them.
        width: Share of the figure's width.
    """

    curves: Sequence[TrackCurve]
    fills: Sequence[Fill] = ()
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class StripTrack:
    """Classes as coloured beds.

    Attributes:
        label: What the header calls it.
        codes: Code of each depth, NaN where none, shape (depth,).
        colours: Code -> colour.
        names: Code -> text written into thick beds; empty for none.
        width: Share of the figure's width.
        curve: The curve whose classes they are, for the legend; empty for none.
    """

    label: str
    codes: Floats
    colours: dict[float, str]
    names: dict[float, str]
    width: float = 0.32
    curve: str = ""


Track = CurveTrack | StripTrack

_HEADER_LINE = 0.19
"""Height of one curve's header [inch]."""


def draw_curves(axes: Axes, track: CurveTrack, depth: Floats) -> None:
    """Grid, shadings, bands and lines of a track."""
    logs = [curve for curve in track.curves if curve.log]
    _grid(axes, logs[0] if logs else None)
    places = [np.clip(curve.place(curve.values), -0.5, 1.5) for curve in track.curves]
    for fill in track.fills:
        first, second = places[fill.first], places[fill.second]
        axes.fill_betweenx(
            depth, first, second, where=first < second, color=fill.colour, linewidth=0, zorder=1
        )
    for curve, place in zip(track.curves, places, strict=True):
        if curve.lower is not None and curve.upper is not None:
            axes.fill_betweenx(
                depth,
                curve.place(curve.lower),
                curve.place(curve.upper),
                color=curve.colour,
                alpha=0.25,
                linewidth=0,
                zorder=2,
            )
        axes.plot(
            place,
            depth,
            color=curve.colour,
            linewidth=curve.width,
            linestyle=(0, (4, 2)) if curve.dashed else "-",
            zorder=3,
        )
    axes.set_xlim(0, 1)


def draw_strip(axes: Axes, track: StripTrack, depth: Floats) -> None:
    """Beds of one code each, with a name where it fits."""
    for start, stop, code in beds(track.codes):
        top = depth[start]
        base = depth[min(stop, depth.size - 1)]
        axes.axhspan(top, base, color=track.colours[code], linewidth=0)
        thick = abs(base - top) > 0.02 * abs(depth[-1] - depth[0])
        if code in track.names and thick:
            axes.text(
                0.5,
                (top + base) / 2,
                track.names[code],
                ha="center",
                va="center",
                fontsize=5.5,
                color=INK,
                rotation=90 if len(track.names[code]) > 5 else 0,
                clip_on=True,
            )
    axes.set_xlim(0, 1)
    axes.set_xticks([])


def beds(codes: Floats) -> list[tuple[int, int, float]]:
    """First row, row behind the last, and code of each run of one code; NaN is none."""
    known = np.nan_to_num(codes, nan=np.inf)
    edges = np.flatnonzero(known[1:] != known[:-1]) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [codes.size]])
    runs = zip(starts.tolist(), stops.tolist(), strict=True)
    return [(a, b, float(codes[a])) for a, b in runs if np.isfinite(codes[a])]


def draw_header(axes: Axes, track: Track, height_in: float) -> None:
    """Name, unit and scale of every curve above the track, each over a line of its kind."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, height_in)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(MUTED)
        spine.set_linewidth(0.7)
    if isinstance(track, StripTrack):
        axes.text(
            0.5, 0.08, track.label, rotation=90, ha="center", va="bottom", fontsize=6.5, color=INK
        )
        return
    across = blended_transform_factory(axes.transAxes, axes.transData)
    for number, curve in enumerate(reversed(track.curves)):
        base = 0.05 + number * _HEADER_LINE
        axes.plot(
            [0.03, 0.97],
            [base, base],
            color=curve.colour,
            linewidth=1.2,
            linestyle=(0, (4, 2)) if curve.dashed else "-",
            transform=across,
        )
        title = f"{curve.label} {curve.units}".strip()
        for x, text, side in (
            (0.03, f"{curve.left:g}", "left"),
            (0.5, title, "center"),
            (0.97, f"{curve.right:g}", "right"),
        ):
            axes.text(x, base + 0.02, text, ha=side, va="bottom", fontsize=5.8, color=curve.colour)


def header_height(tracks: Sequence[Track]) -> float:
    """Height that the header of the fullest track needs [inch]."""
    curves = [len(track.curves) for track in tracks if isinstance(track, CurveTrack)]
    return max(0.95, 0.1 + _HEADER_LINE * max(curves, default=1))


def _grid(axes: Axes, log: TrackCurve | None) -> None:
    if log is None:
        axes.set_xticks(np.arange(0.1, 1.0, 0.1))
    else:
        low, high = sorted((np.log10(log.left), np.log10(log.right)))
        decades = np.arange(np.floor(low), np.ceil(high) + 1)
        marks = np.concatenate([10**d * np.arange(1, 10) for d in decades])
        place = log.place(marks)
        axes.set_xticks(place[(place > 0) & (place < 1)])
    axes.set_xticklabels([])
    axes.tick_params(axis="x", length=0)
    axes.grid(True, color=HAIRLINE, linewidth=0.4)
    axes.set_axisbelow(True)
