"""Ingest a SEG-Y file of shot gathers with segysak: python segysak_ingest.py FILE OUT."""

from __future__ import annotations

import sys

import segysak  # noqa: F401  registers its engine
import xarray as xr

if __name__ == "__main__":
    survey = xr.open_dataset(
        sys.argv[1],
        dim_byte_fields={"shot": 9, "channel": 13},
        extra_byte_fields={"source_x": 73, "receiver_x": 81},
        engine="sgy_engine",
    )
    survey.chunk({"shot": 16}).to_zarr(sys.argv[2], mode="w")
