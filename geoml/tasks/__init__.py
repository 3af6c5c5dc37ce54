"""What is learned, by name: which heads a network needs, how they are judged."""

from __future__ import annotations

from geoml.tasks.facies import Facies
from geoml.tasks.imputation import Imputation
from geoml.tasks.log_regression import LogRegression
from geoml.tasks.log_task import LogTask
from geoml.tasks.task import Batch, Output, Task
from geoml.tasks.velocity import Velocity
from geoml.tasks.velocity_edges import VelocityEdges

__all__ = [
    "LOG_TASKS",
    "TASKS",
    "Batch",
    "Facies",
    "Imputation",
    "LogRegression",
    "LogTask",
    "Output",
    "Task",
    "Velocity",
    "VelocityEdges",
]

TASKS: dict[str, type[Task]] = {"velocity": Velocity, "velocity_edges": VelocityEdges}
"""Task name -> frozen dataclass whose fields are the task's options."""

LOG_TASKS: dict[str, type[LogTask]] = {
    "log_regression": LogRegression,
    "facies": Facies,
    "imputation": Imputation,
}
"""Name of a task on well logs -> frozen dataclass whose fields are its options."""
