"""The networks of a radiograph-to-MRI bundle: compact ones (architecture `demo`) and the paper's (architecture `paper`)."""

from .autoencoder import Autoencoder
from .clip_image import ClipImageEncoder
from .denoiser import Denoiser
from .film_conditioner import FilmConditioner
from .kl_autoencoder import AutoencoderKL
from .latent_unet import LatentUNet
from .xray_encoder import NoFilm, XrayEncoder

__all__ = ['Autoencoder', 'AutoencoderKL', 'ClipImageEncoder', 'Denoiser', 'FilmConditioner', 'LatentUNet', 'NoFilm', 'XrayEncoder']
