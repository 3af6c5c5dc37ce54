"""Tasks, inputs and models that ``wells.py`` compares, a learning for each table."""

from __future__ import annotations

from typing import Any

import well_data as data

from geoml.models.logs import LOG_MODELS
from geoml.samples.within_well import SUFFIX
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
        {"tcn": {"width": 32, "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
        {"bilstm": {"width": 32, "sees": ["CNC", "HRD", "HRM", "ZDEN"]}},
    ),
    split={"by": "depth_block", "gap_m": 0.0,
           "cuts_m": [data.STEP_M * (row - 0.5) for row in data.SPWLA_CUTS]},
    training={"steps": 220, "window": 64, "augmentation": {"gain": 0.1, "shift": 0.15}},
)  # fmt: skip

SEG_LOGS = data.SEG_INPUTS[:5]
PLACES = (*data.SEG_INPUTS[5:], *(f"{curve}{SUFFIX}" for curve in SEG_LOGS))
LA_TEAM: dict[str, Any] = {"lags_m": (0.1524,), "windows_m": (), "spreads": False}
"""Features of the contest's winner: the rows above and below, and the slope."""
SEG_TREES: dict[str, Any] = {
    "trees": 60,
    "learning_rate": 0.08,
    "min_leaf": 15,
    "features": LA_TEAM,
}

SEG = WellLearning(
    task={"facies": {"target": "Facies", "codes": data.SEG_CODES,
                     "neighbours": data.SEG_NEIGHBOURS}},
    inputs=data.SEG_INPUTS,
    log10=(),
    within_well=SEG_LOGS,
    models=(
        {"hist_boosting": {**SEG_TREES, "sees": data.SEG_INPUTS}},
        {"hist_boosting": {**SEG_TREES, "sees": PLACES, "class_power": 0.5}},
        {"random_forest": {"trees": 120, "min_leaf": 3, "extra": True, "features": LA_TEAM,
                           "sees": PLACES, "class_power": 0.5}},
        {"ridge": {"alpha": 30.0, "features": {"lags_m": (), "windows_m": (2.0,)},
                   "sees": PLACES}},
        {"bilstm": {"width": 32, "sees": PLACES}},
        {"tcn": {"width": 32, "sees": PLACES}},
    ),
    # 80 rows of one facies, put together by hand from several wells: no well to be judged by.
    split={"train_only": ("Recruit F9",)},
    training={"steps": 150, "window": 64, "batch_size": 16,
              "augmentation": {"gain": 0.1, "shift": 0.2}},
)  # fmt: skip

FORCE = WellLearning(
    task={"facies": {"target": "LITHO", "decision": "least_penalty"}},
    inputs=data.FORCE_INPUTS,
    log10=("RDEP", "RMED"),
    within_well=("GR", "RDEP", "RMED", "RHOB", "NPHI", "DTC"),
    models=(
        {"hist_boosting": {"trees": 30, "learning_rate": 0.2, "leaves": 16, "features": {
            "lags_m": (), "windows_m": (3.0, 15.0), "spreads": False, "presence": True,
            "train_every": 16}, "hide": {"chance": 0.5, "kept": ("GR",)}}},
        {"ridge": {"alpha": 30.0, "features": {"lags_m": (), "windows_m": (3.0,),
                                               "train_every": 16}}},
        {"tcn": {"width": 48}},
    ),
    split={"n_folds": 4},
    training={"steps": 120, "window": 128, "batch_size": 16,
              "augmentation": {"drop_channel": 0.15, "gain": 0.1, "shift": 0.15}},
)  # fmt: skip

LINE: dict[str, Any] = {"ridge": {"alpha": 10.0, "features": {"lags_m": (), "windows_m": (3.0,)}}}
BOOSTING: dict[str, Any] = {"min_leaf": 100, "features": {"lags_m": (), "windows_m": (1.5,)}}

DTS = WellLearning(
    task={"log_regression": {"targets": ("DTS",), "log10": ("DTS",)}},
    inputs=("GR", "RDEP", "RHOB", "NPHI", "DTC"),
    log10=("RDEP",),
    models=(
        LINE,
        {"hist_boosting": BOOSTING},
        {"hist_boosting": {**BOOSTING, "base": LINE}},
        # Networks alone score 20 to 24 us/ft: no straight line goes on beyond their training rows.
        {"bilstm": {"width": 32, "base": LINE}},
    ),
    training={
        "steps": 200,
        "window": 64,
        "batch_size": 16,
        "augmentation": {"gain": 0.1, "shift": 0.1},
    },
)

FILLING: dict[str, Any] = {"lags_m": (), "windows_m": (1.5,), "train_every": 4}

SEG_GAPS = WellLearning(
    task={"imputation": {"targets": ("PE",)}},
    inputs=("GR", "ILD_log10", "DeltaPHI", "PHIND", "NM_M", "RELPOS"),
    log10=(),
    models=(
        {"ridge": {"alpha": 10.0, "features": FILLING}},
        {"hist_boosting": {"min_leaf": 50, "features": FILLING}},
    ),
)
FORCE_GAPS = SEG_GAPS.model_copy(
    update={
        "task": {"imputation": {"targets": ("RHOB",)}},
        "inputs": ("GR", "RDEP", "NPHI", "DTC", "CALI"),
        "log10": ("RDEP",),
    }
)

NETWORKS = SEG.model_copy(
    update={
        "models": (
            *({name: {"width": 32}} for name in LOG_MODELS),
            {"transformer": {"width": 32, "training": {"pretrain_steps": 80}}},
        ),
        "inputs": data.SEG_INPUTS[5:],
        "split": {"n_folds": 3, "train_only": ("Recruit F9",)},
        "training": {**SEG.training, "steps": 80, "batch_size": 16},
    }
)
