"""Wells of a store predicted by a checkpoint, a LAS file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from geoml.prediction.logs import LogPredictor
from geoml.products.las_file import las_name, save_las
from geoml.products.output_file import refuse_existing
from geoml.survey.wells import original_if_stored, well_names, wells
from geoml.well_checkpoint import load_well_checkpoint


def predict_wells(
    store: str | Path,
    checkpoint: str | Path,
    out: str | Path,
    names: Sequence[str] | None = None,
    *,
    overwrite: bool = False,
) -> Iterator[Path]:
    """Predict wells one by one.

    Args:
        store: Wells store.
        checkpoint: Folder that ``train_wells`` wrote.
        out: Folder of the LAS files, made if need be.
        names: Wells of the store; all if None.
        overwrite: Replace files that are already there.

    Yields:
        The file of each well, with the predictions, their spread and flags beside its own curves.

    Raises:
        StoreError: If one of the files exists and ``overwrite`` is False, before any is written.
    """
    folder = Path(out)
    if not overwrite:
        refuse_existing([folder / las_name(name) for name in names or well_names(store)])
    predictor = LogPredictor(load_well_checkpoint(checkpoint))
    folder.mkdir(parents=True, exist_ok=True)
    for name, well in wells(store, names):
        path = folder / las_name(name)
        original = original_if_stored(store, name)
        save_las(predictor.predict(well), path, original=original, overwrite=overwrite)
        yield path
