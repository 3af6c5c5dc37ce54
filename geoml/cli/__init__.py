"""The command ``geoml``: one file a command, every error one line and exit status 2."""

from __future__ import annotations

import logging
import os
import sys

import typer

from geoml.cli.denoise import denoise
from geoml.cli.evaluate import evaluate
from geoml.cli.export import export
from geoml.cli.fwi import fwi
from geoml.cli.gathers import gathers_app
from geoml.cli.generate import generate
from geoml.cli.ingest import ingest
from geoml.cli.invert import invert
from geoml.cli.latent import latent_app
from geoml.cli.noise import noise
from geoml.cli.pairs import pairs_app
from geoml.cli.preprocess import preprocess
from geoml.cli.qc import qc
from geoml.cli.run import run
from geoml.cli.scan import scan
from geoml.cli.semblance import semblance
from geoml.cli.show import show
from geoml.cli.simulate import simulate
from geoml.cli.stack import stack
from geoml.cli.statics import statics
from geoml.cli.train import train
from geoml.cli.verify import verify
from geoml.cli.wells import wells_app
from geoml.errors import GeomlError

# One list, in the order of the work; the help text keeps it.
COMMANDS = (
    scan,
    ingest,
    verify,
    show,
    qc,
    preprocess,
    denoise,
    semblance,
    statics,
    stack,
    noise,
    generate,
    simulate,
    train,
    evaluate,
    invert,
    fwi,
    export,
    run,
)

app = typer.Typer(
    help="From SEG-Y to a velocity model that can be trusted, and back to SEG-Y.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in COMMANDS:
    app.command()(_command)
app.add_typer(gathers_app, name="gathers")
app.add_typer(latent_app, name="latent")
app.add_typer(wells_app, name="wells")
app.add_typer(pairs_app, name="pairs")


def main() -> None:
    """Run the command line; a bad input or file gives one line on stderr and status 2."""
    # What the packages notice about the data; stderr, so that it never mixes with results.
    logger = logging.getLogger("geoml")
    if not logger.handlers:
        notices = logging.StreamHandler()
        notices.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(notices)
        logger.setLevel(logging.INFO)
    # Zarr takes four threads more than there are cores, each with a heap of its own that grows.
    os.environ.setdefault("ZARR_THREADING__MAX_WORKERS", str(os.cpu_count() or 1))
    try:
        app(prog_name="geoml")
    except Exception as error:
        from geoml.survey.location import is_service_error

        if isinstance(error, GeomlError) or is_service_error(error):
            # Messages are one line by law; a library's error may not know that.
            line = " ".join(str(error).split()) or type(error).__name__
        elif _is_memory(error):
            reason = " ".join(str(error).split())[:160] or "no size is told"
            line = f"out of memory ({reason}); ask for smaller sizes, or less at a time."
        elif _is_damage(error):
            line = "a stored chunk is damaged, its checksum is wrong; see: geoml verify STORE"
        else:
            raise
        print(f"geoml: {line}", file=sys.stderr)
        sys.exit(2)


def _is_memory(error: Exception) -> bool:
    """Whether numpy or torch asked for more memory than there is."""
    told = isinstance(error, RuntimeError) and (
        "can't allocate memory" in str(error) or "out of memory" in str(error)
    )
    return isinstance(error, MemoryError) or told


def _is_damage(error: Exception) -> bool:
    """Whether Zarr found a chunk whose bytes have changed on the disk."""
    return isinstance(error, ValueError) and "checksum do not match" in str(error)
