"""Picture of seismic facies on the section that they were found in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.products.style import INK, PAGE_WIDTH_IN, new_figure, style_axes

COLOURS = (
    "#3b6fb6", "#e8a33d", "#4c9f70", "#c8553d", "#8d6bb8", "#6bb8c4", "#b5a642", "#d386ae",
    "#7a7a7a", "#2f4858",
)  # fmt: skip
"""Facies 1, 2, ... in order; they begin again after the last."""

_CLIP = 0.98
_SHADE = 0.55  # of the facies' colour over the section


def facies_figure(
    section: NDArray[np.floating],
    time_s: NDArray[np.floating],
    labels: Mapping[str, NDArray[np.integer]],
    *,
    trace_label: str = "Trace",
) -> Figure:
    """The section alone, and under each map of facies that was made of it.

    Args:
        section: Amplitude, shape (trace, time).
        time_s: Two-way time [s], shape (time,).
        labels: Title -> facies from 1, 0 for none, shape (trace, time).
        trace_label: Name of the horizontal axis.

    Raises:
        ShapeError: If labels and section have other shapes.
    """
    for title, label in labels.items():
        if label.shape != section.shape:
            raise ShapeError(
                f"Facies '{title}' have shape {label.shape}, the section {section.shape}."
            )
    n_panels = 1 + len(labels)
    n_columns = min(2, n_panels)
    n_rows = -(-n_panels // n_columns)
    figure = new_figure(3.6 * n_rows + 0.4, PAGE_WIDTH_IN)
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
    every: list[Axes] = panels.ravel().tolist()
    clip = float(np.quantile(np.abs(section), _CLIP)) or 1.0
    extent = (-0.5, len(section) - 0.5, float(time_s[-1]), float(time_s[0]))
    n_facies = max((int(label.max()) for label in labels.values()), default=1)
    colours = ListedColormap([COLOURS[i % len(COLOURS)] for i in range(n_facies)])
    edges = BoundaryNorm(np.arange(0.5, n_facies + 1), n_facies)
    under: list[tuple[str, NDArray[np.integer] | None]] = [("Section", None), *labels.items()]
    for axes, (name, facies) in zip(every, under, strict=False):
        axes.imshow(
            section.T, cmap="Greys", vmin=-clip, vmax=clip, aspect="auto", extent=extent,
            interpolation="bilinear",
        )  # fmt: skip
        if facies is not None:
            shown = np.ma.masked_less(facies.T, 1)
            image = axes.imshow(
                shown, cmap=colours, norm=edges, aspect="auto", extent=extent, alpha=_SHADE,
                interpolation="nearest",
            )  # fmt: skip
        style_axes(axes, name, trace_label, "Two-way time [s]")
        axes.label_outer()
    for axes in every[n_panels:]:
        axes.remove()
    if labels:
        bar = figure.colorbar(
            image, ax=every[:n_panels], ticks=range(1, n_facies + 1), fraction=0.025, pad=0.01
        )
        bar.set_label("Facies, by rising amplitude", fontsize=9, color=INK)
        bar.ax.tick_params(labelsize=8, length=0)
        bar.outline.set_linewidth(0.5)
    return figure
