"""A section as a file: the kinds there are, and the one that a file name asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import xarray as xr

from geoml.errors import OptionError, StoreError
from geoml.products.output_file import refuse_existing
from geoml.survey.location import AnyPath, same_place
from geoml.survey.store_files import check_target
from geoml.survey.velocity import save_section


class SectionProduct(Protocol):
    """One kind of file; a frozen dataclass of options that is called on a section."""

    suffixes: ClassVar[tuple[str, ...]]

    def __call__(self, section: xr.Dataset, path: Path) -> None:
        """Write the section; the file gets its name when it is complete."""


@dataclass(frozen=True)
class SectionZarr:
    """Every variable of the section, with units, as a Zarr v3 store; an older one is replaced."""

    suffixes: ClassVar[tuple[str, ...]] = (".zarr",)

    def __call__(self, section: xr.Dataset, path: Path) -> None:
        """Write the store."""
        save_section(section, path, overwrite=True)


@dataclass(frozen=True)
class SectionSegy:
    """One variable as SEG-Y with CDP positions, for a workstation.

    Attributes:
        variable: Which one.
        first_cdp: CDP number of the first column.
    """

    variable: str = "velocity"
    first_cdp: int = 1
    suffixes: ClassVar[tuple[str, ...]] = (".sgy", ".segy")

    def __call__(self, section: xr.Dataset, path: Path) -> None:
        """Write the file."""
        from geoml.products.segy import write_section_segy

        write_section_segy(section, path, self.variable, first_cdp=self.first_cdp)


@dataclass(frozen=True)
class SectionPng:
    """A picture of the velocity with its edges."""

    suffixes: ClassVar[tuple[str, ...]] = (".png",)

    def __call__(self, section: xr.Dataset, path: Path) -> None:
        """Draw the picture."""
        # Matplotlib takes a second to load, and most commands draw nothing.
        from geoml.products.section_figure import velocity_figure
        from geoml.products.style import png_bytes, write_whole

        write_whole(path, png_bytes(velocity_figure(section)))


PRODUCTS: dict[str, type[SectionProduct]] = {
    "zarr": SectionZarr,
    "segy": SectionSegy,
    "png": SectionPng,
}
"""Product name -> frozen dataclass whose fields are its options."""


def check_place(path: Path, inputs: Sequence[AnyPath], overwrite: bool) -> None:
    """Stop before a section takes the place of what it is made from, or of anything unasked.

    Pictures are drawn anew.

    Args:
        path: The file or store to write.
        inputs: What the section is made from.
        overwrite: Whether what is there may be replaced.

    Raises:
        StoreError: If something is there that may not be replaced.
    """
    if any(same_place(path, one) for one in inputs):
        raise StoreError(f"{path} is read for the section itself; write to another name.")
    if path.suffix.lower() in SectionZarr.suffixes:
        check_target(path, overwrite)
    elif path.suffix.lower() not in SectionPng.suffixes and not overwrite:
        refuse_existing([path])


def product_for(path: str | Path) -> SectionProduct:
    """The product that a file name asks for by its suffix, with default options.

    Raises:
        OptionError: If no product has that suffix.
    """
    suffix = Path(path).suffix.lower()
    for product in PRODUCTS.values():
        if suffix in product.suffixes:
            return product()
    known = ", ".join(suffix for product in PRODUCTS.values() for suffix in product.suffixes)
    raise OptionError(f"{Path(path).name}: a section is written as {known}; choose one.")
