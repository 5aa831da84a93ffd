"""`study`: variants of one configuration trained under one budget and scored on the same held-out knees.

A study's YAML file has a `base` configuration and, by name, what each variant changes of it. All variants share the autoencoder, its
latents, the warm start of the radiograph encoder, the order of the data and the noise; only what a variant names differs.
"""

import json
import multiprocessing
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..checked_yaml import Count, Widths, config_of, read_yaml
from ..config import Config, config_from
from ..dataset import Knees, Split, is_synthetic, load_knees
from ..errors import TrainingError
from ..evaluate import VolumeGenerator, slices_median
from ..images import inference_crops
from ..metrics import adjacent_correlation, psnr, rssim, ssim
from ..train_autoencoder import load_autoencoder
from ..train_diffusion import train_diffusion
from ..train_xray_encoder import train_xray_encoder
from ..training_set import encode_latents

#: Files of the shared folder that each variant's run links to.
SHARED = (
    'autoencoder.pt',
    'xray-encoder.pt',
    'latents-train.npy',
    'latents-train.sha256',
    'latents-validation.npy',
    'latents-validation.sha256',
)


@dataclass(frozen=True)
class Scoring:
    """What is measured: up to `knees` held-out knees, one of each participant, with each of the numbers of DDIM `steps`.

    The adjacent-slice correlation of the first variant is also measured at `slice_counts`, on `slice_count_knees` of them.
    """

    knees: Count = 24
    steps: Widths = (1, 10)
    seed: int = 7
    slice_counts: Widths = (30, 50, 100, 200, 300, 400, 500)
    slice_count_knees: Count = 4


@dataclass(frozen=True)
class Study:
    scoring: Scoring
    variants: dict[str, Config]


def read_study(path: Path) -> Study:
    """Reads and checks a study's YAML file."""
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get('variants'), dict) or set(content) - {'scoring', 'base', 'variants'}:
        raise TrainingError(f'{path}: a mapping with scoring, base and variants is expected.')
    base = content.get('base') or {}
    variants = {
        name: replace(config_from(merged(base, changes or {}), f'{path}: variants: {name}'), processes=1)
        for name, changes in content['variants'].items()
    }
    if len(variants) < 2:
        raise TrainingError(f'{path}: variants has {len(variants)} entries; two or more can be compared.')
    return Study(config_of(Scoring, content.get('scoring') or {}, f'{path}: scoring'), variants)


def merged(base: Mapping, changes: Mapping) -> dict:
    """`base` with the values of `changes`, section by section."""
    both = {key: merged(base[key], value) for key, value in changes.items() if isinstance(value, dict) and isinstance(base.get(key), dict)}
    return {**base, **changes, **both}


def run_study(path: Path, data: Path, autoencoder: Path, out: Path, jobs: int) -> None:
    """Trains and scores every variant, `jobs` at a time, one thread each; goes on where an earlier call was stopped.

    `autoencoder` is the run whose autoencoder all share. Each variant leaves `<out>/<name>/scores.json`, and beside
    them `<out>/floors.json` says what volumes score that say nothing of the knee.
    """
    study = read_study(path)
    first = next(iter(study.variants.values()))
    _share(first, data, autoencoder, out / 'shared')
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        tasks = [
            pool.submit(_variant, config, study.scoring, data, out, name, place == 0) for place, (name, config) in enumerate(study.variants.items())
        ]
        tasks.append(pool.submit(_floors, first, study.scoring, data, out / 'floors.json'))
        for task in tasks:
            task.result()


def _share(config: Config, data: Path, autoencoder: Path, shared: Path) -> None:
    """What all variants start from, made once."""
    shared.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(autoencoder / 'autoencoder.pt', shared / 'autoencoder.pt')
    network, scale = load_autoencoder(shared / 'autoencoder.pt')
    split = Split.of(config.data)
    for part in ('train', 'validation'):
        encode_latents(network, config.diffusion.scale_factor or scale, load_knees(data, split, part, mapped=True), shared / f'latents-{part}.npy')
    train_xray_encoder(config, data, shared, resume=True)


def _variant(config: Config, scoring: Scoring, data: Path, out: Path, name: str, slice_counts: bool) -> None:
    run = out / name
    settings = json.loads(json.dumps({'config': config.to_dict(), 'scoring': asdict(scoring)}))
    scores = run / 'scores.json'
    if scores.exists() and settings.items() <= json.loads(scores.read_text(encoding='utf-8')).items():
        return
    run.mkdir(parents=True, exist_ok=True)
    for file in SHARED:
        if not (run / file).is_symlink():
            os.symlink(Path('..') / 'shared' / file, run / file)
    train_diffusion(config, data, run, resume=True)
    split = Split.of(config.data)
    result = score_variant(VolumeGenerator(run), load_knees(data, split, 'test', mapped=True), scoring, slice_counts)
    result |= {'variant': name, 'synthetic': is_synthetic(data)} | settings
    _write_json(scores, result)


def _floors(config: Config, scoring: Scoring, data: Path, path: Path) -> None:
    if path.exists():
        return
    split = Split.of(config.data)
    train, knees = (load_knees(data, split, part, mapped=True) for part in ('train', 'test'))
    _write_json(path, score_floors(train, knees, scoring.knees))


def score_floors(train: Knees, knees: Knees, limit: int) -> dict:
    """What volumes score that say nothing of the knee: an empty one, the mean of the training knees, another participant's series."""
    chosen = one_of_each(knees.participants, limit)
    mean = train.mean_volume()
    scores: dict[str, dict[str, list[float]]] = {}
    for place, index in enumerate(chosen):
        real = knees.mri[index].astype(np.float32) / 255
        other = knees.mri[chosen[place - 1]].astype(np.float32) / 255
        for name, volume in (
            ('an empty volume', np.zeros_like(real)),
            ('the mean training volume', mean),
            ("another person's series", other),
        ):
            own = scores.setdefault(name, {'psnr': [], 'ssim': [], 'rssim': []})
            for metric, value in _scores(real, volume).items():
                own[metric].append(value)
    return scores


def _scores(real: np.ndarray, volume: np.ndarray) -> dict[str, float]:
    return {'psnr': psnr(real, volume), 'ssim': slices_median(ssim, real, volume), 'rssim': slices_median(rssim, real, volume)}


def _write_json(path: Path, content: dict) -> None:
    part = path.with_suffix('.part')
    part.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')
    os.replace(part, path)


def score_variant(generator: VolumeGenerator, knees: Knees, scoring: Scoring, slice_counts: bool) -> dict:
    """Scores of every chosen knee by number of steps, as lists of one number per knee."""
    chosen = one_of_each(knees.participants, scoring.knees)
    crops = inference_crops(knees.film[chosen])
    features = torch.from_numpy(knees.features[chosen])
    measured: dict[str, dict[str, list[float]]] = {
        str(steps): {'psnr': [], 'ssim': [], 'rssim': [], 'adjacentCorrelation': []} for steps in scoring.steps
    }
    real_correlation = []
    for place, index in enumerate(tqdm(chosen, desc='score', unit='knee', mininterval=10)):
        real = knees.mri[index].astype(np.float32) / 255
        real_correlation.append(adjacent_correlation(real))
        for steps in scoring.steps:
            volume = generator(crops[place], features[place], steps, scoring.seed)
            found = _scores(real, volume) | {'adjacentCorrelation': adjacent_correlation(volume)}
            for metric, value in found.items():
                measured[str(steps)][metric].append(value)
    result = {'knees': [knees.names[index] for index in chosen], 'bySteps': measured, 'adjacentCorrelationReal': real_correlation}
    if slice_counts:
        result['bySliceCount'] = {
            str(count): [
                adjacent_correlation(generator(crops[place], features[place], scoring.steps[0], scoring.seed, count))
                for place in range(min(scoring.slice_count_knees, len(chosen)))
            ]
            for count in scoring.slice_counts
        }
    return result


def one_of_each(participants: list[str], limit: int) -> list[int]:
    """Places of one knee of each participant, left and right in turns where there are both; the first `limit`."""
    places: dict[str, list[int]] = {}
    for place, participant in enumerate(participants):
        places.setdefault(participant, []).append(place)
    return [own[number % len(own)] for number, own in enumerate(places.values())][:limit]
