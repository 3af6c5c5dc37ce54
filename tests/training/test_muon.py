"""Muon's steps against their definition, and against AdamW's own."""

from __future__ import annotations

import copy

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from geoml.training.muon import LEAST_SIDE, Muon, muon_groups, orthogonal


@settings(deadline=None, max_examples=20)
@given(rows=st.integers(16, 70), columns=st.integers(16, 70), seed=st.integers(0, 99))
def test_singular_values_come_near_one(rows: int, columns: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(rows, columns, generator=generator)
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.6 < float(values.median()) < 1.25
    assert float(values.max()) < 1.3


def test_the_nearest_orthogonal_matrix_is_that_of_the_singular_vectors() -> None:
    matrix = torch.randn(24, 40, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    exact, found = (left @ right).flatten(), orthogonal(matrix).flatten()
    assert float(torch.cosine_similarity(exact, found, dim=0)) > 0.97


def test_a_step_does_not_depend_on_the_gradient_s_size() -> None:
    weights = []
    for size in (1.0, 1e3):
        weight = nn.Parameter(torch.zeros(16, 20))
        weight.grad = size * torch.randn(16, 20, generator=torch.Generator().manual_seed(2))
        group = {"params": [weight], "lr": 0.1, "weight_decay": 0.0, "orthogonal": True}
        Muon([group]).step()
        weights.append(weight.detach())
    # bfloat16 rounds the products, at other places for other sizes.
    assert float(torch.cosine_similarity(*(w.flatten() for w in weights), dim=0)) > 0.999
    # The size of an AdamW step at the same rate: 0.2 of the rate in each weight.
    assert 0.7 < float(weights[0].square().mean().sqrt()) / (0.2 * 0.1) < 1.3


def step_of(shape: tuple[int, int], gradients: list[torch.Tensor]) -> torch.Tensor:
    """The last of several steps at rate 1."""
    weight = nn.Parameter(torch.zeros(shape))
    group = {"params": [weight], "lr": 1.0, "weight_decay": 0.0, "orthogonal": True}
    optimizer, before = Muon([group]), weight.detach().clone()
    for gradient in gradients:
        before = weight.detach().clone()
        weight.grad = gradient
        optimizer.step()
    return weight.detach() - before


def test_step_is_as_large_for_a_long_matrix_as_for_a_square_one() -> None:
    generator = torch.Generator().manual_seed(5)
    for shape in ((16, 16), (16, 400), (400, 16)):
        step = step_of(shape, [torch.randn(shape, generator=generator)])
        assert 0.7 < float(step.square().mean().sqrt()) / 0.2 < 1.3


def test_momentum_looks_ahead_by_the_gradient_that_it_has_just_seen() -> None:
    generator = torch.Generator().manual_seed(6)
    first, second = (torch.randn(24, 30, generator=generator) for _ in range(2))
    momentum = 0.95 * 0.05 * first + 0.05 * second
    step = step_of((24, 30), [first, second]).flatten()
    alike = [
        float(torch.cosine_similarity(-orthogonal(matrix).flatten(), step, dim=0))
        for matrix in (0.05 * second + 0.95 * momentum, momentum)
    ]
    assert alike[0] > 0.999 > 0.97 > alike[1]


def test_what_is_no_matrix_goes_the_way_of_adamw() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(), nn.Conv2d(4, 1, 1))
    other = copy.deepcopy(network)
    own = Muon(muon_groups(network, 1.0, 1e-2, 0.1))
    decaying = [p for p in other.parameters() if p.ndim > 1]
    free = [p for p in other.parameters() if p.ndim <= 1]
    adamw = torch.optim.AdamW(
        [{"params": decaying, "weight_decay": 0.1}, {"params": free, "weight_decay": 0.0}], lr=1e-2
    )
    for _ in range(5):
        x = torch.randn(2, 2, 8, 8)
        for model, optimizer in ((network, own), (other, adamw)):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    for mine, theirs in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_every_weight_is_in_one_group_and_only_matrices_are_orthogonal() -> None:
    network = nn.Sequential(
        nn.Conv2d(2, 32, 3), nn.Conv2d(32, 8, 3), nn.Linear(64, 32), nn.Conv2d(1, 32, 3)
    )
    groups = muon_groups(network, 0.1, 0.2, 0.3)
    listed = [id(weight) for group in groups for weight in group["params"]]
    assert sorted(listed) == sorted(id(weight) for weight in network.parameters())
    for group in groups:
        for weight in group["params"]:
            large = weight.ndim > 1 and min(weight.shape[0], weight[0].numel()) >= LEAST_SIDE
            assert group["orthogonal"] == large
            assert (group["weight_decay"] > 0) == (weight.ndim > 1)
            assert group["lr"] == (0.1 if large else 0.2)


def test_a_resumed_optimiser_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(4)
    network = nn.Sequential(nn.Conv2d(2, 16, 3), nn.Conv2d(16, 16, 3))
    optimizer = Muon(muon_groups(network, 0.01, 0.01, 0.1))
    x = torch.randn(2, 2, 9, 9)

    def one_step(model: nn.Module, its: Muon) -> None:
        its.zero_grad()
        model(x).square().mean().backward()
        its.step()

    one_step(network, optimizer)
    twin = copy.deepcopy(network)
    resumed = Muon(muon_groups(twin, 0.01, 0.01, 0.1))
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    one_step(network, optimizer)
    one_step(twin, resumed)
    for mine, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
