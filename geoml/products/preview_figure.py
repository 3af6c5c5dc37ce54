"""One gather before and after processing, their difference, and the f-k spectra of all three."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.products.fk_panel import draw_fk, even_spacing_m, fk_amplitude
from geoml.products.gather_figure import AMPLITUDE_COLOURS
from geoml.products.style import new_figure, style_axes

Floats = NDArray[np.floating]

_CLIP_QUANTILE = 0.98
_FLOOR_DB = -40.0


@dataclass(frozen=True, eq=False)
class PreviewPanel:
    """One state of a gather.

    Attributes:
        title: Title above the panel.
        amplitude: Shape (trace, time).
        time_s: Times of the samples [s], shape (time,).
    """

    title: str
    amplitude: Floats
    time_s: Floats

    def __post_init__(self) -> None:
        if self.amplitude.ndim != 2 or self.amplitude.shape[1] != len(self.time_s):
            raise ShapeError(
                f"Panel '{self.title}' has shape {self.amplitude.shape}; (trace, time) with "
                f"{len(self.time_s)} times is needed."
            )


def preview_figure(title: str, panels: list[PreviewPanel], offset_m: Floats) -> Figure:
    """Each state above its f-k spectrum, every one at its own strength, which its title tells.

    The traces are drawn by offset where they have any, else as they come.

    Args:
        title: Title of the figure.
        panels: Before, after, and what was taken away where both have the same samples.
        offset_m: Signed offset [m], shape (trace,).
    """
    figure = new_figure(8.4)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    grid = figure.subplots(2, len(panels), squeeze=False, height_ratios=(3, 2))
    tops = []
    offset_m = np.asarray(offset_m, dtype=np.float64)
    order = np.argsort(offset_m, kind="stable")
    for panel, above, below in zip(panels, grid[0], grid[1], strict=True):
        samples = np.asarray(panel.amplitude, dtype=np.float64)[order]
        samples = np.where(np.isfinite(samples), samples, 0.0)
        _draw_samples(above, panel, samples, offset_m[order])
        tops.append(_draw_spectrum(below, panel, samples, offset_m[order]))
    for axes in grid[1]:
        axes.set_ylim(0, max(tops))
    return figure


def _draw_samples(axes: Axes, panel: PreviewPanel, samples: Floats, offset_m: Floats) -> None:
    clip = float(np.quantile(np.abs(samples), _CLIP_QUANTILE)) or 1.0
    extent = (-0.5, len(samples) - 0.5, float(panel.time_s[-1]), float(panel.time_s[0]))
    axes.imshow(
        samples.T,
        cmap=AMPLITUDE_COLOURS,
        vmin=-clip,
        vmax=clip,
        aspect="auto",
        extent=extent,
        interpolation="nearest",
    )
    places = np.unique(np.linspace(0, len(samples) - 1, 5).round().astype(int))
    if offset_m.any():
        axes.set_xticks(places, [f"{offset_m[place]:.0f}" for place in places])
    rms = float(np.sqrt(np.mean(samples**2)))
    x_label = "Offset [m]" if offset_m.any() else "Trace"
    style_axes(axes, f"{panel.title}, RMS {rms:.3g}", x_label, "Time [s]")


def _draw_spectrum(axes: Axes, panel: PreviewPanel, samples: Floats, offset_m: Floats) -> float:
    """Draw the spectrum; the frequency up to which it shows anything [Hz]."""
    dt_s = float(panel.time_s[-1] - panel.time_s[0]) / max(1, len(panel.time_s) - 1) or 1.0
    amplitude, spacing_m = fk_amplitude(samples), even_spacing_m(offset_m)
    level = float(amplitude.max()) or 1.0
    top_hz = draw_fk(axes, amplitude, level, dt_s=dt_s, spacing_m=spacing_m, floor_db=_FLOOR_DB)
    return top_hz or 0.5 / dt_s
