"""Deep convolutional GAN: strided convolutions down, transposed ones up, the non-saturating game.

Group norms stand where the paper has batch norms: a section then does not hang on its neighbours in
the batch, and the running mean of the weights needs no statistics of its own.

References:
    Radford, Metz and Chintala (2016), Unsupervised representation learning with deep convolutional
        generative adversarial networks, ICLR.
    Odena, Dumoulin and Olah (2016), Deconvolution and checkerboard artifacts, Distill (kernels
        that the stride divides).
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.prior_config import StagesConfig
from geoml.models.priors.section_blocks import SectionCritic, stage_sizes

_GROUPS = 8


class Dcgan(AdversarialPair):
    """The network; see the module's docstring."""

    game = "non_saturating"

    def __init__(self, config: StagesConfig) -> None:
        super().__init__(config, TransposedGenerator(config), SectionCritic(config))


class TransposedGenerator(nn.Module):
    """Code to section: a dense layer, then transposed convolutions, each twice as fine."""

    def __init__(self, config: StagesConfig) -> None:
        super().__init__()
        widths = config.widths
        self.sizes = stage_sizes(config.shape, 1 + len(widths))
        rows, columns = self.sizes[-1]
        self.enter = nn.Linear(config.code, widths[-1] * rows * columns)
        self.enter_norm = nn.Sequential(nn.GroupNorm(_GROUPS, widths[-1]), nn.ReLU())
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(deep, wide, 4, 2, 1), nn.GroupNorm(_GROUPS, wide), nn.ReLU()
            )
            for deep, wide in itertools.pairwise(widths[::-1])
        )
        self.leave = nn.ConvTranspose2d(widths[0], 1, 4, 2, 1)

    def forward(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Scaled velocity, shape (batch, depth, distance); ``condition`` is not read."""
        x = self.enter_norm(self.enter(code).unflatten(1, (-1, *self.sizes[-1])))
        for stage, size in zip(self.stages, self.sizes[-2:0:-1], strict=True):
            x = stage(x)[..., : size[0], : size[1]]  # (batch, width, twice as many, twice as many)
        velocity: Tensor = self.leave(x)[:, 0, : self.sizes[0][0], : self.sizes[0][1]]
        return velocity.float()
