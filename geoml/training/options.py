"""How a network is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from geoml.training.option_ranges import (
    need_above_zero,
    need_at_least_zero,
    need_seed,
    need_share,
)
from geoml.training.precision import Precision, best_precision

MACHINE_OPTIONS = ("accelerator", "devices", "strategy", "workers", "memory_limit_gb")
"""Options that say where a run happens, not what it computes; a resumed run may change them."""


@dataclass(frozen=True)
class TrainingOptions:
    """Budget, optimiser and machine of a training run.

    The learning rate warms up, then falls along a cosine to its end at ``max_epochs``,
    ``max_minutes`` or ``max_cpu_minutes``, whichever comes first.

    Attributes:
        max_epochs: Passes over the training part.
        max_minutes: Wall time of the training itself, without the scores at its end [min]; None
            for no limit.
        max_cpu_minutes: The same in CPU time of the training process, all its threads together
            [min], for runs that are compared on a machine that does other work too.
        batch_size: Windows a step and device.
        optimizer: ``muon`` or ``adamw``; in short trials Muon learned faster by far.
        learning_rate: Highest learning rate of AdamW, and of what Muon leaves to it.
        muon_learning_rate: Highest learning rate of Muon's own steps.
        weight_decay: Decay of convolution weights.
        warmup: Share of the run in which the learning rate rises.
        ema_decay: Decay of the running mean of the weights, which is what is validated and kept;
            the mean starts short and reaches this length as steps go by.
        gradient_clip: Largest norm of the gradient.
        patience: Epochs without a better validation loss after which the run stops; None for never.
        seed: Fixes first weights, order of the pairs and augmentation.
        precision: ``auto`` takes bfloat16 where processor or GPU multiply in it, else float32.
        augmentation: Options of ``geoml.samples.Augmentation``; None trains on the pairs as they
            are.
        splits: Options of ``geoml.samples.SplitFractions``.
        adversarial: Options of ``geoml.training.adversarial.AdversarialOptions``, for a model with
            a critic.
        posterior: Options of ``geoml.training.posterior_options.PosteriorOptions``, for a network
            that draws sections.
        stream: Options of ``geoml.training.stream_options.StreamOptions``: fresh pairs modelled
            while training runs; None trains on the store's alone.
        accelerator: As Lightning spells it: ``auto``, ``cpu``, ``gpu``.
        devices: How many, or ``auto``, as Lightning spells it.
        strategy: As Lightning spells it: ``auto``, ``ddp``.
        workers: Processes that read pairs; 0 reads in the training process, best where the pairs
            fit in memory.
        memory_limit_gb: Pairs of at most this size are held in memory [GB].
        memory_dtype: How gathers are held there; ``float16`` halves their size at an error 66 dB
            under them.
    """

    max_epochs: int = 60
    max_minutes: float | None = None
    max_cpu_minutes: float | None = None
    batch_size: int = 16
    optimizer: Literal["muon", "adamw"] = "muon"
    learning_rate: float = 2e-3
    muon_learning_rate: float = 4e-3
    weight_decay: float = 0.02
    warmup: float = 0.05
    ema_decay: float = 0.998
    gradient_clip: float = 1.0
    patience: int | None = 20
    seed: int = 0
    precision: Precision = "auto"
    augmentation: dict[str, Any] | None = field(default_factory=dict)
    splits: dict[str, float] = field(default_factory=dict)
    adversarial: dict[str, Any] = field(default_factory=dict)
    posterior: dict[str, Any] = field(default_factory=dict)
    stream: dict[str, Any] | None = None
    accelerator: str = "auto"
    devices: int | str = 1
    strategy: str = "auto"
    workers: int = 0
    memory_limit_gb: float = 4.0
    memory_dtype: Literal["float32", "float16"] = "float32"

    def __post_init__(self) -> None:
        need_above_zero(
            self,
            "max_epochs",
            "batch_size",
            "learning_rate",
            "muon_learning_rate",
            "gradient_clip",
            "max_minutes",
            "max_cpu_minutes",
            "patience",
        )
        need_share(self, "warmup", "ema_decay")
        need_at_least_zero(self, "weight_decay", "workers", "memory_limit_gb")
        need_seed(self, "seed")

    def resolved_precision(self) -> str:
        """The precision with ``auto`` replaced by what this machine does best."""
        return best_precision(self.precision, self.accelerator)

    def lasting(self) -> dict[str, Any]:
        """Options that a resumed run must share with the one it goes on with."""
        return {name: value for name, value in asdict(self).items() if name not in MACHINE_OPTIONS}
