"""Denoising a survey of 2 GB by a network: throughput, and memory that does not grow with it.

    python benchmarks/denoise_stream.py

``geoml denoise`` runs as a whole command on a generated marine line, with the start of Python,
reading, compression and writing in its time, once alone and, with --removed, once with the second
store. Memory is that of the process itself, at its highest. Needs 6 GB of disk; --size 0.5 needs 2.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from field_file import N_CHANNELS, N_SAMPLES, SHOT_BYTES, write_field_file
from process_cost import Cost, run_command

MEMORY_LIMIT_MB = 1000.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=2.0, help="survey [GB]")
    parser.add_argument("--checkpoint", default="geoml:denoiser", help="folder or shipped name")
    parser.add_argument("--overlap", type=float, default=0.5)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--removed", action="store_true", help="write the removed part as well")
    parser.add_argument("--scheduler", default="threads")
    parser.add_argument("--core", help="run on this core alone")
    parser.add_argument("--small", type=float, default=0.1, help="survey to compare memory with")
    parser.add_argument("--folder", type=Path, help="where the files are made; removed after")
    args = parser.parse_args()
    print(f"{'survey':>10}{'wall s':>9}{'CPU s':>9}{'MB/s':>8}{'MB/s a core':>13}{'own MB':>8}")
    costs = []
    for size_gb in (args.small, args.size):
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            store, megabytes = made_store(Path(name), size_gb)
            cost = denoised(store, Path(name), args)
            costs.append(cost)
        print(
            f"{megabytes:7.0f} MB{cost.wall_s:9.1f}{cost.cpu_s:9.1f}{megabytes / cost.wall_s:8.2f}"
            f"{megabytes / cost.cpu_s:13.2f}{cost.anonymous_mb:8.0f}",
            flush=True,
        )
    verdict = "met" if costs[1].anonymous_mb <= MEMORY_LIMIT_MB else "MISSED"
    print(f"memory: {costs[1].anonymous_mb:.0f} MB, at most {MEMORY_LIMIT_MB:g}: {verdict}")
    times = args.size / args.small
    growth = costs[1].anonymous_mb / costs[0].anonymous_mb
    print(f"a survey {times:.0f} times as large takes {growth:.2f} times the memory")


def made_store(folder: Path, size_gb: float) -> tuple[Path, float]:
    """A survey store and the size of its samples [MB].

    Args:
        folder: Where it is made.
        size_gb: Of the trace file [GB].
    """
    n_shots = max(16, round(size_gb * 1e9 / SHOT_BYTES))
    file, store = folder / "line.sgy", folder / "line.zarr"
    write_field_file(file, n_shots, ibm=False)
    run_command([sys.executable, "-m", "geoml.cli", "ingest", str(file), str(store)])
    file.unlink()
    return store, 4e-6 * n_shots * N_CHANNELS * N_SAMPLES


def denoised(store: Path, folder: Path, args: argparse.Namespace) -> Cost:
    """What the command costs; its stores are removed."""
    out, removed = folder / "denoised.zarr", folder / "removed.zarr"
    cost = run_command(
        [
            *(["taskset", "-c", args.core] if args.core else []),
            *(sys.executable, "-m", "geoml.cli", "denoise", str(store), str(out)),
            *("--checkpoint", str(args.checkpoint), "--overlap", str(args.overlap)),
            *("--scheduler", args.scheduler),
            *(["--bfloat16"] if args.bfloat16 else []),
            *(["--removed", str(removed)] if args.removed else []),
        ]
    )
    for path in (out, removed):
        shutil.rmtree(path, ignore_errors=True)
    return cost


if __name__ == "__main__":
    main()
