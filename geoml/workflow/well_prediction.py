"""Wells of a store predicted by a checkpoint, a LAS file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from geoml.prediction.logs import LogPredictor
from geoml.products.las_file import las_name, save_las
from geoml.survey.wells import original_if_stored, wells
from geoml.well_checkpoint import load_well_checkpoint


def predict_wells(
    store: str | Path,
    checkpoint: str | Path,
    out: str | Path,
    names: Sequence[str] | None = None,
) -> Iterator[Path]:
    """Predict wells one by one.

    Args:
        store: Wells store.
        checkpoint: Folder that ``train_wells`` wrote.
        out: Folder of the LAS files, made if need be.
        names: Wells of the store; all if None.

    Yields:
        The file of each well, with the predictions, their spread and flags beside its own curves.
    """
    predictor = LogPredictor(load_well_checkpoint(checkpoint))
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, well in wells(store, names):
        path = folder / las_name(name)
        original = original_if_stored(store, name)
        save_las(predictor.predict(well), path, original=original, overwrite=True)
        yield path
