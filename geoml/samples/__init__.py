"""Training pairs -> scaled tensors: splits, scaling, augmentation, batches; gathers as they are.

``geoml.samples.dataset``, ``loader`` and what streams gathers (``gather_dataset``,
``shard_sampler``, ``gather_loader``) need torch and are imported by name; scaling, splits and
mirror do not.
"""

from __future__ import annotations

from geoml.samples.augment import Augmentation
from geoml.samples.mirror import MirrorChannels, MirrorOrder, mirror_channels, mirror_order
from geoml.samples.scaling import Scaling, fit_scaling
from geoml.samples.splits import SplitFractions, Splits, split_pairs

__all__ = [
    "Augmentation",
    "MirrorChannels",
    "MirrorOrder",
    "Scaling",
    "SplitFractions",
    "Splits",
    "fit_scaling",
    "mirror_channels",
    "mirror_order",
    "split_pairs",
]
