"""In which number format a machine trains best."""

from __future__ import annotations

from typing import Any, Literal

import torch

Precision = Literal["auto", "32-true", "bf16-mixed", "16-mixed"]


def best_precision(precision: Precision, accelerator: str) -> str:
    """The precision with ``auto`` replaced by what this machine does best.

    Args:
        precision: As asked for.
        accelerator: As Lightning spells it.
    """
    if precision != "auto":
        return precision
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    return "bf16-mixed" if _cpu_multiplies_bfloat16() else "32-true"


def _cpu_multiplies_bfloat16() -> bool:
    """True where the processor has bfloat16 instructions: emulated ones cost more than float32."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
