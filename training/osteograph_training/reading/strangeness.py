"""How unlike the films of its training a film is: the Mahalanobis distance of a network's features (Lee et al. 2018, one class)."""

import math

import torch
from torch import Tensor, nn

#: Share of the features' mean variance that is added to each, so that directions in which no film differs do not decide.
SHRINKAGE = 0.05


class Strangeness(nn.Module):
    """Features [B,W] -> distance [B] from the mean film, in deviations of training films: about 1 for those."""

    mean: Tensor
    whitening: Tensor

    def __init__(self, mean: Tensor, whitening: Tensor) -> None:
        super().__init__()
        self.register_buffer('mean', mean)
        self.register_buffer('whitening', whitening)

    def forward(self, features: Tensor) -> Tensor:
        white = (features - self.mean) @ self.whitening
        return (white * white).mean(dim=1).sqrt()


def fit_strangeness(features: Tensor) -> Strangeness:
    """From the features [N,W] of the training films; computed in float64, kept in float32."""
    wide = features.double()
    mean = wide.mean(dim=0)
    covariance = (wide - mean).T @ (wide - mean) / (len(wide) - 1)
    covariance += (SHRINKAGE * covariance.diagonal().mean() + 1e-6) * torch.eye(len(covariance), dtype=torch.float64)
    values, vectors = torch.linalg.eigh(covariance)
    white = (wide - mean) @ (vectors / values.sqrt())
    scale = math.sqrt((white * white).mean().item()) or 1.0
    return Strangeness(mean.float(), (vectors / values.sqrt() / scale).float())
