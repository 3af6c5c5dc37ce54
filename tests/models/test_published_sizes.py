"""Networks have as many parameters as their papers say, at the shape their papers use."""

from __future__ import annotations

import pytest
import torch

from geoml.models import SectionShape, build_model

OPENFWI = SectionShape(n_shots=5, n_samples=1000, n_receivers=70, n_depth=70, n_distance=70)

PUBLISHED_M = {
    # Deng et al. (2022), OpenFWI, supplement: 24.41 M, of which 0.004 M are biases of convolutions
    # that batch norm cancels; they are left out here.
    "inversion_net": 24.41,
}


@pytest.mark.parametrize("name", PUBLISHED_M)
def test_parameters_are_as_many_as_published(name: str) -> None:
    with torch.device("meta"):
        model = build_model(name, OPENFWI, ("velocity",))
    count = sum(weight.numel() for weight in model.parameters())
    assert count / 1e6 == pytest.approx(PUBLISHED_M[name], abs=0.01)
