"""`feature-effect`: what a grade given as a feature changes in the generated volume, and whether the phantom changes there too.

`synth --grade` draws the same invented knees with and without a feature. The generator gets the film of the knee without it, once with
the grades of the knee without and once with those of the knee with the feature; and, to see what the film adds, the film and the grades of
the knee with it. The change it makes is held against the change of the phantom's own series.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from skimage.morphology import ball, dilation
from tqdm import tqdm

from ..dataset import Knees, load_knees
from ..errors import TrainingError
from ..evaluate import EVERYONE, VolumeGenerator
from ..features import seen_features
from ..images import inference_crops
from ..sheets import write_sheet

#: A voxel of the phantom has changed when its grey value, 0 to 1, did by more than this.
CHANGED = 0.08

#: Pixels around a changed voxel that still count as the right place, within its slice: 3 mm.
NEAR = 5

#: A finding is looked for in these rows of a slice; a picture shows them too: the joint.
JOINT = slice(64, 192)


def feature_effect(
    run: Path,
    folder: Path,
    steps: int,
    seed: int,
    out: Path,
    sheet: Path | None = None,
    shown: list[str] | None = None,
    guidance: float = 1,
    keep_kl: bool = False,
) -> dict:
    """Compares `<folder>/base` with every other prepared release beside it; writes the figures of each knee as JSON and returns them.

    `guidance` is how strongly grades pull. KL is missing, as for whoever asks "what if" of one finding, unless `keep_kl`. `sheet` becomes
    a picture of the first knee with a row of each feature, or of those `shown`: the phantom without and with, generated without, with the
    grade, with grade and film; then the three changes, grey where nothing changed.
    """
    generator = VolumeGenerator(run)
    generator.round_as_stored()
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    base = _shown_grades(load_knees(folder / 'base', EVERYONE, 'test'), keep_kl)
    features = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != 'base')
    if not features:
        raise TrainingError(f'{folder} holds nothing but base; prepare a release with a grade set beside it.')
    crops = inference_crops(base.film)
    plain = [generator(crop, torch.from_numpy(own), steps, seed, guidance=guidance) for crop, own in zip(crops, base.features, strict=True)]
    unknown = set(shown or []) - set(features)
    if unknown:
        raise TrainingError(f'{folder} holds no {", ".join(sorted(unknown))}; it holds {", ".join(features)}.')
    effects, aucs, rows = {}, {}, {}
    for name in tqdm(features, desc='features', mininterval=10):
        changed = _shown_grades(load_knees(folder / name, EVERYONE, 'test'), keep_kl)
        if changed.names != base.names:
            raise TrainingError(f'{folder / name} holds other knees than {folder / "base"}; draw both of the same participants.')
        effects[name], aucs[name], rows[name] = _one_feature(generator, base, changed, crops, plain, steps, seed, guidance)
    result = {
        'knees': base.names,
        'steps': steps,
        'seed': seed,
        'guidance': guidance,
        'keepsKl': keep_kl,
        'threshold': CHANGED,
        'nearPixels': NEAR,
        'features': effects,
        'auc': aucs,
    }
    out.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')
    if sheet is not None:
        write_sheet(sheet, [rows[name] for name in shown or features])
    return result


def effect_table(result: dict) -> str:
    """Medians over the knees, and how well the finding can be told, as Markdown."""
    measures = ['change there', 'share in place', 'correlation', 'within 3 mm', 'AUC']
    header = ['feature', 'phantom changes', 'with 3 mm around', 'AUC of phantoms']
    header += [f'{source}: {measure}' for source in ('grades alone', 'film and grades') for measure in measures]
    lines = [f'| {" | ".join(header)} |', f'|{"---|" * len(header)}']
    for name, knees in result['features'].items():
        auc = result['auc'][name]
        cells = [name, *(f'{100 * np.median([knee[key] for knee in knees]):.2f} %' for key in ('volume', 'nearVolume')), f'{auc["phantom"]:.2f}']
        for source in ('grades', 'film'):
            for key in ('size', 'inPlace', 'correlation', 'nearCorrelation'):
                value = float(np.median([knee[source][key] for knee in knees]))
                cells.append(f'{100 * value:.0f} %' if key in ('size', 'inPlace') else f'{value:.2f}')
            cells.append(f'{auc[source]:.2f}')
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
    within `NEAR` pixels of a changed voxel. `correlation`: Pearson over the voxels that changed; `nearCorrelation`: over those within
    `NEAR` pixels of them, where a blob in the right place is told from the right shape.
    """
    energy = float(np.square(model, dtype=np.float64).sum())
    inside, expected = (change[phantom.where].astype(np.float64) for change in (model, phantom.change))
    return {
        'size': float(np.abs(inside).mean() / np.abs(expected).mean()),
        'inPlace': float(np.square(model[phantom.near], dtype=np.float64).sum()) / max(energy, 1e-12),
        'correlation': _pearson(inside, expected),
        'nearCorrelation': _pearson(model[phantom.near].astype(np.float64), phantom.change[phantom.near].astype(np.float64)),
    }


def lesion_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a volume with the finding has a higher response than one without, equal ones counted as half."""
    higher = positive[:, None] > negative[None]
    equal = positive[:, None] == negative[None]
    return float(higher.mean() + equal.mean() / 2)


def responses(volumes: np.ndarray, changes: np.ndarray, people: list[str]) -> np.ndarray:
    """Matched filter: each volume [N,S,H,W] times the mean change [S,H,W] that the finding makes in the phantoms of other people, summed."""
    owners = np.array(people)
    values = np.zeros(len(volumes))
    for person in sorted(set(people)):
        own = owners == person
        template = changes[~own].mean(axis=0, dtype=np.float32)
        for index in np.flatnonzero(own):
            values[index] = float((volumes[index].astype(np.float32) * template).sum(dtype=np.float64))
    return values


def _shown_grades(knees: Knees, keep_kl: bool) -> Knees:
    """The knees with the grades that the generator is told."""
    if keep_kl:
        return knees
    return replace(knees, features=knees.features * seen_features(['XRKL']))


def _pearson(first: np.ndarray, second: np.ndarray) -> float:
    spread = float(first.std() * second.std())
    return float(((first - first.mean()) * (second - second.mean())).mean()) / max(spread, 1e-12)


def _one_feature(
    generator: VolumeGenerator,
    base: Knees,
    changed: Knees,
    crops: torch.Tensor,
    plain: list[np.ndarray],
    steps: int,
    seed: int,
    guidance: float,
) -> tuple[list[dict], dict[str, float], list[np.ndarray]]:
    """Figures of each knee, the AUC of the finding, and a row of pictures."""
    crops_with = inference_crops(changed.film)
    measured, row = [], []
    joints: dict[str, list[np.ndarray]] = {'phantom': [], 'grades': [], 'film': []}
    for index in range(len(base)):
        without, found = (knees.mri[index].astype(np.float32) / 255 for knees in (base, changed))
        phantom = PhantomChange.of(found - without)
        if not phantom.where.any():
            raise TrainingError(f'{changed.names[index]} does not differ from the knee without the feature.')
        grades = torch.from_numpy(changed.features[index])
        by_grades = generator(crops[index], grades, steps, seed, guidance=guidance)
        by_film = generator(crops_with[index], grades, steps, seed, guidance=guidance)
        measured.append(
            {
                'volume': float(phantom.where.mean()),
                'nearVolume': float(phantom.near.mean()),
                'grades': compare_change(phantom, by_grades - plain[index]),
                'film': compare_change(phantom, by_film - plain[index]),
            }
        )
        for source, volume in (('phantom', found), ('grades', by_grades), ('film', by_film)):
            joints[source].append(volume[:, JOINT].astype(np.float16))
        if index == 0:
            place = int(np.square(phantom.change).sum(axis=(1, 2)).argmax())
            changes = [phantom.change[place], (by_grades - plain[index])[place], (by_film - plain[index])[place]]
            images = [without[place], found[place], plain[index][place], by_grades[place], by_film[place], *(0.5 + change for change in changes)]
            row = [image[JOINT] for image in images]
    return measured, _auc(joints, base, plain), row


def _auc(joints: dict[str, list[np.ndarray]], base: Knees, plain: list[np.ndarray]) -> dict[str, float]:
    """How well the finding is told from its absence in phantoms, in volumes by grades alone, and in volumes by film and grades."""
    if len(set(base.participants)) < 2:
        raise TrainingError('At least two participants are needed, because a finding is looked for where other people have it.')
    without = {
        'phantom': [base.mri[index][:, JOINT].astype(np.float32) / 255 for index in range(len(base))],
        'generated': [volume[:, JOINT] for volume in plain],
    }
    changes = np.stack([found - healthy for found, healthy in zip(joints['phantom'], without['phantom'], strict=True)]).astype(np.float16)
    negative = {kind: responses(np.stack(volumes), changes, base.participants) for kind, volumes in without.items()}
    return {
        source: lesion_auc(responses(np.stack(volumes), changes, base.participants), negative['phantom' if source == 'phantom' else 'generated'])
        for source, volumes in joints.items()
    }
