"""geoml: from SEG-Y on disk to a velocity model that can be trusted, and back to SEG-Y."""

__version__ = "0.1.0"
