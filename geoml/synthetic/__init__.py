"""Velocity families and the generator of (shots, velocity) pairs for an acquisition.

A new family is one file and one line of ``FAMILIES``: a frozen dataclass of documented options,
called with (rng, grid, velocity_range), that returns velocity [m/s], float32, (depth, distance).
"""

from __future__ import annotations

from geoml.synthetic.curved_layers import CurvedLayers
from geoml.synthetic.faulted_layers import FaultedLayers
from geoml.synthetic.flat_layers import FlatLayers
from geoml.synthetic.layered_section import Family, LayeredSection
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import TopLayer, VelocityRange

FAMILIES: dict[str, type[Family]] = {
    "flat_layers": FlatLayers,
    "curved_layers": CurvedLayers,
    "faulted_layers": FaultedLayers,
}
"""Name -> dataclass of options; build one with ``geoml.registry.build``."""

__all__ = ["FAMILIES", "Family", "LayeredSection", "SectionGrid", "TopLayer", "VelocityRange"]
