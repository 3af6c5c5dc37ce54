"""The measurements of ``latent.py``: each part is one training and returns plain numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bad_traces as damage
import numpy as np
import torch
from latent_sections import DT_S, NAMES, facies_section
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, adjusted_rand_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from geoml.models.gathers import GATHER_MODELS
from geoml.prediction.anomalies import gather_anomaly, neighbour_measures
from geoml.prediction.codes import PatchCoder, patch_coder
from geoml.prediction.facies import code_texture
from geoml.readers.ingest import read_survey
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.samples.code_scaling import CodeScaling
from geoml.samples.patches import patch_scale
from geoml.samples.section_attributes import section_attributes
from geoml.training.denoise_data import GatherPatches
from geoml.training.fit_network import FitOptions
from geoml.training.latent import train_latent
from geoml.training.latent_data import LatentData, drawn, section_data
from geoml.training.latent_scores import explained, rebuilt_by, rebuilt_by_pca
from geoml.training.neighbours import train_neighbours

DATA = Path(os.environ.get("GEOML_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PATCH = (16, 32)
FOLDS = 3
LABELS = (1, 5, 20)
_FILE = 500  # models of one file of OpenFWI
_STEP = (4, 8)
_MANY = 10_000  # steps; the CPU minutes end a training


def fit(minutes: float, seed: int, batch_size: int = 32) -> FitOptions:
    return FitOptions(
        steps=_MANY, max_cpu_minutes=minutes, batch_size=batch_size, validate_every=100,
        ema_decay=0.97, seed=seed, accelerator="cpu",
    )  # fmt: skip


def reduction(
    seed: int, minutes: float, code: int, model: str, families: Sequence[str]
) -> dict[str, Any]:
    """R2 of OpenFWI models of files that trained nothing, code and components as many."""
    files = {family: DATA / "velocity" / f"openfwi_{family}_train.zip" for family in families}
    sections = {name: open_velocity_arrays(file).read(0, 5000) for name, file in files.items()}
    learned = np.concatenate([v[: -2 * _FILE] for v in sections.values()])
    held = np.concatenate([v[-2 * _FILE : -_FILE] for v in sections.values()])
    data = section_data(learned, held, "OpenFWI")
    options = {"widths": (16, 32, 64, 128)}
    checkpoint = train_latent(
        data, fit(minutes, seed, 16), model=model, code=code, model_options=options
    )
    network = checkpoint.network(GATHER_MODELS)
    turned = np.swapaxes(learned, 1, 2)
    fitted = np.concatenate([turned[::2], turned[1::2, ::-1]])
    fitted = data.scaling.scaled(fitted)[0]
    found: dict[str, Any] = {"steps": checkpoint.training["curve"][-1]["step"]}
    found["warnings"] = checkpoint.training["warnings"]
    units = checkpoint.training["curve"][-1].get("validation/active_units")
    if units is not None:
        found["active_units"] = units
    judged = np.swapaxes(np.concatenate([v[-_FILE:] for v in sections.values()]), 1, 2)
    scaled, scale = data.scaling.scaled(judged)
    mean = fitted.mean(axis=0)
    rows = {
        "network": rebuilt_by(network, scaled),
        "pca": rebuilt_by_pca(fitted, scaled, code, seed),
    }
    groups = {name: slice(i * _FILE, (i + 1) * _FILE) for i, name in enumerate(families)}
    for name, part in {**groups, "all": slice(None)}.items():
        for row, rebuilt in rows.items():
            error = data.scaling.unscaled(rebuilt[part], scale[part]) - judged[part]
            found[f"{name}/r2/{row}"] = explained(scaled[part], rebuilt[part], mean)
            found[f"{name}/mae_m_s/{row}"] = float(np.abs(error).mean())
    return found


def patches(seed: int, minutes: float) -> dict[str, Any]:
    """R2 of patches of the Volve line, by a code and by components learned on Penobscot."""
    lines = [
        read_survey(DATA / "seismic" / name)["amplitude"].values.astype(np.float32)
        for name in ("penobscot_xl1155.sgy", "volve10r12-full-twt-arb.sgy")
    ]
    learned, judged = (GatherPatches([line], DT_S) for line in lines)
    data = LatentData(learned, None, PATCH, CodeScaling(), DT_S)
    rng = np.random.default_rng(seed)
    fitted, other = (
        data.scaling.scaled(drawn(source, PATCH, count, rng))[0]
        for source, count in ((learned, 8000), (judged, 2000))
    )
    found = {}
    for code in (16, 64):
        options = {"widths": (16, 32, 64)}
        checkpoint = train_latent(data, fit(minutes / 2, seed), code=code, model_options=options)
        network, mean = checkpoint.network(GATHER_MODELS), fitted.mean(axis=0)
        found[f"{code}/network"] = explained(other, rebuilt_by(network, other), mean)
        found[f"{code}/pca"] = explained(other, rebuilt_by_pca(fitted, other, code, seed), mean)
    return found


def anomalies(seed: int, minutes: float) -> dict[str, Any]:
    """AUC of each kind of damage, gathers judged by networks that never saw them."""
    gathers = damage.field_gathers()
    fold = np.arange(len(gathers)) % FOLDS
    rng = np.random.default_rng(1000 + seed)
    rows: dict[str, list[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]] = {
        kind: [] for kind in damage.KINDS
    }
    for i in range(FOLDS):
        learned = [_spoiled(g, rng) for g, part in zip(gathers, fold, strict=True) if part != i]
        network = train_neighbours(
            learned, fit(minutes / FOLDS, seed, 4), dt_s=0.0, name="others"
        ).network(GATHER_MODELS)
        itself = _own_network(learned, seed, minutes / FOLDS / 4)
        for kind, spoil in damage.KINDS.items():
            for gather, part in zip(gathers, fold, strict=True):
                if part == i:
                    (samples, bad, dt_s), where = damage.damaged(gather, spoil, rng)
                    rules = gather_anomaly(samples, dt_s, None, "rules")
                    told = gather_anomaly(samples, dt_s, network, "neighbours")
                    scores = {
                        "rules": rules,
                        "neighbours": told,
                        "both": np.maximum(rules, told),
                        "neighbours, error alone": neighbour_measures(network, samples)[:, 1],
                        "trace by itself": itself(samples),
                    }
                    rows[kind].append((scores, where, bad))
    return _areas(rows)


def _areas(
    rows: dict[str, list[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rows = {**rows, "all": [row for part in rows.values() for row in part]}
    for kind, part in rows.items():
        where = np.concatenate([row[1] for row in part])
        fair = ~np.concatenate([row[2] for row in part])
        for name in part[0][0]:
            score = np.nan_to_num(np.concatenate([row[0][name] for row in part]), posinf=1e30)
            found[f"{kind}/{name}"] = float(roc_auc_score(where[fair], score[fair]))
    return found


def _spoiled(gather: damage.Gather, rng: np.random.Generator) -> np.ndarray:
    """A gather as a survey has it: one trace in twenty is bad."""
    kinds = list(damage.KINDS.values())
    return damage.damaged(gather, kinds[rng.integers(len(kinds))], rng)[0][0]


def _own_network(
    gathers: list[np.ndarray], seed: int, minutes: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Error of an autoencoder that reads the very trace that it rebuilds, in the gather's scale."""
    window = 128
    singles = [g[:, None] for g in gathers]
    source = GatherPatches([np.concatenate(list(g), axis=0) for g in singles], 0.0)
    data = LatentData(source, None, (1, window), CodeScaling(), None)
    options = {"widths": (128,)}
    network = train_latent(
        data, fit(minutes, seed), model="dense_autoencoder", code=16, model_options=options
    ).network(GATHER_MODELS)

    def errors(samples: np.ndarray) -> np.ndarray:
        scaled = (samples / patch_scale(samples)).astype(np.float32)
        n_windows = scaled.shape[1] // window
        cut = scaled[:, : n_windows * window].reshape(-1, 1, window)
        # Silence has no level; it is rebuilt as it is.
        level = np.maximum(np.sqrt(np.mean(cut**2, axis=(1, 2), keepdims=True)), 1e-9)
        error = (rebuilt_by(network, cut / level) - cut / level) * level
        return np.sqrt(np.mean(error.reshape(len(scaled), -1) ** 2, axis=1))

    return errors


def labels(seed: int, minutes: float) -> dict[str, Any]:
    """Accuracy on made sections of known facies, from few labels; and clusters without any."""
    rng = np.random.default_rng(seed)
    known = [facies_section(rng) for _ in range(24)]
    judged = [facies_section(rng) for _ in range(8)]
    source = GatherPatches([section for section, _ in known], DT_S)
    data = LatentData(source, None, PATCH, CodeScaling(), DT_S)
    options = {"widths": (16, 32, 64)}
    coder = patch_coder(train_latent(data, fit(minutes, seed), code=16, model_options=options))
    fitted = data.scaling.scaled(drawn(source, PATCH, 4000, rng))[0]
    pca = PCA(16, random_state=seed).fit(fitted.reshape(len(fitted), -1))
    tables = [_features(section, coder, pca) for section, _ in known]
    others = [_features(section, coder, pca) for section, _ in judged]
    truth, wanted = (
        np.concatenate([number[:: _STEP[0], :: _STEP[1]].ravel() for _, number in part])
        for part in (known, judged)
    )
    found: dict[str, Any] = {}
    for name in tables[0]:
        scaler = StandardScaler().fit(np.concatenate([t[name] for t in tables]))
        x, y = (scaler.transform(np.concatenate([t[name] for t in p])) for p in (tables, others))
        for count in LABELS:
            scores = []
            for draw in range(10):
                pick = np.random.default_rng(draw)
                chosen = np.concatenate(
                    [pick.choice(np.flatnonzero(truth == k), count) for k in range(len(NAMES))]
                )
                model = LogisticRegression(C=0.3, max_iter=300).fit(x[chosen], truth[chosen])
                scores.append(accuracy_score(wanted, model.predict(y)))
            found[f"{count}/{name}"] = float(np.mean(scores))
        if name not in ("raw patch", "PCA of the patch", "code of the patch"):
            few = PCA(min(8, y.shape[1])).fit_transform(y)
            cluster = KMeans(len(NAMES), n_init=4, random_state=seed).fit_predict(few)
            found[f"rand/{name}"] = float(adjusted_rand_score(wanted, cluster))
    return found


def _features(section: np.ndarray, coder: PatchCoder, pca: PCA) -> dict[str, np.ndarray]:
    """Rows of points of one section, by what describes them, each (point, feature)."""
    codes = coder.along(section, _STEP, DT_S)
    linear = PatchCoder(_Components(pca), PATCH, CodeScaling(), DT_S).along(section, _STEP, DT_S)
    raw = PatchCoder(_Raw(), PATCH, CodeScaling(), DT_S).along(section, _STEP, DT_S)
    values = section_attributes(section, DT_S)[:: _STEP[0], :: _STEP[1]]
    values[..., 0] = np.log(values[..., 0] + 1e-3)
    attributes = ndimage.gaussian_filter(values, (2, 2, 0))
    maps = {
        "raw patch": raw.code,
        "PCA of the patch": linear.code,
        "code of the patch": codes.code,
        "attributes": attributes,
        "PCA, texture": code_texture(linear),
        "code, texture": code_texture(codes),
        "code, texture and attributes": np.concatenate([code_texture(codes), attributes], axis=2),
    }
    return {name: part.reshape(-1, part.shape[2]) for name, part in maps.items()}


class _Components(torch.nn.Module):
    """Principal components in the place of a code."""

    def __init__(self, pca: PCA) -> None:
        super().__init__()
        self.pca = pca

    def encode(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.pca.transform(samples.flatten(1).numpy()))


class _Raw(torch.nn.Module):
    """The patch itself in the place of a code."""

    def encode(self, samples: torch.Tensor) -> torch.Tensor:
        return samples.flatten(1)
