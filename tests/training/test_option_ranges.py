"""Numbers out of range are refused in one way by the options of every training."""

from __future__ import annotations

from typing import Any

import pytest

from geoml.errors import OptionError
from geoml.training.adversarial import AdversarialOptions
from geoml.training.adversarial_options import AdversarialFitOptions
from geoml.training.fit_options import FitOptions
from geoml.training.log_options import LogTrainingOptions
from geoml.training.options import TrainingOptions
from geoml.training.posterior_options import PosteriorOptions
from geoml.training.prior_options import PriorOptions

CASES = [
    (FitOptions, "weight_decay", "at least 0"),
    (FitOptions, "max_cpu_minutes", "above 0"),
    (AdversarialFitOptions, "critic_head_start", "at least 0"),
    (AdversarialFitOptions, "warmup", "at least 0 and under 1"),
    (AdversarialOptions, "square_weight", "at least 0"),
    (PosteriorOptions, "elbo_weight", "at least 0"),
    (PosteriorOptions, "critic_learning_rate", "above 0"),
    (PriorOptions, "step_weight", "at least 0"),
    (LogTrainingOptions, "pretrain_steps", "at least 0"),
    (LogTrainingOptions, "gradient_clip", "above 0"),
    (TrainingOptions, "workers", "at least 0"),
    (TrainingOptions, "patience", "above 0"),
    (TrainingOptions, "ema_decay", "at least 0 and under 1"),
]


@pytest.mark.parametrize(("options", "name", "needed"), CASES)
def test_number_out_of_range_is_named_with_what_is_needed(
    options: type[Any], name: str, needed: str
) -> None:
    with pytest.raises(OptionError, match=f"^'{name}' is -1; it must be {needed}.$"):
        options(**{name: -1})
    with pytest.raises(OptionError, match="is nan"):
        options(**{name: float("nan")})


@pytest.mark.parametrize(
    ("options", "name"), [(FitOptions, "warmup"), (LogTrainingOptions, "ema_decay")]
)
def test_share_reaches_down_to_nothing_and_not_up_to_all(options: type[Any], name: str) -> None:
    assert getattr(options(**{name: 0.0}), name) == 0
    with pytest.raises(OptionError, match="is 1; it must be at least 0 and under 1"):
        options(**{name: 1.0})


@pytest.mark.parametrize(
    "options", [FitOptions, AdversarialFitOptions, LogTrainingOptions, TrainingOptions]
)
def test_seed_has_room_in_the_generators_that_it_starts(options: type[Any]) -> None:
    assert options(seed=2**32 - 1).seed == 2**32 - 1
    for seed in (-1, 2**32):
        with pytest.raises(OptionError, match=f"'seed' is {seed}; it must be at least 0 and under"):
            options(seed=seed)


def test_no_limit_is_above_zero() -> None:
    assert FitOptions(max_cpu_minutes=None).max_cpu_minutes is None
