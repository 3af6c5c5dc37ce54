"""Ranges of numbers among options, refused in one way everywhere in training."""

from __future__ import annotations

from geoml.errors import OptionError


def need_above_zero(options: object, *names: str) -> None:
    """Refuse numbers that are not above 0; None, for no limit, passes.

    Raises:
        OptionError: If there is one.
    """
    for name in names:
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise OptionError(f"'{name}' is {value:g}; it must be above 0.")


def need_at_least_zero(options: object, *names: str) -> None:
    """Refuse numbers below 0.

    Raises:
        OptionError: If there is one.
    """
    for name in names:
        value = getattr(options, name)
        if not value >= 0:
            raise OptionError(f"'{name}' is {value:g}; it must be at least 0.")


def need_seed(options: object, *names: str) -> None:
    """Refuse seeds below 0, or so large that those made of them have no room in torch's generator.

    Raises:
        OptionError: If there is one.
    """
    for name in names:
        value = getattr(options, name)
        if not 0 <= value < 2**32:
            raise OptionError(f"'{name}' is {value}; it must be at least 0 and under 2^32.")


def need_share(options: object, *names: str) -> None:
    """Refuse numbers outside of 0..1, and 1 itself.

    Raises:
        OptionError: If there is one.
    """
    for name in names:
        value = getattr(options, name)
        if not 0 <= value < 1:
            raise OptionError(f"'{name}' is {value:g}; it must be at least 0 and under 1.")
