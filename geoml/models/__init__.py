"""Networks by name; each reads a window of gathers and predicts maps of the section below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import nn

from geoml.errors import OptionError
from geoml.models.dropout import enable_dropout
from geoml.models.dual_decoder import DualDecoder, DualDecoderConfig
from geoml.models.fcnvmb import Fcnvmb, FcnvmbConfig
from geoml.models.inversion_net import InversionNet, InversionNetConfig
from geoml.models.mh_unet import MhUnet
from geoml.models.mh_unet_config import MhUnetConfig
from geoml.models.posteriors import POSTERIORS
from geoml.models.section_shape import SectionShape
from geoml.models.velocity_gan import VelocityCritic
from geoml.models.vit_inversion import VitInversion, VitInversionConfig
from geoml.registry import check_option_names, lookup, with_options

__all__ = [
    "MODELS",
    "SECTION_NETWORKS",
    "ModelEntry",
    "SectionShape",
    "build_model",
    "enable_dropout",
    "model_config",
    "rebuild",
]


@dataclass(frozen=True)
class ModelEntry:
    """A network of a stated size.

    Attributes:
        network: Module class; built from a ``config`` instance, which it keeps as ``.config``.
        config: Its frozen dataclass, with fields ``shape`` and ``heads`` and its own options.
        size: Options that this name stands for; a user's options come on top.
        critic: Module class that judges scaled velocity models (batch, depth, distance); with one,
            the network is trained against it.
    """

    network: type[nn.Module]
    config: type[Any]
    size: dict[str, Any] = field(default_factory=dict)
    critic: type[nn.Module] | None = None


_READING = {"compression": 30.0, "first_stride": None, "norm_channels": 16}
"""How the multi-head U-Nets read gathers; the config's defaults are those of older checkpoints."""

MODELS: dict[str, ModelEntry] = {
    "mh_unet_s": ModelEntry(
        MhUnet, MhUnetConfig, {**_READING, "stem_widths": (64, 96), "widths": (64, 128, 192)}
    ),
    "mh_unet_m": ModelEntry(
        MhUnet,
        MhUnetConfig,
        {**_READING, "stem_widths": (64, 144), "widths": (96, 160, 256), "blocks": 2},
    ),
    "mh_unet_l": ModelEntry(
        MhUnet,
        MhUnetConfig,
        {**_READING, "stem_widths": (96, 192), "widths": (128, 256, 384), "blocks": 3},
    ),
    "inversion_net": ModelEntry(InversionNet, InversionNetConfig),
    "fcnvmb": ModelEntry(Fcnvmb, FcnvmbConfig),
    "dual_decoder": ModelEntry(DualDecoder, DualDecoderConfig),
    "vit_inversion": ModelEntry(VitInversion, VitInversionConfig),
    "velocity_gan": ModelEntry(InversionNet, InversionNetConfig, critic=VelocityCritic),
}
"""Model name -> network, config and size."""

SECTION_NETWORKS: dict[str, ModelEntry] = {
    **MODELS,
    **{name: ModelEntry(e.network, e.config, dict(e.settings)) for name, e in POSTERIORS.items()},
}
"""Those and the networks that draw sections; all of them train, invert and are judged alike."""


def check_model(name: str, options: Iterable[str]) -> None:
    """Refuse a network or names of settings that there are not, before any data are there.

    Args:
        name: Key of ``SECTION_NETWORKS``.
        options: Names of settings.

    Raises:
        UnknownNameError: If there is no such model.
        OptionError: If it has no such setting, or the setting is not the user's to give.
    """
    entry = lookup(SECTION_NETWORKS, name, "model")
    for fixed in ("shape", "heads"):
        if fixed in options:
            raise OptionError(f"'{fixed}' of '{name}' follows from data and task; leave it out.")
    check_option_names(entry.config, options, name)


def build_model(
    name: str,
    shape: SectionShape,
    heads: tuple[str, ...],
    options: Mapping[str, Any] | None = None,
) -> nn.Module:
    """A network with fresh weights from torch's random generator.

    Args:
        name: Key of ``SECTION_NETWORKS``.
        shape: Sizes of gathers and section.
        heads: What it predicts, as the task asks.
        options: Settings on top of the size's own.

    Returns:
        Module that maps (batch, shot, time, receiver) to ``{head: (batch, depth, distance)}``.

    Raises:
        UnknownNameError: If there is no such model.
        OptionError: If an option is unknown or does not fit.
    """
    options = dict(options or {})
    check_model(name, options)
    entry = SECTION_NETWORKS[name]
    return _build(name, {**entry.size, **options, "shape": shape, "heads": heads})


def model_config(name: str, model: nn.Module) -> dict[str, Any]:
    """Everything that ``rebuild`` needs to make the same network, as plain JSON values."""
    return {"name": name, **asdict(model.config)}  # type: ignore[call-overload]


def rebuild(config: Mapping[str, Any]) -> nn.Module:
    """The network that ``model_config`` described, with fresh weights.

    Args:
        config: As ``model_config`` made it, before or after a trip through JSON.
    """
    settings = dict(config)
    return _build(str(settings.pop("name", "")), settings)


def _build(name: str, settings: Mapping[str, Any]) -> nn.Module:
    entry = lookup(SECTION_NETWORKS, name, "model")
    return entry.network(with_options(entry.config, settings, name))
