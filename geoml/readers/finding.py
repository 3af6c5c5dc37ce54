"""What a reader noticed about a file: shown by the scan, kept in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that a user should know.

    Attributes:
        level: ``warning`` where headers contradict each other or the data, else ``info``.
        message: One line: what was found and what is done about it.
        option: The command-line option that decides otherwise, empty where there is none.
        advice: What to do, where naming the option does not say it.
    """

    level: Level
    message: str
    option: str = ""
    advice: str = ""

    def __str__(self) -> str:
        advice = self.advice or (f"Pass {self.option} to choose." if self.option else "")
        return f"{self.message} {advice}".rstrip()
