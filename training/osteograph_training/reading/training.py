"""`train-grader`: the networks of the KL grader's ensemble, one after the other, on real films of the training people."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..checkpoint import git_commit, load_checkpoint, save_checkpoint
from ..config import config_of
from ..models import Average
from ..parallel import Group, optimise
from ..runlog import RunLog, learning_rate, step_streams
from .films import GRADES, GradedFilms, joint_window, load_graded_films, random_films
from .grader import Grader, GraderConfig, GraderEnsemble, wanted_chances
from .scores import grader_scores

COLUMNS = ['step', 'loss', 'learning_rate', 'accuracy', 'kappa', 'expected_error', 'seconds']


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
    networks = []
    for content in saved:
        network = Grader(config.grader)
        network.load_state_dict(content['average'])
        networks.append(network)
    return GraderEnsemble(networks).eval(), config, saved


@torch.no_grad()
def grade_films(ensemble: GraderEnsemble, films: Tensor, batch: int = 64) -> np.ndarray:
    """Probabilities float64 [N,5] of uint8 films [N,1,224,224]."""
    return torch.cat([ensemble(piece.float()) for piece in films.split(batch)]).double().numpy()


def _train(config: GraderConfig, seed: int, train: GradedFilms, held_out: GradedFilms, run: Path, resume: bool) -> Path:
    options, path = config.grader, run / f'grader-{seed}.pt'
    torch.manual_seed(seed)
    network = Grader(options).to(memory_format=torch.channels_last)
    average = Average(network, options.ema)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    start, spent = 0, 0.0
    if resume and path.exists():
        saved = load_checkpoint(path, 'grader')
        network.load_state_dict(saved['model'])
        average.load(saved['average'])
        optimiser.load_state_dict(saved['optimiser'])
        start, spent = saved['step'], saved['seconds']
        if start >= options.steps:
            return path
    log = RunLog(run / f'grader-{seed}.csv', COLUMNS, config.checkpoint_minutes, resume, start)
    began = time.monotonic()
    weights = torch.bincount(train.grades, minlength=GRADES).double().clamp(min=1)[train.grades] ** -options.rare_power

    def save(step: int) -> None:
        content = {'kind': 'grader', 'config': config.to_dict(), 'seed': seed, 'step': step, 'commit': git_commit()}
        content |= {'films': len(train), 'people': len(set(train.participants)), 'seconds': spent + time.monotonic() - began}
        content |= {'model': network.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    network.train()
    for step in tqdm(range(start, options.steps), f'grader {seed}', initial=start, total=options.steps, mininterval=30):
        _, stream = step_streams(seed, step)
        chosen = torch.multinomial(weights, options.batch, replacement=True, generator=stream)
        window = joint_window(random_films(train.images[chosen], stream)).contiguous(memory_format=torch.channels_last)
        wanted = wanted_chances(train.grades[chosen], options.smoothing)
        window, wanted = _mixed(window, wanted, options.mixup, stream)
        rate = learning_rate(step, options.steps, options.learning_rate, options.warmup, options.decay_share)
        with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
            logits = network(window)
        loss = -(wanted * torch.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()
        optimise(network, optimiser, loss, rate, step, Group(0, 1))
        average.update(network, step)
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': spent + time.monotonic() - began}
            if (step + 1) % config.validate_every == 0:
                row |= _validation(config, average, held_out)
            log.row(row)
        if log.due():
            save(step + 1)
    save(options.steps)
    log.close()
    return path


def _validation(config: GraderConfig, average: Average, films: GradedFilms) -> dict[str, float]:
    network = Grader(config.grader)
    network.load_state_dict(average.weights)
    scores = grader_scores(grade_films(GraderEnsemble([network]).eval(), films.images), films.grades.numpy())
    return {'accuracy': scores['accuracy'], 'kappa': scores['kappa'], 'expected_error': scores['expectedError']}


def _mixed(window: Tensor, wanted: Tensor, share: float, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each film with up to `share` of the next one of the batch laid over it, and its probabilities likewise (mixup, Zhang et al. 2018)."""
    if share == 0:
        return window, wanted
    part = torch.rand(len(window), 1, 1, 1, generator=stream) * share
    return window + (window.roll(1, 0) - window) * part, wanted + (wanted.roll(1, 0) - wanted) * part[:, 0, 0]
