"""Knees with their cached latents, from which training draws its batches."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .augment import random_crops
from .config import DiffusionConfig
from .dataset import Knees
from .features import FEATURES
from .networks import Autoencoder, AutoencoderKL
from .parallel import Group
from .sampler import depths
from .turning import turn_angles, turned_slices


class TrainingSet:
    """Knees with their latents [N,50,4,32,32], and perhaps those of the knees turned by angles [N] in degrees; draws batches."""

    def __init__(self, knees: Knees, latents: np.ndarray, turned: Sequence[tuple[np.ndarray, np.ndarray]] = ()) -> None:
        self.knees = knees
        self.latents = latents
        self.depths = depths(latents.shape[1])
        self.views = [(np.zeros(len(knees), dtype=np.float32), latents), *turned]

    @staticmethod
    def of(knees: Knees, run: Path, name: str, options: DiffusionConfig) -> 'TrainingSet':
        """With the latents that a run keeps as `name`."""
        numbers = range(options.turns)
        angles = [turn_angles(knees.names, options.turn, number) for number in numbers]
        paths = [run / f'latents-{name}.npy', *(run / f'latents-{name}-turn{number}.npy' for number in numbers)]
        latents, *turned = (np.load(path, mmap_mode='r') for path in paths)
        return TrainingSet(knees, latents, list(zip(angles, turned, strict=True)))

    def batch(self, options: DiffusionConfig, rng: np.random.Generator, stream: torch.Generator, group: Group) -> dict[str, Tensor]:
        """A process's share of a batch; every process draws the whole one, so the split does not change the run."""
        knees = rng.integers(len(self.knees), size=options.knees)
        views = rng.integers(len(self.views), size=options.knees)
        total = options.knees * options.slices_per_knee
        slices = rng.integers(self.latents.shape[1], size=total)
        features = drop_features(self.knees.features[knees], rng, options.feature_dropout)
        crop_seeds = rng.integers(2**63, size=options.knees)
        noise = torch.randn(total, 4, 32, 32, generator=stream)
        place = drawn_places(options, total, stream)
        mine = np.array_split(np.arange(options.knees), group.size)[group.rank]
        own, seen = np.repeat(knees, options.slices_per_knee), np.repeat(views, options.slices_per_knee)
        rows = torch.from_numpy((mine[:, None] * options.slices_per_knee + np.arange(options.slices_per_knee)).reshape(-1))
        xrays = [
            random_crops(
                self.knees.film[knees[index] : knees[index] + 1],
                np.random.default_rng(crop_seeds[index]),
                options.untouched if options.augment else 1.0,
                float(self.views[views[index]][0][knees[index]]),
            )
            for index in mine
        ]
        clean = np.stack([self.views[seen[row]][1][own[row], slices[row]] for row in rows.tolist()])
        batch = {
            'xrays': torch.cat(xrays),
            'clean': torch.from_numpy(clean).float(),
            'noise': noise[rows],
            'place': place[rows],
            'depth': self.depths[torch.from_numpy(slices)][rows],
            'features': torch.from_numpy(features).repeat_interleave(options.slices_per_knee, 0)[rows],
        }
        return {key: value.to(group.device) for key, value in batch.items()}


def drawn_places(options: DiffusionConfig, count: int, stream: torch.Generator) -> Tensor:
    """Places in the noise schedule, 0 to 1, at which slices are trained."""
    place = torch.rand(count, generator=stream)
    if options.timesteps == 'noisy':
        # More of the noisy timesteps: there the film decides what the knee becomes.
        place = place.sqrt()
    place[torch.rand(count, generator=stream) < options.final_share] = 1.0
    return place


def drop_features(features: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Makes features missing (all zeros), one by one and all at once, each with probability `share` / 2."""
    kept = features.copy()
    start = 0
    for _, levels in FEATURES:
        missing = rng.random(len(kept)) < share / 2
        kept[missing, start : start + levels] = 0
        start += levels
    kept[rng.random(len(kept)) < share / 2] = 0
    return kept


@torch.no_grad()
def encode_latents(autoencoder: Autoencoder | AutoencoderKL, scale: float, knees: Knees, path: Path, degrees: np.ndarray | None = None) -> None:
    """Scaled mean latents of every slice, float16 [N,50,4,32,32], of the knees turned by `degrees` [N] where they are given.

    Reused while autoencoder, scale, knees and angles are the same.
    """
    digest = hashlib.sha256(' '.join(knees.names).encode())
    for value in autoencoder.encoding_state().values():
        digest.update(value.cpu().numpy().tobytes())
    if degrees is not None:
        digest.update(degrees.tobytes())
    stamp, mark = path.with_suffix('.sha256'), f'{digest.hexdigest()} {scale}'
    # Stamps without a scale are of runs whose scale followed from the encoder.
    if path.exists() and stamp.exists() and stamp.read_text(encoding='utf-8') in (mark, digest.hexdigest()):
        return
    device = next(autoencoder.parameters()).device
    latents = np.empty((*knees.mri.shape[:2], 4, 32, 32), dtype=np.float16)
    for index in tqdm(range(len(knees)), desc=path.stem, unit='knee', mininterval=10):
        images = torch.from_numpy(knees.mri[index]).to(device).float().div_(127.5).sub_(1).unsqueeze(1)
        if degrees is not None:
            images = turned_slices(images, float(degrees[index]))
        latents[index] = (autoencoder.encode(images) * scale).cpu().numpy().astype(np.float16)
    np.save(path, latents)
    stamp.write_text(mark, encoding='utf-8')
