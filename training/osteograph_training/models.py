"""The conditional generator as it is trained: radiograph encoder and denoiser together."""

import torch
from torch import Tensor, nn

from .config import Config
from .features import FEATURE_WIDTH
from .networks import Denoiser, XrayEncoder


def make_xray_encoder(config: Config) -> XrayEncoder:
    options = config.xray_encoder
    return XrayEncoder(options.fine, options.coarse, options.heads, options.coverage)


class Generator(nn.Module):
    """Predicts v for noisy slices; radiographs come one per knee and serve `slices_per_knee` slices each."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        unet = config.denoiser
        self.xray_encoder = make_xray_encoder(config)
        self.denoiser = Denoiser(FEATURE_WIDTH, unet.channels, unet.embedding, unet.heads, unet.blocks)

    def forward(self, xrays: Tensor, sample: Tensor, timestep: Tensor, depth: Tensor, features: Tensor) -> Tensor:
        # Half precision would round away the fine grain from which the encoder tells size.
        with torch.autocast('cpu', enabled=False):
            latent = self.xray_encoder(xrays)
        latent = latent.repeat_interleave(len(sample) // len(latent), dim=0)
        return self.denoiser(sample, timestep, latent, depth, features)


class Average:
    """Exponential moving average of a model's weights; young averages follow faster."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (step + 1) / (step + 10))
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)
