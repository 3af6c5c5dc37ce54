"""The import table of the design: imports go down only, and ingestion never loads torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import geoml

ROOT = Path(geoml.__file__).parent

RANKS = {
    "errors": 0,
    "registry": 0,
    "worker_end": 0,
    "checkpoint_files": 1,
    "survey": 1,
    "physics": 1,
    "models": 1,
    "objectives": 1,
    "checkpoint": 2,
    "well_checkpoint": 2,
    "network_checkpoint": 2,
    "readers": 3,
    "preprocess": 3,
    "samples": 3,
    "synthetic": 3,
    "products": 3,
    "tasks": 4,
    "training": 5,
    "prediction": 5,
    "workflow": 6,
    "cli": 7,
}
"""Package of geoml -> its row in the table; a package imports lower rows and itself."""

ROW_MATES = {("registry", "errors")}
"""The only pair of one row that may meet: a registry raises errors."""

NEVER = {("tasks", "models")}
"""Forbidden although the table's rows would allow it."""

TORCH_FREE = ("survey", "readers", "preprocess", "products")
"""Packages that load without torch, so that ingestion and the help text start fast."""

VAGUE = {"utils", "common", "core", "helpers"}


def _part(path: Path) -> str:
    """The package of geoml that a source file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _modules(node: ast.AST, package: list[str]) -> list[str]:
    """Absolute dotted names that one import statement may load."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        origin = ".".join([*base, *([node.module] if node.module else [])])
        # `from geoml import cli` loads geoml.cli: the name itself may be a package.
        return [f"{origin}.{name.name}" for name in node.names]
    return []


def _imports(path: Path) -> list[tuple[int, str]]:
    """Line and absolute name of every import in a file, those inside functions too."""
    package = ["geoml", *path.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (getattr(node, "lineno", 0), name)
        for node in ast.walk(tree)
        for name in _modules(node, package)
    ]


def _broken(path: Path) -> list[str]:
    """Imports of one file that the table forbids."""
    here = _part(path)
    found = []
    for line, name in _imports(path):
        parts = name.split(".")
        if parts[0] != "geoml" or len(parts) < 2 or parts[1] not in RANKS:
            continue
        there = parts[1]
        pair = (here, there)
        goes_down = RANKS[there] < RANKS.get(here, 0) or here == there or pair in ROW_MATES
        if not goes_down or pair in NEVER:
            found.append(f"{path.relative_to(ROOT)}:{line}: {here} imports {there}")
    return found


SOURCES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.stem in RANKS)


def test_every_package_has_a_row_in_the_table() -> None:
    parts = {_part(path) for path in SOURCES}
    assert parts <= set(RANKS), f"no row for {sorted(parts - set(RANKS))}"
    assert not VAGUE & {path.stem for path in ROOT.rglob("*")}


def test_imports_go_down_only() -> None:
    broken = [line for path in SOURCES for line in _broken(path)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import geoml.cli.run", "geoml.cli.run"),
        ("from geoml import cli", "geoml.cli"),
        ("from geoml.cli import main", "geoml.cli.main"),
        ("from ..cli import main", "geoml.cli.main"),
        ("from .gathers import gathers", "geoml.survey.gathers.gathers"),
    ],
)
def test_every_way_to_write_an_import_is_read(statement: str, name: str) -> None:
    node = ast.parse(statement).body[0]
    assert _modules(node, ["geoml", "survey"]) == [name]


def _loaded(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after ``code``."""
    script = (
        f"import sys\n{code}\nprint('\\n'.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("package", TORCH_FREE)
def test_torch_free_package_loads_no_torch(package: str) -> None:
    sources = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(("geoml", *path.relative_to(ROOT).with_suffix("").parts)) for path in sources]
    loaded = _loaded("\n".join(f"import {name.removesuffix('.__init__')}" for name in names))
    assert "numpy" in loaded
    assert not {"torch", "lightning", "deepwave"} & loaded


def test_help_loads_no_torch() -> None:
    code = (
        "from geoml.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0"
    )
    loaded = _loaded(code)
    assert "typer" in loaded
    assert not {"torch", "lightning", "deepwave", "xarray", "matplotlib"} & loaded


def test_no_module_changes_dask_for_everyone() -> None:
    """``dask.config.set`` holds for all threads, and leaks where two of them overlap."""
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        if "config.set(scheduler" in path.read_text(encoding="utf-8")
    ]
    assert not found
