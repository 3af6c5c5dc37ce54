"""Composite picture of a well: the triple combo, facies strips, predictions against truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.products.log_scale import curve_on_scale
from geoml.products.log_track import (
    CurveTrack,
    Fill,
    StripTrack,
    Track,
    TrackCurve,
    draw_curves,
    draw_header,
    draw_strip,
    header_height,
)
from geoml.products.style import (
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PREDICTION,
    TREND,
    new_figure,
    png_bytes,
    write_whole,
)
from geoml.survey.log_classes import class_name
from geoml.survey.wells import wells

_HEIGHT_IN = 12.0
_STRIPS = ("FORMATION", "GROUP")
_CLASSES = ("FACIES", "LITHOLOGY")
_GAS, _SHALE, _WASHOUT = "#f7d774", "#d5cfc4", "#e9b8a6"
_COLOURS: dict[float, str] = {
    30000: "#f5d547",
    65030: "#c9b458",
    65000: "#8a9a5b",
    80000: "#9fc5d6",
    74000: "#b784c9",
    70000: "#5aa9d6",
    70032: "#c6e3f2",
    88000: "#e8a0b4",
    86000: "#d16ba5",
    99000: "#e07b39",
    90000: "#2b2b2b",
    93000: "#b03a2e",
    1: "#f4d03f",
    2: "#f5b041",
    3: "#dc7633",
    4: "#6e2c00",
    5: "#1b4f72",
    6: "#2e86c1",
    7: "#aed6f1",
    8: "#a569bd",
    9: "#196f3d",
}
_OTHER = ("#66c2a5", "#fc8d62", "#8da0cb", "#e78ac3", "#a6d854", "#ffd92f", "#e5c494", "#b3b3b3")


def log_figure(well: xr.Dataset, depth_m: tuple[float, float] | None = None) -> Figure:
    """The curves of a well in their customary tracks and scales.

    Gamma ray from 0 to 150 gAPI, self potential, caliper over bit size; resistivities from 0.2 to
    2000 ohm.m; density from 1.95 to 2.95 g/cm3 over neutron porosity from 0.45 to -0.15; slowness
    from 140 to 40 us/ft (240 or 440 on the left where rock is softer); classes; then a track for
    every ``X_PRED`` with its band ``X_LOW`` to ``X_HIGH``, X itself where it was measured, and what
    fills its gaps.

    Args:
        well: As ``geoml.survey.wells`` gives it, predictions among its curves.
        depth_m: Top and base of what is drawn [m]; all by default.

    Raises:
        ShapeError: If nothing of the well lies there, or no curve has a track.
    """
    if depth_m is not None:
        well = well.sel(depth=slice(*sorted(depth_m)))
    depth = well["depth"].values
    if depth.size < 2:
        raise ShapeError(f"Well '{well.attrs.get('name', '')}': {depth.size} depths to draw.")
    tracks = _tracks(well)
    if not tracks:
        raise ShapeError(f"Well '{well.attrs.get('name', '')}' has no curve that has a track.")
    legend = _legend(tracks, well)
    return drawn_tracks(well, tracks, legend)


def save_log_figures(
    store: xr.Dataset | str | Path, folder: str | Path, names: Sequence[str] | None = None
) -> list[Path]:
    """A picture of each chosen well of a store, ``folder/WELL.png``.

    Raises:
        UnknownNameError: If the store has no well of a name.
    """
    paths = []
    for name, well in wells(store, names):
        path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_')}.png"
        write_whole(path, png_bytes(log_figure(well)))
        paths.append(path)
    return paths


def _tracks(well: xr.Dataset) -> list[Track]:
    there = {str(n) for n, v in well.data_vars.items() if np.isfinite(v.values).any()}
    rows: list[Track] = []
    rows += [_text_strip(well, name) for name in _STRIPS if name in there]
    lithology = [name for name in ("GR", "SP", "CALI", "BS") if name in there]
    if lithology:
        rows.append(_track(well, lithology, _washout(lithology)))
    resistivity = [n for n in ("RMIC", "RXO", "RSHA", "RMED", "RDEP") if n in there]
    if resistivity:
        rows.append(_track(well, resistivity))
    porosity = [n for n in ("PEF", "DELTA_PHI", "PHIND", "NPHI", "RHOB") if n in there]
    if porosity:
        rows.append(_track(well, porosity, _crossover(porosity)))
    slowness = [n for n in ("DTS", "DTC") if n in there]
    if slowness:
        rows.append(_track(well, slowness))
    for name in _CLASSES:
        rows += [_class_strip(well, n, name) for n in (name, f"{name}_PRED") if n in there]
    predicted = [n.removesuffix("_PRED") for n in sorted(there) if n.endswith("_PRED")]
    rows += [_prediction(well, name) for name in predicted if name not in _CLASSES]
    return rows


def _track(well: xr.Dataset, names: Sequence[str], fills: Sequence[Fill] = ()) -> CurveTrack:
    return CurveTrack([curve_on_scale(well, name) for name in names], fills)


def _washout(names: Sequence[str]) -> list[Fill]:
    if "CALI" not in names or "BS" not in names:
        return []
    return [Fill(names.index("BS"), names.index("CALI"), _WASHOUT)]


def _crossover(names: Sequence[str]) -> list[Fill]:
    if "NPHI" not in names or "RHOB" not in names:
        return []
    density, neutron = names.index("RHOB"), names.index("NPHI")
    return [Fill(density, neutron, _GAS), Fill(neutron, density, _SHALE)]


def _prediction(well: xr.Dataset, name: str) -> CurveTrack:
    predicted = curve_on_scale(well, f"{name}_PRED", like=name)
    low, high = (
        curve_on_scale(well, f"{name}_{end}", like=name).values if f"{name}_{end}" in well else None
        for end in ("LOW", "HIGH")
    )
    lines = [
        TrackCurve(
            predicted.label,
            predicted.units,
            predicted.values,
            predicted.left,
            predicted.right,
            PREDICTION,
            predicted.log,
            lower=low,
            upper=high,
            width=0.9,
        )
    ]
    if name in well and np.isfinite(well[name].values).any():
        truth = curve_on_scale(well, name)
        same_scale = (predicted.left, predicted.right)
        lines.insert(
            0, TrackCurve(truth.label, truth.units, truth.values, *same_scale, INK, truth.log)
        )
    if f"{name}_FILLED" in well:
        lines.append(_fill(well, name, predicted))
    return CurveTrack(lines)


def _fill(well: xr.Dataset, name: str, predicted: TrackCurve) -> TrackCurve:
    """What was put into the gaps of a curve; measured rows are left to its own line."""
    filled = curve_on_scale(well, f"{name}_FILLED", like=name)
    values = np.where(well[f"{name}_FILLED_FLAG"].values == 1, filled.values, np.nan)
    same_scale = (predicted.left, predicted.right)
    return TrackCurve(filled.label, filled.units, values, *same_scale, TREND, filled.log, width=1.2)


def _class_strip(well: xr.Dataset, name: str, curve: str) -> StripTrack:
    codes = well[name].values.astype(np.float64)
    known = np.unique(codes[np.isfinite(codes)]).tolist()
    free = iter(_OTHER * 10)
    colours = {code: _COLOURS.get(code) or next(free) for code in known}
    predicted = name.endswith("_PRED")
    return StripTrack(
        "predicted" if predicted else curve.capitalize(), codes, colours, {}, curve=curve
    )


def _text_strip(well: xr.Dataset, name: str) -> StripTrack:
    codes = well[name].values.astype(np.float64)
    words = well[name].attrs.get("categories", [])
    known = np.unique(codes[np.isfinite(codes)]).tolist()
    shades = ("#eef1f4", "#dfe5ea")
    colours = {code: shades[i % 2] for i, code in enumerate(known)}
    return StripTrack(name.capitalize(), codes, colours, {c: words[int(c)] for c in known}, 0.3)


def _legend(tracks: Sequence[Track], well: xr.Dataset) -> list[Patch]:
    patches = {}
    for name in _CLASSES:
        for track in tracks:
            if isinstance(track, StripTrack) and track.curve == name:
                for code, colour in track.colours.items():
                    patches[code] = Patch(color=colour, label=class_name(name, code))
    return [patches[code] for code in sorted(patches)]


def drawn_tracks(well: xr.Dataset, tracks: Sequence[Track], legend: Sequence[Patch] = ()) -> Figure:
    """Tracks side by side over one depth axis, with the well's name above.

    Args:
        well: Gives depths and name.
        tracks: From left to right.
        legend: Patches below the tracks.
    """
    depth: NDArray[np.float64] = well["depth"].values
    header = header_height(tracks)
    foot = 0.35 if legend else 0.05
    figure = new_figure(_HEIGHT_IN, PAGE_WIDTH_IN)
    figure.set_layout_engine("none")
    left, right = 0.07, 0.99
    top = 1 - 0.35 / _HEIGHT_IN
    body_top = top - header / _HEIGHT_IN
    base = (0.12 + foot) / _HEIGHT_IN
    total = sum(track.width for track in tracks) + 0.06 * (len(tracks) - 1)
    unit = min((right - left) / total, 0.26)
    place = left
    for number, track in enumerate(tracks):
        width = unit * track.width
        head = figure.add_axes((place, body_top, width, header / _HEIGHT_IN))
        axes = figure.add_axes((place, base, width, body_top - base))
        draw_header(head, track, header)
        if isinstance(track, CurveTrack):
            draw_curves(axes, track, depth)
        else:
            draw_strip(axes, track, depth)
        axes.set_ylim(depth[-1], depth[0])
        axes.tick_params(axis="y", labelsize=7, colors=MUTED, labelcolor=INK, width=0.7, length=3)
        if number:
            axes.tick_params(axis="y", labelleft=False, length=0)
        else:
            axes.set_ylabel("Measured depth [m]", fontsize=8, color=INK)
        for spine in axes.spines.values():
            spine.set_color(MUTED)
            spine.set_linewidth(0.7)
        place += width + 0.06 * unit
    name, field = str(well.attrs.get("name", "")), str(well.attrs.get("field", ""))
    figure.text(
        left,
        1 - 0.2 / _HEIGHT_IN,
        f"{name}   {field}".strip(),
        fontsize=11,
        fontweight="bold",
        color=INK,
        va="center",
    )
    if legend:
        figure.legend(
            handles=list(legend),
            loc="lower left",
            bbox_to_anchor=(left, 0.0),
            ncols=min(6, len(legend)),
            fontsize=6.5,
            frameon=False,
            handlelength=1.2,
            columnspacing=1.2,
        )
    return figure
