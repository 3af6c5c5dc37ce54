"""Which arrays of a folder hold shots, which hold the models below them."""

from __future__ import annotations

import re
from pathlib import Path

from geoml.errors import FileFormatError
from geoml.readers.velocity_arrays import natural_order

_SHOTS = re.compile(r"^(?:data|seis(?:mic)?)(.*)\.npy$", re.IGNORECASE)
_MODELS = re.compile(r"^(?:v?model|vel)(.*)\.npy$", re.IGNORECASE)


def openfwi_files(folder: str | Path) -> tuple[list[Path], list[Path]]:
    """Files of shots and of models, paired by the number in their names.

    OpenFWI names them ``data1.npy`` and ``model1.npy``, in its Fault sets ``seis2_1_0.npy`` and
    ``vel2_1_0.npy``; they may lie in folders of their own below the one that is given.

    Raises:
        FileFormatError: If there are none, or some have no counterpart or two of them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileFormatError(f"{folder}: no such folder; give one with data*.npy and model*.npy.")
    shots, models = (_by_number(folder, pattern) for pattern in (_SHOTS, _MODELS))
    if not shots or not models:
        raise FileFormatError(
            f"{folder}: {len(shots)} arrays of shots and {len(models)} of models by their names; "
            "data1.npy with model1.npy, or seis1.npy with vel1.npy, are needed."
        )
    alone = sorted(shots.keys() ^ models.keys(), key=natural_order)
    if alone:
        kind = "shots" if alone[0] in shots else "models"
        name = (shots if alone[0] in shots else models)[alone[0]].name
        raise FileFormatError(
            f"{folder}: {name} holds {kind} without counterpart, and so do {len(alone) - 1} other "
            "files; complete the pairs."
        )
    numbers = sorted(shots, key=natural_order)
    return [shots[number] for number in numbers], [models[number] for number in numbers]


def _by_number(folder: Path, pattern: re.Pattern[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.npy")):
        match = pattern.match(file.name)
        if match is None:
            continue
        if match[1] in found:
            raise FileFormatError(
                f"{folder}: {found[match[1]].relative_to(folder)} and {file.relative_to(folder)} "
                "have one number; import one set at a time."
            )
        found[match[1]] = file
    return found
