"""``python -m geoml.cli`` is the command ``geoml``."""

from __future__ import annotations

from geoml.cli import main

main()
