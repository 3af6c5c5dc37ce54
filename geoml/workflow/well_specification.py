"""What a wells workflow may say, checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from geoml.errors import OptionError
from geoml.registry import build, lookup, nearest, split_spec
from geoml.workflow.input_path import input_path
from geoml.workflow.section_check import Section, checked, read_mapping
from geoml.workflow.well_learning import WellLearning


class WellQuick(Section):
    """What ``--quick`` puts in place of the real counts: proves the road, not the result.

    Attributes:
        steps: Batches of every network.
        trees: Trees of every fit that grows them.
        wells: Wells that train at most.
        models: Models at most.
    """

    steps: int = Field(default=5, gt=0)
    trees: int = Field(default=5, gt=0)
    wells: int = Field(default=2, gt=1)
    models: int = Field(default=2, gt=0)


class WellWorkflow(Section):
    """One workflow file on wells.

    Attributes:
        name: Products go to ``runs/<name>``.
        wells: Log files, patterns or folders; may start with ``$GEOML_DATA``.
        read: Options of ``geoml.readers.log_options.LogOptions``.
        read_new: The same for the files of ``predict``; those of ``read`` when None.
        learn: What is learned, and how it is judged.
        predict: Log files of the wells to predict; the training wells themselves if none.
        quick: Counts for ``--quick``.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    wells: tuple[str, ...] = Field(min_length=1)
    read: dict[str, Any] = Field(default_factory=dict)
    read_new: dict[str, Any] | None = None
    learn: WellLearning
    predict: tuple[str, ...] = ()
    quick: WellQuick = WellQuick()

    def quickened(self) -> WellWorkflow:
        """The workflow with the counts of ``quick``."""
        models = []
        for spec in self.learn.models[: self.quick.models]:
            name, options = split_spec(spec, "log model")
            if name in ("random_forest", "hist_boosting"):
                options = {**options, "trees": self.quick.trees}
            options.pop("training", None)
            models.append({name: options})
        training = {**self.learn.training, "steps": self.quick.steps, "pretrain_steps": 0}
        # Among so few wells those that only train need not be; and none is judged by its score.
        split = {name: value for name, value in self.learn.split.items() if name != "train_only"}
        few = {"models": tuple(models), "training": training, "seeds": 1, "split": split}
        return self.model_copy(update={"learn": self.learn.model_copy(update=few)})


def is_well_workflow(path: str | Path) -> bool:
    """Whether a workflow file is one on wells."""
    return "wells" in read_mapping(Path(path))


def load_well_workflow(path: str | Path) -> WellWorkflow:
    """The workflow that a YAML file describes, checked key by key.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
        OptionError: If a key or option is unknown, missing or of the wrong type.
    """
    path = Path(path)
    workflow = checked(WellWorkflow, read_mapping(path), path.name)
    penalty = workflow.learn.penalty
    if penalty is not None:
        found = penalty.model_copy(update={"file": str(input_path(penalty.file, path, "penalty"))})
        learn = workflow.learn.model_copy(update={"penalty": found})
        workflow = workflow.model_copy(update={"learn": learn})
    check_learning(workflow.learn)
    return workflow


def load_learning(path: str | Path) -> dict[str, Any]:
    """The keys of ``learn`` in a YAML file: alone, or in a workflow."""
    plain = read_mapping(Path(path))
    inner = plain.get("learn", plain)
    if not isinstance(inner, dict):
        raise OptionError(f"{path}: 'learn' holds {type(inner).__name__}; a mapping is needed.")
    return dict(inner)


def checked_learning(plain: Mapping[str, Any], where: str) -> WellLearning:
    """A learning whose every name and option exists."""
    learning = checked(WellLearning, plain, where)
    check_learning(learning)
    return learning


def check_learning(learning: WellLearning) -> None:
    """Refuse unknown names and options before any well is read."""
    from geoml.models.logs import LOG_FITS, LOG_MODELS
    from geoml.models.logs.smoother import LOG_SMOOTHERS, ViterbiSmoother
    from geoml.training.logs import OWN_OPTIONS

    task = learning.built_task()
    learning.built_split()
    learning.built_training()
    if learning.smoother:
        smoother: Any = build(LOG_SMOOTHERS, learning.smoother, "smoother")
        if isinstance(smoother, ViterbiSmoother) and not task.is_classification:
            raise OptionError("'viterbi' is for facies; smooth curves with 'median'.")
    for spec in learning.models:
        name, options = split_spec(spec, "log model")
        entry: Any = lookup({**LOG_MODELS, **LOG_FITS}, name, "log model")
        known = set(getattr(entry, "config", entry).__dataclass_fields__) | set(OWN_OPTIONS)
        for option in options:
            if option not in known:
                listing = ", ".join(sorted(known))
                raise OptionError(
                    f"'{name}' has no option '{option}'.{nearest(option, known)} "
                    f"Options: {listing}."
                )
