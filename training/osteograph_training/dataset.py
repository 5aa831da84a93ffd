"""The cached knees of a prepared data set, split by participant."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .config import DataConfig
from .errors import TrainingError
from .images import MRI_SIZE, PATCH_SIZE, STACK_SLICES

#: Says `synthetic` or `real` in a folder of prepared arrays.
SOURCE_FILE = 'source.txt'

PARTS = ('train', 'validation', 'test')


@dataclass(frozen=True)
class Split:
    """Shares of participants; the rest is the training part."""

    seed: int
    validation: float
    test: float

    @staticmethod
    def of(data: DataConfig) -> 'Split':
        return Split(data.split_seed, data.validation, data.test)

    def part_of(self, participant: str) -> str:
        """A participant's part depends on the seed and the identifier alone, so adding participants moves nobody."""
        digest = hashlib.sha256(f'{self.seed}:{participant}'.encode()).digest()
        place = int.from_bytes(digest[:8], 'big') / 2**64
        if place < self.test:
            return 'test'
        return 'validation' if place < self.test + self.validation else 'train'


class StackFiles:
    """MRI stacks uint8 [N,50,256,256] that stay in their files: a release of thousands of knees would fill the memory."""

    def __init__(self, paths: list[Path]) -> None:
        self.shape = (len(paths), STACK_SLICES, MRI_SIZE, MRI_SIZE)
        self._stacks = [np.load(path, mmap_mode='r') for path in paths]

    def __len__(self) -> int:
        return len(self._stacks)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.array(self._stacks[index])

    def pick(self, knees: np.ndarray, slices: np.ndarray) -> np.ndarray:
        """Slice `slices[i]` of knee `knees[i]`, for every i: [M,256,256]."""
        return np.stack([self._stacks[knee][place] for knee, place in zip(knees, slices, strict=True)])


@dataclass
class Knees:
    """Arrays of one part: mri uint8 [N,50,256,256], film patches uint16 [N,320,320], features float32 [N,65]."""

    names: list[str]
    participants: list[str]
    kl: list[int | None]
    mri: np.ndarray | StackFiles
    film: np.ndarray
    features: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def mean_volume(self) -> np.ndarray:
        """The mean of the volumes in [0,1], float64 [50,256,256]; one at a time, since they may lie in their files."""
        return sum(self.mri[index].astype(np.float64) for index in range(len(self))) / len(self) / 255


def load_stacks(folder: Path, split: Split, part: str) -> StackFiles:
    """MRI stacks alone; what the autoencoder needs."""
    paths = [path for path in sorted(folder.glob('*.mri.npy')) if split.part_of(path.name.split('_')[0]) == part]
    if not paths:
        raise TrainingError(f'{folder} holds no prepared knees of the {part} part; run "prepare" first.')
    return StackFiles(paths)


def load_knees(folder: Path, split: Split, part: str, mapped: bool = False) -> Knees:
    """All complete knees of one part, sorted by name; `mapped` leaves the MRI stacks in their files."""
    records = {}
    for path in sorted(folder.glob('*.json')):
        record = json.loads(path.read_text(encoding='utf-8'))
        if split.part_of(record['participant']) == part:
            records[path.stem] = record
    if not records:
        raise TrainingError(f'{folder} holds no complete knees of the {part} part; run "prepare" first.')
    stacks = [folder / f'{name}.mri.npy' for name in records]
    return Knees(
        names=list(records),
        participants=[record['participant'] for record in records.values()],
        kl=[None if record['kl'] is None else int(record['kl']) for record in records.values()],
        mri=StackFiles(stacks) if mapped else _stacked(stacks, (STACK_SLICES, MRI_SIZE, MRI_SIZE), np.uint8),
        film=_stacked([folder / f'{name}.film.npy' for name in records], (PATCH_SIZE, PATCH_SIZE), np.uint16),
        features=np.array([record['features'] for record in records.values()], dtype=np.float32),
    )


def is_synthetic(folder: Path) -> bool:
    """Whether `prepare` read a release of phantoms; what it prepared before it took note of that was synthetic."""
    return source_of(folder).startswith('synthetic')


def source_of(folder: Path) -> str:
    """The release that `prepare` read: "real", or "synthetic" and its seed, as far as that was known."""
    source = folder / SOURCE_FILE
    return source.read_text(encoding='utf-8').strip() if source.exists() else 'synthetic'


def may_share_people(first: Path, second: Path) -> bool:
    """Whether one participant's number is one person in both: phantoms of releases of different seeds are different people."""
    sources = [source_of(folder).split() for folder in (first, second)]
    return not (all(len(words) == 2 for words in sources) and sources[0] != sources[1])


def data_hash(*folders: Path) -> str:
    """SHA-256 over names and contents of the prepared arrays; recorded in checkpoints and bundles."""
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in sorted([*folder.glob('*.npy'), *folder.glob('*.json')])):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stacked(paths: list[Path], shape: tuple[int, ...], dtype: type) -> np.ndarray:
    array = np.empty((len(paths), *shape), dtype=dtype)
    for index, path in enumerate(paths):
        array[index] = np.load(path)
    return array
