"""Training of any network on any task: pairs in, a checkpoint folder out."""

from __future__ import annotations

from geoml.training.options import TrainingOptions
from geoml.training.train import train

__all__ = ["TrainingOptions", "train"]
