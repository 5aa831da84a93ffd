"""`train-restorer`: one network for noise, resolution and hidden places, on crops of real films of the training people."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint
from ..film_training import FilmRun, train_on_films
from ..reading.films import load_graded_films
from ..restore import start_from
from .degrade import random_degraded, windowed
from .restorer import KAPPA, Restorer, RestorerConfig, RestorerOptions, state_between
from .scores import validation_scores

SCORES = ['noise15', 'noise25', 'noise50', 'impulses', 'scale4', 'mask']


def train_restorer(config: RestorerConfig, films: Path, run: Path, resume: bool = False, steps: int | None = None, start: Path | None = None) -> Path:
    """Trains the network, from the weights of the bundle folder `start` if there is one, and returns its checkpoint, `<run>/restorer.pt`."""
    if steps is not None:
        config = replace(config, restorer=replace(config.restorer, steps=steps))
    options = config.restorer
    torch.set_num_threads(config.threads)
    train = load_graded_films(films, config.part)
    held_out = load_graded_films(films, 'validation').images[:24]
    torch.manual_seed(config.seed)
    network = Restorer(options)
    started_from = None if start is None else start_from(network, start / 'restorer.onnx')
    network.to(memory_format=torch.channels_last)
    windows = torch.cat([windowed(piece).half() for piece in train.images.split(64)])

    def loss_of(stream: torch.Generator) -> Tensor:
        return _loss(network, _crops(windows, options.batch, options.crop, stream), config, stream)

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        return validation_scores(_averaged(options, averaged), held_out)

    film_run = FilmRun('restorer', run / 'restorer.pt', config.seed, config, options, train, SCORES, started_from=started_from)
    return train_on_films(film_run, network, loss_of, validation, resume)


def load_restorer(path: Path) -> tuple[Restorer, RestorerConfig, dict]:
    """The averaged network of a run, its configuration and the checkpoint."""
    saved = load_checkpoint(path, 'restorer')
    config = config_of(RestorerConfig, saved['config'], str(path))
    return _averaged(config.restorer, saved['average']), config, saved


def _averaged(options: RestorerOptions, weights: dict[str, Tensor]) -> Restorer:
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
