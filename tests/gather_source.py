"""Small surveys whose every sample is another number, and samplers over their gathers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import xarray as xr

from geoml.samples.gather_dataset import GatherDataset
from geoml.samples.shard_sampler import ShardShuffleSampler
from geoml.survey.gathers import gather_index
from geoml.survey.schema import TRACE_VARIABLES

N_SAMPLES = 5


def make_survey(sizes: list[int]) -> xr.Dataset:
    """Shots of those trace counts, every sample another number."""
    shot = np.repeat(np.arange(len(sizes)), sizes)
    receiver = np.concatenate([np.arange(size) for size in sizes])
    zeros = {name: ("trace", np.zeros(shot.size)) for name in TRACE_VARIABLES}
    amplitude = np.arange(shot.size * N_SAMPLES, dtype=np.float32).reshape(-1, N_SAMPLES)
    return xr.Dataset(
        {
            **zeros,
            "amplitude": (("trace", "time"), amplitude),
            "field_record": ("trace", 100 + shot),
            "receiver_x": ("trace", 10.0 * receiver + 5),
        },
        coords={"time": 0.004 * np.arange(N_SAMPLES)},
    )


def write_segy(survey: xr.Dataset, path: Path) -> None:
    """Big-endian IEEE, placed by hand."""
    binary = bytearray(400)
    for byte, value in ((3217, 4000), (3221, N_SAMPLES), (3225, 5)):
        struct.pack_into(">h", binary, byte - 3201, value)
    content = [b"\x40" * 3200, bytes(binary)]
    records = survey["field_record"].values.astype(int)
    for record, samples in zip(records, survey["amplitude"].values, strict=True):
        header = bytearray(240)
        struct.pack_into(">i", header, 8, record)
        struct.pack_into(">hh", header, 114, N_SAMPLES, 4000)
        content += [bytes(header), samples.astype(">f4").tobytes()]
    path.write_bytes(b"".join(content))


class Nothing:
    """A source of traces that are never read: for what is decided before reading."""

    n_samples = N_SAMPLES

    def __init__(self, n_traces: int) -> None:
        self.n_traces = n_traces

    def amplitude(self, traces):
        raise AssertionError("nothing is read here")


def sampler_of(sizes: list[int], shard_traces: int = 10, **options) -> ShardShuffleSampler:
    index = gather_index(make_survey(sizes))
    dataset = GatherDataset(Nothing(sum(sizes)), index, shard_traces=shard_traces)
    return ShardShuffleSampler(dataset, **options)


def places_of(batches) -> list[int]:
    return [int(key) - 100 for batch in batches for key in batch["key"]]
