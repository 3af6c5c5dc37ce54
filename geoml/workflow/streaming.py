"""Gathers for training, from whatever a path names: a survey store or trace files."""

from __future__ import annotations

from pathlib import Path

from geoml.readers import READERS
from geoml.readers.file_list import TracePaths
from geoml.readers.file_traces import open_file_traces
from geoml.readers.options import IngestOptions
from geoml.samples.gather_dataset import Change, GatherDataset
from geoml.survey.gathers import GatherKind, check_kind, gather_index
from geoml.survey.location import base_name
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.store import stored_gather_index
from geoml.survey.survey_traces import SurveyTraces
from geoml.survey.trace_source import StoreTraces


def gather_dataset(
    path: TracePaths,
    kind: GatherKind = "shot",
    options: IngestOptions | None = None,
    transform: Change | None = None,
) -> GatherDataset:
    """A torch dataset of all gathers of one kind, of a store or of trace files as they are.

    Args:
        path: Survey store, MDIO store, or SEG-Y or Seismic Unix file, or several, or a pattern;
            paths or fsspec URLs.
        kind: What the traces of a gather share.
        options: The user's decisions about trace files; a store has settled them.
        transform: Changes a sample after it is read.

    Raises:
        FileFormatError: If a file cannot be read right.
        GeometryError: If the geometry file does not fit.
        OptionError: If the kind is unknown, or an option makes no sense for a file.
        StoreError: If there is no store, or it is incomplete or of another version.
    """
    check_kind(kind)
    if not isinstance(path, str | Path) or Path(base_name(path)).suffix.lower() in READERS:
        source, table = open_file_traces(path, options)
        return GatherDataset(source, gather_index(table, kind), transform)
    if is_mdio(path):
        survey = open_mdio(path)
        return GatherDataset(SurveyTraces(survey), gather_index(survey, kind), transform)
    return GatherDataset(StoreTraces(path), stored_gather_index(path, kind), transform)
