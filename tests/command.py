"""Run a command of geoml in this process."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from geoml.cli import main


def geoml(*arguments: object) -> tuple[int, str, str]:
    """Status, stdout and stderr of a command."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["geoml", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as stop:
                return int(stop.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def refused(*arguments: object) -> str:
    """The one line on stderr of a command that ends with status 2."""
    status, _, err = geoml(*arguments)
    lines = [line for line in err.splitlines() if not line.startswith(("INFO: ", "WARNING: "))]
    assert status == 2, err
    assert len(lines) == 1, err
    assert lines[0].startswith("geoml: ")
    return lines[0]


def refused_and_left(folder: Path, *arguments: object) -> str:
    """``refused``, and the empty folder that it was to write to is empty still."""
    line = refused(*arguments)
    assert not list(folder.iterdir()), line
    return line
