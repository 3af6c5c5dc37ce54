"""Attention on gathers: how many labels first breaks need, and events picked as a set.

    python benchmarks/attention.py --folder runs/attention       # under 20 minutes on two cores
    python benchmarks/attention.py --folder runs/attention --parts events --seeds 1

``first_breaks``: 10, 100 and 1,000 labelled gathers of modelled land shots (true first arrivals by
``geoml.physics.travel_times``, noise from -3 to 15 dB, dead and uneven traces); test gathers are of
other models. Rows: the trace transformer pre-trained on hidden traces of all training gathers
without labels, the same from fresh weights, a U-Net of as many weights, and the classical picker
with its options chosen on the same labels and its constant lag taken off. ``land``: the networks
of the most labels on the real land line, beside the classical picker: how well picks that were
held out follow from the others by a smooth moveout with shot and receiver terms. ``events``: a
set of learned queries, and the same moved to the strongest stack nearby, against the peaks of
semblance, whose threshold is chosen on other gathers.

Finished runs are kept in the folder; what is there is not run again. Medians over the seeds, with
their range. One seed costs about five minutes of one core, the modelled gathers one more.

Good picks (within 10 ms, of all live traces) of the runs made so far, a figure a seed: with 10
labels transformer pre-trained 85, 86, 83 %, from scratch 78, 82, 82 %, U-Net 80, 80, 81 %,
classical 66, 68, 68 %; with 100 labels 88, 88 %, then 87, 87 %, then 93, 91 %, then 68, 67 %; with
1,000 labels 90, 89 %, then 89, 89 %, then 94, 94 %, then 68, 66 %. Hidden traces help a little
where labels are few; from 100 labels on the convolution wins. On the land line none of them reaches
the classical picker: what the networks pick is off what the others say by 21, 26 and 14 ms (median,
seed 0), after tuning on nine picked shots by 7.4, 9.0 and 5.4 ms, the classical picker by 3.3 ms.
Semblance wins the events too: F1 0.87, against 0.78 for the queries after 500 steps (seed 0) and
0.83 for them moved to the strongest stack.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from attention_events import events
from attention_labels import denoising, first_breaks
from attention_land import land

PARTS = {"first_breaks": first_breaks, "denoising": denoising, "land": land, "events": events}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for part in arguments.parts:
        PARTS[part](arguments.folder, arguments.seeds)


if __name__ == "__main__":
    main()
