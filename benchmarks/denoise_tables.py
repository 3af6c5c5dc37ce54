"""Tables of ``denoise.py``: what finished runs gained, and whether that is what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Scores = dict[str, float]
Found = Mapping[str, Mapping[str, Sequence[Scores]]]
"""Row -> noise -> scores of the sections that are measured."""

HEADINGS = ("gain dB", "leak %", "similar", "f-k err", "ampl.", "s", "train s")
FX = "f-x, tuned"


def print_tables(found: Found, n_sections: int) -> None:
    """One table a noise: medians over the sections, with the range of the gain."""
    for noise in next(iter(found.values())):
        print(f"\n{noise}: median of the sections (lowest to highest gain)")
        print(f"{'':30s}{HEADINGS[0]:>24s}" + "".join(f"{text:>9s}" for text in HEADINGS[1:]))
        for row, runs in found.items():
            if runs[noise]:
                missing = n_sections - len(runs[noise])
                mark = f"  ({missing} sections not measured)" if missing else ""
                print(_line(row, runs[noise]) + mark)


def _line(row: str, runs: Sequence[Scores]) -> str:
    gains = [scores["gain_db"] for scores in runs]
    middle = {name: float(np.median([scores.get(name, 0) for scores in runs])) for name in runs[0]}
    spread = f"{np.median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})"
    train_s = f"{middle['train_s']:9.0f}" if "train_s" in middle else f"{'':9s}"
    return (
        f"{row:30s}{spread:>24s}{100 * middle['leakage']:9.1f}{middle['local_similarity']:9.2f}"
        f"{middle['fk_error']:9.3f}{middle['amplitude_ratio']:9.3f}{middle['seconds']:9.2f}{train_s}"
    )


def print_verdicts(found: Found, networks: Sequence[str], void: str, traces: str) -> None:
    """What was asked for, and whether it is reached.

    Args:
        found: Scores.
        networks: Rows that were trained on other sections.
        void: Row of the network that learned on the section itself.
        traces: The same of whole blind traces.
    """

    def median(row: str, noise: str, score: str) -> float:
        return float(np.median([scores[score] for scores in found[row][noise]]))

    needed = [(FX, "white"), (void, "white"), (traces, "correlated")]
    measured = [row for row in networks if found[row]["white"]]
    if not measured or not all(found[row][noise] for row, noise in needed):
        print("\nnot all that was asked for is measured yet")
        return
    fx = median(FX, "white", "gain_db")
    fx_leak = median(FX, "white", "leakage")
    best = max(measured, key=lambda row: median(row, "white", "gain_db"))
    claims = [
        (f"{best} over f-x, white [dB]", median(best, "white", "gain_db") - fx, 1.5, True),
        ("Noise2Void under f-x, white [dB]", fx - median(void, "white", "gain_db"), 0.5, False),
        (
            "leakage of Noise2Void over that of f-x",
            abs(median(void, "white", "leakage")) / abs(fx_leak),
            1 / 3,
            False,
        ),
        ("blind traces, correlated [dB]", median(traces, "correlated", "gain_db"), 8.0, True),
    ]
    print()
    for text, value, asked, above in claims:
        reached = value >= asked if above else value <= asked
        sign = ">=" if above else "<="
        print(f"{text:44s}{value:7.2f} {sign} {asked:.2f}  {'' if reached else 'NOT '}reached")
