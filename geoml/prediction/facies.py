"""Seismic facies: clusters of the codes around every sample of a section, or of attributes.

A code tells where in the patch each reflector lies, and clusters of codes as they are would be
stripes along single peaks and troughs. What makes a facies is the character: how strong each
number of the code swings in the neighbourhood, wherever its peaks are. So the codes are squared
and averaged over a window, as texture energies are, before they are clustered.

References:
    Laws (1980), Textured image segmentation, USC (texture energies).
    Coléou, Poupon and Azbel (2003), Unsupervised seismic facies classification, The Leading Edge
    22(10), 942-953.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from geoml.errors import OptionError
from geoml.prediction.codes import SectionCodes
from geoml.registry import nearest

Floats = NDArray[np.float64]
Method = Literal["kmeans", "gaussian_mixture"]

NO_FACIES = 0
"""Label of samples without amplitude around them; facies count from 1."""

_COMPONENTS = 8
_TRACES_AT_ONCE = 32
_MOST_FITTED = 30_000
_RIDGE = 1e-3
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Facies:
    """Labels of a section and what they rest on.

    Attributes:
        label: ``NO_FACIES`` or 1 to the number of facies, by rising amplitude, shape (trace, time).
        feature: Standardised features at the grid of codes, shape (row, column, feature).
        grid_label: Labels there, shape (row, column).
    """

    label: NDArray[np.int32]
    feature: Floats
    grid_label: NDArray[np.int32]


def code_texture(codes: SectionCodes, window: tuple[float, float] = (2.0, 2.0)) -> Floats:
    """Logarithms of how strong each number of the code swings around a point, and of the level.

    Args:
        codes: On a grid of points.
        window: Standard deviation of the Gaussian average [points across, points along time].

    Returns:
        Shape (row, column, code + 1).
    """
    live = codes.level.reshape(-1) > 0
    code = codes.code.astype(np.float64)
    code = code - code.reshape(-1, code.shape[2])[live].mean(axis=0)
    energy = ndimage.gaussian_filter(code**2, (*window, 0), mode="reflect")
    power = ndimage.gaussian_filter(codes.level.astype(np.float64) ** 2, window, mode="reflect")
    return np.log(np.concatenate([energy, power[..., None]], axis=2) + _TINY)


def facies(
    features: Floats,
    points: tuple[NDArray[np.int64], NDArray[np.int64]],
    amplitude: NDArray[np.floating],
    n_facies: int,
    method: Method = "kmeans",
    *,
    seed: int = 0,
    components: int = _COMPONENTS,
) -> Facies:
    """Clusters of features that lie on a coarse grid over a section.

    Features are brought to equal variance and to their principal components; between points of
    the grid they are interpolated before each sample gets the label of its nearest cluster, so
    that no grid shows in the labels.

    Args:
        features: Shape (row, column, feature).
        points: Ascending traces and samples where they lie, shapes (row,) and (column,).
        amplitude: The section, shape (trace, time); silent samples get no facies.
        n_facies: Clusters, 2 to 20.
        method: ``kmeans`` or ``gaussian_mixture``.
        seed: Of the first guess.
        components: Principal components that are kept, at most.

    Raises:
        OptionError: If the method is unknown, or the number of facies out of range or greater
            than the number of live points.
    """
    if method not in get_args(Method):
        raise OptionError(
            f"Unknown clustering '{method}'.{nearest(method, get_args(Method))} "
            f"Known: {', '.join(get_args(Method))}."
        )
    live_samples = ndimage.maximum_filter(np.abs(amplitude), (5, 17)) > 0
    live = live_samples[np.ix_(*points)]
    if not 2 <= n_facies <= min(20, int(live.sum())):
        raise OptionError(f"{n_facies} facies of {int(live.sum())} live points; take 2 to 20.")
    mean, deviation = features[live].mean(axis=0), features[live].std(axis=0)
    standard = (features - mean) / np.where(deviation > 0, deviation, 1)
    rng = np.random.default_rng(seed)
    pool = standard[live]
    pool = pool[rng.permutation(len(pool))[:_MOST_FITTED]]
    pca = PCA(min(components, pool.shape[1], len(pool))).fit(pool)
    model = (
        KMeans(n_facies, n_init=4, random_state=seed)
        if method == "kmeans"
        else GaussianMixture(n_facies, reg_covar=_RIDGE, n_init=2, random_state=seed)
    ).fit(pca.transform(pool))
    flat = pca.transform(standard.reshape(-1, standard.shape[2])).reshape(*live.shape, -1)
    parts = [
        model.predict(_interpolated(flat, points, amplitude.shape, first))
        for first in range(0, len(amplitude), _TRACES_AT_ONCE)
    ]
    label = np.concatenate(parts).reshape(amplitude.shape)
    order = _by_amplitude(label, np.abs(amplitude), n_facies)
    label = np.where(live_samples, order[label] + 1, NO_FACIES).astype(np.int32)
    return Facies(label, standard, label[np.ix_(*points)])


def _interpolated(
    grid: Floats,
    points: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, ...],
    first: int,
) -> Floats:
    """Linear between points for some traces, shape (trace time, component)."""
    trace = np.arange(first, min(first + _TRACES_AT_ONCE, shape[0]))
    at = [
        np.interp(wanted, places, np.arange(places.size))
        for wanted, places in zip((trace, np.arange(shape[1])), points, strict=True)
    ]
    where = np.stack(np.meshgrid(*at, indexing="ij"))
    parts = [
        ndimage.map_coordinates(grid[..., i], where, order=1, mode="nearest").ravel()
        for i in range(grid.shape[2])
    ]
    return np.stack(parts, axis=1)


def _by_amplitude(
    label: NDArray[np.integer], amplitude: NDArray[np.floating], n_facies: int
) -> NDArray[np.int64]:
    """Rank of each cluster's mean amplitude: colours then mean the same from picture to picture."""
    total = np.bincount(label.ravel(), amplitude.ravel(), n_facies)
    count = np.bincount(label.ravel(), minlength=n_facies)
    return np.argsort(np.argsort(total / np.maximum(count, 1)))
