"""A gather before and after denoising with what was removed, at one scale, and their spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from geoml.errors import ShapeError
from geoml.products.fk_panel import draw_fk, even_spacing_m, fk_amplitude
from geoml.products.gather_figure import AMPLITUDE_COLOURS
from geoml.products.style import INK, MUTED, PREDICTION, TREND, new_figure, open_frame, style_axes

Floats = NDArray[np.floating]

FLOOR_DB = -45.0
_CLIP_RMS = 2.2
_GAIN_FLOOR = 0.003  # silence before the first arrivals is not blown up further than this
_GAIN_TRACES = 5
_GAIN_PART = 0.08  # of the record: window of the display gain
_SIMILARITY_COLOURS = "magma_r"


@dataclass(frozen=True, eq=False)
class DenoisedGather:
    """One gather before and after.

    Attributes:
        title: Such as ``shot 12``.
        before: Amplitude, traces in order along their line, shape (trace, time).
        after: Amplitude of what was kept, shape (trace, time).
        time_s: Times of the samples [s], shape (time,).
        position_m: Position of each trace along the line [m]: signed offset, or distance from the
            first trace; None where there is none, shape (trace,).
        similarity: Local similarity of what was kept and what was removed, 0 to 1, shape
            (trace, time); None to leave it out.
        mean_similarity: Its mean over the energy of what was kept.
    """

    title: str
    before: Floats
    after: Floats
    time_s: Floats
    position_m: Floats | None = None
    similarity: Floats | None = None
    mean_similarity: float = float("nan")

    def __post_init__(self) -> None:
        shape = (self.before.shape[0], len(self.time_s))
        parts = {"before": self.before, "after": self.after, "similarity": self.similarity}
        for name, part in parts.items():
            if part is not None and part.shape != shape:
                raise ShapeError(
                    f"'{self.title}' has {name} of shape {part.shape}; (trace, time) {shape} is "
                    "needed."
                )

    @property
    def removed(self) -> Floats:
        """What was taken away, shape (trace, time)."""
        return np.asarray(self.before - self.after)

    @property
    def removed_db(self) -> float:
        """Energy removed, of that before [dB]; minus infinity where nothing was removed."""
        return 10 * float(np.log10(_energy(self.removed) / _energy(self.before)))

    @property
    def even_removed_db(self) -> float:
        """The same with all parts of the gather brought to one level first [dB]."""
        gain = display_gain(self.before)
        return 10 * float(np.log10(_energy(gain * self.removed) / _energy(gain * self.before)))


def denoise_figure(gather: DenoisedGather) -> Figure:
    """Before, after and removed above their f-k spectra.

    All three panels share one amplitude scale, and a gain that the gather before
    denoising decides; all three spectra share one reference.

    Args:
        gather: What is drawn.
    """
    figure = new_figure(8.4)
    figure.suptitle(gather.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    grid = figure.subplots(2, 3, height_ratios=(3, 2), sharey="row")
    gain = display_gain(gather.before)
    reference = float(_spectrum(_finite(gather.before) * gain).max()) or 1.0
    states = {"Before": gather.before, "After": gather.after, "Removed": gather.removed}
    scales = {"dt_s": _dt_s(gather), "spacing_m": even_spacing_m(gather.position_m)}
    tops = []
    for place, (name, samples) in enumerate(states.items()):
        title = name if name != "Removed" else f"Removed, {gather.removed_db:.1f} dB"
        drawn = _finite(samples) * gain
        _draw_samples(grid[0, place], gather, title, drawn)
        spectrum = _spectrum(drawn)
        tops.append(draw_fk(grid[1, place], spectrum, reference, floor_db=FLOOR_DB, **scales))
        if place:
            grid[0, place].set_ylabel("")
            grid[1, place].set_ylabel("")
    grid[1, 0].set_ylim(0, max(tops) or 0.05 / scales["dt_s"])
    return figure


def leakage_figure(gather: DenoisedGather) -> Figure:
    """What was removed, enlarged; where it looks like what was kept; its level along both axes.

    Args:
        gather: With its similarity.

    Raises:
        ShapeError: If it has none.
    """
    if gather.similarity is None:
        raise ShapeError(f"'{gather.title}' comes without the similarity that is to be drawn.")
    figure = new_figure(7.2)
    grid = figure.subplots(2, 2)
    (enlarged, left), (middle, right) = grid
    removed = _finite(gather.removed)
    factor = np.sqrt(_energy(gather.before) / _energy(removed)) if removed.any() else 1.0
    removed *= factor * display_gain(gather.before)
    _draw_samples(enlarged, gather, f"Removed, {factor:.3g} times", removed)
    image = left.imshow(
        np.asarray(gather.similarity, dtype=np.float64).T,
        cmap=_SIMILARITY_COLOURS,
        vmin=0,
        vmax=1,
        aspect="auto",
        extent=_extent(gather),
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=left, pad=0.02, fraction=0.05)
    bar.ax.tick_params(labelsize=8, colors=MUTED, labelcolor=INK, width=0.7, length=3)
    _position_axis(left, gather, "Local similarity of removed and kept")
    left.set_ylabel("")
    _draw_curves(middle, gather, along_time=False)
    _draw_curves(right, gather, along_time=True)
    return figure


def display_gain(before: Floats) -> NDArray[np.float64]:
    """One over the RMS that the gather has around each sample, shape (trace, time)."""
    square = _finite(before) ** 2
    window = (min(_GAIN_TRACES, len(before)), max(3, int(_GAIN_PART * before.shape[1])))
    for _ in range(2):  # twice a box is a triangle, without corners that look like events
        square = ndimage.uniform_filter(square, window, mode="nearest")
    level = np.sqrt(np.maximum(square, 0))
    # Each trace has a floor of its own: beside a strong near trace all others would be below one.
    floor = _GAIN_FLOOR * level.max(axis=1, keepdims=True)
    return np.asarray(1 / np.where(floor > 0, np.maximum(level, floor), 1.0))


def _draw_samples(axes: Axes, gather: DenoisedGather, title: str, samples: Floats) -> None:
    axes.imshow(
        samples.T,
        cmap=AMPLITUDE_COLOURS,
        vmin=-_CLIP_RMS,
        vmax=_CLIP_RMS,
        aspect="auto",
        extent=_extent(gather),
        interpolation="nearest" if len(samples) < 200 else "bilinear",
    )
    _position_axis(axes, gather, title)


def _draw_curves(axes: Axes, gather: DenoisedGather, *, along_time: bool) -> None:
    """Level of before, after and removed along time, or along frequency."""
    states = {"before": gather.before, "after": gather.after, "removed": gather.removed}
    colours = {"before": MUTED, "after": PREDICTION, "removed": TREND}
    if along_time:
        window = max(3, int(_GAIN_PART * len(gather.time_s)))
        curves = {
            name: np.sqrt(
                ndimage.uniform_filter1d(
                    np.mean(_finite(x) ** 2, axis=0), window, mode="nearest"
                ).clip(0)
            )
            for name, x in states.items()
        }
        across = np.asarray(gather.time_s)
    else:
        gain = display_gain(gather.before)
        spectra = {name: np.fft.rfft(_finite(x) * gain, axis=1) for name, x in states.items()}
        curves = {
            name: ndimage.uniform_filter1d(np.sqrt(np.mean(np.abs(x) ** 2, axis=0)), 5)
            for name, x in spectra.items()
        }
        across = np.fft.rfftfreq(len(gather.time_s), _dt_s(gather))
    top = max(float(curve.max()) for curve in curves.values()) or 1.0
    for name, curve in curves.items():
        level = 20 * np.log10(np.maximum(curve / top, 1e-4))
        axes.plot(across, level, color=colours[name], lw=1.4, label=name)
    axes.set_ylim(-55, 3)
    axes.set_xlim(across[0], across[-1])
    what, x_label = ("time", "Time [s]") if along_time else ("frequency", "Frequency [Hz]")
    style_axes(axes, f"RMS along {what}", x_label, "Level [dB]")
    if not along_time:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
        strong = np.flatnonzero(curves["before"] > 10 ** (-50 / 20) * top)
        axes.set_xlim(0, across[min(len(across) - 1, int(1.15 * strong[-1]) + 1)])
    open_frame(axes)


def _position_axis(axes: Axes, gather: DenoisedGather, title: str) -> None:
    """Ticks at whole traces, labelled with positions where there are any."""
    n_traces = len(gather.before)
    places = np.unique(np.linspace(0, n_traces - 1, 4).round().astype(int))
    if gather.position_m is None:
        axes.set_xticks(places, [str(place + 1) for place in places])
    else:
        axes.set_xticks(places, [f"{gather.position_m[place]:.0f}" for place in places])
    labels = axes.get_xticklabels()
    if len(labels) > 1:  # keep clear of the labels of the panels beside
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
    style_axes(axes, title, "Trace" if gather.position_m is None else "Position [m]", "Time [s]")


def _extent(gather: DenoisedGather) -> tuple[float, float, float, float]:
    half = _dt_s(gather) / 2
    first, last = float(gather.time_s[0]), float(gather.time_s[-1])
    return -0.5, len(gather.before) - 0.5, last + half, first - half


def _spectrum(samples: Floats) -> NDArray[np.float64]:
    """Amplitude of the f-k spectrum, tapered across the traces."""
    taper = np.hanning(len(samples) + 2)[1:-1, None] if len(samples) > 4 else 1.0
    return fk_amplitude(samples * taper)


def _dt_s(gather: DenoisedGather) -> float:
    span_s = float(gather.time_s[-1] - gather.time_s[0])
    return span_s / max(1, len(gather.time_s) - 1) or 1.0


def _finite(samples: Floats) -> NDArray[np.float64]:
    return np.where(np.isfinite(samples), samples, 0.0).astype(np.float64)


def _energy(samples: Floats) -> float:
    """Sum of squares, above 0."""
    return max(float(np.sum(_finite(samples) ** 2)), float(np.finfo(np.float64).tiny))
