"""The networks of a configuration: the autoencoder, and the conditional generator as it is trained."""

import torch
from torch import Tensor, nn

from .config import Config
from .errors import TrainingError
from .features import FEATURE_WIDTH, seen_features
from .networks import Autoencoder, AutoencoderKL, ClipImageEncoder, Denoiser, FilmConditioner, LatentUNet, NoFilm, XrayEncoder

#: Sections of the configuration that shape the networks of an architecture.
SHAPING = {'demo': ('denoiser', 'xray_encoder'), 'paper': ('kl_autoencoder', 'unet', 'clip')}


def make_autoencoder(config: Config) -> Autoencoder | AutoencoderKL:
    if config.architecture == 'paper':
        options = config.kl_autoencoder
        return AutoencoderKL(options.image_channels, options.base, options.multipliers, options.blocks, options.latent_channels)
    return Autoencoder(config.autoencoder.fine, config.autoencoder.coarse)


def make_xray_encoder(config: Config) -> XrayEncoder | NoFilm | FilmConditioner:
    if config.architecture == 'paper':
        first_stage, clip = config.kl_autoencoder, config.clip
        image = ClipImageEncoder(clip.width, clip.layers, clip.heads, clip.patch, clip.size, clip.embedding)
        encoder = make_autoencoder(config).encoder
        return FilmConditioner(encoder, first_stage.image_channels, first_stage.latent_channels, image, config.unet.context)
    options = config.xray_encoder
    if not options.film:
        return NoFilm()
    return XrayEncoder(options.fine, options.coarse, options.heads, options.coverage, options.structure)


def make_denoiser(config: Config) -> Denoiser | LatentUNet:
    if config.architecture == 'paper':
        wide = config.unet
        return LatentUNet(FEATURE_WIDTH, wide.base, wide.multipliers, wide.blocks, wide.attention, wide.heads, wide.transformer_depth, wide.context)
    unet = config.denoiser
    seen = seen_features(unet.without)
    return Denoiser(FEATURE_WIDTH, unet.channels, unet.embedding, unet.heads, unet.blocks, unet.depth == 'down', seen)


class Generator(nn.Module):
    """Predicts v or the noise of noisy slices; radiographs come one per knee and serve `slices_per_knee` slices each."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.xray_encoder = make_xray_encoder(config)
        self.denoiser = make_denoiser(config)

    def condition(self, xrays: Tensor) -> tuple[Tensor, ...]:
        """What the denoiser sees of radiographs: the latent and, where the architecture has them, context tokens."""
        # Half precision would round away the fine grain from which the compact encoder tells size.
        full = isinstance(self.xray_encoder, XrayEncoder)
        with torch.autocast(xrays.device.type, enabled=not full and torch.is_autocast_enabled(xrays.device.type)):
            encoded = self.xray_encoder(xrays)
        return encoded if isinstance(encoded, tuple) else (encoded,)

    def forward(self, xrays: Tensor, sample: Tensor, timestep: Tensor, depth: Tensor, features: Tensor) -> Tensor:
        latent, *context = (part.repeat_interleave(len(sample) // len(part), dim=0) for part in self.condition(xrays))
        return self.denoiser(sample, timestep, latent, depth, features, *context)


class Average:
    """Exponential moving average of a model's weights; young averages follow faster. Frozen weights are shared, not copied."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
        self.weights = {name: value.detach() if name in self.frozen else value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (step + 1) / (step + 10))
        for name, value in model.state_dict().items():
            if name in self.frozen:
                continue
            if value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Goes on from the weights of a checkpoint, on the device of the present ones."""
        for name, value in weights.items():
            if name not in self.frozen:
                self.weights[name].copy_(value)

    @torch.no_grad()
    def swap(self, model: nn.Module) -> None:
        """Exchanges the model's weights for the average; a second call exchanges them back, bit for bit."""
        for name, value in model.state_dict().items():
            if name not in self.frozen:
                kept = value.clone()
                value.copy_(self.weights[name])
                self.weights[name].copy_(kept)


def check_same_networks(saved: Config, config: Config, where: str) -> None:
    """Refuses to resume a checkpoint whose networks are not those of the configuration."""
    if saved.architecture != config.architecture:
        raise TrainingError(f'{where} is of architecture {saved.architecture}, the configuration of {config.architecture}; resume with its own.')
    for section in (*SHAPING[config.architecture], 'autoencoder'):
        before, now = getattr(saved, section), getattr(config, section)
        for key in vars(now):
            if (section in ('autoencoder', 'xray_encoder') and key not in ('fine', 'coarse', 'heads', 'film', 'structure')) or key == 'weights':
                continue
            if getattr(before, key) != getattr(now, key):
                raise TrainingError(
                    f'{where} was trained with {section}.{key} = {getattr(before, key)}, the configuration says {getattr(now, key)}; '
                    'resume with the same networks or start a new run.'
                )
