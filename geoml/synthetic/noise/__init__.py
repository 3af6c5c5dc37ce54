"""Kinds of noise that training patches get, by name.

A new kind is one file and one line of ``NOISES``: a frozen dataclass of documented options, called
with (rng, samples, dt_s, signal_rms), that returns the patch (trace, time) with the noise.
"""

from __future__ import annotations

from geoml.synthetic.noise.bad_traces import BadTraces
from geoml.synthetic.noise.coloured import Coloured
from geoml.synthetic.noise.dead_traces import DeadTraces
from geoml.synthetic.noise.ground_roll import GroundRoll
from geoml.synthetic.noise.noise import AddedNoise, Noise
from geoml.synthetic.noise.spikes import Spikes
from geoml.synthetic.noise.survey_noise import SurveyNoise
from geoml.synthetic.noise.swell import Swell
from geoml.synthetic.noise.white import White

__all__ = ["NOISES", "AddedNoise", "Noise"]

NOISES: dict[str, type[Noise]] = {
    "white": White,
    "coloured": Coloured,
    "ground_roll": GroundRoll,
    "swell": Swell,
    "spikes": Spikes,
    "dead_traces": DeadTraces,
    "bad_traces": BadTraces,
    "survey": SurveyNoise,
}
"""Name -> dataclass of options; build one with ``geoml.registry.build``."""
