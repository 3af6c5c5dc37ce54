"""What ingest and scan cost, beside peers on the same file and over file sizes.

    python benchmarks/ingest.py --peer-python PYTHON

Whole commands are timed, each in a process of its own, peers in turn with geoml. PYTHON is an
interpreter with multidimio or segysak; without it the table has geoml and a plain segyio loop.
Needs 10 GB of disk; --largest 0.5 needs 2.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from field_file import N_CHANNELS, SHOT_BYTES, write_field_file
from process_cost import Cost, run_command

PEERS = Path(__file__).parent / "peers"
COMPARED_GB = 0.4995
SIZES_GB = (0.1, COMPARED_GB, 4.0)
CPU_LIMIT_S, MEMORY_LIMIT_MB, MDIO_RATIO = 6.0, 300.0, 3.5
HEADERS_LIMIT_S, SCAN_LIMIT_S = 0.2, 3.0

Row = tuple[str, ...]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="interpreter that has multidimio or segysak")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=float, default=4.0, help="largest file [GB]")
    parser.add_argument("--folder", type=Path, help="where the files are made; removed after")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        compared = min(COMPARED_GB, args.largest)
        costs = _compared(folder, compared, args.repeats, args.peer_python)
        _print_peers(costs, compared)
        _print_sizes(folder, [size for size in SIZES_GB if size <= args.largest] or [compared])


def _compared(
    folder: Path, size_gb: float, repeats: int, peer: str | None
) -> dict[str, list[Cost]]:
    """Costs of each tool on one file, in turn."""
    file = _made(folder, size_gb)
    commands = {
        "geoml": [sys.executable, "-m", "geoml.cli", "ingest", "--overwrite"],
        "geoml, --layout receiver": [
            *(sys.executable, "-m", "geoml.cli", "ingest", "--overwrite"),
            *("--layout", "receiver"),
        ],
        "segyio loop, Zstd 5": [sys.executable, str(PEERS / "segyio_ingest.py")],
    }
    for package, script in {"mdio": "mdio_ingest.py", "segysak": "segysak_ingest.py"}.items():
        if (
            peer
            and not subprocess.run(
                [peer, "-c", f"import {package}"], capture_output=True
            ).returncode
        ):
            commands[package] = [peer, str(PEERS / script)]
        else:
            print(f"{package}: not installed for {peer or '--peer-python'}, left out")
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            out = folder / f"{name.split(',')[0].split()[0]}.zarr"
            costs[name].append(run_command([*command, str(file), str(out)]))
            shutil.rmtree(out)
    return costs


def _has(python: str, package: str) -> bool:
    trial = subprocess.run([python, "-c", f"import {package}"], capture_output=True)
    return trial.returncode == 0


def _print_peers(costs: dict[str, list[Cost]], size_gb: float) -> None:
    print(f"\nIngest of {1000 * size_gb:.1f} MB, IBM floats, medians of {len(costs['geoml'])}")
    own = _median(costs["geoml"], lambda cost: cost.cpu_s)
    rows: list[Row] = [("tool", "wall s", "CPU s", "own memory MB", "CPU / geoml's")]
    for name, runs in costs.items():
        cpu = _median(runs, lambda cost: cost.cpu_s)
        rows.append(
            (
                name,
                f"{_median(runs, lambda cost: cost.wall_s):.1f}",
                f"{cpu:.1f}",
                f"{_median(runs, lambda cost: cost.anonymous_mb):.0f}",
                f"{cpu / own:.1f}",
            )
        )
    _print(rows)
    memory = _median(costs["geoml"], lambda cost: cost.anonymous_mb)
    _verdict("CPU of geoml", own, CPU_LIMIT_S, "s")
    _verdict("memory of geoml", memory, MEMORY_LIMIT_MB, "MB")
    if "mdio" in costs:
        ratio = _median(costs["mdio"], lambda cost: cost.cpu_s) / own
        met = "met" if ratio >= MDIO_RATIO else "MISSED"
        print(f"MDIO takes {ratio:.1f} times geoml's CPU, limit {MDIO_RATIO} at least: {met}")


def _print_sizes(folder: Path, sizes_gb: list[float]) -> None:
    rows: list[Row] = [
        ("GB", "traces", "headers s", "scan wall s", "ingest wall s", "CPU s", "CPU s/GB", "own MB")
    ]
    headers_s, scan_s, memory_mb = 0.0, 0.0, 0.0
    for size_gb in sizes_gb:
        file, out = _made(folder, size_gb), folder / "sized.zarr"
        headers_s, n_traces = _headers(file)
        # The second scan finds the headers in the system's cache.
        for _ in range(2):
            scan_s = run_command([sys.executable, "-m", "geoml.cli", "scan", str(file)]).wall_s
        cost = run_command([sys.executable, "-m", "geoml.cli", "ingest", str(file), str(out)])
        memory_mb = max(memory_mb, cost.anonymous_mb)
        rows.append(
            (
                f"{file.stat().st_size / 1e9:.2f}",
                str(n_traces),
                f"{headers_s:.3f}",
                f"{scan_s:.2f}",
                f"{cost.wall_s:.1f}",
                f"{cost.cpu_s:.1f}",
                f"{cost.cpu_s / (file.stat().st_size / 1e9):.1f}",
                f"{cost.anonymous_mb:.0f}",
            )
        )
        if n_traces == 400 * N_CHANNELS:
            _verdict(f"header pass of {n_traces} traces", headers_s, HEADERS_LIMIT_S, "s")
        shutil.rmtree(out)
        file.unlink()
    print("\nOver file sizes")
    _print(rows)
    _verdict("scan of the largest", scan_s, SCAN_LIMIT_S, "s")
    _verdict("memory at every size", memory_mb, MEMORY_LIMIT_MB, "MB")


def _headers(file: Path) -> tuple[float, int]:
    """Seconds to collect the header columns, the median of five, and their number."""
    from geoml.readers import open_reader

    taken = []
    for _ in range(5):
        start = time.perf_counter()
        n_traces = len(open_reader(file).headers)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), n_traces


def _made(folder: Path, size_gb: float) -> Path:
    file = folder / f"{size_gb:g}.sgy"
    if not file.exists():
        write_field_file(file, max(1, round(size_gb * 1e9 / SHOT_BYTES)))
    return file


def _median(runs: list[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in runs)


def _verdict(what: str, value: float, limit: float, unit: str) -> None:
    met = "met" if value <= limit else "MISSED"
    print(f"{what}: {value:.3g} {unit}, limit {limit:g} {unit}: {met}")


def _print(rows: list[Row]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells]))


if __name__ == "__main__":
    main()
