"""`train-grader`: the networks of the KL grader's ensemble, one after the other, on real films of the training people."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint
from ..film_training import FilmRun, train_on_films
from .films import GRADES, GradedFilms, joint_window, load_graded_films, random_films
from .grader import Grader, GraderConfig, GraderEnsemble, GraderOptions, wanted_chances
from .scores import grader_scores

SCORES = ['accuracy', 'kappa', 'expected_error']


def train_grader(config: GraderConfig, films: Path, run: Path, resume: bool = False, steps: int | None = None) -> list[Path]:
    """Trains one network for each seed and returns their checkpoints, `<run>/grader-<seed>.pt`. Those that are whole are kept on resume."""
    if steps is not None:
        config = replace(config, grader=replace(config.grader, steps=steps))
    torch.set_num_threads(config.threads)
    train = load_graded_films(films, config.part)
    held_out = load_graded_films(films, 'validation')
    return [_train(config, seed, train, held_out, run, resume) for seed in config.seeds]


def load_graders(paths: list[Path]) -> tuple[GraderEnsemble, GraderConfig, list[dict]]:
    """The averaged networks of finished runs as one ensemble in evaluation mode, their configuration, and the checkpoints."""
    saved = [load_checkpoint(path, 'grader') for path in paths]
    config = config_of(GraderConfig, saved[0]['config'], str(paths[0]))
    return GraderEnsemble([_averaged(config.grader, content['average']) for content in saved]).eval(), config, saved


@torch.no_grad()
def grade_films(ensemble: GraderEnsemble, films: Tensor, batch: int = 64) -> np.ndarray:
    """Probabilities float64 [N,5] of uint8 films [N,1,224,224]."""
    return torch.cat([ensemble(piece.float()) for piece in films.split(batch)]).double().numpy()


def _train(config: GraderConfig, seed: int, train: GradedFilms, held_out: GradedFilms, run: Path, resume: bool) -> Path:
    options = config.grader
    torch.manual_seed(seed)
    network = Grader(options).to(memory_format=torch.channels_last)
    weights = torch.bincount(train.grades, minlength=GRADES).double().clamp(min=1)[train.grades] ** -options.rare_power

    def loss_of(stream: torch.Generator) -> Tensor:
        chosen = torch.multinomial(weights, options.batch, replacement=True, generator=stream)
        window = joint_window(random_films(train.images[chosen], stream)).contiguous(memory_format=torch.channels_last)
        wanted = wanted_chances(train.grades[chosen], options.smoothing)
        window, wanted = _mixed(window, wanted, options.mixup, stream)
        with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
            logits = network(window)
        return -(wanted * torch.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        scores = grader_scores(grade_films(GraderEnsemble([_averaged(options, averaged)]).eval(), held_out.images), held_out.grades.numpy())
        return {'accuracy': scores['accuracy'], 'kappa': scores['kappa'], 'expected_error': scores['expectedError']}

    film_run = FilmRun('grader', run / f'grader-{seed}.pt', seed, config, options, train, SCORES)
    return train_on_films(film_run, network, loss_of, validation, resume)


def _averaged(options: GraderOptions, weights: dict[str, Tensor]) -> Grader:
    network = Grader(options)
    network.load_state_dict(weights)
    return network


def _mixed(window: Tensor, wanted: Tensor, share: float, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each film with up to `share` of the next one of the batch laid over it, and its probabilities likewise (mixup, Zhang et al. 2018)."""
    if share == 0:
        return window, wanted
    part = torch.rand(len(window), 1, 1, 1, generator=stream) * share
    return window + (window.roll(1, 0) - window) * part, wanted + (wanted.roll(1, 0) - wanted) * part[:, 0, 0]
