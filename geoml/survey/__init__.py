"""The data model: traces, positions, windows and sections as xarray over Zarr."""
