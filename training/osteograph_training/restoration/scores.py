"""How well films are restored, in dB: peak signal to noise in the film's window, of which 1 is the range."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .degrade import Degraded, hidden, random_masks, reduced, windowed, with_noise
from .restorer import Restorer, restore


def psnr(found: Tensor, clean: Tensor, mask: Tensor | None = None) -> Tensor:
    """Of each film [B,1,H,W], over the mask's pixels where there is one; 1 is the range."""
    error = (found - clean).double().square()
    if mask is None:
        return -10 * error.mean(dim=(1, 2, 3)).log10()
    return -10 * ((error * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))).log10()


def spoilt_cases(clean: Tensor, seed: int = 5) -> dict[str, Degraded]:
    """The spoilt films that limits are stated for, the same for every rival."""
    count, nothing = len(clean), torch.zeros(len(clean))
    stream = torch.Generator().manual_seed(seed)
    cases = {f'noise{sigma}': with_noise(clean, torch.full((count,), float(sigma)), nothing, stream) for sigma in (15, 25, 50)}
    cases['impulses'] = with_noise(clean, torch.full((count,), 25.0), torch.full((count,), 0.05), stream)
    cases['scale4'] = reduced(clean, 4)
    cases['mask'] = hidden(clean, random_masks(count, clean.shape[2], clean.shape[3], stream))
    return cases


def validation_scores(network: Restorer, films: Tensor) -> dict[str, float]:
    """Mean PSNR of the one-step means of uint8 films [N,1,224,224], by case."""
    clean = windowed(films)
    scores = {}
    for name, case in spoilt_cases(clean).items():
        pieces = [Degraded(case.image[i : i + 16], case.mask[i : i + 16], case.strengths[i : i + 16]) for i in range(0, len(clean), 16)]
        found = torch.cat([restore(network, piece) for piece in pieces])
        scores[name] = psnr(found, clean, case.mask if name == 'mask' else None).mean().item()
    return scores


def paired_interval(differences: np.ndarray, people: Sequence[str], draws: int = 2000, seed: int = 1) -> tuple[float, float]:
    """95 % percentile interval of the mean difference; people are drawn again, with both of their knees."""
    _, person = np.unique(np.asarray(people), return_inverse=True)
    sums = np.bincount(person, differences)
    counts = np.bincount(person)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (draws, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)
