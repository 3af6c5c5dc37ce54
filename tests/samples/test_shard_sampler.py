"""The order of gathers: every rank its share, once an epoch, the same for a seed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gather_source import Nothing, make_survey, sampler_of
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.samples.gather_dataset import GatherDataset
from geoml.samples.gather_loader import gather_loader
from geoml.samples.shard_sampler import ShardShuffleSampler
from geoml.survey.gathers import gather_index


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
