"""Curves and bars: misfit per shot, first arrivals, training, wavelet, amplitude spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from geoml.products.style import (
    HAIRLINE,
    INK,
    MUTED,
    PREDICTION,
    TREND,
    new_figure,
    open_frame,
    style_axes,
)

Floats = NDArray[np.floating]
MODEL_COLOURS = {"prediction": PREDICTION, "trend": TREND}
MODEL_NAMES = {
    "prediction": "Prediction",
    "network": "Network alone",
    "trend": "Starting trend",
    "fitted_trend": "Best 1-D trend",
}
MOST_BARS = 40


def misfit_figure(
    shots: Sequence[str],
    first_arrival_rms_ms: Mapping[str, Floats],
    data_misfit: Mapping[str, Floats],
) -> Figure:
    """First-arrival and waveform misfit of each shot, prediction beside trend.

    Args:
        shots: Name of each shot.
        first_arrival_rms_ms: Model name -> RMS time misfit [ms], shape (shot,).
        data_misfit: Model name -> normalised waveform misfit, 0 to 1, shape (shot,).
    """
    figure = new_figure(3.1)
    left, right = figure.subplots(1, 2)
    _draw_bars(left, shots, first_arrival_rms_ms)
    style_axes(left, "First-arrival misfit", "Shot", "RMS [ms]")
    _draw_bars(right, shots, data_misfit)
    style_axes(right, "Waveform misfit (1 = nothing explained)", "Shot", "Normalised misfit")
    right.set_ylim(0, 1.05)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def first_arrival_figure(
    offset_m: Floats, picked_s: Floats, computed_s: Mapping[str, Floats]
) -> Figure:
    """Picked and computed first arrivals in reduced time, and their differences.

    Reduced time is time less offset over a round velocity, so that arrivals lie flat and
    milliseconds show.

    Args:
        offset_m: Signed offset [m], any shape.
        picked_s: Picks on the data [s], NaN where none, same shape.
        computed_s: Model name -> computed times [s], same shape.
    """
    distance = np.abs(offset_m).ravel()
    picks = np.asarray(picked_s, dtype=np.float64).ravel()
    reduction = reduction_velocity(distance, picks)
    figure = new_figure(3.6)
    left, right = figure.subplots(1, 2)
    left.plot(
        distance,
        1e3 * (picks - distance / reduction),
        ".",
        color=INK,
        ms=5,
        mew=0,
        alpha=0.7,
        label="Picked on the data",
    )
    for name, times in computed_s.items():
        flat = np.where(np.isfinite(picks), np.asarray(times, dtype=np.float64).ravel(), np.nan)
        colour, label = MODEL_COLOURS.get(name, MUTED), MODEL_NAMES.get(name, name)
        for axes, value in (
            (left, flat - distance / reduction),
            (right, flat - picks),
        ):
            axes.plot(distance, 1e3 * value, ".", color=colour, ms=4, mew=0, alpha=0.6, label=label)
    right.axhline(0, color=INK, lw=0.8)
    for axes in (left, right):
        axes.grid(color=HAIRLINE, lw=0.6)
        open_frame(axes)
    name = f"First arrivals, reduced at {reduction:,.0f} m/s"
    style_axes(left, name, "Absolute offset [m]", "Reduced time [ms]")
    style_axes(right, "Computed minus picked", "Absolute offset [m]", "Difference [ms]")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3,
        fontsize=9,
        frameon=False,
        markerscale=2,
    )
    return figure


def reduction_velocity(offset_m: Floats, time_s: Floats) -> float:
    """Slope of offset over time through the far half of the picks, to the nearest 100 m/s.

    Args:
        offset_m: Absolute offset [m], shape (pick,).
        time_s: First-arrival time [s], NaN where none, shape (pick,).
    """
    used = np.isfinite(time_s) & (time_s > 0) & (offset_m > 0)
    if not used.any():
        return 2000.0
    far = used & (offset_m >= np.median(offset_m[used]))
    return float(max(np.round(np.median(offset_m[far] / time_s[far]) / 100) * 100, 100.0))


def training_figure(curves: Mapping[str, tuple[Floats, Floats]], xlabel: str = "Epoch") -> Figure:
    """Training curves.

    Args:
        curves: Name -> (position, value), each shape (point,); at least one.
        xlabel: What the position counts.
    """
    figure = new_figure(3.0, 6.5)
    axes = figure.subplots()
    colours = (PREDICTION, TREND, MUTED, INK)
    for colour, (name, (place, value)) in zip(
        _cycle(colours, len(curves)), curves.items(), strict=True
    ):
        axes.plot(place, value, color=colour, lw=1.6, marker="o", ms=2.5, label=name)
    values = np.concatenate([np.asarray(value) for _, value in curves.values()])
    if values.min() > 0 and values.max() > 4 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color=HAIRLINE, lw=0.6)
    axes.legend(fontsize=8, frameon=False)
    style_axes(axes, "Loss", xlabel, "")
    open_frame(axes)
    return figure


def wavelet_figure(wavelet: Floats, start_s: float, dt_s: float) -> Figure:
    """The wavelet and its amplitude spectrum.

    Args:
        wavelet: Samples, shape (time,).
        start_s: Time of the first sample [s].
        dt_s: Sample interval [s].
    """
    figure = new_figure(2.7)
    left, right = figure.subplots(1, 2)
    time_ms = 1e3 * (start_s + dt_s * np.arange(len(wavelet)))
    peak = float(np.max(np.abs(wavelet))) or 1.0
    left.axhline(0, color=MUTED, lw=0.7)
    left.axvline(0, color=MUTED, lw=0.7, ls=":")
    left.plot(time_ms, np.asarray(wavelet) / peak, color=PREDICTION, lw=1.6)
    style_axes(left, "Wavelet", "Time [ms]", "Amplitude / peak")
    open_frame(left)
    frequency, spectrum = amplitude_spectrum(np.asarray(wavelet)[None, :], dt_s)
    _draw_spectra(right, {"wavelet": (frequency, spectrum)})
    return figure


def spectrum_figure(spectra: Mapping[str, tuple[Floats, Floats]]) -> Figure:
    """Amplitude spectra in decibels below their own peak.

    Args:
        spectra: Name -> (frequency [Hz], amplitude), each shape (frequency,).
    """
    figure = new_figure(2.6)
    axes = figure.subplots()
    _draw_spectra(axes, spectra)
    if len(spectra) > 1:
        axes.legend(fontsize=8, frameon=False)
    return figure


def amplitude_spectrum(traces: Floats, dt_s: float) -> tuple[Floats, Floats]:
    """Root-mean-square amplitude spectrum of traces scaled to equal energy.

    Args:
        traces: Amplitude, shape (trace, time); dead traces count for nothing.
        dt_s: Sample interval [s].

    Returns:
        Frequency [Hz] and amplitude, each shape (frequency,).
    """
    traces = np.where(np.isfinite(traces), traces, 0.0).astype(np.float64)
    rms = np.sqrt(np.mean(traces**2, axis=1, keepdims=True))
    traces = traces / np.where(rms > 0, rms, 1.0)
    n_padded = max(256, 2 ** int(np.ceil(np.log2(traces.shape[1]))))
    power = np.abs(np.fft.rfft(traces, n=n_padded, axis=1)) ** 2
    return np.fft.rfftfreq(n_padded, dt_s), np.sqrt(power.mean(axis=0))


def _draw_spectra(axes: Axes, spectra: Mapping[str, tuple[Floats, Floats]]) -> None:
    colours = _cycle((PREDICTION, TREND, MUTED), len(spectra))
    end = 0.0
    for colour, (name, (frequency, amplitude)) in zip(colours, spectra.items(), strict=True):
        level = 20 * np.log10(np.maximum(amplitude / (np.max(amplitude) or 1.0), 1e-4))
        axes.plot(frequency, level, color=colour, lw=1.4, label=name)
        loud = frequency[level > -40]
        end = max(end, float(loud[-1]) if loud.size else float(frequency[-1]))
    axes.set_xlim(0, end * 1.1)
    axes.set_ylim(-45, 2)
    axes.grid(color=HAIRLINE, lw=0.6)
    style_axes(axes, "Amplitude spectrum", "Frequency [Hz]", "Below peak [dB]")
    open_frame(axes)


def _draw_bars(axes: Axes, shots: Sequence[str], values: Mapping[str, Floats]) -> None:
    """A group of bars a shot, or lines where bars would not fit."""
    places = np.arange(len(shots))
    for number, (name, value) in enumerate(values.items()):
        colour, label = MODEL_COLOURS.get(name, MUTED), MODEL_NAMES.get(name, name)
        if len(shots) <= MOST_BARS:
            width = 0.8 / len(values)
            middle = places + (number - (len(values) - 1) / 2) * width
            axes.bar(middle, np.nan_to_num(value), width * 0.94, color=colour, label=label)
        else:
            axes.plot(places, value, color=colour, lw=1.4, label=label)
    shown = np.unique(
        np.linspace(0, len(shots) - 1, len(shots) if len(shots) <= 24 else 12).round().astype(int)
    )
    axes.set_xticks(shown, [shots[place] for place in shown])
    # A line of two shots would otherwise have bars as wide as doors.
    empty = max(0.0, (6 - len(shots)) / 2)
    axes.set_xlim(-0.6 - empty, len(shots) - 0.4 + empty)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=HAIRLINE, lw=0.6)
    axes.set_axisbelow(True)
    open_frame(axes)


def _cycle(colours: Sequence[str], count: int) -> list[str]:
    return [colours[number % len(colours)] for number in range(count)]
