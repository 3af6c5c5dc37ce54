"""Trained networks as maps from a code to a velocity section, for waveform inversion.

A velocity prior maps a code to any section that it has learned; a conditional variational
autoencoder maps one to the sections that go with given gathers, around what its trunk says of them.

References:
    Mosser, Dubrule & Blunt (2020), Mathematical Geosciences 52, 53-79.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.models.posteriors.conditional_vae import ConditionalVae
from geoml.models.priors import PRIORS
from geoml.models.priors.vae import Vae
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.samples.mirror import channels_for
from geoml.samples.scaling import Scaling
from geoml.survey.acquisition import Acquisition

Code = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SectionDecoder:
    """A map from codes to sections and back.

    Attributes:
        size: Numbers of a code.
        decode: Code (code,) to velocity [m/s] (depth, distance); gradients pass to the code.
        encode: Velocity [m/s] (depth, distance) to the code whose section is like it.
    """

    size: int
    decode: Callable[[torch.Tensor], torch.Tensor]
    encode: Callable[[NDArray[np.floating]], Code]


def load_decoder(
    name: str, acquisition: Acquisition, gathers: NDArray[np.float32]
) -> SectionDecoder:
    """The map that a checkpoint makes of codes.

    Args:
        name: Folder or shipped name of a velocity prior, or of a posterior network.
        acquisition: Of the gathers.
        gathers: Processed, shape (shot, receiver, time); a prior does not look at them.

    Raises:
        CheckpointError: If there is none, or it is for other sections or another acquisition.
        OptionError: If the network has no code that a section can be turned into.
    """
    try:
        prior = load_network_checkpoint(name, "prior")
    except CheckpointError as error:
        try:
            posterior = load_checkpoint(name)
        except CheckpointError:
            raise error from None
        return posterior_decoder(posterior, acquisition, gathers)
    return prior_decoder(prior, acquisition)


def prior_decoder(checkpoint: NetworkCheckpoint, acquisition: Acquisition) -> SectionDecoder:
    """Sections that a velocity prior knows, whatever the gathers say.

    Raises:
        CheckpointError: If it makes sections of another size.
        OptionError: If it is no variational autoencoder without a condition.
    """
    network = checkpoint.network(PRIORS)
    if not isinstance(network, Vae) or network.conditional:
        raise OptionError(
            f"Prior '{checkpoint.model.get('name')}' has no code for a given section; 'vae' has."
        )
    spacing_m = float(checkpoint.settings["spacing_m"])
    found = (*network.config.shape, spacing_m)
    needed = (acquisition.n_depth, acquisition.n_distance, acquisition.spacing_m)
    if tuple(found) != needed:
        raise CheckpointError(
            f"The prior makes sections of {found[0]} x {found[1]} cells of {found[2]:g} m; the "
            f"acquisition has {needed[0]} x {needed[1]} of {needed[2]:g} m."
        )
    low, high = checkpoint.settings["limits_m_s"]
    middle, half = (high + low) / 2, (high - low) / 2
    vae = network.requires_grad_(False)
    # Codes of true sections never quite fill the standard normal that they were trained against:
    # the numbers that are inverted for are standard normal under what was fitted to them.
    mean, factor = vae.code_prior.moments()

    def decode(numbers: torch.Tensor) -> torch.Tensor:
        velocity: torch.Tensor = middle + half * vae.decode((mean + factor @ numbers)[None])[0]
        return velocity

    def encode(velocity: NDArray[np.floating]) -> Code:
        section = torch.as_tensor((np.asarray(velocity, np.float32) - middle) / half)
        away = vae.encode(section[None].clamp(-1, 1))[0][0] - mean
        numbers = torch.linalg.solve_triangular(factor, away[:, None], upper=False)
        return np.asarray(numbers[:, 0].numpy())

    return SectionDecoder(network.config.code, decode, encode)


def posterior_decoder(
    checkpoint: Checkpoint, acquisition: Acquisition, gathers: NDArray[np.float32]
) -> SectionDecoder:
    """Sections that go with gathers, as a conditional variational autoencoder draws them.

    Its code is the normal numbers behind a draw: a code of zeros is the middle of what it holds
    for possible.

    Args:
        checkpoint: A trained ``cvae``.
        acquisition: Of the gathers.
        gathers: Processed as those of the training, shape (shot, receiver, time).

    Raises:
        CheckpointError: If the gathers or the sections have other sizes than in its training.
        OptionError: If it is no conditional variational autoencoder.
    """
    network = checkpoint.network()
    if not isinstance(network, ConditionalVae):
        raise OptionError(
            f"Model '{checkpoint.model_name}' has no code for a given section; 'cvae' has, or "
            "give a velocity prior."
        )
    own = Acquisition.from_dict(checkpoint.acquisition)
    sizes = [
        (a.n_shots, a.n_samples, a.n_receivers, a.n_depth, a.n_distance) for a in (own, acquisition)
    ]
    if sizes[0] != sizes[1]:
        raise CheckpointError(
            f"The checkpoint was trained for {sizes[0]} shots, samples, receivers, rows and "
            f"columns; the gathers have {sizes[1]}."
        )
    scaling = Scaling.from_dict(checkpoint.scaling)
    shots = scaling.scale_shots(np.ascontiguousarray(np.swapaxes(gathers[None], 2, 3)))
    channels = channels_for(own, network.config.shape.n_shots)
    shown = shots if channels is None else channels.place(shots)
    cvae = network.requires_grad_(False)
    context = cvae.context(torch.from_numpy(np.asarray(shown, np.float32)))
    shape = (1, 1, network.config.code_channels, *network.config.code_grid)

    def decode(code: torch.Tensor) -> torch.Tensor:
        drawn = cvae.drawn(code.reshape(shape).float(), context)[0, 0]
        velocity: torch.Tensor = scaling.unscale_velocity(drawn)
        return velocity

    def encode(velocity: NDArray[np.floating]) -> Code:
        scaled = torch.as_tensor(np.asarray(scaling.scale_velocity(velocity), np.float32))
        return np.asarray(cvae.noise_of(context, scaled[None]).reshape(-1).numpy())

    return SectionDecoder(int(np.prod(shape)), decode, encode)
