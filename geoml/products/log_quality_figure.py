"""Picture of the quality of a well's logs: what is kept, what is flagged, and why."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from geoml.errors import ShapeError
from geoml.products.log_figure import drawn_tracks
from geoml.products.log_scale import curve_on_scale
from geoml.products.log_track import CurveTrack, Fill, StripTrack, Track, TrackCurve
from geoml.products.style import INK

_FLAGGED = "#d62f2f"
_COLOURS: dict[float, str] = {1: "#d62f2f", 2: "#f39c12", 4: "#a9745b"}
_MEANING = {1: "out of range", 2: "spike", 4: "bad hole"}
_SHOWN = ("GR", "RDEP", "RHOB", "NPHI", "DTC", "DTS", "PEF", "SP", "RMED", "RSHA")
_MOST_TRACKS = 6


def log_quality_figure(well: xr.Dataset, depth_m: tuple[float, float] | None = None) -> Figure:
    """Caliper over bit size, then each flagged curve with a strip of its flags.

    Flagged values are red, the others black; the strip tells the gravest flag of each depth.

    Args:
        well: With flag curves ``X_QC`` of bits 1, 2 and 4, as ``LogQuality`` makes them.
        depth_m: Top and base of what is drawn [m]; all by default.

    Raises:
        ShapeError: If the well has no flags, or nothing lies there.
    """
    if depth_m is not None:
        well = well.sel(depth=slice(*sorted(depth_m)))
    flagged = [n for n in _SHOWN if n in well and f"{n}_QC" in well]
    if not flagged or well.sizes["depth"] < 2:
        raise ShapeError(
            f"Well '{well.attrs.get('name', '')}': {len(flagged)} flagged curves over "
            f"{well.sizes['depth']} depths; run the quality control first."
        )
    tracks: list[Track] = []
    if "CALI" in well:
        names = [name for name in ("CALI", "BS") if name in well]
        fills = [Fill(1, 0, "#e9b8a6")] if len(names) == 2 else []
        tracks.append(CurveTrack([curve_on_scale(well, name) for name in names], fills, 0.8))
    for name in flagged[:_MOST_TRACKS]:
        tracks += _curve_and_flags(well, name)
    legend = [Patch(color=colour, label=_MEANING[int(bit)]) for bit, colour in _COLOURS.items()]
    return drawn_tracks(well, tracks, legend)


def _curve_and_flags(well: xr.Dataset, name: str) -> list[Track]:
    curve = curve_on_scale(well, name)
    flag = well[f"{name}_QC"].values.astype(np.int64)
    bad = flag > 0
    # A flagged sample alone would be a line of no length: its neighbours are drawn with it.
    near = bad.copy()
    near[1:] |= bad[:-1]
    near[:-1] |= bad[1:]
    red, kept = (np.where(where, curve.values, np.nan) for where in (near, ~bad))
    lines = [
        TrackCurve(label, units, values, curve.left, curve.right, colour, curve.log, width=0.8)
        for label, units, values, colour in (
            ("flagged", f"{np.mean(bad):.1%}", red, _FLAGGED),
            (curve.label, curve.units, kept, INK),
        )
    ]
    gravest = np.select([flag & 1 > 0, flag & 4 > 0, flag & 2 > 0], [1.0, 4.0, 2.0], np.nan)
    present = np.unique(gravest[np.isfinite(gravest)]).tolist()
    strip = StripTrack("", gravest, {code: _COLOURS[code] for code in present}, {}, 0.1)
    return [CurveTrack(lines), strip]
