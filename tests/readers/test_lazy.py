from __future__ import annotations

import multiprocessing
import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import FileFormatError, ShapeError
from geoml.readers.file_traces import open_file_traces
from geoml.readers.ingest import ingest, read_survey
from geoml.readers.lazy import GeomlBackend, open_trace_file
from geoml.readers.options import IngestOptions
from geoml.survey.gathers import gathers
from geoml.survey.sample_format import decode
from geoml.survey.store import open_survey, save_survey

SAMPLES = np.random.default_rng(0).normal(size=(24, 7)).round(3)


@pytest.fixture
def line(make_segy):
    """Six shots of four traces."""
    numbers = [1 + shot for shot in range(6) for _ in range(4)]
    receivers = [100 + 10 * (trace % 4) for trace in range(24)]
    return make_segy(SAMPLES, trace={9: ("i", numbers), 81: ("i", receivers)})


@pytest.fixture
def shots(make_segy):
    """Three files, one shot each, of 4, 2 and 3 traces."""
    paths = []
    for shot, n_traces in enumerate((4, 2, 3)):
        first = 4 * shot
        trace = {9: ("i", 7), 81: ("i", [10 * (1 + n) for n in range(n_traces)])}
        samples = SAMPLES[first : first + n_traces]
        paths.append(make_segy(samples, trace=trace, name=f"shot{shot}.sgy"))
    return paths, np.concatenate([SAMPLES[:4], SAMPLES[4:6], SAMPLES[8:11]])


def forbid_reading(monkeypatch) -> None:
    def decoded(*_):
        raise AssertionError("samples were read")

    monkeypatch.setattr("geoml.readers.trace_reader.decode", decoded)


def test_lazy_survey_is_the_survey_read_at_once(line):
    lazy, whole = open_trace_file(line), read_survey(line)
    assert set(lazy.variables) == set(whole.variables)
    xr.testing.assert_equal(lazy, whole)
    assert lazy["amplitude"].dtype == np.float32
    assert lazy.attrs["text_header_hex"] == whole.attrs["text_header_hex"]


def test_lazy_survey_saves_what_ingest_stores(line, tmp_path):
    save_survey(open_trace_file(line), tmp_path / "saved.zarr")
    ingest(line, tmp_path / "ingested.zarr")
    saved, ingested = (open_survey(tmp_path / f"{name}.zarr") for name in ("saved", "ingested"))
    xr.testing.assert_equal(saved, ingested)


def test_samples_stay_in_the_file_until_they_are_used(line, monkeypatch):
    with monkeypatch.context() as patched:
        forbid_reading(patched)
        found = dict(gathers(open_trace_file(line), "shot"))
        assert list(found) == [1, 2, 3, 4, 5, 6]
        with pytest.raises(AssertionError, match="samples were read"):
            found[3]["amplitude"].load()
    np.testing.assert_array_equal(found[3]["amplitude"], SAMPLES[8:12].astype(np.float32))


def test_one_gather_decodes_its_own_traces_alone(line, monkeypatch):
    n_decoded = []

    def counted(raw, *form):
        n_decoded.append(len(raw))
        return decode(raw, *form)

    survey = open_trace_file(line)
    monkeypatch.setattr("geoml.readers.trace_reader.decode", counted)
    receivers = dict(gathers(survey, "receiver"))
    near = receivers[100.0, 0.0]["amplitude"].values
    np.testing.assert_array_equal(near, SAMPLES[::4].astype(np.float32))
    assert n_decoded == [6]


def index(n: int) -> st.SearchStrategy:
    """Anything that picks from an axis of length n."""
    number = st.integers(-n, n - 1)
    # xarray itself stumbles over an empty slice that runs backwards.
    run = st.slices(n).filter(lambda part: range(n)[part] or (part.step or 1) > 0)
    return st.one_of(number, run, st.lists(number, min_size=1, max_size=5).map(np.array))


def test_indexing_is_that_of_an_array(line):
    lazy = open_trace_file(line)["amplitude"]
    truth = xr.DataArray(SAMPLES.astype(np.float32), dims=("trace", "time"))

    @given(index(24), index(7))
    def check(trace, time):
        np.testing.assert_array_equal(
            lazy.isel(trace=trace, time=time), truth.isel(trace=trace, time=time)
        )

    check()


def test_xarray_opens_a_trace_file_by_engine_and_by_suffix(line):
    whole = read_survey(line)
    for how in ({"engine": "geoml"}, {"engine": GeomlBackend}, {}):
        with xr.open_dataset(line, **how) as survey:
            np.testing.assert_array_equal(survey["amplitude"], whole["amplitude"])
            np.testing.assert_allclose(survey["time"], whole["time"])


def test_engine_takes_options_and_leaves_variables_out(line):
    options = IngestOptions(dt_s=0.001)
    with xr.open_dataset(
        line, engine=GeomlBackend, options=options, drop_variables=["header_bytes", "cdp"]
    ) as survey:
        assert survey["time"][1] == 0.001
        assert "amplitude" in survey
        assert not {"header_bytes", "cdp"} & set(survey)


def test_dask_blocks_are_gathers_where_asked_for(line):
    survey = open_trace_file(line)
    on_dask = xr.open_dataset(line, engine=GeomlBackend, chunks={})
    gather = survey.attrs["traces_per_gather"]
    assert on_dask["amplitude"].chunks == ((gather,) * (24 // gather), (7,))
    np.testing.assert_array_equal(on_dask["amplitude"] * 2, survey["amplitude"] * 2)


def test_lazy_survey_survives_a_pickle(line):
    survey = open_trace_file(line)
    survey["amplitude"][:3].load()
    again = pickle.loads(pickle.dumps(survey))
    np.testing.assert_array_equal(again["amplitude"], SAMPLES.astype(np.float32))


def _send(survey: xr.Dataset, end) -> None:
    end.send(survey["amplitude"][5:9].values)
    end.close()


def test_lazy_survey_is_read_after_a_fork(line):
    survey = open_trace_file(line)
    np.testing.assert_array_equal(survey["amplitude"][:2], SAMPLES[:2].astype(np.float32))
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    process = context.Process(target=_send, args=(survey, theirs))
    process.start()
    assert mine.poll(30), "the process reads nothing"
    np.testing.assert_array_equal(mine.recv(), SAMPLES[5:9].astype(np.float32))
    process.join(10)


def test_several_files_are_one_run_of_traces(shots):
    paths, truth = shots
    survey = open_trace_file(paths)
    np.testing.assert_array_equal(survey["amplitude"], truth.astype(np.float32))
    np.testing.assert_array_equal(survey["header_bytes"], read_survey(paths)["header_bytes"])
    assert [key for key, _ in gathers(survey)] == [(0, 7), (1, 7), (2, 7)]


def test_traces_of_several_files_come_in_any_order(shots):
    paths, truth = shots
    traces, _ = open_file_traces(str(paths[0].with_name("shot*.sgy")))
    assert (traces.n_traces, traces.n_samples) == (9, 7)

    @given(st.lists(st.integers(0, 8), max_size=12))
    def check(wanted):
        numbers = np.array(wanted, dtype=np.int64)
        found = traces.amplitude(numbers)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, truth[numbers].astype(np.float32))

    check()
    np.testing.assert_array_equal(traces.amplitude(slice(3, 7)), truth[3:7].astype(np.float32))
    assert traces.amplitude(slice(4, 4)).shape == (0, 7)
    with pytest.raises(ShapeError, match="Traces 0 to 9 are asked of 9"):
        traces.amplitude(np.array([9, 0]))


def test_file_that_lies_is_told_of_or_refused(make_segy, caplog):
    samples = np.random.default_rng(1).normal(size=(30, 200)) * 1000
    path = make_segy(samples, binary={3225: ("h", 1)})
    survey = open_trace_file(path)
    assert "the samples look like IEEE" in caplog.text
    assert any("look like IEEE" in finding for finding in survey.attrs["findings"])
    with pytest.raises(FileFormatError, match="--sample-format 5"):
        open_trace_file(path, IngestOptions(strict=True))
    right = open_trace_file(path, IngestOptions(sample_format=5))
    np.testing.assert_array_equal(right["amplitude"], samples.astype(np.float32))
