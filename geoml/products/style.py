"""Colours, sizes and the plain object-API figures that every picture shares."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geoml.products.output_file import OutputFiles

INK = "#1d2733"
MUTED = "#66727f"
HAIRLINE = "#d9dee4"
PREDICTION = "#0b62a4"  # blue and orange stay apart for every kind of colour vision
TREND = "#d9771e"
PICKED = "#c2185b"
VELOCITY_COLOURS = "viridis"
SPREAD_COLOURS = "magma_r"
PAGE_WIDTH_IN = 10.5
DPI = 150


def new_figure(height_in: float, width_in: float = PAGE_WIDTH_IN) -> Figure:
    """A white figure with an Agg canvas, outside pyplot's global state.

    Args:
        height_in: Height [inch].
        width_in: Width [inch]; the default fills the report's column.
    """
    figure = Figure(figsize=(width_in, height_in), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Quiet frame, small ticks, a left-aligned title."""
    if title:
        axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold", pad=7)
    axes.set_xlabel(xlabel, fontsize=9, color=INK)
    axes.set_ylabel(ylabel, fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=MUTED, labelcolor=INK, width=0.7, length=3)
    for spine in axes.spines.values():
        spine.set_color(MUTED)
        spine.set_linewidth(0.7)


def open_frame(axes: Axes) -> None:
    """Drop the upper and right frame lines, for curves and bars."""
    axes.spines["top"].set_visible(False)
    axes.spines["right"].set_visible(False)


def length_unit(span_m: float) -> tuple[float, str]:
    """Factor from metres and unit name for an axis: kilometres from 10 km on."""
    return (1e-3, "km") if span_m >= 10_000 else (1.0, "m")


def png_bytes(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as a PNG file in memory; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    # Matplotlib writes its version into the file unless told not to.
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def png_data_uri(figure: Figure, dpi: int = DPI) -> str:
    """The figure as a ``data:`` address for an ``img`` element."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(figure, dpi)).decode("ascii")


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it when complete.

    Raises:
        StoreError: If it cannot be written there.
    """
    with OutputFiles() as files, files.open(path) as file:
        file.write(content)
