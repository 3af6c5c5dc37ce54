"""A prediction as files: SEG-Y, Zarr, pictures and the report."""
