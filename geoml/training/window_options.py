"""Options of a network that follow from the acquisition of its pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from geoml.models import SECTION_NETWORKS, SectionShape
from geoml.survey.acquisition import Acquisition
from geoml.training.midpoint_order import midpoint_order

_MARGIN = 1.2  # between the highest frequency and the new Nyquist, for the filter's slope
_LEAST_SAMPLES = 96  # shorter records than this are not worth decimating


def section_shape(acquisition: Acquisition) -> SectionShape:
    """Sizes of the gathers and the section of an acquisition."""
    return SectionShape(
        acquisition.n_shots,
        acquisition.n_samples,
        acquisition.n_receivers,
        acquisition.n_depth,
        acquisition.n_distance,
    )


def with_window_options(
    name: str, options: Mapping[str, Any], acquisition: Acquisition
) -> dict[str, Any]:
    """A model's options with what the acquisition decides, where it takes that and none is given.

    ``receiver_order: null`` and ``time_reduction: 1`` in the options go without. A network with
    a ``trunk`` has them there.

    Args:
        name: Key of ``SECTION_NETWORKS``.
        options: As the user gave them.
        acquisition: What the channels of the gathers are.
    """
    takes = {field.name for field in fields(SECTION_NETWORKS[name].config)}
    if "trunk" in takes:
        trunk = with_window_options("mh_unet_s", options.get("trunk", {}), acquisition)
        return {**options, "trunk": trunk}
    decided: dict[str, Any] = {}
    if "receiver_order" in takes:
        decided["receiver_order"] = midpoint_order(acquisition)
    if "time_reduction" in takes:
        decided["time_reduction"] = time_reduction(acquisition)
    return {**decided, **options}


def time_reduction(acquisition: Acquisition) -> int:
    """Samples that can become one without loss: the wavelet holds nothing above the new Nyquist."""
    spare = 0.5 / (acquisition.dt_s * _MARGIN * acquisition.max_frequency_hz)
    # A hair more, or 8 would come out as 7.
    return max(1, min(int(spare + 1e-9), acquisition.n_samples // _LEAST_SAMPLES))
