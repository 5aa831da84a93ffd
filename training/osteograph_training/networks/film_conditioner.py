"""What the paper's denoiser sees of a radiograph: a latent that is concatenated, and CLIP's image embedding as context.

As in Zero-123 the latent is the mode of the first stage's posterior, *not* multiplied by the scale factor, and the one context token is
a linear map of CLIP's embedding (`cc_projection`, the identity at first). The first stage and CLIP stay as they are.
"""

import torch
from torch import Tensor, nn

from .clip_image import ClipImageEncoder
from .kl_autoencoder import Encoder


class FilmConditioner(nn.Module):
    """Film crop [B,1,256,256] in [-1,1] -> latent [B,4,32,32] and context [B,1,C]."""

    def __init__(self, encoder: Encoder, image_channels: int, latent_channels: int, clip: ClipImageEncoder, context: int) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.encoder = encoder
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)
        self.clip = clip
        for frozen in (self.encoder, self.quant_conv, self.clip):
            frozen.requires_grad_(False)
        embedding = clip.visual.proj.shape[1]
        self.cc_projection = nn.Linear(embedding, context)
        nn.init.eye_(self.cc_projection.weight)
        nn.init.zeros_(self.cc_projection.bias)

    def forward(self, xray: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            moments = self.quant_conv(self.encoder(xray.repeat(1, self.image_channels, 1, 1)))
            embedding = self.clip(xray)
        return moments.chunk(2, dim=1)[0], self.cc_projection(embedding)[:, None]
