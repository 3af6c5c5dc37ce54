"""What can go wrong: one family of errors, each message one line of found, needed, what to do.

The command line prints the message and exits with status 2; Python callers catch ``GeomlError``
or the narrower class.
"""

from __future__ import annotations


class GeomlError(Exception):
    """Base of every error that a user's input or environment can cause."""


class FileFormatError(GeomlError):
    """A file is not what its name or header says, or is damaged."""


class GeometryError(GeomlError):
    """Positions are missing, contradictory or unfit for the operation."""


class ShapeError(GeomlError):
    """An array has the wrong dimensions or length."""


class OptionError(GeomlError):
    """An option is unknown, of the wrong type or out of range."""


class UnknownNameError(OptionError):
    """A registry has no entry of that name; the message suggests the nearest one."""


class StoreError(GeomlError):
    """A store is missing, incomplete, of another version, or already there."""


class MissingPackageError(GeomlError):
    """An optional package is needed and not installed; the message names the extra."""


class PhysicsError(GeomlError):
    """A velocity model, grid or wavelet that wave modelling cannot honour."""


class CheckpointError(GeomlError):
    """A checkpoint is missing, damaged, or does not fit the data it is used on."""
