"""`train-detector`: the knee detector, on the bilateral films of a release, and on films composed of real knees and other views."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .checked_yaml import config_of
from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .dataset import Split
from .detector import Detector, DetectorConfig, decode, detector_loss, overlap, targets, view_loss
from .detector_data import FilmSet, load_films, plain_batch
from .detector_start import start_from_bundle
from .finding.batches import random_batch
from .finding.crops import KneeCrop, load_crops
from .models import Average
from .parallel import Group, optimise
from .runlog import RunLog, learning_rate, step_streams

COLUMNS = ['step', 'loss', 'learning_rate', 'validation_iou', 'seconds']


def train_detector(
    config: DetectorConfig,
    release: Path,
    boxes: Path | None,
    crops: Path,
    run: Path,
    resume: bool = False,
    steps: int | None = None,
    start: Path | None = None,
) -> Path:
    """Trains on the films of `release` and real knees of `crops`, and returns the path of the last checkpoint, `<run>/detector.pt`.

    `start` is a bundle whose weights a new run begins with.
    """
    if steps is not None:
        config = replace(config, detector=replace(config.detector, steps=steps))
    torch.set_num_threads(config.threads)
    films = load_films(release, boxes, split_of(config), run / 'films')
    knees = load_crops(crops, 'train', run / 'crops', config.crops)
    return _train(config, films, knees, run, resume, start)


def split_of(config: DetectorConfig) -> Split:
    return Split.of(config.data)


def load_detector(path: Path) -> tuple[Detector, DetectorConfig, dict]:
    """The averaged network in evaluation mode, its configuration, and the checkpoint."""
    saved = load_checkpoint(path, 'detector')
    config = config_of(DetectorConfig, saved['config'], str(path))
    model = Detector(config.detector)
    model.load_state_dict(saved['average'])
    return model.eval(), config, saved


@torch.no_grad()
def score_detector(model: Detector, films: FilmSet) -> list[tuple[float, float]]:
    """IoU and confidence of the box found nearest to each true one, films as at inference; 0 and 0 where none is near."""
    scores = []
    for index in range(len(films)):
        image, (places,) = plain_batch(films, [index])
        logits, boxes, _ = model(image)
        found = decode(torch.sigmoid(logits)[0], boxes[0])
        for place in places.tolist():
            near = [(overlap((knee.column, knee.row, knee.side), tuple(place)), knee.confidence) for knee in found]
            scores.append(max(near, default=(0.0, 0.0)))
    return scores


def _train(config: DetectorConfig, films: dict[str, FilmSet], crops: list[KneeCrop], run: Path, resume: bool, begin: Path | None) -> Path:
    options, path = config.detector, run / 'detector.pt'
    torch.manual_seed(config.seed)
    model = Detector(options)
    began_from = None if begin is None else start_from_bundle(model, begin)
    average = Average(model, options.ema)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    start, hours = 0, 0.0
    if resume and path.exists():
        saved = load_checkpoint(path, 'detector')
        model.load_state_dict(saved['model'])
        average.load(saved['average'])
        optimiser.load_state_dict(saved['optimiser'])
        start, hours, began_from = saved['step'], saved['hours'], saved['began_from']
    log = RunLog(run / 'detector.csv', COLUMNS, config.checkpoint_minutes, resume, start)
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': 'detector', 'config': config.to_dict(), 'step': step, 'commit': git_commit()}
        content |= {'films': {part: len(entries) for part, entries in films.items()}, 'crops': len(crops), 'began_from': began_from}
        content |= {'hours': hours + (time.monotonic() - began) / 3600}
        content |= {'model': model.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    steps = tqdm(range(start, options.steps), 'detector', initial=start, total=options.steps, mininterval=10)
    for step in steps:
        rng, _ = step_streams(config.seed + 2, step)
        images, places, views = random_batch(films['train'], crops, options, rng)
        rate = learning_rate(step, options.steps, options.learning_rate, options.warmup, options.decay_share)
        *found, view = model(images)
        loss = detector_loss((found[0], found[1]), targets(places), options.box_weight) + options.view_weight * view_loss(view, views)
        optimise(model, optimiser, loss, rate, step, Group(0, 1))
        average.update(model, step)
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': time.monotonic() - began}
            if (step + 1) % (10 * config.log_every) == 0:
                row['validation_iou'] = _validation_iou(config, average, films['validation'])
                steps.set_postfix(validation=f'{row["validation_iou"]:.3f}')
            log.row(row)
        if log.due():
            save(step + 1)
    save(options.steps)
    log.close()
    return path


def _validation_iou(config: DetectorConfig, average: Average, films: FilmSet) -> float:
    model = Detector(config.detector)
    model.load_state_dict(average.weights)
    return float(np.mean([iou for iou, _ in score_detector(model.eval(), films)]))
