"""The running mean is what is validated and kept, batch norms included."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from geoml.checkpoint import load_checkpoint
from geoml.tasks import TASKS
from geoml.training import TrainingOptions, train
from geoml.training.pair_data import PairData
from geoml.training.scores import predict_pairs
from geoml.training.weight_average import batch_norms, measure_statistics, newest_share

WIDTHS = {"time_widths": [8], "widths": [16], "latent": 16, "section_widths": [16, 8]}


OPTIONS = TrainingOptions(
    max_epochs=4,
    batch_size=8,
    precision="32-true",
    accelerator="cpu",
    augmentation=None,
    learning_rate=2e-2,
    ema_decay=0.95,
)


def test_measured_statistics_are_those_of_the_batches() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5))
    network(9 + torch.randn(4, 2, 9, 9))  # what it saw before has no say
    network.eval()
    batches = [torch.randn(4, 2, 9, 9), 3 + torch.randn(4, 2, 9, 9)]
    measure_statistics(network, batches)
    features = [network[0](batch) for batch in batches]
    mean = torch.stack([f.mean((0, 2, 3)) for f in features]).mean(0)
    variance = torch.stack([f.var((0, 2, 3)) for f in features]).mean(0)
    torch.testing.assert_close(network[1].running_mean, mean)
    torch.testing.assert_close(network[1].running_var, variance)
    assert not network[1].training
    assert not network[2].training
    assert network[1].momentum == 0.1


def test_mean_is_short_at_first_and_as_long_as_its_decay_later() -> None:
    shares = [newest_share(0.9, n) for n in (0, 8, 80, 1000)]
    assert shares == pytest.approx([0.9, 0.5, 0.1, 0.1])
    assert newest_share(0.0, 5) == 1


@pytest.fixture(scope="module")
def run_folder(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose weights and their mean were driven far apart."""
    out = tmp_path_factory.mktemp("mean") / "run"
    model = {"inversion_net": WIDTHS}
    return train(pairs, out, model=model, options=OPTIONS, announce=lambda line: None)


def test_validated_network_is_the_one_that_is_kept(pairs: Path, run_folder: Path) -> None:
    checkpoint = load_checkpoint(run_folder)
    losses = [line["validation/velocity_loss"] for line in checkpoint.training["curve"]]
    validation = PairData(pairs, OPTIONS).part("validation")
    output, batch = predict_pairs(checkpoint.network(), validation, 8)
    loss = TASKS["velocity_edges"]().loss(output, batch)["velocity_loss"]
    assert float(loss) == pytest.approx(min(losses), rel=1e-4)


def test_mean_weights_are_kept_with_statistics_of_their_own(pairs: Path, run_folder: Path) -> None:
    kept, exact = load_checkpoint(run_folder).network(), load_checkpoint(run_folder).network()
    loader = PairData(pairs, OPTIONS).train_dataloader()
    measure_statistics(exact, [batch["shots"] for batch in loader])
    layers = zip(batch_norms(kept), batch_norms(exact), strict=True)
    ratios = torch.cat([a.running_var / b.running_var for a, b in layers])  # type: ignore[operator]
    # The same pairs, but other batches of them.
    assert ratios.log().abs().mean() < 0.1
