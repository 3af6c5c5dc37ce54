"""What a preprocessing chain costs: beside a bare loop, over processes, and ObsPy's bandpass.

    python benchmarks/preprocess.py

Bandpass, time power, AGC, mute and resampling in one pass over a survey of 2 GB. Whole commands
are timed, so that the start of Python, reading, compression and writing are in them. Needs 6 GB
of disk; --size 0.5 needs 1.5.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from field_file import DT_US, N_CHANNELS, N_SAMPLES, SHOT_BYTES, write_field_file
from process_cost import Cost, run_command
from scipy import ndimage, signal

STEPS = """\
- bandpass: {low_hz: 5, high_hz: 60}
- gain_time_power: {power: 1.5}
- agc: {window_s: 0.5}
- mute_top: {velocity_m_s: 1500, intercept_s: 0.05}
- resample: {dt_s: 0.004}
"""
SPEED_LIMIT_MB_S, MEMORY_LIMIT_MB, LOOP_RATIO = 150.0, 1000.0, 2.0
OBSPY_RATIO, PROCESS_RATIO, OVERHEAD_PERCENT = 5.0, 1.7, 10.0
DT_S = 1e-6 * DT_US


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=2.0, help="survey [GB]")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made; removed after")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        store, steps, n_shots = _made(folder, args.size)
        megabytes = 4e-6 * n_shots * N_CHANNELS * N_SAMPLES
        runs: dict[str, list[Cost]] = {"threads": [], "processes": [], "one": []}
        loop_s: list[float] = []
        for _ in range(args.repeats):
            runs["threads"].append(_run(store, steps, folder, "threads", None))
            runs["processes"].append(_run(store, steps, folder, "processes", None))
            runs["one"].append(_run(store, steps, folder, "processes", "0"))
            loop_s.append(_bare_loop(min(n_shots, 200)) * n_shots / min(n_shots, 200))
        _print_chain(runs, loop_s, megabytes, args.repeats)
        _print_overhead(folder, args.repeats)
        _print_obspy(args.repeats)


def _made(folder: Path, size_gb: float) -> tuple[Path, Path, int]:
    """A store, the steps, and the number of shots."""
    n_shots = max(16, round(size_gb * 1e9 / SHOT_BYTES))
    file, store, steps = folder / "line.sgy", folder / "line.zarr", folder / "steps.yaml"
    write_field_file(file, n_shots, ibm=False)
    run_command([sys.executable, "-m", "geoml.cli", "ingest", str(file), str(store)])
    file.unlink()
    steps.write_text(STEPS)
    return store, steps, n_shots


def _run(store: Path, steps: Path, folder: Path, scheduler: str, core: str | None) -> Cost:
    """One run of the command, on one core where a core is named."""
    out = folder / "clean.zarr"
    pinned = ["taskset", "-c", core] if core else []
    cost = run_command(
        [
            *pinned,
            *(sys.executable, "-m", "geoml.cli", "preprocess", str(store), str(out)),
            *("--steps", str(steps), "--scheduler", scheduler),
        ]
    )
    shutil.rmtree(out)
    return cost


def _bare_loop(n_shots: int) -> float:
    """Seconds that NumPy and SciPy take for the chain on gathers in memory, one thread."""
    rng = np.random.default_rng(0)
    gather = rng.standard_normal((N_CHANNELS, N_SAMPLES)).astype(np.float32)
    offset_m = 100 + 12.5 * np.arange(N_CHANNELS)
    time_s = DT_S * np.arange(N_SAMPLES)
    band = signal.butter(4, [5, 60], "bandpass", fs=1 / DT_S, output="sos")
    mute = time_s[None, :] > 0.05 + offset_m[:, None] / 1500
    start = time.perf_counter()
    for _ in range(n_shots):
        traces = signal.sosfiltfilt(band, gather, axis=1)
        traces = traces * time_s**1.5
        power = ndimage.uniform_filter1d(traces**2, round(0.5 / DT_S), axis=1)
        traces = traces / np.sqrt(np.maximum(power, 1e-12))
        traces = traces * mute
        signal.resample_poly(traces, 1, 2, axis=1).astype(np.float32)
    return time.perf_counter() - start


def _print_chain(
    runs: dict[str, list[Cost]], loop_s: list[float], megabytes: float, repeats: int
) -> None:
    print(f"Five steps on {megabytes:.0f} MB, medians of {repeats}; whole commands")
    print(f"{'':28}{'wall s':>8}{'CPU s':>8}{'MB/s':>8}{'own MB':>8}")
    wall = {name: statistics.median(cost.wall_s for cost in costs) for name, costs in runs.items()}
    labels = {
        "threads": f"threads, {os.cpu_count()} cores",
        "processes": f"processes, {os.cpu_count()} cores",
        "one": "processes, 1 core",
    }
    for name, costs in runs.items():
        cpu = statistics.median(cost.cpu_s for cost in costs)
        memory = statistics.median(cost.anonymous_mb for cost in costs)
        speed = megabytes / wall[name]
        print(f"{labels[name]:28}{wall[name]:8.1f}{cpu:8.1f}{speed:8.0f}{memory:8.0f}")
    loop = statistics.median(loop_s)
    print(f"{'bare loop in memory, 1 core':28}{loop:8.1f}{loop:8.1f}{megabytes / loop:8.0f}")
    memory = statistics.median(cost.anonymous_mb for cost in runs["threads"])
    _verdict("speed", megabytes / wall["threads"], SPEED_LIMIT_MB_S, "MB/s", least=True)
    _verdict("memory", memory, MEMORY_LIMIT_MB, "MB")
    _verdict("wall time over the bare loop's", wall["threads"] / loop, LOOP_RATIO, "times")
    ratio = wall["one"] / wall["processes"]
    _verdict("one core's wall time over two's", ratio, PROCESS_RATIO, "times", least=True)


def _print_overhead(folder: Path, repeats: int) -> None:
    """What the scheduler adds to tasks of 8 MB, in threads of one process."""
    from geoml.survey.scheduler import run_tasks

    block = np.random.default_rng(0).standard_normal((1400, N_SAMPLES)).astype(np.float32)
    band = signal.butter(4, [5, 60], "bandpass", fs=1 / DT_S, output="sos")
    n_tasks = 12

    def work(_: int) -> float:
        return float(signal.sosfiltfilt(band, block, axis=1)[0, 0])

    ratios = []
    for _ in range(repeats):
        start = time.perf_counter()
        for number in range(n_tasks):
            work(number)
        alone = time.perf_counter() - start
        start = time.perf_counter()
        run_tasks(work, range(n_tasks), "threads", n_workers=1)
        ratios.append((time.perf_counter() - start) / alone)
    overhead = 100 * (statistics.median(ratios) - 1)
    print(f"\nScheduler with {n_tasks} tasks of {block.nbytes / 1e6:.1f} MB, one worker")
    _verdict("overhead", overhead, OVERHEAD_PERCENT, "%")


def _print_obspy(repeats: int) -> None:
    try:
        from obspy import Trace
    except ImportError:
        print("\nObsPy is not installed: its row is left out")
        return
    import xarray as xr

    from geoml.preprocess.recipe import build_steps

    samples = np.random.default_rng(0).standard_normal((800, N_SAMPLES)).astype(np.float32)
    gathers = xr.DataArray(
        samples, dims=("trace", "time"), coords={"time": DT_S * np.arange(N_SAMPLES)}
    )
    (step,) = build_steps([{"bandpass": {"low_hz": 5, "high_hz": 60}}])
    own, other = [], []
    for _ in range(max(3, repeats)):
        start = time.perf_counter()
        step(gathers)
        own.append(time.perf_counter() - start)
        start = time.perf_counter()
        for row in samples:
            trace = Trace(row.copy(), {"delta": DT_S})
            trace.filter("bandpass", freqmin=5, freqmax=60, corners=4, zerophase=True)
        other.append(time.perf_counter() - start)
    speeds = [samples.nbytes / 1e6 / statistics.median(taken) for taken in (own, other)]
    print(f"\nBandpass alone, one core: geoml {speeds[0]:.0f} MB/s, ObsPy {speeds[1]:.0f} MB/s")
    _verdict("times faster than ObsPy", speeds[0] / speeds[1], OBSPY_RATIO, "times", least=True)


def _verdict(what: str, value: float, limit: float, unit: str, *, least: bool = False) -> None:
    met = value >= limit if least else value <= limit
    bound = "at least" if least else "at most"
    print(f"{what}: {value:.3g} {unit}, {bound} {limit:g}: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
