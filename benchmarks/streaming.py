"""What it costs to stream gathers: from a store, straight from SEG-Y, and with peers.

    python benchmarks/streaming.py --peer-python PYTHON     # about two minutes on two cores
    python benchmarks/streaming.py --scale 0.1              # a glance

All is read warm, the ways in turn, and medians are printed beside a plain memory map of the same
samples. geoml's rows are what a training loop gets: float32 tensors. Every way is first held
against the memory map's samples. PYTHON is an interpreter with multidimio. Needs 3 GB of disk.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from field_file import N_CHANNELS, N_SAMPLES, write_field_file
from gather_ways import Geoml, Mdio, RawMap, Segyio, Timed, Way

from geoml.readers.ingest import ingest
from geoml.survey.gathers import GatherIndex
from geoml.workflow.streaming import gather_dataset

SHOTS = 400
SHOTS_A_REPEAT = 40
WORKERS = 2
SHOT_GB = 4e-9 * N_CHANNELS * N_SAMPLES
RAW = "raw memory map, IEEE"
STORE_MS, FILE_MS, SEQUENTIAL_GB_S = 1.5, 0.6, 1.0
# IBM floats keep 21 bits.
SAME = 2.0**-20


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer-python", help="interpreter that has multidimio")
    parser.add_argument("--scale", type=float, default=1.0, help="of 400 shots, 499.5 MB")
    parser.add_argument("--repeats", type=int, default=5, help="40 times as many for single shots")
    parser.add_argument("--folder", type=Path, help="where the files are made; removed after")
    args = parser.parse_args()
    n_shots = max(4, round(SHOTS * args.scale))
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        make_line(folder, n_shots)
        with peer(args.peer_python, folder) as mdio:
            print(f"{n_shots} shots x {N_CHANNELS} channels x {N_SAMPLES} samples, read warm")
            compare_shots(folder, mdio, n_shots, SHOTS_A_REPEAT * args.repeats)
            compare_receivers(folder, mdio, args.repeats)
            compare_passes(folder, mdio, n_shots, args.repeats)


def make_line(folder: Path, n_shots: int) -> None:
    """The same shots as SEG-Y in IEEE and in IBM floats, and as stores of both layouts."""
    write_field_file(folder / "ieee.sgy", n_shots, ibm=False)
    write_field_file(folder / "ibm.sgy", n_shots, ibm=True)
    ingest(folder / "ieee.sgy", folder / "shots.zarr")
    ingest(folder / "ieee.sgy", folder / "receivers.zarr", layout="receiver")


@contextmanager
def peer(python: str | None, folder: Path) -> Iterator[Mdio | None]:
    """MDIO on the same file, where there is an interpreter that has it."""
    trial = python and subprocess.run([python, "-c", "import mdio"], capture_output=True)
    if not python or not trial or trial.returncode:
        print(f"mdio: not installed for {python or '--peer-python'}, left out")
        yield None
        return
    script, store = Path(__file__).parent / "peers" / "mdio_ingest.py", folder / "mdio.zarr"
    subprocess.run([python, script, folder / "ieee.sgy", store], check=True, capture_output=True)
    mdio = Mdio(python, store)
    try:
        yield mdio
    finally:
        mdio.close()


def geoml_way(path: Path, workers: int = 0) -> Geoml:
    """Datasets of a path, as geoml gives them."""
    return Geoml(gather_dataset(path, "shot"), gather_dataset(path, "receiver"), workers)


def compare_shots(folder: Path, mdio: Mdio | None, n_shots: int, n_reads: int) -> None:
    """One shot after another, in random order."""
    ways: dict[str, Way] = {
        RAW: RawMap(folder / "ieee.sgy"),
        "geoml, store": geoml_way(folder / "shots.zarr"),
        "geoml, SEG-Y IEEE": geoml_way(folder / "ieee.sgy"),
        "geoml, SEG-Y IBM": geoml_way(folder / "ibm.sgy"),
        "segyio, SEG-Y IEEE": Segyio(folder / "ieee.sgy"),
        "segyio, SEG-Y IBM": Segyio(folder / "ibm.sgy"),
        **({"mdio": mdio} if mdio else {}),
    }
    shots = np.random.default_rng(0).integers(0, n_shots, n_reads)
    reads = [lambda way, shot=int(shot): way.shot(shot) for shot in shots]
    limits = {
        "geoml, store": STORE_MS,
        "geoml, SEG-Y IEEE": FILE_MS,
        "geoml, SEG-Y IBM": FILE_MS,
    }
    print_ms("random shot", take_turns(ways, reads), limits)


def compare_receivers(folder: Path, mdio: Mdio | None, n_reads: int) -> None:
    """Receiver gathers, whose traces lie in as many shots."""
    file = gather_dataset(folder / "ieee.sgy", "receiver").index
    ways: dict[str, Way] = {
        RAW: RawMap(folder / "ieee.sgy"),
        "geoml, store": geoml_way(folder / "shots.zarr"),
        "geoml, store --layout receiver": geoml_way(folder / "receivers.zarr"),
        "geoml, SEG-Y IEEE": geoml_way(folder / "ieee.sgy"),
        "geoml, SEG-Y IBM": geoml_way(folder / "ibm.sgy"),
        "segyio, SEG-Y IEEE": Segyio(folder / "ieee.sgy"),
        **({"mdio": mdio} if mdio else {}),
    }
    gathers = np.random.default_rng(0).choice(widest(file), n_reads)
    reads = [lambda way, at=int(at): way.gather(at, file.traces(at)) for at in gathers]
    print_ms(f"receiver gather, {file.sizes.max()} traces", take_turns(ways, reads), {})


def compare_passes(folder: Path, mdio: Mdio | None, n_shots: int, n_reads: int) -> None:
    """Every shot in order, in this process and through workers."""
    single = {
        "geoml, store": "shots.zarr",
        "geoml, SEG-Y IEEE": "ieee.sgy",
        "geoml, SEG-Y IBM": "ibm.sgy",
    }
    ways: dict[str, Way] = {RAW: RawMap(folder / "ieee.sgy")}
    ways |= {name: geoml_way(folder / file) for name, file in single.items()}
    ways |= {
        f"{name}, {WORKERS} workers": geoml_way(folder / file, WORKERS)
        for name, file in single.items()
    }
    ways["segyio, SEG-Y IEEE"] = Segyio(folder / "ieee.sgy")
    ways["segyio, SEG-Y IBM"] = Segyio(folder / "ibm.sgy")
    if mdio:
        ways["mdio, a chunk of shots at a time"] = mdio
    take_turns(ways, [lambda way: way.all_shots(check=True)])
    costs = take_turns(ways, [lambda way: way.all_shots(check=False)] * n_reads)
    raw = statistics.median(costs[RAW])
    print(f"\n{'all shots in order':36s}{'GB/s':>8s}{'of raw':>8s}{'limit':>7s}  met")
    for name, seconds in costs.items():
        rate = n_shots * SHOT_GB / statistics.median(seconds)
        limit = SEQUENTIAL_GB_S if name in single else None
        verdict = "" if limit is None else f"{limit:7.1f}  {'yes' if rate >= limit else 'NO'}"
        print(f"{name:36s}{rate:8.2f}{raw / statistics.median(seconds):8.2f}{verdict}")


def widest(index: GatherIndex) -> np.ndarray:
    """Places of the gathers of most traces."""
    return np.flatnonzero(index.sizes == index.sizes.max())


def take_turns(ways: dict[str, Way], reads: list[Callable[[Way], Timed]]) -> dict[str, list[float]]:
    """Seconds of every way for every read; the first read comes twice and counts once.

    Samples are compared by the sum of their magnitudes, where a read gives one.

    Raises:
        ValueError: If a way gives other samples than the first of them.
    """
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for number, read in enumerate([reads[0], *reads]):
        expected = 0.0
        for name, way in ways.items():
            seconds, total = read(way)
            expected = expected or total
            if total and abs(total - expected) > SAME * expected:
                raise ValueError(f"{name}: magnitudes sum to {total:g}, not to {expected:g}.")
            if number:
                costs[name].append(seconds)
    return costs


def print_ms(title: str, costs: dict[str, list[float]], limits: dict[str, float]) -> None:
    """A table of medians in milliseconds."""
    raw = statistics.median(costs[RAW])
    print(f"\n{title:36s}{'ms':>8s}{'/ raw':>8s}{'limit':>7s}  met")
    for name, seconds in costs.items():
        median = statistics.median(seconds)
        limit = limits.get(name)
        met = "" if limit is None else f"{limit:7.1f}  {'yes' if 1e3 * median <= limit else 'NO'}"
        print(f"{name:36s}{1e3 * median:8.2f}{median / raw:8.1f}{met}")


if __name__ == "__main__":
    main()
