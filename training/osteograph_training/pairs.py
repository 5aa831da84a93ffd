"""Counterfactual pairs: one knee twice, with other grades, so that grades come to matter.

In natural data film and grades always agree, and the film tells all: the grades get no gradient. Here half of the knees get the film of
their pair's other knee, so that only the grades tell what to draw, and the difference of a pair is trained for itself.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .augment import random_crops
from .config import DiffusionConfig
from .errors import TrainingError
from .features import FEATURES
from .parallel import Group
from .training_set import TrainingSet, drawn_places

#: Two knees differ where a latent, of standard deviation 1, differs by more than this.
DIFFERS = 0.25


class PairedSet:
    """Sets of the same knees with other grades; draws batches of pairs."""

    def __init__(self, versions: list[TrainingSet]) -> None:
        first = versions[0].knees.names
        for number, version in enumerate(versions[1:], 1):
            if version.knees.names != first:
                raise TrainingError(f'Pair {number} holds other knees than the data; draw both of the same participants and prepare both whole.')
        self.versions = versions
        self.depths = versions[0].depths

    def batch(self, options: DiffusionConfig, rng: np.random.Generator, stream: torch.Generator, group: Group) -> dict[str, Tensor]:
        """A process's share of a batch of `knees` / 2 pairs, the two knees of a pair one after the other.

        They share slices, noise, timesteps, turn, how their film is changed and which grades are missing. `differs` [n,1,32,32] is
        1 where the two knees differ.
        """
        count, per_knee = options.knees // 2, options.slices_per_knee
        knees = rng.integers(len(self.versions[0].knees), size=count)
        views = rng.integers(len(self.versions[0].views), size=count)
        first = rng.integers(len(self.versions), size=count)
        second = (first + rng.integers(1, len(self.versions), size=count)) % len(self.versions)
        slices = rng.integers(len(self.depths), size=(count, per_knee))
        seen = seen_grades(rng, count, options)
        swapped = (rng.random(count) < options.film_swap) & seen.any(axis=1)
        crop_seeds = rng.integers(2**63, size=count)
        noise = torch.randn(count, per_knee, 4, 32, 32, generator=stream)
        place = drawn_places(options, count * per_knee, stream).reshape(count, per_knee)

        xrays, features, clean = [], [], []
        mine = np.array_split(np.arange(count), group.size)[group.rank]
        for pair in mine:
            knee, view = knees[pair], views[pair]
            films = (second[pair] if swapped[pair] else first[pair], second[pair])
            for version, film in zip((first[pair], second[pair]), films, strict=True):
                own = self.versions[version]
                degrees, latents = own.views[view]
                patch = self.versions[film].knees.film[knee : knee + 1]
                untouched = options.untouched if options.augment else 1.0
                xrays.append(random_crops(patch, np.random.default_rng(crop_seeds[pair]), untouched, float(degrees[knee])))
                features.append(own.knees.features[knee] * seen[pair])
                clean.append(latents[knee, slices[pair]])
        pairs = torch.from_numpy(np.stack(clean)).float().reshape(len(mine), 2, per_knee, 4, 32, 32)
        rows = torch.from_numpy(mine)
        batch = {
            'xrays': torch.cat(xrays),
            'clean': pairs.flatten(0, 2),
            'noise': _for_both(noise[rows]),
            'place': _for_both(place[rows]),
            'depth': _for_both(self.depths[torch.from_numpy(slices)][rows]),
            'features': torch.from_numpy(np.stack(features)).repeat_interleave(per_knee, 0),
            'differs': _for_both(differing(pairs[:, 0], pairs[:, 1])),
        }
        return {key: value.to(group.device) for key, value in batch.items()}


def seen_grades(rng: np.random.Generator, count: int, options: DiffusionConfig) -> np.ndarray:
    """Which of the 65 numbers of a feature vector pairs show, float32 [count,65]: KL, single grades and all of them may be missing."""
    columns = []
    for code, levels in FEATURES:
        share = options.kl_dropout if code == 'XRKL' else options.feature_dropout / 2
        columns.append(np.repeat((rng.random(count) >= share)[:, None], levels, axis=1))
    seen = np.concatenate(columns, axis=1)
    return (seen & (rng.random(count) >= options.feature_dropout / 2)[:, None]).astype(np.float32)


def differing(first: Tensor, second: Tensor) -> Tensor:
    """1 where latents [B,S,4,32,32] of two knees differ, and one place around, else 0: [B,S,1,32,32]."""
    far = ((first - second).abs().amax(dim=2, keepdim=True) > DIFFERS).float()
    return F.max_pool2d(far.flatten(0, 1), 3, stride=1, padding=1).reshape(far.shape)


def pair_loss(error: Tensor, weight: Tensor, batch: dict[str, Tensor], lesion_weight: float) -> Tensor:
    """Squared error of the predicted difference of each pair's knees; where they differ it counts `lesion_weight` more.

    `error` [n,4,32,32] is that of the prediction, so the difference of two errors is the error of the difference.
    """
    per_knee = len(error) // len(batch['xrays'])
    first, second = error.unflatten(0, (-1, 2, per_knee)).unbind(1)
    counted = (weight * (1 + lesion_weight * batch['differs'])).unflatten(0, (-1, 2, per_knee))[:, 0]
    return (counted * (first - second).square()).mean()


def _for_both(values: Tensor) -> Tensor:
    """Values of pairs [P,S,...] for each of their knees: [P*2*S,...]."""
    return values[:, None].expand(-1, 2, *values.shape[1:]).flatten(0, 2)
