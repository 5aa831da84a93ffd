"""The three networks of a radiograph-to-MRI bundle: autoencoder, radiograph encoder and conditional denoiser."""

from .autoencoder import Autoencoder
from .denoiser import Denoiser
from .xray_encoder import XrayEncoder

__all__ = ['Autoencoder', 'Denoiser', 'XrayEncoder']
