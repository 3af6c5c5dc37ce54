"""Traces that are not what their neighbours say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.prediction.anomalies import (
    MEASURES,
    gather_anomaly,
    neighbour_measures,
    trace_anomalies,
)

DT_S = 0.004
PLACE = 9


class Clean(nn.Module):
    """Knows what every trace should be, as a trained network would."""

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        clean = torch.from_numpy(gather(noise=0.0))[None]
        return {"signal": clean, "log_scale": torch.full_like(samples, np.log(0.2))}


def gather(noise: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(0)
    wave = np.convolve(rng.normal(size=250), np.hanning(9), "same")
    traces = np.tile(wave / wave.std(), (20, 1)) + noise * rng.normal(size=(20, 250))
    return traces.astype(np.float32)


def spoiled(kind: str) -> np.ndarray:
    samples = gather()
    rng = np.random.default_rng(1)
    samples[PLACE] = {
        "dead": 1e-3 * rng.normal(size=250),
        "reversed": -samples[PLACE],
        "noisy": samples[PLACE] + 2 * rng.normal(size=250),
        "spike": samples[PLACE] + 8 * (np.arange(250) == 77),
    }[kind]
    return samples


@pytest.mark.parametrize(
    ("kind", "measure"),
    [("dead", "level"), ("reversed", "upside_down"), ("noisy", "error"), ("spike", "outburst")],
)
def test_damage_shows_in_the_measure_that_is_made_for_it(kind: str, measure: str) -> None:
    measures = neighbour_measures(Clean(), spoiled(kind))
    assert measures.shape == (20, len(MEASURES))
    assert measures[:, MEASURES.index(measure)].argmax() == PLACE


@pytest.mark.parametrize("kind", ["dead", "reversed", "noisy", "spike"])
@pytest.mark.parametrize("by", ["rules", "neighbours", "both"])
def test_damaged_trace_has_the_greatest_score(kind: str, by: str) -> None:
    score = gather_anomaly(spoiled(kind), DT_S, Clean(), by)  # type: ignore[arg-type]
    assert score.argmax() == PLACE


def test_measures_do_not_hang_on_the_strength_of_the_gather() -> None:
    usual, loud = (neighbour_measures(Clean(), f * gather()) for f in (1, 1e6))
    np.testing.assert_allclose(loud, usual, rtol=1e-3)


def test_trace_with_a_number_missing_is_certain_and_spoils_no_other() -> None:
    samples = gather()
    samples[PLACE, 3] = np.nan
    score = gather_anomaly(samples, DT_S, Clean(), "neighbours")
    assert np.isposinf(score).tolist() == (np.arange(20) == PLACE).tolist()


def test_network_that_is_missing_is_refused() -> None:
    import xarray as xr

    with pytest.raises(OptionError, match="by 'both' need a network"):
        trace_anomalies(xr.Dataset(), by="both")
