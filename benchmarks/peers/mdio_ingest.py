"""Ingest a SEG-Y file of shot gathers with MDIO: python mdio_ingest.py FILE OUT."""

from __future__ import annotations

import sys

from mdio import segy_to_mdio
from mdio.builder.template_registry import TemplateRegistry
from segy.schema import HeaderField
from segy.standards import get_segy_standard

FIELDS = {
    "shot_point": (9, "int32"),
    "channel": (13, "int32"),
    "coordinate_scalar": (71, "int16"),
    "source_coord_x": (73, "int32"),
    "source_coord_y": (77, "int32"),
    "group_coord_x": (81, "int32"),
    "group_coord_y": (85, "int32"),
}

# MDIO starts worker processes, which load this file again.
if __name__ == "__main__":
    fields = [HeaderField(name=n, byte=b, format=f) for n, (b, f) in FIELDS.items()]
    standard = get_segy_standard(1.0).customize(trace_header_fields=fields)
    template = TemplateRegistry().get("StreamerShotGathers2D")
    segy_to_mdio(standard, template, sys.argv[1], sys.argv[2], overwrite=True)
