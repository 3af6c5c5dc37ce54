"""What is learned, by name: which heads a network needs, how they are judged."""

from __future__ import annotations

from geoml.tasks.task import Batch, Output, Task
from geoml.tasks.velocity import Velocity
from geoml.tasks.velocity_edges import VelocityEdges

__all__ = ["TASKS", "Batch", "Output", "Task", "Velocity", "VelocityEdges"]

TASKS: dict[str, type[Task]] = {"velocity": Velocity, "velocity_edges": VelocityEdges}
"""Task name -> frozen dataclass whose fields are the task's options."""
