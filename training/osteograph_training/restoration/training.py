"""`train-restorer`: one network for noise, resolution and hidden places, on crops of real films of the training people."""

import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ..checkpoint import git_commit, load_checkpoint, save_checkpoint
from ..config import config_of
from ..models import Average
from ..parallel import Group, optimise
from ..reading.films import load_graded_films
from ..runlog import RunLog, learning_rate, step_streams
from .degrade import random_degraded, windowed
from .restorer import KAPPA, Restorer, RestorerConfig, state_between
from .scores import validation_scores

COLUMNS = ['step', 'loss', 'learning_rate', 'noise15', 'noise25', 'noise50', 'impulses', 'scale4', 'mask', 'seconds']


def train_restorer(config: RestorerConfig, films: Path, run: Path, resume: bool = False, steps: int | None = None) -> Path:
    """Trains the network and returns its checkpoint, `<run>/restorer.pt`."""
    if steps is not None:
        config = replace(config, restorer=replace(config.restorer, steps=steps))
    options, path = config.restorer, run / 'restorer.pt'
    torch.set_num_threads(config.threads)
    train = load_graded_films(films, config.part)
    held_out = load_graded_films(films, 'validation').images[:24]
    torch.manual_seed(config.seed)
    network = Restorer(options).to(memory_format=torch.channels_last)
    average = Average(network, options.ema)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    start, spent = 0, 0.0
    if resume and path.exists():
        saved = load_checkpoint(path, 'restorer')
        network.load_state_dict(saved['model'])
        average.load(saved['average'])
        optimiser.load_state_dict(saved['optimiser'])
        start, spent = saved['step'], saved['seconds']
    log = RunLog(run / 'restorer.csv', COLUMNS, config.checkpoint_minutes, resume, start)
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': 'restorer', 'config': config.to_dict(), 'step': step, 'commit': git_commit()}
        content |= {'films': len(train), 'people': len(set(train.participants)), 'seconds': spent + time.monotonic() - began}
        content |= {'model': network.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    windows = torch.cat([windowed(piece).half() for piece in train.images.split(64)])
    for step in tqdm(range(start, options.steps), 'restorer', initial=start, total=options.steps, mininterval=30):
        _, stream = step_streams(config.seed, step)
        loss = _loss(network, _crops(windows, options.batch, options.crop, stream), config, stream)
        rate = learning_rate(step, options.steps, options.learning_rate, options.warmup, options.decay_share)
        optimise(network, optimiser, loss, rate, step, Group(0, 1))
        average.update(network, step)
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': spent + time.monotonic() - began}
            if (step + 1) % config.validate_every == 0:
                row |= validation_scores(_averaged(options, average.weights), held_out)
            log.row(row)
        if log.due():
            save(step + 1)
    save(options.steps)
    log.close()
    return path


def load_restorer(path: Path) -> tuple[Restorer, RestorerConfig, dict]:
    """The averaged network of a run, its configuration and the checkpoint."""
    saved = load_checkpoint(path, 'restorer')
    config = config_of(RestorerConfig, saved['config'], str(path))
    return _averaged(config.restorer, saved['average']), config, saved


def _averaged(options, weights: dict[str, Tensor]) -> Restorer:
    network = Restorer(options)
    network.load_state_dict(weights)
    return network.eval()


def _loss(network: Restorer, clean: Tensor, config: RestorerConfig, stream: torch.Generator) -> Tensor:
    """Squared and absolute error of the clean film: from the spoilt film itself, or for `sampled_share` from a noisy place on the path."""
    options = config.restorer
    degraded = random_degraded(clean, stream)
    sampled = torch.rand(len(clean), generator=stream) < options.sampled_share
    place = torch.where(sampled, torch.rand(len(clean), generator=stream).clamp(min=0.02), torch.ones(len(clean)))
    spread = torch.where(sampled, KAPPA * place.sqrt(), torch.zeros(len(clean)))
    state = state_between(clean, degraded, place, spread, stream)
    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        found = network(state, degraded.image, degraded.mask, place, spread, degraded.strengths)
    error = found.float() - clean
    masked = degraded.mask.amax(dim=(1, 2, 3), keepdim=True) > 0
    weight = torch.where(masked, degraded.mask * options.hidden_weight, torch.ones_like(clean))
    return ((error.abs() + 8 * error.square()) * weight).mean()


def _crops(windows: Tensor, count: int, size: int, stream: torch.Generator) -> Tensor:
    """Random crops of random films, mirrored half the time, float [B,1,size,size]."""
    chosen = torch.randint(0, len(windows), (count,), generator=stream)
    tops, lefts = torch.randint(0, windows.shape[2] - size + 1, (2, count), generator=stream).tolist()
    crops = torch.stack([windows[index, :, top : top + size, left : left + size] for index, top, left in zip(chosen, tops, lefts, strict=True)])
    mirror = torch.rand(count, generator=stream) < 0.5
    return torch.where(mirror[:, None, None, None], crops.flip(3), crops).float()
