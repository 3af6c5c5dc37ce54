"""What field gathers have and simulated ones lack, and what physics allows to do with a pair.

Noise, dead and uneven traces, timing errors, other wavelets; mirror images and scaled velocities.

Noise is drawn afresh each epoch rather than stored with the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError
from geoml.samples.mirror import MirrorChannels
from geoml.samples.velocity_time import compress_time, draw_factor
from geoml.samples.wavelet_change import Wavelet, padded_length, shape_wavelet, spectral_ratio
from geoml.survey.noise_bank import load_noise_bank

Floats = NDArray[np.float32]

_TINY = float(np.finfo(np.float32).tiny)
_SHARES = ("noise_probability", "real_noise_probability", "mirror_probability", "dead_fraction")
_SIZES = (
    "trace_gain_db",
    "window_gain_db",
    "trace_shift_s",
    "window_shift_s",
    "phase_deg",
    "peak_octaves",
    "band_octaves",
)
_IN_BAND = 0.02  # frequencies with less than this share of the peak amplitude carry no noise


@dataclass(frozen=True)
class Augmentation:
    """Options of the random changes; each is off at 0, or at None for the noise.

    Attributes:
        snr_db: Least and greatest ratio of the RMS of the signal to the RMS of the noise, both
            over the whole window [dB]. Noise has the band of the signal. None for no noise.
        noise_probability: Chance that a sample gets noise.
        noise_bank: File of the survey's own noise, as ``geoml noise`` cuts it; None for none.
        real_noise_probability: Chance that a sample's noise is from that file.
        dead_fraction: Largest share of traces set to zero, as an editing step leaves them.
        trace_gain_db: Standard deviation of the gain of single traces [dB].
        window_gain_db: Standard deviation of the gain of the whole window [dB].
        trace_shift_s: Standard deviation of the time shift of single traces [s]: statics.
        window_shift_s: Standard deviation of the time shift of the whole window [s].
        phase_deg: Largest rotation of the wavelet's phase, either way [degrees].
        peak_octaves: Largest shift of the wavelet's peak frequency, either way [octaves].
        band_octaves: Largest change of the wavelet's bandwidth, either way [octaves], about: its
            amplitude spectrum is raised to 2 to the minus twice that power.
        velocity_factor: Least and greatest factor of all velocities; time is divided by it, and
            the wavelet's peak frequency multiplied. No velocity leaves the range of the training
            pairs: models near its ends are scaled less. Above 1 the end of the record is unknown
            and set to zero. None for no scaling.
        keep_wavelet: True to shape the scaled records back to the wavelet of the survey.
        mirror_probability: Chance of a flipped window. Above 0 every sample comes in the channels
            of ``mirror_channels``, recorded and mirrored source positions together.
    """

    snr_db: tuple[float, float] | None = (3.0, 30.0)
    noise_probability: float = 0.9
    noise_bank: str | None = None
    real_noise_probability: float = 0.5
    dead_fraction: float = 0.1
    trace_gain_db: float = 1.0
    window_gain_db: float = 0.0
    trace_shift_s: float = 0.0
    window_shift_s: float = 0.0
    phase_deg: float = 0.0
    peak_octaves: float = 0.0
    band_octaves: float = 0.0
    velocity_factor: tuple[float, float] | None = None
    keep_wavelet: bool = True
    mirror_probability: float = 0.0

    def __post_init__(self) -> None:
        if self.snr_db is not None and not self.snr_db[0] <= self.snr_db[1]:
            raise OptionError(
                f"'snr_db' is {self.snr_db[0]:g}..{self.snr_db[1]:g}; "
                "write the smaller number first."
            )
        if self.velocity_factor is not None:
            low, high = self.velocity_factor
            if not 0.5 <= low <= high <= 2:
                raise OptionError(
                    f"'velocity_factor' is {low:g}..{high:g}; write the smaller number first, both "
                    "between 0.5 and 2."
                )
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"'{name}' is {getattr(self, name):g}; it lies between 0 and 1.")
        for name in _SIZES:
            if not getattr(self, name) >= 0:
                raise OptionError(f"'{name}' is {getattr(self, name):g}; it must be at least 0.")

    def __call__(
        self,
        shots: Floats,
        velocity: Floats,
        rng: np.random.Generator,
        *,
        dt_s: float,
        wavelet: Wavelet | None = None,
        velocity_limits_m_s: tuple[float, float] = (0.0, np.inf),
        mirror: MirrorChannels | None = None,
        keep_zeros: bool = False,
    ) -> tuple[Floats, Floats]:
        """One pair, changed at random; the inputs stay as they are.

        Args:
            shots: Processed gathers, shape (shot, time, receiver).
            velocity: [m/s], shape (depth, distance).
            rng: Source of randomness.
            dt_s: Sample interval [s].
            wavelet: The wavelet in the gathers; None leaves it as it is.
            velocity_limits_m_s: Range that scaled velocities stay in [m/s].
            mirror: Channels for recorded and mirrored gathers; None never flips.
            keep_zeros: True where the processing mutes: samples that are zero stay zero.

        Returns:
            Gathers (shot, time, receiver), or (channel, time, receiver) where ``mirror`` is given,
            and velocity of the input shape.

        Raises:
            ShapeError: If ``shots`` has other than three dimensions.
            OptionError: If the noise bank has another sample interval.
            StoreError: If there is no noise bank.
        """
        if shots.ndim != 3:
            raise ShapeError(f"Gathers have shape {shots.shape}; needed (shot, time, receiver).")
        flip = mirror is not None and rng.uniform() < self.mirror_probability
        factor = 1.0
        if self.velocity_factor is not None:
            factor = draw_factor(rng, velocity, self.velocity_factor, velocity_limits_m_s)
            shots, velocity = compress_time(shots, factor), velocity * np.float32(factor)
        alive = shots != 0
        noise_ratio = 0.0
        if self.snr_db is not None and rng.uniform() < self.noise_probability:
            noise_ratio = 10 ** (-rng.uniform(*self.snr_db) / 20)
        shots = self._shape(shots, rng, wavelet, factor)
        changed = self._filter(shots, rng, dt_s, noise_ratio)
        changed = changed * self._draw_gain(rng, shots)
        if keep_zeros:
            changed = changed * alive
        changed = changed.astype(np.float32, copy=False)
        if mirror is not None:
            # Last, so that noise stays out of channels that hold no gathers.
            changed = mirror.place(changed)
        if mirror is not None and flip:
            changed = mirror.flip(changed)
            velocity = np.ascontiguousarray(velocity[:, ::-1])
        return changed, velocity

    def check_noise(self, dt_s: float) -> None:
        """Refuse a noise bank before anything is drawn from it.

        Args:
            dt_s: Sample interval of the gathers [s].

        Raises:
            OptionError: If the bank has another sample interval.
            StoreError: If there is none.
        """
        if self.noise_bank is not None:
            load_noise_bank(self.noise_bank).check_interval(dt_s)

    def of_a_survey(self) -> Augmentation:
        """Without what no survey shows: its windows are never flipped, its ground never scaled."""
        return replace(self, mirror_probability=0.0, velocity_factor=None)

    def _draw_gain(self, rng: np.random.Generator, shots: Floats) -> Floats:
        """Factor of each trace, 0 for the dead, shape (shot, 1, receiver)."""
        traces = (shots.shape[0], 1, shots.shape[2])
        gain_db = self.trace_gain_db * rng.standard_normal(traces)
        gain_db += self.window_gain_db * rng.standard_normal()
        dead = rng.uniform(size=traces) < self.dead_fraction * rng.uniform()
        return np.where(dead, 0, 10 ** (gain_db / 20)).astype(np.float32)

    def _shape(
        self,
        shots: Floats,
        rng: np.random.Generator,
        wavelet: Wavelet | None,
        time_factor: float,
    ) -> Floats:
        """Gathers with another wavelet, or with the survey's own where time was scaled."""
        changes = self.peak_octaves > 0 or self.band_octaves > 0
        if wavelet is None or not (changes or (self.keep_wavelet and time_factor != 1)):
            return shots
        n_fft = padded_length(shots.shape[1])
        ratio = spectral_ratio(
            wavelet,
            n_fft,
            peak_factor=2 ** (self.peak_octaves * rng.uniform(-1, 1)),
            # A Gaussian raised to a power is narrower by the root of it.
            sharpness=2 ** (-2 * self.band_octaves * rng.uniform(-1, 1)),
            time_factor=time_factor,
            keep_time=not self.keep_wavelet,
        )
        return shape_wavelet(shots, ratio, n_fft)

    def _filter(
        self, shots: Floats, rng: np.random.Generator, dt_s: float, noise_ratio: float
    ) -> Floats:
        """Gathers with phase, timing and noise changed, all in one pass over the spectrum."""
        timing = self.trace_shift_s > 0 or self.window_shift_s > 0 or self.phase_deg > 0
        if not timing and noise_ratio == 0:
            return shots
        n_samples, n_fft = shots.shape[1], padded_length(shots.shape[1])
        spectrum = scipy.fft.rfft(shots, n_fft, axis=1)
        if timing:
            spectrum = spectrum * self._draw_phasor(rng, shots.shape, n_fft, dt_s)
        changed = scipy.fft.irfft(spectrum, n_fft, axis=1)[:, :n_samples]
        if noise_ratio > 0:
            noise = self._draw_noise(rng, spectrum, shots.shape, dt_s)
            level = noise_ratio * _rms(shots) / max(_rms(noise), _TINY)
            changed = changed + level * noise
        return changed

    def _draw_noise(
        self,
        rng: np.random.Generator,
        spectrum: NDArray[np.complex64],
        shape: tuple[int, ...],
        dt_s: float,
    ) -> Floats:
        """The survey's own noise or a random one in the band of the gathers, of their shape."""
        if self.noise_bank is not None and rng.uniform() < self.real_noise_probability:
            return load_noise_bank(self.noise_bank).draw(rng, (shape[0], shape[1], shape[2]), dt_s)
        return _noise_like(spectrum, rng, padded_length(shape[1]))[:, : shape[1]]

    def _draw_phasor(
        self, rng: np.random.Generator, shape: tuple[int, ...], n_fft: int, dt_s: float
    ) -> NDArray[np.complex64]:
        """Factor of each frequency and trace, shape (shot, frequency, receiver)."""
        shift_s = self.trace_shift_s * rng.standard_normal((shape[0], 1, shape[2]))
        shift_s += self.window_shift_s * rng.standard_normal()
        frequency_hz = scipy.fft.rfftfreq(n_fft, dt_s)[None, :, None]
        rotation = np.radians(self.phase_deg * rng.uniform(-1, 1))
        # A real wavelet keeps its constant part: a rotated phase there would scale it.
        rotation = np.where(frequency_hz > 0, rotation, 0)
        phasor: NDArray[np.complex64] = np.exp(
            1j * (rotation - 2 * np.pi * frequency_hz * shift_s)
        ).astype(np.complex64)
        return phasor


def _noise_like(spectrum: NDArray[np.complex64], rng: np.random.Generator, n_fft: int) -> Floats:
    """Random noise in the band of the gathers, shape (shot, time, receiver)."""
    amplitude: Floats = np.abs(spectrum).mean(axis=(0, 2))
    amplitude = amplitude / max(float(amplitude.max()), _TINY)
    # Field noise is redder or whiter than the signal: the exponent runs from flat to like it.
    colour = np.where(amplitude > _IN_BAND, amplitude ** rng.uniform(0.1, 1.2), 0)
    white = rng.standard_normal((*spectrum.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
    noise: Floats = scipy.fft.irfft(white * colour[None, :, None].astype(np.float32), n_fft, axis=1)
    return noise


def _rms(values: Floats) -> float:
    """Root-mean-square amplitude."""
    return float(np.sqrt(np.mean(np.square(values))))
