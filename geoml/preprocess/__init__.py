"""Preprocessing: one step is one file and one line of ``STEPS``; ``pipeline`` runs a list."""

from __future__ import annotations

from geoml.preprocess.agc import Agc
from geoml.preprocess.apply_statics import ApplyStatics
from geoml.preprocess.balance import Balance
from geoml.preprocess.bandpass import Bandpass
from geoml.preprocess.clip import Clip
from geoml.preprocess.decon import Decon
from geoml.preprocess.despike import Despike
from geoml.preprocess.elevation_statics import ElevationStatics
from geoml.preprocess.fill_nan import FillNan
from geoml.preprocess.fk_filter import FkFilter
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.gain_time_power import GainTimePower
from geoml.preprocess.interpolate_traces import InterpolateTraces
from geoml.preprocess.kill import Kill
from geoml.preprocess.median import Median
from geoml.preprocess.mute_between import MuteBetween
from geoml.preprocess.mute_bottom import MuteBottom
from geoml.preprocess.mute_top import MuteTop
from geoml.preprocess.nmo import Nmo
from geoml.preprocess.normalise import Normalise
from geoml.preprocess.notch import Notch
from geoml.preprocess.pick_first_breaks import PickFirstBreaks
from geoml.preprocess.rank_reduction import RankReduction
from geoml.preprocess.resample import Resample
from geoml.preprocess.reverse_polarity import ReversePolarity
from geoml.preprocess.rotate_phase import RotatePhase
from geoml.preprocess.select import Select
from geoml.preprocess.shift_time import ShiftTime
from geoml.preprocess.spectral_match import SpectralMatch
from geoml.preprocess.spherical_divergence import SphericalDivergence
from geoml.preprocess.step import Step
from geoml.preprocess.to_2d import To2d
from geoml.preprocess.trace_mix import TraceMix
from geoml.preprocess.vibroseis_correlation import VibroseisCorrelation

STEPS: dict[str, type[Step]] = {
    "agc": Agc,
    "apply_statics": ApplyStatics,
    "balance": Balance,
    "bandpass": Bandpass,
    "clip": Clip,
    "decon": Decon,
    "despike": Despike,
    "elevation_statics": ElevationStatics,
    "fill_nan": FillNan,
    "fk_filter": FkFilter,
    "fx_decon": FxDecon,
    "gain_time_power": GainTimePower,
    "interpolate_traces": InterpolateTraces,
    "kill": Kill,
    "median": Median,
    "mute_between": MuteBetween,
    "mute_bottom": MuteBottom,
    "mute_top": MuteTop,
    "nmo": Nmo,
    "normalise": Normalise,
    "notch": Notch,
    "pick_first_breaks": PickFirstBreaks,
    "rank_reduction": RankReduction,
    "resample": Resample,
    "reverse_polarity": ReversePolarity,
    "rotate_phase": RotatePhase,
    "select": Select,
    "shift_time": ShiftTime,
    "spectral_match": SpectralMatch,
    "spherical_divergence": SphericalDivergence,
    "to_2d": To2d,
    "trace_mix": TraceMix,
    "vibroseis_correlation": VibroseisCorrelation,
}
"""Name in YAML -> step."""

ALIASES = {"time_power": "gain_time_power"}
"""Other name in YAML -> name in ``STEPS``, under which the step is stored and compared."""

__all__ = ["ALIASES", "STEPS", "Step"]
