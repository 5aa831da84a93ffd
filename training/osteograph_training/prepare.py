"""`prepare`: turns a release into cached arrays, one folder per data set; knees already cached are kept."""

import json
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .dataset import SOURCE_FILE
from .errors import TrainingError
from .features import one_hot
from .images import film_patch, read_film, read_stack
from .release import Knee, read_knees


def prepare(release: Path, out: Path, boxes: Path | None = None, mri_only: bool = False) -> int:
    """Writes `<out>/<knee>.{mri,film}.npy` and `<knee>.json`; returns the number of knees that are complete.

    `mri_only` skips films and grades: enough for the autoencoder.
    """
    knees = read_knees(release, boxes)
    if not mri_only and not any(knee.box for knee in knees):
        raise TrainingError(
            'No film boxes: a release without synthetic-truth.csv needs --boxes CSV with ID, VISIT, SIDE, BOX_LEFT, BOX_TOP and BOX_SIDE.'
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / SOURCE_FILE).write_text(_source(release) + '\n', encoding='utf-8')
    complete = 0
    refused: list[str] = []
    for knee in tqdm(knees, desc='prepare', unit='knee', mininterval=5):
        try:
            complete += _prepare_knee(knee, out, mri_only)
        except (TrainingError, OSError, AttributeError, ValueError) as error:
            refused.append(f'{knee.name}: {error}')
    for line in refused:
        print(f'skipped {line}')
    return complete


def _source(release: Path) -> str:
    if not (release / 'synthetic-truth.csv').exists():
        return 'real'
    facts = release / 'synthetic-release.json'
    seed = json.loads(facts.read_text(encoding='utf-8')).get('seed') if facts.exists() else None
    return 'synthetic' if seed is None else f'synthetic {seed}'


def _prepare_knee(knee: Knee, out: Path, mri_only: bool) -> bool:
    mirror = knee.side == 'L'
    mri_path = out / f'{knee.name}.mri.npy'
    if knee.mri is not None and not mri_path.exists():
        _save(mri_path, read_stack(knee.mri, mirror))
    if mri_only:
        return mri_path.exists()
    if knee.film is None or knee.box is None:
        raise TrainingError('it has no film or no box on the film')
    film_path = out / f'{knee.name}.film.npy'
    if not film_path.exists():
        patch = film_patch(read_film(knee.film), knee.box, mirror)
        low, high = float(patch.min()), float(patch.max())
        _save(film_path, np.rint((patch - low) / max(high - low, 1e-6) * 65535).astype(np.uint16))
    record = {
        'participant': knee.participant,
        'visit': knee.visit,
        'side': knee.side,
        'kl': knee.grades.get('XRKL'),
        'features': one_hot(knee.grades).tolist(),
    }
    (out / f'{knee.name}.json').write_text(json.dumps(record) + '\n', encoding='utf-8')
    return True


def _save(path: Path, array: np.ndarray) -> None:
    """Writes beside and renames, so that an interrupted run leaves no half file behind."""
    part = path.with_suffix('.part')
    with part.open('wb') as file:
        np.save(file, array)
    os.replace(part, path)
