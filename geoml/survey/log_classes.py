"""What the codes of facies and lithology curves stand for.

References:
    Bormann et al. (2020), FORCE 2020 well log and lithofacies dataset, Zenodo 4351156.
    Hall (2016), Facies classification using machine learning, The Leading Edge 35(10), 906-909.
"""

from __future__ import annotations

CLASSES: dict[str, dict[int, str]] = {
    "LITHOLOGY": {
        30000: "sandstone",
        65030: "sandstone/shale",
        65000: "shale",
        80000: "marl",
        74000: "dolomite",
        70000: "limestone",
        70032: "chalk",
        88000: "halite",
        86000: "anhydrite",
        99000: "tuff",
        90000: "coal",
        93000: "basement",
    },
    "FACIES": {
        1: "nonmarine sandstone",
        2: "nonmarine coarse siltstone",
        3: "nonmarine fine siltstone",
        4: "marine siltstone and shale",
        5: "mudstone",
        6: "wackestone",
        7: "dolomite",
        8: "packstone-grainstone",
        9: "phylloid-algal bafflestone",
    },
}
"""Curve -> code -> name, in the order of the contests that made them."""


def class_name(curve: str, code: float) -> str:
    """The name of a code; the code itself where nothing is known of it.

    Args:
        curve: The curve, a predicted one under its own name or with ``_PRED`` behind it.
        code: The code.
    """
    known = CLASSES.get(curve.removesuffix("_PRED"), {})
    return known.get(int(code), f"{code:g}")
