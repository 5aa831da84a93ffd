"""The loop of every network that learns from single images, films or slices: resumed steps, averaged weights, a log and checkpoints."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .loop_settings import LoopConfig, LoopOptions
from .models import Average
from .parallel import Group, optimise
from .runlog import RunLog, learning_rate, step_streams


class Images(Protocol):
    """What a network learns from, and the person that each image is of."""

    @property
    def participants(self) -> list[str]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class FilmRun:
    """What is trained and where it is kept: `path` is the checkpoint, and its log stands beside it as CSV."""

    kind: str
    path: Path
    seed: int
    config: LoopConfig
    options: LoopOptions
    films: Images
    #: Names of what `validation` gives.
    scores: list[str]
    #: Of Adam: how long it remembers gradients and their squares.
    betas: tuple[float, float] = (0.9, 0.999)
    #: The bundle whose weights the network has already, and its steps (`restore.start_from`).
    started_from: dict[str, Any] | None = None
    #: What else the checkpoint is to say.
    noted: dict[str, Any] = field(default_factory=dict)


def train_on_films(
    run: FilmRun,
    network: nn.Module,
    loss_of: Callable[[torch.Generator], Tensor],
    validation: Callable[[dict[str, Tensor]], dict[str, float]],
    resume: bool,
) -> Path:
    """Trains `network` and returns the checkpoint. A run that is whole is kept on resume.

    `loss_of` draws a batch from the step's stream and gives its loss; `validation` scores averaged weights.
    """
    config, options, path = run.config, run.options, run.path
    average = Average(network, options.ema)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, betas=run.betas, weight_decay=options.weight_decay)
    start, spent, started_from = 0, 0.0, run.started_from
    if resume and path.exists():
        saved = load_checkpoint(path, run.kind)
        network.load_state_dict(saved['model'])
        average.load(saved['average'])
        # A restored bundle has none: the optimiser begins anew.
        if 'optimiser' in saved:
            optimiser.load_state_dict(saved['optimiser'])
        start, spent, started_from = saved['step'], saved['seconds'], saved.get('started_from')
        if start >= options.steps:
            return path
    columns = ['step', 'loss', 'learning_rate', *run.scores, 'seconds']
    log = RunLog(path.with_suffix('.csv'), columns, config.checkpoint_minutes, resume, start)
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': run.kind, 'config': config.to_dict(), 'seed': run.seed, 'step': step, 'commit': git_commit()}
        content |= {
            'started_from': started_from,
            'films': len(run.films),
            'people': len(set(run.films.participants)),
            'seconds': spent + time.monotonic() - began,
        }
        content |= run.noted
        content |= {'model': network.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    network.train()
    for step in tqdm(range(start, options.steps), path.stem, initial=start, total=options.steps, mininterval=30):
        _, stream = step_streams(run.seed, step)
        loss = loss_of(stream)
        rate = learning_rate(step, options.steps, options.learning_rate, options.warmup, options.decay_share)
        optimise(network, optimiser, loss, rate, step, Group(0, 1))
        average.update(network, step)
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': spent + time.monotonic() - began}
            if (step + 1) % config.validate_every == 0:
                row |= validation(average.weights)
            log.row(row)
        if log.due():
            save(step + 1)
    save(options.steps)
    log.close()
    return path
