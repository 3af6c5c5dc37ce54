"""Samples that no recording holds: counted block by block, reported once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.reader import Reader

_IBM, _IEEE = 1, 5
_JUDGED_TRACES = 64
_ENOUGH_WORDS = 1000


class SampleTally:
    """Counts of dead and non-finite traces over the blocks it is given.

    Args:
        reader: The file, whose format the first live block is judged against.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._non_finite = 0
        self._dead = 0
        self._seen = 0

    def add(self, start: int, amplitude: NDArray[np.float32]) -> None:
        """Count a block of traces, shape (trace, time)."""
        # A sum is finite only if every term is; float64 cannot overflow from float32 terms.
        finite = np.isfinite(amplitude.sum(axis=1, dtype=np.float64))
        self._non_finite += int((~finite).sum())
        self._dead += int((~amplitude.any(axis=1)).sum())
        self._seen += amplitude.shape[0]

    def findings(self) -> list[Finding]:
        """What a user should know about the samples."""
        name = self._reader.name
        found = format_findings(self._reader)
        if self._non_finite:
            message = (
                f"{name}: {self._non_finite} of {self._seen} traces hold NaN, Inf or numbers "
                "beyond float32; kept as they are, kill or fill them in preprocessing."
            )
            found.append(Finding("warning", message))
        if self._dead:
            message = f"{name}: {self._dead} of {self._seen} traces hold only zeros."
            found.append(Finding("info", message))
        return found


def format_findings(reader: Reader) -> list[Finding]:
    """A warning where IBM samples look like IEEE ones or the other way round.

    Of normalised IBM numbers none has a mantissa that starts with the hexadecimal digit 0; of IEEE
    numbers read as IBM one in sixteen has.
    """
    if reader.sample_format not in (_IBM, _IEEE):
        return []
    step = max(1, reader.n_traces // _JUDGED_TRACES)
    blocks = [reader.raw_samples(slice(at, at + 1)) for at in range(0, reader.n_traces, step)]
    order = ">" if reader.byte_order == "big" else "<"
    words = np.concatenate(blocks).view(order + "u4").astype(np.uint32).reshape(-1)
    words = words[(words & 0x00FFFFFF) != 0]
    if words.size < _ENOUGH_WORDS or np.unique(words).size < words.size // 10:
        return []
    leading_zero = float(np.mean((words & 0x00F00000) == 0))
    name = reader.name
    if reader.sample_format == _IBM and 0.02 < leading_zero < 0.2:
        message = f"{name}: the header says IBM floating point, the samples look like IEEE."
        return [Finding("warning", message, f"--sample-format {_IEEE}")]
    if reader.sample_format == _IEEE and leading_zero < 1e-3:
        message = f"{name}: the header says IEEE floating point, the samples look like IBM."
        return [Finding("warning", message, f"--sample-format {_IBM}")]
    return []
