"""Where torch computes, refused in one line where this machine has no such device."""

from __future__ import annotations

import torch

from geoml.errors import OptionError


def usable_device(device: str | torch.device) -> torch.device:
    """The device of a name, tried out.

    Args:
        device: As torch spells it, such as ``cpu`` or ``cuda:0``.

    Raises:
        OptionError: If torch knows no such device, or this machine has none.
    """
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise OptionError(f"Device '{device}' is not usable: {reason}. Try 'cpu'.") from None
    if chosen.type == "meta":
        raise OptionError("Device 'meta' holds no numbers; try 'cpu'.")
    return chosen
