"""`few-steps`: what samplers of few steps cost and lose: DDIM and DPM-Solver++(2M) on a teacher, DDIM on its distilled students."""

import json
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..checkpoint import load_checkpoint
from ..dataset import Knees, Split, load_knees
from ..errors import TrainingError
from ..evaluate import VolumeGenerator, slices_median, summarise
from ..images import inference_crops
from ..metrics import psnr, rssim
from ..sampler import SAMPLERS, depths
from ..sampling import decode, sample_latents, unit_images
from .variants import one_of_each

COLUMNS = {'psnr': ('PSNR, dB', 2), 'rssim': ('RSSIM', 3), 'sharpness': ('sharpness', 2), 'seconds': ('time, s', 2)}


def compare_few_steps(run: Path, data: Path, students: Path | None, steps: list[int], limit: int, every: int, seed: int, out: Path) -> list[dict]:
    """Scores every sampler at every number of steps on held-out knees, one of each of `limit` participants, every `every`th slice.

    `students` is a folder written by "distil": its student of n steps is sampled with n steps. Writes the scores of each knee to `out`.
    """
    teacher = VolumeGenerator(run)
    torch.set_num_threads(teacher.config.processes * teacher.config.threads)
    split = teacher.config.data
    knees = load_knees(data, Split.of(split), 'test', mapped=True)
    chosen = one_of_each(knees.participants, limit)
    rows = [
        {'sampler': f'{sampler}, teacher', 'steps': count} | _scored(teacher, knees, chosen, every, sampler, count, seed)
        for count in steps
        for sampler in SAMPLERS
    ]
    for path in _stages(students):
        student = VolumeGenerator(run)
        saved = load_checkpoint(path, 'diffusion')
        student.model.load_state_dict(saved['average'])
        count = saved['distilled']['steps']
        rows.append({'sampler': 'ddim, student', 'steps': count} | _scored(student, knees, chosen, every, 'ddim', count, seed))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({'knees': [knees.names[index] for index in chosen], 'every': every, 'seed': seed, 'rows': rows}, indent=1) + '\n')
    return rows


def few_steps_table(rows: list[dict]) -> str:
    """Medians over the knees as Markdown. Each step evaluates the denoiser once per slice."""
    header = ['sampler', 'steps = denoiser evaluations', *(label for label, _ in COLUMNS.values())]
    lines = [f'| {" | ".join(header)} |', f'|{"---|" * len(header)}']
    for row in rows:
        medians = [f'{summarise(row[key])["median"]:.{digits}f}' for key, (_, digits) in COLUMNS.items()]
        lines.append(f'| {row["sampler"]} | {row["steps"]} | {" | ".join(medians)} |')
    return '\n'.join(lines)


def sharpness(real: np.ndarray, generated: np.ndarray) -> float:
    """Mean magnitude of the in-plane grey-value gradient of [S,H,W], over that of the real slices."""
    return _gradient(generated) / _gradient(real)


def _gradient(volume: np.ndarray) -> float:
    down, across = np.gradient(volume.astype(np.float64), axis=(1, 2))
    return float(np.hypot(down, across).mean())


def _stages(students: Path | None) -> list[Path]:
    if students is None:
        return []
    stages = sorted(students.glob('stage-*.pt'), key=lambda path: -int(path.stem.removeprefix('stage-')))
    if not stages:
        raise TrainingError(f'{students} holds no stage-<steps>.pt; a folder written by "distil" is expected.')
    return stages


def _scored(generator: VolumeGenerator, knees: Knees, chosen: list[int], every: int, sampler: str, steps: int, seed: int) -> dict:
    """Lists of one number per knee; the time is that of sampling and decoding the slices, in PyTorch."""
    scores: dict[str, list[float]] = {key: [] for key in COLUMNS}
    crops, schedule = inference_crops(knees.film[chosen]), generator.config.schedule
    for place, index in enumerate(tqdm(chosen, desc=f'{sampler} {steps}', mininterval=10)):
        real = knees.mri[index][::every].astype(np.float32) / 255
        features, depth = torch.from_numpy(knees.features[index]), depths(len(knees.mri[index]))[::every]
        began = time.perf_counter()
        prediction = generator.config.diffusion.prediction
        latents = sample_latents(generator.model, schedule, crops[place], features, depth, steps, seed, prediction, sampler)
        volume = unit_images(decode(generator.autoencoder, latents / generator.scale))
        scores['seconds'].append(time.perf_counter() - began)
        scores['psnr'].append(psnr(real, volume))
        scores['rssim'].append(slices_median(rssim, real, volume))
        scores['sharpness'].append(sharpness(real, volume))
    return scores
