"""What is learned, by name: which heads a network needs, how they are judged."""

from __future__ import annotations

from geoml.tasks.facies import Facies
from geoml.tasks.first_breaks import FirstBreaks
from geoml.tasks.gather_signal import GatherSignal
from geoml.tasks.gather_task import GatherTask
from geoml.tasks.imputation import Imputation
from geoml.tasks.log_regression import LogRegression
from geoml.tasks.log_task import LogTask
from geoml.tasks.masked_traces import MaskedTraces
from geoml.tasks.stack_velocities import StackVelocities
from geoml.tasks.task import Batch, Output, Task
from geoml.tasks.velocity import Velocity
from geoml.tasks.velocity_edges import VelocityEdges

__all__ = [
    "GATHER_TASKS",
    "LOG_TASKS",
    "TASKS",
    "Batch",
    "Facies",
    "FirstBreaks",
    "GatherSignal",
    "GatherTask",
    "Imputation",
    "LogRegression",
    "LogTask",
    "MaskedTraces",
    "Output",
    "StackVelocities",
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

GATHER_TASKS: dict[str, type[GatherTask]] = {
    "masked_traces": MaskedTraces,
    "first_breaks": FirstBreaks,
    "signal": GatherSignal,
    "stack_velocities": StackVelocities,
}
"""Name of a task on gathers -> frozen dataclass whose fields are its options."""
