"""Damaged LAS files: read, or refused in one line, whatever was damaged.

    .venv/bin/python benchmarks/fuzz_las.py [--count 20000] [--seed 0] [--replay NUMBER]

The files are the LAS cases of the data folder, where it is there, and small ones written here. Each
gets one to twelve mutations of bytes, lines or sections. If it is accepted its depths have to
increase by one step and be finite; if not, it has to be refused by a GeomlError of one line.
Anything else, a warning of NumPy included, and anything that takes over two seconds of processor
time, is a failure, printed with its number to replay.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from geoml.errors import GeomlError
from geoml.readers.las import las_logs
from geoml.readers.log_options import LogOptions
from geoml.readers.well_reader import wells_of

LIMIT_S = 2.0
PLAIN = (
    b"~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.M 100 :\nSTOP.M 102 :\nSTEP.M 0.5 :\nNULL. -999.25 :\n"
    b"WELL. A :\n~C\nDEPT.M :\nGR.GAPI :\nILD.OHMM :\nFM. :\n~A\n100 50 2 a\n100.5 60 -999.25 a\n"
    b"101 70 20 b\n101.5 80 200 b\n102 90 2000 c\n"
)
WORDS = (
    b"~", b"~A\n", b"~W\n", b"~C\n", b"nan", b"inf", b"1e999", b"-1e308", b"-999.25", b":", b".",
    b",", b'"', b"'", b"\x00", b"\xff", b"\n", b"\r", b"\t", b"#", b"VERS. 3.0 :\n",
    b"WRAP. YES :\n", b"DLM. COMMA :\n", b"STEP.M 0 :\n", b"NULL. :\n", b"DEPT.S :\n",
    b"1_000", b"9" * 400, b"|",
)  # fmt: skip


def corpus() -> dict[str, bytes]:
    """Name -> bytes of every file that is damaged."""
    files = {"plain.las": PLAIN, "crlf.las": PLAIN.replace(b"\n", b"\r\n")}
    files["utf16.las"] = PLAIN.decode().encode("utf-16")
    folder = Path(os.environ.get("GEOML_DATA", "../shared/data")) / "logs" / "las_cases"
    if folder.is_dir():
        files.update({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    return files


def damaged(files: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """A file's name and its bytes after the mutations of one number."""
    rng = np.random.default_rng((seed, number))
    name = str(rng.choice(sorted(files)))
    content = bytearray(files[name])
    for _ in range(int(rng.integers(1, 13))):
        if not content:
            break
        place = int(rng.integers(len(content)))
        lines = content.split(b"\n")
        line = int(rng.integers(len(lines)))
        match int(rng.integers(8)):
            case 0:
                content[place] = int(rng.integers(256))
            case 1:
                content[place] ^= 1 << int(rng.integers(8))
            case 2:
                content = content[: max(place, 3 * len(content) // 4)]
            case 3:
                del content[place : place + int(rng.integers(1, 200))]
            case 4:
                content[place:place] = WORDS[int(rng.integers(len(WORDS)))]
            case 5:
                lines.insert(line, lines[int(rng.integers(len(lines)))])
                content = bytearray(b"\n".join(lines))
            case 6:
                del lines[line]
                content = bytearray(b"\n".join(lines))
            case _:
                lines[line] = lines[line].replace(b" ", WORDS[int(rng.integers(len(WORDS)))])
                content = bytearray(b"\n".join(lines))
    return name, bytes(content)


def try_file(name: str, content: bytes) -> tuple[str, str]:
    """What becomes of a file: ``read``, ``refused`` or ``failed``, and why."""
    start = time.process_time()
    try:
        for well, _ in wells_of(las_logs(content, name), LogOptions(), name, {}):
            depth = well["depth"].values
            if not np.isfinite(depth).all() or (np.diff(depth) <= 0).any():
                return "failed", "depths do not increase"
            for curve in well.data_vars.values():
                if np.isinf(curve.values).any():
                    return "failed", f"{curve.name} is infinite"
        verdict, why = "read", ""
    except GeomlError as refusal:
        why = str(refusal)
        verdict = "failed" if "\n" in why or not why else "refused"
    except Exception:
        return "failed", traceback.format_exc().strip().splitlines()[-1]
    spent = time.process_time() - start
    return ("failed", f"took {spent:.1f} s") if spent > LIMIT_S else (verdict, why)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="damaged files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=int, metavar="NUMBER", help="run one, with its traceback")
    chosen = parser.parse_args()
    warnings.simplefilter("error")
    files = corpus()
    if chosen.replay is not None:
        name, content = damaged(files, chosen.seed, chosen.replay)
        print(name, content[:2000])
        print(wells_of(las_logs(content, name), LogOptions(), name, {}))
        return
    verdicts: Counter[str] = Counter()
    start = time.process_time()
    for number in range(chosen.count):
        name, content = damaged(files, chosen.seed, number)
        verdict, why = try_file(name, content)
        verdicts[verdict] += 1
        if verdict == "failed":
            print(f"--seed {chosen.seed} --replay {number}: {name}: {why}")
    spent = time.process_time() - start
    print(f"{len(files)} files, {chosen.count} damaged ones, {spent:.0f} CPU s: {dict(verdicts)}")
    sys.exit(1 if verdicts["failed"] else 0)


if __name__ == "__main__":
    main()
