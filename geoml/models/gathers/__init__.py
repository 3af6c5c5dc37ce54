"""Networks on patches of gathers and sections, by name.

Each maps ``samples`` (batch, trace, time), scaled to an RMS of 1 by the caller, to a dict with at
least ``signal`` of the same shape. Autoencoders also ``encode`` to (batch, code) and ``decode``
back. A network that needs patches of one size has ``n_traces`` and ``n_times`` in its config; all
others take any size and pad by themselves.
"""

from __future__ import annotations

from geoml.models.gathers.component_autoencoder import (
    ComponentAutoencoder,
    ComponentAutoencoderConfig,
)
from geoml.models.gathers.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig
from geoml.models.gathers.denoising_unet import DenoisingUnet, DenoisingUnetConfig
from geoml.models.gathers.dense_autoencoder import DenseAutoencoder, DenseAutoencoderConfig
from geoml.models.gathers.dncnn import Dncnn, DncnnConfig
from geoml.models.gathers.gather_vit import GatherVit, GatherVitConfig
from geoml.models.gathers.neighbour_predictor import (
    NeighbourPredictor,
    NeighbourPredictorConfig,
)
from geoml.models.gathers.trace_transformer import TraceTransformer, TraceTransformerConfig
from geoml.models.gathers.variational_autoencoder import (
    VariationalAutoencoder,
    VariationalAutoencoderConfig,
)
from geoml.models.network_table import NetworkEntry

__all__ = ["GATHER_MODELS"]

GATHER_MODELS: dict[str, NetworkEntry] = {
    "denoising_unet": NetworkEntry(DenoisingUnet, DenoisingUnetConfig),
    "dncnn": NetworkEntry(Dncnn, DncnnConfig),
    "dense_autoencoder": NetworkEntry(DenseAutoencoder, DenseAutoencoderConfig),
    "component_autoencoder": NetworkEntry(ComponentAutoencoder, ComponentAutoencoderConfig),
    "conv_autoencoder": NetworkEntry(ConvAutoencoder, ConvAutoencoderConfig),
    "variational_autoencoder": NetworkEntry(VariationalAutoencoder, VariationalAutoencoderConfig),
    "neighbour_predictor": NetworkEntry(NeighbourPredictor, NeighbourPredictorConfig),
    "trace_transformer": NetworkEntry(TraceTransformer, TraceTransformerConfig),
    "gather_vit": NetworkEntry(GatherVit, GatherVitConfig),
}
"""Network name -> network and config."""
