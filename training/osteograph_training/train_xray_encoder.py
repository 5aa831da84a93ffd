"""`train-xray-encoder`: a warm start for the radiograph encoder.

Learned from the denoiser's loss alone, the encoder is found late: most of that loss does not depend on the film. Here its four channels
first learn to predict something that does: how the MRI, averaged over four bands of depth and reduced to 32 x 32, departs from the
mean of the training knees. `train-diffusion` then goes on from there and is free to change it.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from .augment import random_crops
from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import Config, config_from
from .dataset import Knees, Split, load_knees
from .errors import TrainingError
from .images import inference_crops
from .models import Average, check_same_networks, make_xray_encoder
from .networks import XrayEncoder
from .parallel import Group, optimise, run_group
from .runlog import RunLog, learning_rate, step_streams

COLUMNS = ['step', 'loss', 'learning_rate', 'validation_r2', 'seconds']
BANDS = 4


def train_xray_encoder(config: Config, data: Path, run: Path, resume: bool = False, steps: int | None = None) -> Path:
    """Trains and returns the path of the last checkpoint, `<run>/xray-encoder.pt`."""
    if steps is not None:
        config = replace(config, xray_encoder=replace(config.xray_encoder, steps=steps))
    check_warm_start(config)
    run_group(_train, config.processes, config.threads, config, data, run, resume, device=config.device)
    return run / 'xray-encoder.pt'


def check_warm_start(config: Config) -> None:
    """Refuses architectures whose radiograph encoder is not trained."""
    if config.architecture != 'demo':
        raise TrainingError(f'Architecture {config.architecture} has no radiograph encoder to warm up; go on with train-diffusion.')
    if not config.xray_encoder.film:
        raise TrainingError('xray_encoder.film is false: there is no radiograph encoder to warm up; go on with train-diffusion.')


def load_warm_start(path: Path, encoder: XrayEncoder) -> None:
    """Copies the averaged weights of a warm start into an encoder; structural guidance, which no warm start has, keeps its own."""
    kept = {name: value for name, value in encoder.state_dict().items() if name.startswith('structure.')}
    encoder.load_state_dict(kept | load_checkpoint(path, 'xray-encoder')['average'])


def _train(group: Group, config: Config, data: Path, run: Path, resume: bool) -> None:
    options = config.xray_encoder
    path = run / 'xray-encoder.pt'
    torch.manual_seed(config.seed)
    split = Split.of(config.data)
    train, held_out = load_knees(data, split, 'train'), load_knees(data, split, 'validation')
    model = make_xray_encoder(config)
    model.texture.calibrate(inference_crops(train.film))
    model.to(group.device)
    average = Average(model, 0.98)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=0.02)
    start = 0
    if resume and path.exists():
        saved = load_checkpoint(path, 'xray-encoder')
        check_same_networks(config_from(saved['config'], str(path)), config, str(path))
        model.load_state_dict(saved['model'])
        average.load(saved['average'])
        optimiser.load_state_dict(saved['optimiser'])
        start = saved['step']

    targets, held_out_targets = band_deviations(train, held_out)
    log = RunLog(run / 'xray-encoder.csv', COLUMNS, config.checkpoint_minutes, resume, start) if group.leads else None
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': 'xray-encoder', 'config': config.to_dict(), 'step': step, 'commit': git_commit()}
        content |= {'model': model.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    progress = tqdm(range(start, options.steps), 'xray-encoder', initial=start, total=options.steps, mininterval=10, disable=not group.leads)
    for step in progress:
        rng, _ = step_streams(config.seed + 2, step)
        picked = rng.choice(len(train), size=min(options.batch, len(train)), replace=False)
        seeds = rng.integers(2**63, size=len(picked))
        mine = np.array_split(np.arange(len(picked)), group.size)[group.rank]
        films = torch.cat([random_crops(train.film[picked[i] : picked[i] + 1], np.random.default_rng(seeds[i]), options.untouched) for i in mine])
        rate = learning_rate(step, options.steps, options.learning_rate, 30, 0.6)
        loss = F.mse_loss(model(films.to(group.device)), targets[torch.from_numpy(picked[mine])].to(group.device))
        optimise(model, optimiser, loss, rate, step, group)
        average.update(model, step)
        if log is None:
            continue
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': time.monotonic() - began}
            if (step + 1) % (2 * config.log_every) == 0:
                row['validation_r2'] = explained(model, average, held_out, held_out_targets)
                progress.set_postfix(r2=f'{row["validation_r2"]:.3f}')
            log.row(row)
        if log.due():
            save(step + 1)
    if log is not None:
        save(options.steps)
        log.close()


def band_deviations(train: Knees, held_out: Knees) -> tuple[Tensor, Tensor]:
    """Band means [N,4,32,32] of both parts as deviations from the training mean, scaled to unit deviation over the training part."""
    reduced = [torch.from_numpy(_band_means(knees.mri)) for knees in (train, held_out)]
    mean = reduced[0].mean(dim=0, keepdim=True)
    spread = (reduced[0] - mean).std().clamp(min=1e-6)
    return (reduced[0] - mean) / spread, (reduced[1] - mean) / spread


@torch.no_grad()
def explained(model: XrayEncoder, average: Average, knees: Knees, targets: Tensor) -> float:
    """Share of the held-out deviations' variance that the averaged weights explain (R squared)."""
    average.swap(model)
    predicted = model(inference_crops(knees.film).to(next(model.parameters()).device)).cpu()
    average.swap(model)
    return 1 - (F.mse_loss(predicted, targets) / targets.square().mean()).item()


def _band_means(mri: np.ndarray) -> np.ndarray:
    """uint8 [N,50,256,256] -> float32 [N,4,32,32] in [0,1]."""
    result = np.empty((len(mri), BANDS, 32, 32), dtype=np.float32)
    for index, volume in enumerate(mri):
        small = volume.reshape(len(volume), 32, 8, 32, 8).mean(axis=(2, 4), dtype=np.float32) / 255
        result[index] = [part.mean(axis=0) for part in np.array_split(small, BANDS)]
    return result
