"""Run a command in this process that must be refused in one line."""

from __future__ import annotations

import contextlib
import io

import pytest

from geoml.cli import main


def refused(*arguments: object) -> str:
    """The one line on stderr of a command that ends with status 2."""
    err = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr("sys.argv", ["geoml", *map(str, arguments)])
        with contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == 2, err.getvalue()
    lines = [line for line in err.getvalue().splitlines() if not line.startswith("INFO: ")]
    assert len(lines) == 1, err.getvalue()
    assert lines[0].startswith("geoml: ")
    assert len(lines[0]) < 400
    return lines[0]
