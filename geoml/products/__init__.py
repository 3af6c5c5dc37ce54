"""A prediction as files: SEG-Y, Zarr, pictures and the report."""

from __future__ import annotations

from geoml.products.section_files import PRODUCTS, SectionProduct, check_place, product_for

__all__ = ["PRODUCTS", "SectionProduct", "check_place", "product_for"]
