"""`train-refiner`: the network over the joint, on what the run's frozen generator decodes of pairs of knees."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import TrainingError
from ..evaluate import VolumeGenerator
from ..film_training import FilmRun, train_on_films
from ..networks.refiner import Refiner
from .config import RefinerConfig, RefinerOptions
from .load import KIND, averaged_refiner, generator_mark
from .samples import ARRAYS, CHANGED, Samples, joined, made_samples

#: As for other networks that normalise nothing over space.
BETAS = (0.9, 0.99)

#: Differing pixels of a pair, as a share of the half, below which a smaller share no longer counts for more.
LEAST_SHARE = 0.005

#: Knees of each group that are not trained on, but scored for the log.
HELD = 4


def train_refiner(config: RefinerConfig, run: Path, pairs: Sequence[Sequence[Path]], resume: bool = False, steps: int | None = None) -> Path:
    """Trains and returns the checkpoint, `<run>/refiner.pt`, which `evaluate` and `export` then take for a part of the run.

    `pairs` are groups of prepared releases: the same knees, drawn with other grades (`synth --redraw`).
    """
    if steps is not None:
        config = replace(config, refiner=replace(config.refiner, steps=steps))
    options = config.refiner
    torch.set_num_threads(config.threads)
    generator = VolumeGenerator(run, refined=False)
    generator.round_as_stored()
    groups = [made_samples(generator, folders, config, run / f'refiner-samples-{number}.npz') for number, folders in enumerate(pairs)]
    if any(len(group) <= HELD for group in groups):
        raise TrainingError(f'A group needs more than {HELD} knees, because {HELD} of each are held back for the log.')
    samples = joined([_some(group, slice(HELD, None)) for group in groups])
    held = joined([_some(group, slice(HELD)) for group in groups]).batch(replace(options, pairs=48), np.random.default_rng(3))
    torch.manual_seed(config.seed)
    network = Refiner(options.shape)

    def loss_of(stream: torch.Generator) -> Tensor:
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=stream)))
        return refiner_loss(network, samples.batch(options, rng), options, config.half)

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        return _figures(averaged_refiner(options, averaged), held)

    scores = ['psnr', 'base_psnr', 'change', 'base_change']
    noted = {'generator': generator_mark(generator.checkpoint)}
    film_run = FilmRun(KIND, run / 'refiner.pt', config.seed, config, options, samples, scores, BETAS, noted=noted)
    return train_on_films(film_run, network, loss_of, validation, resume)


def refiner_loss(network: Refiner, batch: dict[str, Tensor], options: RefinerOptions, half: bool = False) -> Tensor:
    """What pairs lack of their difference, what each half is off where they differ, and what is added elsewhere; images count as in [0,1]."""
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        added = network.residual(batch['slices'], batch['films'], batch['lateral'], batch['depth'], batch['grades']).float() / 2
    error = (batch['slices'] - batch['truth']) / 2 + added
    first, second = error.chunk(2)
    lesions = differing(batch['truth'])
    # A cyst is a thousandth of a narrowing; by the root of their shares it counts a thirtieth of it.
    share = (lesions.mean(dim=(1, 2, 3), keepdim=True) + LEAST_SHARE).sqrt()
    pair = (1 + options.lesion_weight * lesions) * (first - second).square() / share
    both = lesions.repeat(2, 1, 1, 1)
    own = both * error.square() + (1 - both) * added.square()
    return options.pair_weight * pair.mean() + options.own_weight * own.mean()


def differing(truth: Tensor) -> Tensor:
    """1 within three pixels of where the two halves of a pair [2N,1,96,96] differ, else 0: [N,1,96,96]."""
    first, second = truth.chunk(2)
    return F.max_pool2d(((first - second).abs() * 127.5 > CHANGED).float(), 7, stride=1, padding=3)


@torch.no_grad()
def _figures(network: Refiner, batch: dict[str, Tensor]) -> dict[str, float]:
    """PSNR of the halves, and how much of a pair's difference is drawn where it is (slope), refined and as decoded."""
    added = network.residual(batch['slices'], batch['films'], batch['lateral'], batch['depth'], batch['grades'])
    true = batch['truth'].chunk(2)
    expected = true[0] - true[1]
    where = (expected.abs() * 127.5 > CHANGED).float()
    found = {}
    for prefix, images in (('', batch['slices'] + added), ('base_', batch['slices'])):
        first, second = images.chunk(2)
        found[f'{prefix}psnr'] = -10 * ((images - batch['truth']) / 2).square().mean().log10().item()
        found[f'{prefix}change'] = (where * expected * (first - second)).sum().item() / max((where * expected.square()).sum().item(), 1e-9)
    return found


def _some(samples: Samples, knees: slice) -> Samples:
    return Samples(*(getattr(samples, name)[knees] for name in ARRAYS))
