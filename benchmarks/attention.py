"""Attention on gathers: how many labels first breaks and denoising need, and events as a set.

    python benchmarks/attention.py --folder runs/attention --seeds 1   # 13 minutes of one core
    python benchmarks/attention.py --folder runs/attention --parts events --seeds 3

``first_breaks``: 10, 100 and 1,000 labelled gathers of modelled land shots (true first arrivals by
``geoml.physics.travel_times``, noise from -3 to 15 dB, dead and uneven traces); test gathers are of
other models. Rows: the trace transformer and the vision transformer, each pre-trained on hidden
traces of all training gathers without labels, the same from fresh weights, a U-Net of as many
weights, and the classical picker with its options chosen on the same labels and its constant lag
taken off. ``denoising``: the same networks tuned to the signal under the noise, beside f-x
deconvolution. ``land``: what first_breaks tuned on the most labels, on the real land line beside
the classical picker: how well picks that were held out follow from the others by a smooth moveout
with shot and receiver terms. ``events``: a set of learned queries, and the same moved to the
strongest stack, against the peaks of semblance, whose threshold is chosen on other gathers.

Finished runs are kept in the folder; what is there is not run again. Medians over the seeds, with
their range. Measured so far, all networks of 440,000 to 550,000 weights:

- Good picks (within 10 ms, of all live traces), three seeds, with 10, 100 and 1,000 labels:
  transformer pre-trained 85, 88, 90 %, from scratch 82, 87, 89 %, U-Net 80, 91, 94 %, classical
  68, 68, 68 %. Hidden traces help where labels are few; from 100 labels on the convolution wins.
- Gain of denoising, one seed: transformer pre-trained 7.7, 10.5, 11.3 dB, from scratch 6.2, 10.3,
  11.3, ViT pre-trained 9.2, 11.0, 11.8, from scratch 9.4, 11.0, 11.8, U-Net 7.0, 9.4, 10.7, f-x
  4.2. Here attention wins; hidden traces help the trace transformer with 10 labels, the ViT never.
- On the land line no network reaches the classical picker: held-out picks are off what the others
  say by 22, 25 and 16 ms (transformer pre-trained, from scratch, U-Net; two seeds), after tuning on
  nine picked shots by 8.0 and 9.2 ms (U-Net, one seed, 5.4), the classical picker by 3.3 ms.
- Semblance wins the events: F1 0.87, against 0.78 and 0.73 for the queries after 500 steps (two
  seeds) and 0.83 and 0.78 for them moved to the strongest stack.
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
