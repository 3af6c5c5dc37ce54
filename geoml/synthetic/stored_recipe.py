"""The recipe of a pair store: to draw more pairs like its own, or to know them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geoml.errors import OptionError
from geoml.physics.grid import choose_grid
from geoml.registry import with_options
from geoml.survey.acquisition import Acquisition
from geoml.survey.store import plain_json
from geoml.synthetic.family_spec import build_family
from geoml.synthetic.recipe import PairRecipe
from geoml.synthetic.velocity_range import VelocityRange


def stored_recipe(
    attrs: Mapping[str, Any],
    *,
    families: Sequence[str | Mapping[str, Any]] | None = None,
    velocity_range: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> PairRecipe:
    """How the pairs of a store were made, or others with its acquisition.

    Args:
        attrs: Attributes of the store.
        families: Entries of ``FAMILIES`` in place of the store's.
        velocity_range: Options of ``VelocityRange`` in place of the store's.
        seed: In place of the store's.

    Raises:
        OptionError: If the store does not tell how its models were drawn and no families and
            velocity range are given, or one of them is wrong.
    """
    stored: Mapping[str, Any] = attrs.get("recipe") or {}
    families = stored.get("families") if families is None else families
    velocity_range = stored.get("velocity_range") if velocity_range is None else velocity_range
    if not families or not velocity_range:
        raise OptionError(
            "The pairs do not tell how their velocity models were drawn, as models from files "
            "cannot; give the stream its own 'families' and 'velocity_range'."
        )
    acquisition = Acquisition.from_dict(attrs["acquisition"])
    limits = with_options(VelocityRange, velocity_range, "velocity_range")
    grid = choose_grid(
        *limits.limits_m_s,
        acquisition.max_frequency_hz,
        acquisition.spacing_m,
        acquisition.dt_s,
        int(stored.get("accuracy", 8)),
    )
    return PairRecipe(
        acquisition,
        [build_family(spec) for spec in families],
        limits,
        int(stored.get("seed", 0)) if seed is None else seed,
        float(stored.get("simulation_spacing_m", grid.spacing_m)),
        grid.accuracy,
        float(stored.get("wavelet_phase_deg", 0.0)),
        float(stored.get("wavelet_gain_db", 0.0)),
    )


_OF_MODELS = ("seed", "families", "velocity_range")


def model_run(recipe: Mapping[str, Any], first: int, count: int) -> dict[str, Any]:
    """Which velocity models some pairs are over, as JSON.

    Two runs of one ``source`` have the same model wherever they have the same number, whatever was
    shot over it.

    Args:
        recipe: As a store or ``describe`` has it.
        first: Number of the first pair, the second part of its seed.
        count: Pairs.
    """
    given = "models_sha256"  # of a file, read in order; the seed is that of the wavelet alone
    names = (given,) if given in recipe else _OF_MODELS
    source = {name: recipe[name] for name in names if name in recipe}
    return {"source": plain_json(source), "first": first, "count": count}


def stored_run(attrs: Mapping[str, Any], count: int) -> dict[str, Any] | None:
    """``model_run`` of a store of that many pairs; None where it does not tell."""
    recipe = attrs.get("recipe")
    return model_run(recipe, int(attrs.get("first_seed_index", 0)), count) if recipe else None


def shared_numbers(one: Mapping[str, Any], other: Mapping[str, Any]) -> range:
    """Numbers of the models that two runs share; an empty range where they share none."""
    if one["source"] != other["source"]:
        return range(0)
    first = max(one["first"], other["first"])
    stop = min(run["first"] + run["count"] for run in (one, other))
    return range(first, max(first, stop))
