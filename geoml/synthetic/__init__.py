"""Velocity families and the generator of (shots, velocity) pairs for an acquisition.

A new family is one file and one line of ``FAMILIES``: a frozen dataclass of documented options,
called with (rng, grid, velocity_range), that returns velocity [m/s], float32, (depth, distance).
"""

from __future__ import annotations

from geoml.synthetic.blend import Blend
from geoml.synthetic.curve_vel import CurveVelA, CurveVelB
from geoml.synthetic.curved_layers import CurvedLayers
from geoml.synthetic.faulted_layers import FaultedLayers
from geoml.synthetic.flat_layers import FlatLayers
from geoml.synthetic.flat_vel import FlatVelA, FlatVelB
from geoml.synthetic.interval_faults import CurveFaultA, CurveFaultB, FlatFaultA, FlatFaultB
from geoml.synthetic.layered_section import Family, LayeredSection
from geoml.synthetic.salt import Salt
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.style import StyleA, StyleB
from geoml.synthetic.velocity_range import TopLayer, VelocityRange

FAMILIES: dict[str, type[Family]] = {
    "flat_layers": FlatLayers,
    "curved_layers": CurvedLayers,
    "faulted_layers": FaultedLayers,
    "salt": Salt,
    "flat_vel_a": FlatVelA,
    "flat_vel_b": FlatVelB,
    "curve_vel_a": CurveVelA,
    "curve_vel_b": CurveVelB,
    "flat_fault_a": FlatFaultA,
    "flat_fault_b": FlatFaultB,
    "curve_fault_a": CurveFaultA,
    "curve_fault_b": CurveFaultB,
    "style_a": StyleA,
    "style_b": StyleB,
    "blend": Blend,
}
"""Name -> dataclass of options; build one with ``geoml.registry.build``."""

OPENFWI_FAMILIES = tuple(name for name in FAMILIES if name.endswith(("_a", "_b")))
"""The ten types of OpenFWI's Vel, Fault and Style sets: A rises with depth, B in any order."""

__all__ = [
    "FAMILIES",
    "OPENFWI_FAMILIES",
    "Family",
    "LayeredSection",
    "SectionGrid",
    "TopLayer",
    "VelocityRange",
]
