"""How pair number i is made: from (seed, i) alone, whatever the batch, the process or the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.acoustic import model_acquisition
from geoml.survey.acquisition import Acquisition
from geoml.synthetic.layered_section import Family
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import VelocityRange

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PairRecipe:
    """Everything that decides the bytes of a pair before processing.

    Attributes:
        acquisition: Geometry, sampling and wavelet of the shots.
        families: One is drawn for each pair, all equally likely.
        velocity_range: The range of velocities.
        seed: First part of each pair's seed; the second is its number.
        simulation_spacing_m: Cell size of the simulation [m].
        accuracy: Order of its spatial stencil.
        wavelet_phase_deg: Largest rotation of the wavelet's phase, either way [degrees].
        wavelet_gain_db: Standard deviation of the wavelet's gain [dB].
    """

    acquisition: Acquisition
    families: Sequence[Family]
    velocity_range: VelocityRange
    seed: int
    simulation_spacing_m: float
    accuracy: int
    wavelet_phase_deg: float = 0.0
    wavelet_gain_db: float = 0.0

    def __post_init__(self) -> None:
        self.check_families()
        if self.seed < 0:
            raise OptionError(f"'seed' is {self.seed}; it must be at least 0.")
        for name in ("wavelet_phase_deg", "wavelet_gain_db"):
            if not getattr(self, name) >= 0:
                raise OptionError(f"'{name}' is {getattr(self, name):g}; it must be at least 0.")

    def check_families(self) -> None:
        """Refuse a recipe that has nothing to draw from.

        Raises:
            OptionError: If there is no family.
        """
        if not self.families:
            raise OptionError("No velocity families to draw from; name at least one.")

    def simulate(
        self, start: int, stop: int, device: str = "cpu"
    ) -> tuple[Floats, Floats, NDArray[np.int32]]:
        """Pairs ``start`` to ``stop``, modelled as one batch.

        Args:
            start: First pair.
            stop: One past the last.
            device: Where torch models the shots.

        Returns:
            Amplitude (sample, shot, receiver, time), velocity [m/s] (sample, depth, distance) and
            number of the family (sample,).
        """
        drawn = [self.draw_velocity(index) for index in range(start, stop)]
        velocity = np.stack([model for model, _, _ in drawn])
        family = np.array([number for _, number, _ in drawn], dtype=np.int32)
        if self.wavelet_phase_deg == 0 and self.wavelet_gain_db == 0:
            return self._model(velocity, self.acquisition, device), velocity, family
        # Each pair has its own wavelet, and a batch shares one.
        amplitude = [
            self._model(model[None], self._vary_wavelet(rng), device) for model, _, rng in drawn
        ]
        return np.concatenate(amplitude), velocity, family

    def _model(self, velocity: Floats, acquisition: Acquisition, device: str) -> Floats:
        """Shots over velocity models, shape (sample, shot, receiver, time)."""
        with torch.no_grad():
            shots = model_acquisition(
                velocity,
                acquisition,
                max_velocity_m_s=self._time_step_velocity_m_s(),
                simulation_spacing_m=self.simulation_spacing_m,
                accuracy=self.accuracy,
                device=device,
            )
        return shots.cpu().numpy()

    def draw_velocity(self, index: int) -> tuple[Floats, int, np.random.Generator]:
        """Velocity model [m/s] of one pair, its family's number, and the generator after both."""
        rng = np.random.default_rng([self.seed, index])
        number = int(rng.integers(len(self.families)))
        grid = SectionGrid.of(self.acquisition)
        return self.families[number](rng, grid, self.velocity_range), number, rng

    def _time_step_velocity_m_s(self) -> float:
        """Velocity that fixes the time step [m/s]: one for all pairs, so that batches agree."""
        ceiling = np.float32(self.velocity_range.limits_m_s[1])
        # A cell at the ceiling may be rounded up when it becomes float32.
        return float(np.nextafter(ceiling, np.float32(np.inf)))

    def _vary_wavelet(self, rng: np.random.Generator) -> Acquisition:
        """The acquisition with a wavelet of another gain and phase."""
        gain = 10 ** (self.wavelet_gain_db * rng.standard_normal() / 20)
        phase = np.radians(self.wavelet_phase_deg * rng.uniform(-1, 1))
        acquisition = self.acquisition
        wavelet, start_s = acquisition.wavelet, acquisition.wavelet_start_s
        if self.wavelet_phase_deg > 0:
            wavelet = rotate_phase(wavelet, phase)
            start_s -= acquisition.wavelet.size * acquisition.dt_s
        return replace(acquisition, wavelet=gain * wavelet, wavelet_start_s=start_s)


def rotate_phase(wavelet: NDArray[np.float64], phase: float) -> NDArray[np.float64]:
    """The wavelet with every frequency's phase turned, three times as long.

    A rotated wavelet has low tails on both sides: it gains its own length before and after.

    Args:
        wavelet: Amplitude, shape (time,).
        phase: Rotation [rad].
    """
    padded = np.pad(wavelet, wavelet.size)
    spectrum = np.fft.rfft(padded)
    factor = np.full(spectrum.size, np.exp(1j * phase))
    # The constant part has no phase; turned, it would only be scaled.
    factor[0] = 1
    turned: NDArray[np.float64] = np.fft.irfft(spectrum * factor, padded.size)
    return turned
