"""The panel of an f-k spectrum, as the pictures of processing and of denoising show it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from geoml.products.style import style_axes

Floats = NDArray[np.floating]

_EVEN_SPACING = 0.02


def fk_amplitude(samples: Floats) -> NDArray[np.float64]:
    """Amplitude of the f-k spectrum, wavenumber 0 in the middle, shape (wavenumber, frequency).

    Twice as many wavenumbers as traces: a dip is then a line and not a stair.

    Args:
        samples: Finite, shape (trace, time).
    """
    both = np.fft.fft(np.fft.rfft(samples, axis=1), n=2 * len(samples), axis=0)
    return np.abs(np.fft.fftshift(both, axes=0))


def even_spacing_m(position_m: Floats | None) -> float:
    """Distance of neighbouring traces [m]; 0 where there is none or it is uneven.

    Args:
        position_m: Along the line, shape (trace,).
    """
    if position_m is None or len(position_m) < 2:
        return 0.0
    steps = np.diff(np.asarray(position_m, dtype=np.float64))
    spacing = float(np.median(steps))
    even = spacing > 0 and (np.abs(steps - spacing) < _EVEN_SPACING * spacing).mean() > 0.9
    return spacing if even else 0.0


def draw_fk(
    axes: Axes,
    amplitude: Floats,
    reference: float,
    *,
    dt_s: float,
    spacing_m: float,
    floor_db: float,
) -> float:
    """Draw a spectrum in decibels.

    Args:
        axes: Where.
        amplitude: From ``fk_amplitude``.
        reference: Amplitude that is 0 dB, > 0.
        dt_s: Sample interval [s].
        spacing_m: Distance of the traces [m], 0 where it is uneven.
        floor_db: Lowest level shown [dB].

    Returns:
        The frequency up to which it shows anything [Hz], 0 where it is empty.
    """
    decibel = 20 * np.log10(np.maximum(amplitude / reference, 10 ** (floor_db / 20)))
    nyquist_hz = 0.5 / dt_s
    furthest = 0.5 / spacing_m if spacing_m else 0.5
    axes.imshow(
        decibel.T,
        cmap="magma",
        vmin=floor_db,
        vmax=0,
        aspect="auto",
        origin="lower",
        extent=(-furthest, furthest, 0, nyquist_hz),
        interpolation="nearest",
    )
    unit = "cycles/m" if spacing_m else "cycles/trace"
    style_axes(axes, f"f-k, {floor_db:.0f} to 0 dB", f"Wavenumber [{unit}]", "Frequency [Hz]")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    # What lies above the band of the data would only shrink it.
    strong = np.flatnonzero(decibel.max(axis=0) > floor_db + 3)
    used = 1.15 * (strong[-1] + 1) / decibel.shape[1] if len(strong) else 0.0
    return nyquist_hz * min(1.0, used)
