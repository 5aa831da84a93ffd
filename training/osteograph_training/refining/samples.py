"""What a refiner learns from: halves of joints as the frozen generator decodes them from own and exchanged films, beside the true ones.

A group of releases holds the same knees with other grades (`synth --redraw`). Everything is made once, a few slices of each knee, and
kept in the run.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..augment import random_crops
from ..dataset import Knees, data_hash, load_knees
from ..errors import TrainingError
from ..evaluate import EVERYONE, VolumeGenerator
from ..images import inference_crops
from ..networks.refiner import SIDE, Refiner, halves, mirrored_features
from ..pairs import seen_grades
from ..sampler import depths
from .config import RefinerConfig, RefinerOptions

#: Slices of a knee that are kept, in groups that share which grades are seen and how the film is exposed: all and as it is; without KL; at random.
SLICES, GROUPS = 12, 3

#: A pixel of two versions differs by more than this of 255: what `feature-effect` counts.
CHANGED = 20

ARRAYS = ('base', 'truth', 'films', 'features', 'seen', 'slices')


@dataclass
class Samples:
    """Of K knees in V versions; images are bytes, 0 for -1 and 255 for 1.

    `base` [K,V,2,12,2,96,96]: halves as decoded with a version's grades, from its own film and from that of the next version;
    `truth` [K,V,12,2,96,96]; `films` [K,V,3,2,96,96]; `features` [K,V,65]; `seen` [K,3,65]: which of them a group is told;
    `slices` [K,12]: indices of 50. Medial halves come before mirrored lateral ones.
    """

    base: np.ndarray
    truth: np.ndarray
    films: np.ndarray
    features: np.ndarray
    seen: np.ndarray
    slices: np.ndarray

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def participants(self) -> list[str]:
        """Two knees each, as far as the log is concerned."""
        return [str(index // 2) for index in range(len(self))]

    def batch(self, options: RefinerOptions, rng: np.random.Generator) -> dict[str, Tensor]:
        """Halves of `options.pairs` pairs, the first of each pair and then the second; see `pair_batch`."""
        count, versions = options.pairs, self.features.shape[1]
        knees = rng.integers(len(self), size=count)
        first = rng.integers(versions, size=count)
        swapped = rng.random(count) < options.film_swap
        second = (first + np.where(swapped, 1, rng.integers(1, versions, size=count))) % versions
        slices, sides = self._places(knees, first, second, options.changed_share, rng)
        return self.pair_batch(knees, first, second, swapped, slices, sides)

    def pair_batch(
        self, knees: np.ndarray, first: np.ndarray, second: np.ndarray, swapped: np.ndarray, slices: np.ndarray, sides: np.ndarray
    ) -> dict[str, Tensor]:
        """`slices`, `films`, `truth` [2N,1,96,96] in [-1,1], `lateral`, `depth` [2N], `grades` [2N,65].

        Both of a swapped pair have the second one's film.
        """
        group = slices // (SLICES // GROUPS)
        parts: dict[str, list[np.ndarray]] = {name: [] for name in ('slices', 'films', 'truth', 'grades')}
        order = mirrored_features().numpy()
        for version, other_film in ((first, swapped), (second, np.zeros_like(swapped))):
            parts['slices'].append(self.base[knees, version, other_film.astype(int), slices, sides])
            parts['films'].append(self.films[knees, np.where(other_film, second, version), group, sides])
            parts['truth'].append(self.truth[knees, version, slices, sides])
            grades = self.features[knees, version] * self.seen[knees, group]
            parts['grades'].append(np.where(sides[:, None] == 1, grades[:, order], grades))
        batch = {name: torch.from_numpy(np.concatenate(arrays)) for name, arrays in parts.items()}
        for name in ('slices', 'films', 'truth'):
            batch[name] = batch[name][:, None].float().div_(127.5).sub_(1)
        line = depths(50)[torch.from_numpy(self.slices[knees, slices].astype(np.int64))]
        batch['depth'] = line.repeat(2)
        batch['lateral'] = torch.from_numpy(sides).float().repeat(2)
        return batch

    def _places(
        self, knees: np.ndarray, first: np.ndarray, second: np.ndarray, share: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A slice and a side for each pair; a `share` of them are drawn by how much of them differs, small findings as often as large ones."""
        slices, sides = rng.integers(SLICES, size=len(knees)), rng.integers(2, size=len(knees))
        for index in np.flatnonzero(rng.random(len(knees)) < share):
            changed = np.sqrt(self.changed[knees[index], first[index], second[index]].astype(np.float64)).reshape(-1)
            if changed.any():
                place = rng.choice(changed.size, p=changed / changed.sum())
                slices[index], sides[index] = divmod(int(place), 2)
        return slices, sides

    def __post_init__(self) -> None:
        knees, versions = self.truth.shape[:2]
        #: Pixels that differ between two versions of a half, [K,V,V,12,2].
        self.changed = np.zeros((knees, versions, versions, SLICES, 2), dtype=np.int32)
        for one in range(versions):
            for other in range(one):
                far = np.abs(self.truth[:, one].astype(np.int16) - self.truth[:, other]) > CHANGED
                self.changed[:, one, other] = self.changed[:, other, one] = far.sum(axis=(3, 4))


def joined(groups: Sequence[Samples]) -> Samples:
    """Knees of several groups as one."""
    if len({group.features.shape[1] for group in groups}) > 1:
        raise TrainingError('All groups need the same number of releases.')
    return Samples(*(np.concatenate([getattr(group, name) for group in groups]) for name in ARRAYS))


def made_samples(generator: VolumeGenerator, folders: Sequence[Path], config: RefinerConfig, path: Path) -> Samples:
    """The samples of one group of prepared releases, from `path` if they were made of the same things before."""
    mark = f'{data_hash(*folders)} {_weights_hash(generator)} {config.seed}'
    if path.exists():
        kept = np.load(path)
        if str(kept['mark']) == mark:
            return Samples(*(kept[name] for name in ARRAYS))
    versions = [load_knees(folder, EVERYONE, 'test', mapped=True) for folder in folders]
    for folder, version in zip(folders[1:], versions[1:], strict=True):
        if version.names != versions[0].names:
            raise TrainingError(f'{folder} holds other knees than {folders[0]}; draw both of the same participants and prepare both whole.')
    if len(versions) < 2:
        raise TrainingError('A group needs at least two releases of the same knees.')
    samples = _made(generator, versions, config)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, mark=np.array(mark), **{name: getattr(samples, name) for name in ARRAYS})
    return samples


@torch.no_grad()
def _made(generator: VolumeGenerator, versions: list[Knees], config: RefinerConfig) -> Samples:
    count, width = len(versions[0]), len(versions)
    each = SLICES // GROUPS
    base = np.empty((count, width, 2, SLICES, 2, SIDE, SIDE), dtype=np.uint8)
    truth = np.empty((count, width, SLICES, 2, SIDE, SIDE), dtype=np.uint8)
    films = np.empty((count, width, GROUPS, 2, SIDE, SIDE), dtype=np.uint8)
    seen = np.empty((count, GROUPS, versions[0].features.shape[1]), dtype=np.float32)
    slices = np.empty((count, SLICES), dtype=np.uint8)
    features = np.stack([version.features for version in versions], axis=1)
    refiner = Refiner(config.refiner.shape)
    for knee in tqdm(range(count), 'samples', unit='knee', mininterval=10):
        rng = np.random.default_rng([config.seed, knee])
        seen[knee, :2] = 1
        seen[knee, 1, :5] = 0
        seen[knee, 2] = seen_grades(rng, 1, generator.config.diffusion)[0]
        crop_seed, noise_seed = (int(number) for number in rng.integers(2**31, size=2))
        stacks = [version.mri[knee] for version in versions]
        slices[knee] = np.sort(_chosen(stacks, rng))[rng.permutation(SLICES)]
        for version in range(width):
            true = torch.from_numpy(stacks[version][slices[knee]])[:, None]
            truth[knee, version] = _by_slice(halves(true))
        for group in range(GROUPS):
            own = slice(group * each, (group + 1) * each)
            crops = [
                inference_crops(version.film[knee : knee + 1])
                if group < 2
                else random_crops(version.film[knee : knee + 1], np.random.default_rng(crop_seed), 0.0)
                for version in versions
            ]
            for version in range(width):
                films[knee, version, group] = _bytes(refiner.film_halves(crops[version])[:, 0])
                grades = torch.from_numpy(features[knee, version] * seen[knee, group])
                for place, film in enumerate((version, (version + 1) % width)):
                    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
                        decoded = _decoded(generator, crops[film], grades, slices[knee, own], noise_seed)
                    base[knee, version, place, own] = _by_slice(_bytes(halves(decoded.float())))
    return Samples(base, truth, films, features, seen, slices)


def _chosen(stacks: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Half of the slices at random, half where findings differ most by the square root of their size."""
    half = SLICES // 2
    among = np.zeros(len(stacks[0]))
    for one, other in zip(stacks, [*stacks[1:], stacks[0]], strict=True):
        among += np.sqrt((np.abs(one.astype(np.int16) - other) > CHANGED).sum(axis=(1, 2)))
    chances = among + 1e-6
    changed = rng.choice(len(among), size=half, replace=False, p=chances / chances.sum())
    rest = np.setdiff1d(np.arange(len(among)), changed)
    return np.concatenate([changed, rng.choice(rest, size=SLICES - half, replace=False)])


def _decoded(generator: VolumeGenerator, xray: Tensor, grades: Tensor, slices: np.ndarray, seed: int) -> Tensor:
    """Slices [n,1,256,256] in [-1,1] by one step from the noisiest timestep."""
    line = depths(50)[torch.from_numpy(slices.astype(np.int64))]
    return generator.slices(xray[0], grades, line, 1, seed)


def _by_slice(both: Tensor) -> np.ndarray:
    """Halves [2S,1,96,96] of slices as [S,2,96,96]."""
    return both.reshape(2, -1, SIDE, SIDE).transpose(0, 1).numpy()


def _bytes(images: Tensor) -> Tensor:
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _weights_hash(generator: VolumeGenerator) -> str:
    digest = hashlib.sha256()
    for network in (generator.model, generator.autoencoder.decoding()):
        for value in network.state_dict().values():
            digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
