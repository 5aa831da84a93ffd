"""`feature-effect`: what a grade given as a feature changes in the generated volume, and whether the phantom changes there too.

`synth --grade` draws the same invented knees with and without a feature. The generator gets the film of the knee without it, once with
the grades of the knee without and once with those of the knee with the feature; and, to see what the film adds, the film and the grades of
the knee with it. The change it makes is held against the change of the phantom's own series.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from skimage.morphology import ball, dilation
from tqdm import tqdm

from ..dataset import Knees, load_knees
from ..errors import TrainingError
from ..evaluate import EVERYONE, VolumeGenerator
from ..images import inference_crops
from ..sheets import write_sheet

#: A voxel of the phantom has changed when its grey value, 0 to 1, did by more than this.
CHANGED = 0.08

#: Pixels around a changed voxel that still count as the right place, within its slice: 3 mm.
NEAR = 5

#: Rows of a slice that a picture shows: the joint.
JOINT = slice(64, 192)


def feature_effect(run: Path, folder: Path, steps: int, seed: int, out: Path, sheet: Path | None = None, shown: list[str] | None = None) -> dict:
    """Compares `<folder>/base` with every other prepared release beside it; writes the figures of each knee as JSON and returns them.

    `sheet` becomes a picture of the first knee with a row of each feature, or of those `shown`: the phantom without and with, generated
    without, with the grade, with grade and film; then the three changes, grey where nothing changed.
    """
    generator = VolumeGenerator(run)
    generator.round_as_stored()
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    base = load_knees(folder / 'base', EVERYONE, 'test')
    features = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != 'base')
    if not features:
        raise TrainingError(f'{folder} holds nothing but base; prepare a release with a grade set beside it.')
    crops = inference_crops(base.film)
    plain = [generator(crop, torch.from_numpy(own), steps, seed) for crop, own in zip(crops, base.features, strict=True)]
    unknown = set(shown or []) - set(features)
    if unknown:
        raise TrainingError(f'{folder} holds no {", ".join(sorted(unknown))}; it holds {", ".join(features)}.')
    effects, rows = {}, {}
    for name in tqdm(features, desc='features', mininterval=10):
        changed = load_knees(folder / name, EVERYONE, 'test')
        if changed.names != base.names:
            raise TrainingError(f'{folder / name} holds other knees than {folder / "base"}; draw both of the same participants.')
        effects[name], rows[name] = _one_feature(generator, base, changed, crops, plain, steps, seed)
    result = {'knees': base.names, 'steps': steps, 'seed': seed, 'threshold': CHANGED, 'nearPixels': NEAR, 'features': effects}
    out.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')
    if sheet is not None:
        write_sheet(sheet, [rows[name] for name in shown or features])
    return result


def effect_table(result: dict) -> str:
    """Medians over the knees as Markdown."""
    header = [
        'feature',
        'phantom changes',
        'with 3 mm around',
        'grades alone: change there',
        'share in place',
        'correlation',
        'film and grades: change there',
        'share in place',
        'correlation',
    ]
    lines = [f'| {" | ".join(header)} |', f'|{"---|" * len(header)}']
    for name, knees in result['features'].items():
        cells = [name, *(f'{100 * np.median([knee[key] for knee in knees]):.2f} %' for key in ('volume', 'nearVolume'))]
        for source in ('grades', 'film'):
            for key in ('size', 'inPlace', 'correlation'):
                value = float(np.median([knee[source][key] for knee in knees]))
                cells.append(f'{100 * value:.0f} %' if key != 'correlation' else f'{value:.2f}')
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


@dataclass(frozen=True)
class PhantomChange:
    """A phantom's change of grey values [S,H,W], the voxels that changed, and those within `NEAR` pixels of them."""

    change: np.ndarray
    where: np.ndarray
    near: np.ndarray

    @staticmethod
    def of(change: np.ndarray) -> 'PhantomChange':
        where = np.abs(change) > CHANGED
        return PhantomChange(change, where, dilation(where, ball(NEAR)[NEAR : NEAR + 1]))


def compare_change(phantom: PhantomChange, model: np.ndarray) -> dict[str, float]:
    """How a generated change [S,H,W] agrees with the phantom's.

    `size`: its mean magnitude where the phantom changed, over the phantom's. `inPlace`: the share of its squared magnitude that lies
    within `NEAR` pixels of a changed voxel. `correlation`: Pearson over the voxels that changed.
    """
    energy = float(np.square(model, dtype=np.float64).sum())
    inside, expected = (change[phantom.where].astype(np.float64) for change in (model, phantom.change))
    spread = float(inside.std() * expected.std())
    return {
        'size': float(np.abs(inside).mean() / np.abs(expected).mean()),
        'inPlace': float(np.square(model[phantom.near], dtype=np.float64).sum()) / max(energy, 1e-12),
        'correlation': float(((inside - inside.mean()) * (expected - expected.mean())).mean()) / max(spread, 1e-12),
    }


def _one_feature(
    generator: VolumeGenerator, base: Knees, changed: Knees, crops: torch.Tensor, plain: list[np.ndarray], steps: int, seed: int
) -> tuple[list[dict], list[np.ndarray]]:
    crops_with = inference_crops(changed.film)
    measured, row = [], []
    for index in range(len(base)):
        phantom = PhantomChange.of((changed.mri[index].astype(np.float32) - base.mri[index].astype(np.float32)) / 255)
        if not phantom.where.any():
            raise TrainingError(f'{changed.names[index]} does not differ from the knee without the feature.')
        grades = torch.from_numpy(changed.features[index])
        by_grades = generator(crops[index], grades, steps, seed)
        by_film = generator(crops_with[index], grades, steps, seed)
        measured.append(
            {
                'volume': float(phantom.where.mean()),
                'nearVolume': float(phantom.near.mean()),
                'grades': compare_change(phantom, by_grades - plain[index]),
                'film': compare_change(phantom, by_film - plain[index]),
            }
        )
        if index == 0:
            place = int(np.square(phantom.change).sum(axis=(1, 2)).argmax())
            real = [base.mri[index][place] / np.float32(255), changed.mri[index][place] / np.float32(255)]
            changes = [phantom.change[place], (by_grades - plain[index])[place], (by_film - plain[index])[place]]
            images = [*real, plain[index][place], by_grades[place], by_film[place], *(0.5 + change for change in changes)]
            row = [image[JOINT] for image in images]
    return measured, row
