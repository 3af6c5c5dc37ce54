"""How a velocity prior is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geoml.errors import OptionError
from geoml.training.option_ranges import need_at_least_zero


@dataclass(frozen=True)
class PriorOptions:
    """Budget, scaling, condition and objective of a prior.

    Attributes:
        limits_m_s: Velocities that become -1 and 1 [m/s]; every section lies within them.
        held_out: Share of the sections, the last ones, that train nothing.
        mirror: Half of the sections are shown mirrored.
        labels: The condition of a conditional network says the family, where sections have one.
        n_trend: Depths at which the condition of a conditional network states the mean velocity.
        beta: Weight of the divergence of a variational autoencoder; 1 is the bound itself.
        step_weight: Weight of the steps between cells in its reconstruction.
        start: Training goes on from this prior, a folder or a shipped name, of equal sizes; or a
            GAN's generator begins as the decoder of this variational autoencoder.
        network: Options of the network.
        fit: Options of ``FitOptions``, or of ``AdversarialFitOptions`` for a GAN.
    """

    limits_m_s: tuple[float, float] = (1500.0, 4500.0)
    held_out: float = 0.1
    mirror: bool = False
    labels: bool = True
    n_trend: int = 7
    beta: float = 1.0
    step_weight: float = 0.0
    start: str | None = None
    network: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        low, high = self.limits_m_s
        if not 0 < low < high:
            raise OptionError(f"'limits_m_s' is {low:g}..{high:g}; 0 < low < high is needed.")
        if not 0 < self.held_out < 0.9:
            raise OptionError(f"'held_out' is {self.held_out:g}; it must lie between 0 and 0.9.")
        need_at_least_zero(self, "n_trend", "beta", "step_weight")
