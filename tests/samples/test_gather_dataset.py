from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import lightning
import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from geoml.errors import OptionError, ShapeError
from geoml.readers import open_reader
from geoml.samples.gather_dataset import GatherDataset, collate_gathers
from geoml.samples.gather_loader import gather_loader
from geoml.samples.shard_sampler import ShardShuffleSampler
from geoml.survey import sharded_rows
from geoml.survey.gathers import GatherIndex, gather_index
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import save_survey
from geoml.survey.trace_source import StoreTraces

N_SAMPLES = 5


def make_survey(sizes: list[int]) -> xr.Dataset:
    """Shots of those trace counts, every sample another number."""
    shot = np.repeat(np.arange(len(sizes)), sizes)
    receiver = np.concatenate([np.arange(size) for size in sizes])
    zeros = {name: ("trace", np.zeros(shot.size)) for name in TRACE_VARIABLES}
    amplitude = np.arange(shot.size * N_SAMPLES, dtype=np.float32).reshape(-1, N_SAMPLES)
    return xr.Dataset(
        {
            **zeros,
            "amplitude": (("trace", "time"), amplitude),
            "field_record": ("trace", 100 + shot),
            "receiver_x": ("trace", 10.0 * receiver + 5),
        },
        coords={"time": 0.004 * np.arange(N_SAMPLES)},
    )


def write_segy(survey: xr.Dataset, path: Path) -> None:
    """Big-endian IEEE, placed by hand."""
    binary = bytearray(400)
    for byte, value in ((3217, 4000), (3221, N_SAMPLES), (3225, 5)):
        struct.pack_into(">h", binary, byte - 3201, value)
    content = [b"\x40" * 3200, bytes(binary)]
    records = survey["field_record"].values.astype(int)
    for record, samples in zip(records, survey["amplitude"].values, strict=True):
        header = bytearray(240)
        struct.pack_into(">i", header, 8, record)
        struct.pack_into(">hh", header, 114, N_SAMPLES, 4000)
        content += [bytes(header), samples.astype(">f4").tobytes()]
    path.write_bytes(b"".join(content))


@pytest.fixture(params=["store", "file"])
def make_source(request, tmp_path):
    """The amplitudes of a survey behind a store, or behind the SEG-Y file itself."""

    def make(survey: xr.Dataset):
        if request.param == "store":
            save_survey(survey, tmp_path / "line.zarr")
            return StoreTraces(tmp_path / "line.zarr")
        write_segy(survey, tmp_path / "line.sgy")
        return open_reader(tmp_path / "line.sgy")

    return make


class Nothing:
    """A source of traces that are never read: for what is decided before reading."""

    n_samples = N_SAMPLES

    def __init__(self, n_traces: int) -> None:
        self.n_traces = n_traces

    def amplitude(self, traces):
        raise AssertionError("nothing is read here")


def sampler_of(sizes: list[int], shard_traces: int = 10, **options) -> ShardShuffleSampler:
    index = gather_index(make_survey(sizes))
    dataset = GatherDataset(Nothing(sum(sizes)), index, shard_traces=shard_traces)
    return ShardShuffleSampler(dataset, **options)


def places_of(batches) -> list[int]:
    return [int(key) - 100 for batch in batches for key in batch["key"]]


def test_gather_holds_the_traces_of_its_key(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    assert len(dataset) == 3
    gather = dataset[2]
    assert gather["samples"].dtype == torch.float32
    np.testing.assert_array_equal(gather["samples"], survey["amplitude"][4:])
    assert gather["traces"].tolist() == [4, 5]
    assert gather["key"].item() == 102
    assert dataset[-1]["key"] == 102
    assert len(list(dataset)) == 3


def test_scattered_gather_holds_its_traces_in_file_order(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey, "receiver"))
    near = dataset[0]
    assert near["key"].tolist() == [5.0, 0.0]
    assert near["traces"].tolist() == [0, 3, 4]
    np.testing.assert_array_equal(near["samples"], survey["amplitude"].values[[0, 3, 4]])


def test_gathers_of_unequal_size_are_padded_and_marked(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    batch = collate_gathers([dataset[place] for place in range(3)])
    assert batch["samples"].shape == (3, 3, N_SAMPLES)
    assert batch["mask"].tolist() == [[True] * 3, [True, False, False], [True, True, False]]
    assert batch["traces"].tolist() == [[0, 1, 2], [3, -1, -1], [4, 5, -1]]
    np.testing.assert_array_equal(batch["samples"][batch["mask"]], survey["amplitude"])
    assert not batch["samples"][~batch["mask"]].any()


def double(gather):
    return {**gather, "samples": 2 * gather["samples"], "gain": torch.tensor(2.0)}


def test_transform_changes_what_is_read_and_its_additions_are_stacked(make_source):
    survey = make_survey([2, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey), double)
    batch = collate_gathers([dataset[0], dataset[1]])
    np.testing.assert_array_equal(batch["samples"].reshape(4, -1), 2 * survey["amplitude"])
    assert batch["gain"].tolist() == [2.0, 2.0]


def test_index_of_another_survey_is_refused():
    index = gather_index(make_survey([3, 3]))
    with pytest.raises(ShapeError, match="hold 6 traces, the highest 5; the source has 4"):
        GatherDataset(Nothing(4), index)
    empty = GatherIndex("shot", np.array([]), np.array([], dtype=int), np.array([0]))
    with pytest.raises(ShapeError, match="hold 0 traces, none; the source has 4"):
        GatherDataset(Nothing(4), empty)


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=40),
    st.integers(1, 5),
    st.integers(1, 30),
    st.booleans(),
    st.integers(0, 3),
)
def test_ranks_together_give_every_gather_once(sizes, world_size, shard_traces, shuffle, epoch):
    ranks = []
    for rank in range(world_size):
        sampler = sampler_of(sizes, shard_traces, shuffle=shuffle, rank=rank, world_size=world_size)
        sampler.set_epoch(epoch)
        ranks.append(list(sampler))
        assert len(sampler) == len(ranks[-1])
    assert sorted(place for rank in ranks for place in rank) == list(range(len(sizes)))
    counts = [len(rank) for rank in ranks]
    assert max(counts) - min(counts) <= 1


@given(st.integers(1, 40), st.integers(1, 6))
def test_equal_ranks_have_equal_counts_and_share_nothing(n_gathers, world_size):
    ranks = [
        list(sampler_of([2] * n_gathers, rank=rank, world_size=world_size, equal=True))
        for rank in range(world_size)
    ]
    assert {len(rank) for rank in ranks} == {n_gathers // world_size}
    everything = [place for rank in ranks for place in rank]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize("buffer_shards", [1, 3])
def test_gathers_of_a_few_shards_stay_together(buffer_shards):
    sampler = sampler_of([2] * 100, 10, seed=5, buffer_shards=buffer_shards)
    shards = np.array(list(sampler)) * 2 // 10
    in_buffer = 5 * buffer_shards
    for first in range(0, 100, in_buffer):
        together = np.unique(shards[first : first + in_buffer])
        assert together.size == min(buffer_shards, (100 - first + 4) // 5)
    assert np.unique(shards[::in_buffer]).size > 3
    assert (np.diff(shards) < 0).any(), "shards come in random order"


def test_gathers_all_over_the_survey_are_shuffled_together():
    survey = make_survey([20] * 30)
    dataset = GatherDataset(Nothing(600), gather_index(survey, "receiver"), shard_traces=100)
    order = list(ShardShuffleSampler(dataset, buffer_shards=1))
    assert sorted(order) == list(range(20))
    assert order != sorted(order)


def test_order_is_of_seed_and_epoch_alone():
    def order(seed: int, epoch: int) -> list[int]:
        sampler = sampler_of([2] * 50, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(1, 2) == order(1, 2)
    orders = [order(seed, epoch) for seed in (1, 2) for epoch in (0, 1)]
    assert len({tuple(each) for each in orders}) == 4
    assert list(sampler_of([2] * 5, shuffle=False)) == [0, 1, 2, 3, 4]


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 2), st.integers(1, 3))
def test_resumed_sampler_gives_the_rest(n_gathers, done, epoch, world_size):
    options = {"seed": 3, "rank": world_size - 1, "world_size": world_size}
    whole = sampler_of([2] * n_gathers, **options)
    whole.set_epoch(epoch)
    saved = json.loads(json.dumps({**whole.state_dict(), "start": done}))
    again = sampler_of([2] * n_gathers, **options)
    again.load_state_dict(saved)
    assert list(again) == list(whole)[done:]
    assert len(again) == len(whole), "the length is that of an epoch"


def test_position_in_another_order_is_refused():
    state = sampler_of([2] * 6, seed=1).state_dict()
    with pytest.raises(OptionError, match=r"of seed 1; this sampler has seed 2. Resume"):
        sampler_of([2] * 6, seed=2).load_state_dict(state)
    with pytest.raises(OptionError, match="n_gathers 6; this sampler has n_gathers 5"):
        sampler_of([2] * 5, seed=1).load_state_dict(state)


@pytest.mark.parametrize(
    "options", [{"rank": 2, "world_size": 2}, {"rank": -1}, {"buffer_shards": 0}]
)
def test_impossible_ranks_and_buffers_are_refused(options):
    with pytest.raises(OptionError, match=r"Rank .* needed a rank from 0 to below the count"):
        sampler_of([2, 2], **options)


def test_impossible_batches_are_refused():
    dataset = sampler_of([2, 2]).dataset
    with pytest.raises(OptionError, match="Batches of 0 by 0 workers"):
        gather_loader(dataset, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_left_in_the_middle_goes_on_where_it_was(make_source, workers):
    survey = make_survey([2] * 23)
    dataset = GatherDataset(make_source(survey), gather_index(survey), shard_traces=8)

    def loader():
        return gather_loader(dataset, 3, seed=4, workers=workers)

    first = loader()
    epochs = [places_of(first) for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(23))] * 2
    assert epochs[0] != epochs[1]

    left = loader()
    iterator = iter(left)
    read = places_of([next(iterator) for _ in range(5)])
    saved = json.loads(json.dumps(left.state_dict()))
    assert saved["start"] == 15, "what workers have read ahead does not count"
    del iterator

    resumed = loader()
    resumed.load_state_dict(saved)
    assert len(resumed) == 8, "the length is that of an epoch"
    assert read + places_of(resumed) == epochs[0]
    assert places_of(resumed) == epochs[1]


class SeenGathers(lightning.LightningModule):
    """A model of one number that writes down what it is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.seen: list[int] = []

    def training_step(self, batch, _):
        self.seen += places_of([batch])
        return (self.weight**2).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


@pytest.mark.filterwarnings("ignore")
def test_training_resumed_in_the_middle_of_an_epoch_sees_the_rest(make_source, tmp_path):
    survey = make_survey([2] * 23)
    dataset = GatherDataset(make_source(survey), gather_index(survey), shard_traces=8)

    def train(checkpoint: Path | None) -> list[int]:
        saver = ModelCheckpoint(tmp_path, "{step}", every_n_train_steps=5, save_top_k=-1)
        quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary"), False)
        trainer = lightning.Trainer(
            max_epochs=2, accelerator="cpu", callbacks=[saver], default_root_dir=tmp_path, **quiet
        )
        model = SeenGathers()
        trainer.fit(model, gather_loader(dataset, 3, seed=4, workers=1), ckpt_path=checkpoint)
        return model.seen

    whole = train(None)
    assert [sorted(whole[:23]), sorted(whole[23:])] == [list(range(23))] * 2
    assert train(tmp_path / "step=5.ckpt") == whole[15:]


def test_loader_at_the_end_of_an_epoch_goes_on_with_the_next():
    sampler = sampler_of([2] * 8)
    sampler.load_state_dict({**sampler.state_dict(), "start": 8})
    assert list(sampler) == []
    sampler.set_epoch(1)
    assert sorted(sampler) == list(range(8))


def test_ranks_with_workers_read_every_sample_once(make_source):
    survey = make_survey([3, 1, 2, 2] * 6)
    source = make_source(survey)
    found = np.zeros(survey["amplitude"].shape, dtype=np.float32)
    seen = np.zeros(len(found), dtype=int)
    for rank in range(2):
        dataset = GatherDataset(source, gather_index(survey), shard_traces=8)
        for batch in gather_loader(dataset, 4, rank=rank, world_size=2, workers=2):
            traces = batch["traces"][batch["mask"]].numpy()
            seen[traces] += 1
            found[traces] = batch["samples"][batch["mask"]].numpy()
    np.testing.assert_array_equal(seen, 1)
    np.testing.assert_array_equal(found, survey["amplitude"])


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker")
@pytest.mark.parametrize(("method", "workers"), [("fork", 4), ("spawn", 1)])
def test_handle_opened_before_workers_start_gives_no_wrong_gather(make_source, method, workers):
    survey = make_survey([40] * 640)
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    truth = survey["amplitude"].values.reshape(640, 40, N_SAMPLES)
    np.testing.assert_array_equal(dataset[17]["samples"], truth[17])
    loader = gather_loader(dataset, 4, workers=workers, start_method=method)
    n_right = 0
    for batch in loader:
        places = batch["key"].numpy() - 100
        for place, samples in zip(places, batch["samples"].numpy(), strict=True):
            n_right += np.array_equal(samples, truth[place])
        # The parent reads on with its own handle meanwhile.
        np.testing.assert_array_equal(dataset[places[0]]["samples"], truth[places[0]])
    assert n_right == 640


@pytest.mark.parametrize("n_traces", [4, 16], ids=["many gathers a chunk", "one gather a chunk"])
def test_every_stored_byte_is_read_once_an_epoch(tmp_path, monkeypatch, n_traces):
    survey = make_survey([n_traces] * 70)
    save_survey(survey, tmp_path / "line.zarr")
    dataset = GatherDataset(StoreTraces(tmp_path / "line.zarr"), gather_index(survey))
    reads: list[tuple[str, int, int]] = []
    checked = sharded_rows._checked

    def counted(file, offset, n_bytes):
        reads.append((file.name, offset, n_bytes))
        return checked(file, offset, n_bytes)

    monkeypatch.setattr(sharded_rows, "_checked", counted)
    for _ in gather_loader(dataset, 3):
        pass
    index_bytes = 16 * 16 + 4
    chunks = [read for read in reads if read[2] != index_bytes]
    assert len(chunks) == len(set(chunks)) == {4: 3, 16: 70}[n_traces]
    shards = {read[0] for read in reads}
    n_stored = sum(Path(shard).stat().st_size for shard in shards)
    assert sum(read[2] for read in chunks) == n_stored - len(shards) * index_bytes


def test_pickle_of_a_used_dataset_is_that_of_a_new_one(make_source):
    survey = make_survey([2] * 4)
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    unused = pickle.dumps(dataset)
    dataset[1]
    assert pickle.dumps(dataset) == unused
    np.testing.assert_array_equal(pickle.loads(unused)[3]["samples"], survey["amplitude"][6:])


def test_plain_torch_loader_reads_equal_gathers(make_source):
    survey = make_survey([2] * 6)
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    batches = list(DataLoader(dataset, batch_size=3, sampler=ShardShuffleSampler(dataset)))
    assert sorted(places_of(batches)) == list(range(6))
    assert batches[0]["samples"].shape == (3, 2, N_SAMPLES)
