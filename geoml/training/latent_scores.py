"""How much of held-out patches comes back from a code, beside principal components as many."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import nn

from geoml.training.latent_data import LatentData, drawn

Floats = NDArray[np.float32]

_MOST_FITTED = 8000  # patches that the components are fitted to
_JUDGED = 1000
_AT_ONCE = 256


def explained(true: Floats, rebuilt: Floats, mean: Floats) -> float:
    """R2: share of the variance around the training's mean patch that comes back.

    Args:
        true: Shape (patch, ...).
        rebuilt: Like ``true``.
        mean: Mean of the training patches, shape of one patch.
    """
    error = np.square(true - rebuilt, dtype=np.float64).sum()
    return float(1 - error / np.square(true - mean, dtype=np.float64).sum())


@torch.no_grad()
def rebuilt_by(network: nn.Module, patches: Floats) -> Floats:
    """Patches through the code and back, (patch, trace, time)."""
    parts = torch.from_numpy(patches).split(_AT_ONCE)
    return np.concatenate([network(part)["signal"].float().numpy() for part in parts])


def rebuilt_by_pca(fitted: Floats, patches: Floats, code: int, seed: int = 0) -> Floats:
    """Patches through as many principal components as the code has numbers.

    Args:
        fitted: Patches that the components are fitted to, shape (patch, trace, time).
        patches: Others.
        code: Components.
        seed: Of the randomised solver.
    """
    components = min(code, len(fitted) - 1, fitted[0].size)
    pca = PCA(components, svd_solver="randomized", random_state=seed)
    pca.fit(fitted.reshape(len(fitted), -1))
    back = pca.inverse_transform(pca.transform(patches.reshape(len(patches), -1)))
    return np.asarray(back, dtype=np.float32).reshape(patches.shape)


def reduction_scores(
    network: nn.Module, data: LatentData, code: int, seed: int = 0
) -> dict[str, float]:
    """``r2/network``, ``r2/pca`` and ``r2/mean`` of scaled patches that trained nothing.

    Both see patches drawn alike, mirror images included.

    Args:
        network: The trained autoencoder.
        data: Patches to fit the components to, and to judge by.
        code: Numbers of the code.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    some = data.held or data.learned
    fitted, judged = (
        data.scaling.scaled(drawn(source, data.shape, count, rng))[0]
        for source, count in ((data.learned, _MOST_FITTED), (some, _JUDGED))
    )
    mean = fitted.mean(axis=0)
    rows = {
        "network": rebuilt_by(network, judged),
        "pca": rebuilt_by_pca(fitted, judged, code, seed),
        "mean": np.broadcast_to(mean, judged.shape),
    }
    return {f"r2/{name}": explained(judged, row, mean) for name, row in rows.items()}
