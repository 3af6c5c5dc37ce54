"""Picture of a velocity spectrum, with the gather that it was made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geoml.errors import ShapeError
from geoml.products.gather_figure import GatherPanel, draw_gather
from geoml.products.style import PICKED, VELOCITY_COLOURS, new_figure, style_axes

_LEAST_TOP = 0.3  # a spectrum without any coherence is not blown up to full colours


def semblance_figure(
    spectrum: xr.DataArray,
    gathers: Sequence[GatherPanel] = (),
    picks: Sequence[tuple[float, float]] = (),
    *,
    end_s: float | None = None,
) -> Figure:
    """A velocity spectrum beside its gather, before and after moveout correction.

    Args:
        spectrum: Semblance, dims (time, velocity), as ``geoml.preprocess.semblance`` gives it.
        gathers: Panels to draw beside it, such as the gather as recorded and corrected.
        picks: Velocity function to draw on it, rows (time_s, velocity_m_s).
        end_s: Last time drawn [s]; by default the end of the spectrum.

    Raises:
        ShapeError: If the spectrum has other dimensions.
    """
    if spectrum.dims != ("time", "velocity"):
        raise ShapeError(
            f"A velocity spectrum has dims ('time', 'velocity'); found {spectrum.dims}."
        )
    end_s = float(spectrum["time"][-1]) if end_s is None else end_s
    count = len(gathers) + 1
    figure = new_figure(5.4, 3.6 * max(count, 2))
    all_axes = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    draw_semblance(all_axes[0], spectrum, picks, end_s)
    for axes, panel in zip(all_axes[1:], gathers, strict=True):
        draw_gather(axes, panel, end_s)
        axes.set_ylabel("")
    return figure


def draw_semblance(
    axes: Axes, spectrum: xr.DataArray, picks: Sequence[tuple[float, float]], end_s: float
) -> None:
    """Shades of semblance over velocity and time, with a velocity function."""
    velocity, time_s = spectrum["velocity"].values, spectrum["time"].values
    shown = time_s <= end_s
    top = max(_LEAST_TOP, float(np.quantile(spectrum.values[shown], 0.999)))
    shades = axes.pcolormesh(
        velocity,
        time_s,
        spectrum.values,
        cmap=VELOCITY_COLOURS,
        vmin=0,
        vmax=top,
        shading="nearest",
        rasterized=True,
    )
    if picks:
        at_s, picked = np.transpose(picks)
        axes.plot(picked, at_s, "-o", color=PICKED, lw=1.4, ms=4, mec="white", mew=0.6)
    axes.set_xlim(velocity.min(), velocity.max())
    axes.set_ylim(end_s, time_s[0])
    style_axes(axes, "Semblance", "Velocity [m/s]", "Zero-offset time [s]")
    bar = axes.figure.colorbar(shades, ax=axes, location="bottom", aspect=35, pad=0.02)
    bar.ax.tick_params(labelsize=8)
