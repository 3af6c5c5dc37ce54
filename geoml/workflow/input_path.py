"""Where a workflow's input lies: beside the work, beside its file, or in ``GEOML_DATA``."""

from __future__ import annotations

import os
from pathlib import Path

from geoml.errors import FileFormatError

DATA_VARIABLE = "GEOML_DATA"


def data_folder() -> Path | None:
    """Folder of real data: ``GEOML_DATA``, or ``../shared/data`` where that exists."""
    given = os.environ.get(DATA_VARIABLE)
    if given:
        return Path(given)
    beside = Path("..", "shared", "data")
    return beside if beside.is_dir() else None


def input_path(text: str, workflow_file: Path, key: str = "survey") -> Path:
    """The input file that a workflow names.

    Args:
        text: A path; may start with ``$GEOML_DATA``. A relative one counts from the current
            folder, or else from the folder of the workflow file or the one above it.
        workflow_file: The file that names it.
        key: Where in that file, for the message; models may be a folder.

    Raises:
        FileFormatError: If there is no such file.
    """
    variable, _, rest = text.partition("/")
    if variable.strip("${}") == DATA_VARIABLE and variable.startswith("$"):
        folder = data_folder()
        if folder is None:
            raise FileFormatError(
                f"{workflow_file.name} reads {text}, and {DATA_VARIABLE} is not set; set it to the "
                "folder of the real data."
            )
        places = [folder / rest]
    else:
        here = workflow_file.resolve().parent
        places = [Path(text), here / text, here.parent / text]
    for place in places:
        if place.is_file() or (key != "survey" and place.is_dir()):
            return place
    raise FileFormatError(
        f"{workflow_file.name} reads {text}, found no file at {places[0]}; correct its '{key}'."
    )
