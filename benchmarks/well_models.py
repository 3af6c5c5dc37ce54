"""Tasks, inputs and models that ``wells.py`` compares, a learning for each table."""

from __future__ import annotations

import well_data as data

from geoml.models.logs import LOG_MODELS
from geoml.workflow.well_learning import WellLearning

SPWLA = WellLearning(
    task={"log_regression": {"targets": ("DTC", "DTS"), "log10": ("DTC", "DTS")}},
    inputs=data.SPWLA_INPUTS,
    log10=(),
    models=(
        {"ridge": {"squares": True, "alpha": 30.0, "features": {"lags_m": (), "windows_m": ()},
                   "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
        {"hist_boosting": {"min_leaf": 200, "features": {
            "lags_m": (), "windows_m": (1.5,), "spreads": False, "gradients": False},
            "sees": ["CNC", "GR", "HRD", "HRM", "ZDEN"]}},
        {"hist_boosting": {"min_leaf": 200, "features": {
            "lags_m": (), "windows_m": (1.5,), "spreads": False, "gradients": False},
            "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
        {"bilstm": {"width": 32, "sees": ["CNC", "GR", "HRD", "HRM", "ZDEN"]}},
        {"tcn": {"width": 32, "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
        {"bilstm": {"width": 32, "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
    ),
    split={"by": "depth_block", "gap_m": 0.0,
           "cuts_m": [data.STEP_M * (row - 0.5) for row in data.SPWLA_CUTS]},
    training={"steps": 220, "window": 64, "augmentation": {"gain": 0.1, "shift": 0.15}},
)  # fmt: skip

SEG = WellLearning(
    task={"facies": {"target": "Facies", "codes": data.SEG_CODES,
                     "neighbours": data.SEG_NEIGHBOURS}},
    inputs=("GR", "ILD_log10", "DeltaPHI", "PHIND", "PE", "NM_M", "RELPOS", "NEUTRON", "DENSITY"),
    log10=(),
    models=(
        {"random_forest": {"trees": 120, "min_leaf": 3, "extra": True, "features": {
            "lags_m": (0.1524, 0.3048, 0.6), "windows_m": (4.0,)}}},
        {"hist_boosting": {"trees": 60, "learning_rate": 0.08, "min_leaf": 15, "features": {
            "lags_m": (0.1524, 0.3048), "windows_m": (2.0,), "spreads": False}}},
        {"ridge": {"alpha": 30.0, "features": {"lags_m": (0.3,), "windows_m": (2.0, 6.0)}}},
        {"bilstm": {"width": 32}},
        {"tcn": {"width": 32}},
    ),
    # 80 rows of one facies, put together by hand from several wells: no well to be judged by.
    split={"train_only": ("Recruit F9",)},
    training={"steps": 150, "window": 64, "augmentation": {"gain": 0.1, "shift": 0.2}},
)  # fmt: skip

FORCE = WellLearning(
    task={"facies": {"target": "LITHO", "decision": "least_penalty"}},
    inputs=data.FORCE_INPUTS,
    log10=("RDEP", "RMED"),
    models=(
        {"hist_boosting": {"trees": 30, "learning_rate": 0.2, "leaves": 16, "features": {
            "lags_m": (), "windows_m": (3.0, 15.0), "spreads": False, "presence": True,
            "train_every": 16}}},
        {"bilstm": {"width": 48}},
        {"tcn": {"width": 48}},
    ),
    split={"n_folds": 4},
    training={"steps": 250, "window": 128, "batch_size": 24,
              "augmentation": {"drop_channel": 0.15, "gain": 0.1, "shift": 0.15}},
)  # fmt: skip

DTS = WellLearning(
    task={"log_regression": {"targets": ("DTS",), "log10": ("DTS",)}},
    inputs=("GR", "RDEP", "RHOB", "NPHI", "DTC"),
    log10=("RDEP",),
    models=(
        {"ridge": {"alpha": 10.0, "features": {"lags_m": (), "windows_m": (3.0,)}}},
        {"hist_boosting": {"min_leaf": 100, "features": {"lags_m": (), "windows_m": (1.5,)}}},
        *({name: {"width": 32}} for name in ("bilstm", "tcn")),
    ),
    training={"steps": 200, "window": 64, "augmentation": {"gain": 0.1, "shift": 0.1}},
)

NETWORKS = SEG.model_copy(
    update={
        "models": (
            *({name: {"width": 32}} for name in LOG_MODELS),
            {"transformer": {"width": 32, "training": {"pretrain_steps": 80}}},
        ),
        "split": {"n_folds": 3, "train_only": ("Recruit F9",)},
        "training": {**SEG.training, "steps": 80, "batch_size": 16},
    }
)
