"""`train-refiner`: the network that goes over decoded slices, on what the run's frozen generator decodes of pairs of knees."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import TrainingError
from ..evaluate import VolumeGenerator
from ..film_training import FilmRun, train_on_films
from ..networks.refiner import Refiner, moved, reach
from .batches import Pairs, drawn_pairs
from .config import RefinerConfig, RefinerOptions
from .load import KIND, averaged_refiner, generator_mark
from .samples import ARRAYS, CHANGED, Samples, joined, made_samples

#: As for other networks that normalise nothing over space.
BETAS = (0.9, 0.99)

#: Differing pixels of a pair, as a share of the crop, below which a smaller share no longer counts for more.
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
    torch.manual_seed(config.seed)
    network = Refiner(options.shape, options.path)
    far_end = replace(options, pairs=32, final_share=1.0, unknown_share=0.0)
    held = drawn_pairs(joined([_some(group, slice(HELD)) for group in groups]), far_end, network.place, torch.Generator().manual_seed(3))
    network.to(memory_format=torch.channels_last)

    def loss_of(stream: torch.Generator) -> Tensor:
        return refiner_loss(network, drawn_pairs(samples, options, network.place, stream), options, config.half)

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        return _figures(averaged_refiner(options, averaged), held)

    scores = ['psnr', 'base_psnr', 'change', 'base_change', 'sharpness', 'base_sharpness']
    noted = {'generator': generator_mark(generator.checkpoint)}
    film_run = FilmRun(KIND, run / 'refiner.pt', config.seed, config, options, samples, scores, BETAS, noted=noted)
    return train_on_films(film_run, network, loss_of, validation, resume)


def refiner_loss(network: Refiner, batch: Pairs, options: RefinerOptions, half: bool = False) -> Tensor:
    """Squared error of each crop, and what pairs lack of their difference; images count as in [0,1]."""
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        clean = _clean_at(network, batch, batch.state, batch.place)
    error = (clean.float() - batch.truth) / 2
    # Errors near the clean end of the path are small, and decide how sharp a slice is.
    weight = (1 / reach(batch.place))[:, None, None, None]
    own = (weight * error.square()).mean()
    first, second = error.chunk(2)
    lesions = differing(batch.truth)
    # A cyst is a thousandth of a narrowing; by the root of their shares it counts a thirtieth of it.
    share = (lesions.mean(dim=(1, 2, 3), keepdim=True) + LEAST_SHARE).sqrt()
    pair = (1 + options.lesion_weight * lesions) * (first - second).square() / share
    return options.pair_weight * (weight.chunk(2)[0] * pair).mean() + options.own_weight * own


def differing(truth: Tensor) -> Tensor:
    """1 within three pixels of where the two crops of a pair [2N,1,H,W] differ, else 0: [N,1,H,W]."""
    first, second = truth.chunk(2)
    return F.max_pool2d(((first - second).abs() * 127.5 > CHANGED).float(), 7, stride=1, padding=3)


@torch.no_grad()
def _figures(network: Refiner, batch: Pairs) -> dict[str, float]:
    """Of crops made along the whole path, and as decoded: PSNR, the share of a pair's difference that is drawn, and sharpness."""
    clean = state = batch.state
    for place, following in zip(network.path, (*network.path[1:], 0.0), strict=True):
        clean = _clean_at(network, batch, state, torch.full_like(batch.place, place))
        state = moved(state, batch.image, clean, place, following)
    true = batch.truth.chunk(2)
    expected = true[0] - true[1]
    where = (expected.abs() * 127.5 > CHANGED).float()
    found = {}
    for prefix, images in (('', clean), ('base_', batch.image)):
        first, second = images.chunk(2)
        found[f'{prefix}psnr'] = -10 * ((images - batch.truth) / 2).square().mean().log10().item()
        found[f'{prefix}change'] = (where * expected * (first - second)).sum().item() / max((where * expected.square()).sum().item(), 1e-9)
        found[f'{prefix}sharpness'] = (_steepness(images) / _steepness(batch.truth)).item()
    return found


def _clean_at(network: Refiner, batch: Pairs, state: Tensor, place: Tensor) -> Tensor:
    numbers = network.numbers(batch.features, batch.depth, batch.side, batch.mirrored)
    return network.clean(state, batch.image, batch.film, batch.where, numbers, place)


def _steepness(images: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels."""
    return images.diff(dim=2).abs().mean() + images.diff(dim=3).abs().mean()


def _some(samples: Samples, knees: slice) -> Samples:
    return Samples(*(getattr(samples, name)[knees] for name in ARRAYS))
