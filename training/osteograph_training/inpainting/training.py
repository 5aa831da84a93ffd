"""`train-inpainter`: one network for metal, cut edges, rectangles and lost slices, on phantoms alone."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint
from ..film_training import FilmRun, train_on_films
from ..restore import start_from
from ..superres.volumes import Volumes, other_contrast, prepared_volumes
from .fill import NEIGHBOURS
from .masks import KINDS, random_kinds, random_masks
from .network import KAPPA, Hidden, Inpainter, InpainterConfig, InpainterOptions, hidden, inpaint

KIND = 'inpainter'

#: Distance of slices in pixels of the plane of what `prepare` writes, and how many of them may lie between those that a network sees.
PREPARED_GAP = 1.5 / 0.625
LARGEST_STRIDE = 3

#: Slices that are scored for the log, of the training people.
LOGGED = 16

#: Masks of less than this share of a crop count for less.
LEAST_SHARE = 0.01

#: As in super-resolution: a short memory of squares, because nothing is normalised over space.
BETAS = (0.9, 0.99)


def train_inpainter(
    config: InpainterConfig, data: Path, run: Path, resume: bool = False, steps: int | None = None, start: Path | None = None
) -> Path:
    """Trains the network, from the weights of the bundle folder `start` if there is one, and returns its checkpoint, `<run>/inpainter.pt`."""
    if steps is not None:
        config = replace(config, inpainter=replace(config.inpainter, steps=steps))
    options = config.inpainter
    torch.set_num_threads(config.threads)
    volumes = prepared_volumes(data)
    torch.manual_seed(config.seed)
    network = Inpainter(options.shape)
    started_from = None if start is None else start_from(network, start / 'inpainter.onnx')
    network.to(memory_format=torch.channels_last)
    held = torch.linspace(0, len(volumes) - 1, LOGGED).round().long()
    kinds = [KINDS[index % len(KINDS)] for index in range(LOGGED)]
    window, gap = volumes.windows(held, NEIGHBOURS), torch.full((LOGGED,), PREPARED_GAP)
    masks = random_masks(kinds, window[0][:, NEIGHBOURS], torch.Generator().manual_seed(3))
    logged = hidden(window[0], torch.maximum(masks, window[1]), gap)

    def loss_of(stream: torch.Generator) -> Tensor:
        return _loss(network, *_batch(volumes, options, stream), config, stream)

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        return _gains(_averaged(options, averaged), logged, window[0][:, NEIGHBOURS : NEIGHBOURS + 1], kinds)

    film_run = FilmRun(KIND, run / 'inpainter.pt', config.seed, config, options, volumes, list(KINDS), BETAS, started_from)
    return train_on_films(film_run, network, loss_of, validation, resume)


def load_inpainter(path: Path) -> tuple[Inpainter, InpainterConfig, dict]:
    """The averaged network of a run, its configuration and the checkpoint."""
    saved = load_checkpoint(path, KIND)
    config = config_of(InpainterConfig, saved['config'], str(path))
    return _averaged(config.inpainter, saved['average']), config, saved


def _averaged(options: InpainterOptions, weights: dict[str, Tensor]) -> Inpainter:
    network = Inpainter(options.shape)
    network.load_state_dict(weights)
    return network.eval()


def _batch(volumes: Volumes, options: InpainterOptions, stream: torch.Generator) -> tuple[Tensor, Hidden]:
    """Random crops of random slices with their neighbours, of random distance and contrast, and what random masks leave of them."""

    def chance() -> float:
        return torch.rand(1, generator=stream).item()

    stride = 1 + int(LARGEST_STRIDE * chance())
    chosen = torch.randint(0, len(volumes), (options.slices,), generator=stream)
    window, missing = volumes.windows(chosen, NEIGHBOURS, stride)
    if chance() < 0.5:
        window, missing = window.flip(1), missing.flip(1)
    rows, columns = window.shape[2:]
    windows, absent = [], []
    for _ in range(options.crops):
        top, left = (2 * int(torch.randint(0, (size - options.crop) // 2 + 1, (1,), generator=stream)) for size in (rows, columns))
        places = (slice(None), slice(None), slice(top, top + options.crop), slice(left, left + options.crop))
        windows.append(window[places])
        absent.append(missing[places])
    window, missing = torch.cat(windows), torch.cat(absent)
    if chance() < 0.5:
        window = window.flip(3)
    if chance() < 0.5:
        window = window.transpose(2, 3)
    window = other_contrast(window, stream)
    masks = random_masks(random_kinds(len(window), stream), window[:, NEIGHBOURS], stream)
    gap = torch.full((len(window),), stride * PREPARED_GAP)
    return window[:, NEIGHBOURS : NEIGHBOURS + 1], hidden(window, torch.maximum(masks, missing), gap)


def _loss(network: Inpainter, clean: Tensor, given: Hidden, config: InpainterConfig, stream: torch.Generator) -> Tensor:
    """Error of what is hidden, from the filled slice itself or for a share of the batch from a noisy place on the path."""
    count = len(clean)
    sampled = torch.rand(count, generator=stream) < config.inpainter.sampled_share
    place = torch.where(sampled, torch.rand(count, generator=stream).clamp(min=0.03), torch.ones(()))
    spread = torch.where(sampled, KAPPA * place.sqrt(), torch.zeros(()))
    noise = spread[:, None, None, None] * torch.randn(clean.shape, generator=stream) * given.mask
    state = clean + place[:, None, None, None] * (given.filled - clean) + noise
    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        found = network(state, given.filled, given.inside, given.mask, given.neighbours, given.neighbour_masks, place, spread, given.gap)
    error = (found.float() - clean) * given.mask
    # The mean over the mask: a small one counts as much as a large one.
    share = given.mask.mean(dim=(1, 2, 3), keepdim=True).clamp(min=LEAST_SHARE)
    return ((error.abs() + 8 * error.square()) / share).mean()


def _gains(network: Inpainter, given: Hidden, clean: Tensor, kinds: list[str]) -> dict[str, float]:
    """Mean gain in the mask over the smooth fill, dB, by kind: for the log."""
    found = inpaint(network, given)
    errors = [((image - clean).square() * given.mask).sum(dim=(1, 2, 3)) for image in (given.filled, found)]
    gains = 10 * (errors[0] / errors[1].clamp(min=1e-9)).clamp(min=1e-9).log10()
    return {kind: gains[[index for index, other in enumerate(kinds) if other == kind]].mean().item() for kind in KINDS}
