"""Options that several commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from geoml.readers import IngestOptions

# Text and not Path: a path would eat a slash of a URL such as s3://bucket/line.sgy.
TraceFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="SEG-Y (.sgy, .segy) or Seismic Unix (.su) file; may be a URL."
    ),
]
TraceFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES...",
        help="SEG-Y (.sgy, .segy) or Seismic Unix (.su) files, or a pattern such as 'line/*.sgy'; "
        "may be URLs.",
    ),
]
Store = Annotated[
    str,
    typer.Argument(metavar="STORE", help="Survey store, as 'geoml ingest' makes it; may be a URL."),
]
NewStore = Annotated[
    str,
    typer.Argument(metavar="OUT", help="Survey store to make, such as line.zarr; may be a URL."),
]
CdpSpacing = Annotated[
    float | None,
    typer.Option(
        "--cdp-spacing-m", help="Number CDPs by midpoint, this far apart [m]; for lines without."
    ),
]
Scheduler = Annotated[
    str,
    typer.Option(
        help="Where the work runs: threads, processes, synchronous, or tcp://host:port of a Dask "
        "scheduler."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]

Samples = Annotated[int | None, typer.Option(help="Samples a trace, against the headers.")]
ByteOrder = Annotated[
    Literal["big", "little"] | None, typer.Option(help="Byte order, against what was detected.")
]
SampleFormat = Annotated[int | None, typer.Option(help="SEG-Y sample format code.")]
Interval = Annotated[float | None, typer.Option("--dt-s", help="Sample interval [s].")]
Geometry = Annotated[
    Path | None, typer.Option(help="CSV or YAML of positions in metres, instead of the headers'.")
]
CoordinateUnit = Annotated[
    Literal["m", "ft"] | None, typer.Option("--unit", help="Unit of coordinates and offsets.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a file with any warning.")]


def named_values(texts: list[str], option: str = "--option") -> dict[str, Any]:
    """What was written as ``name=value``, values read as YAML.

    Args:
        texts: One entry a name.
        option: How the user calls them, for the message.

    Raises:
        OptionError: If an entry has no ``=``, or a value is no YAML.
    """
    import yaml

    from geoml.errors import OptionError

    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionError(f"{option} {text}: write name=value.")
        try:
            values[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise OptionError(
                f"{option} {text}: the value cannot be read; write a number, a word, [a, b] or "
                "'{name: value}', in quotes where the shell needs them."
            ) from None
    return values


def named_options(text: str, option: str) -> str | dict[str, Any]:
    """A name as it is, and ``name: {option: value}`` as a workflow file would hold it.

    Args:
        text: What the user wrote.
        option: How the user calls it, for the message.

    Raises:
        OptionError: If it is no YAML.
    """
    import yaml

    from geoml.errors import OptionError

    try:
        spec: str | dict[str, Any] = yaml.safe_load(text) if ":" in text else text
    except yaml.YAMLError:
        raise OptionError(
            f"{option} '{text}' cannot be read; write a name, or 'name: {{option: value}}'."
        ) from None
    return spec


def ingest_options(
    samples: int | None,
    byte_order: Literal["big", "little"] | None,
    sample_format: int | None,
    dt_s: float | None,
    geometry: Path | None,
    unit: Literal["m", "ft"] | None,
    strict: bool,
) -> IngestOptions:
    """The reader's options from the command line's."""
    from geoml.readers import IngestOptions

    return IngestOptions(
        samples=samples,
        byte_order=byte_order,
        sample_format=sample_format,
        dt_s=dt_s,
        geometry=geometry,
        coordinate_unit=unit,
        strict=strict,
    )
