"""Loaders go on where they were left, and read every stored byte once."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import lightning
import numpy as np
import pytest
import torch
from gather_source import N_SAMPLES, make_survey, places_of, sampler_of
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from geoml.samples.gather_dataset import GatherDataset
from geoml.samples.gather_loader import gather_loader
from geoml.samples.shard_sampler import ShardShuffleSampler
from geoml.survey import sharded_rows
from geoml.survey.gathers import gather_index
from geoml.survey.store import save_survey
from geoml.survey.trace_source import StoreTraces


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
