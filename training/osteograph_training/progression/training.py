"""`train-remodeller`: the network that adds what grades add near the joint, on real films of the training people."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import trange

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint, save_checkpoint
from ..errors import TrainingError
from ..film_training import FilmRun, train_on_films
from ..reading.films import GRADES, GradedFilms
from ..restoration.degrade import Degraded
from ..restoration.restorer import KAPPA, Restorer
from ..restore import start_from
from .amplitude import measured_widths
from .field import closing, displacement, warped
from .films import TracedFilms, load_traced_films
from .remodel import (
    BLUR,
    FAR,
    NEAR,
    RemodellerConfig,
    RemodellerOptions,
    expected_picture,
    hidden_joint,
    joint_maps,
    line_tensors,
    pictures,
    remodeller,
)

SCORES = ['error', 'effect']


def train_remodeller(
    config: RemodellerConfig, films: Path, run: Path, resume: bool = False, steps: int | None = None, start: Path | None = None
) -> Path:
    """Measures the joint spaces of the training people, trains the network, and returns its checkpoint, `<run>/remodeller.pt`.

    With `start`, the folder of a bundle, the network starts from its weights.
    """
    if steps is not None:
        config = replace(config, remodeller=replace(config.remodeller, steps=steps))
    options = config.remodeller
    torch.set_num_threads(config.threads)
    train = load_traced_films(films, run, config.part, options.per_grade)
    held_out = load_traced_films(films, run, 'validation', 16)
    save_checkpoint(run / 'widths.pt', {'kind': 'widths', 'widths': measured_widths(train), 'films': len(train)})
    torch.manual_seed(config.seed)
    network = remodeller(options)
    started_from = None if start is None else start_from(network, start / 'remodeller.onnx')
    network.to(memory_format=torch.channels_last)
    pool = _kept_pool(run / 'moved.pt', train, options, config.seed)
    affected = affected_compartments(train)
    chances = 1 / torch.bincount(train.grades, minlength=GRADES).clamp(min=1)[train.grades].double()

    def loss_of(stream: torch.Generator) -> Tensor:
        chosen = torch.multinomial(chances, options.batch, replacement=True, generator=stream)
        clean, space, near = pool.drawn(chosen, options.moved, stream)
        mirror = (torch.rand(len(clean), generator=stream) < 0.5)[:, None]
        case = hidden_joint(clean, space, near, train.grades[chosen], affected[chosen])
        case, clean, near = _mirrored(case, clean, near, mirror)
        return _loss(network, case, clean, near, config, stream)

    def validation(averaged: dict[str, Tensor]) -> dict[str, float]:
        return _validation(_averaged(options, averaged), held_out)

    graded = GradedFilms(train.names, train.participants, train.images, train.grades)
    film_run = FilmRun('remodeller', run / 'remodeller.pt', config.seed, config, options, graded, SCORES, started_from=started_from)
    return train_on_films(film_run, network, loss_of, validation, resume)


def load_remodeller(run: Path) -> tuple[Restorer, RemodellerConfig, dict, dict]:
    """The averaged network of a run, its configuration, the checkpoint, and the widths that were measured."""
    path = run / 'remodeller.pt'
    saved = load_checkpoint(path, 'remodeller')
    config = config_of(RemodellerConfig, saved['config'], str(path))
    return _averaged(config.remodeller, saved['average']), config, saved, load_checkpoint(run / 'widths.pt', 'widths')


def affected_compartments(films: TracedFilms) -> Tensor:
    """[N,2], medial and lateral: 1 for the compartment that is narrower against the medians of KL 0, of which films must be there."""
    healthy = films.grades.numpy() == 0
    if not healthy.any():
        raise TrainingError('No film of KL 0 is there to tell which compartment of the others is narrower than it should be.')
    medial, lateral = films.medial(), films.lateral()
    worse = medial / np.median(medial[healthy]) < lateral / np.median(lateral[healthy])
    return torch.from_numpy(np.stack([worse, ~worse], axis=1))


def _averaged(options: RemodellerOptions, weights: dict[str, Tensor]) -> Restorer:
    network = remodeller(options)
    network.load_state_dict(weights)
    return network.eval()


@dataclass
class _Pool:
    """Pictures [N,V,1,72,112] of N films with V gaps each, the first their own; joint spaces and what is drawn anew of each, all float16."""

    clean: Tensor
    space: Tensor
    near: Tensor

    def drawn(self, chosen: Tensor, moved: float, stream: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Of the chosen films [B] the pictures, float [B,1,72,112] each; a share `moved` of them with gaps that are not their own."""
        variants = self.clean.shape[1]
        variant = torch.randint(1, variants, (len(chosen),), generator=stream)
        variant[torch.rand(len(chosen), generator=stream) >= moved] = 0
        return self.clean[chosen, variant].float(), self.space[chosen, variant].float(), self.near[chosen, variant].float()


def _kept_pool(path: Path, films: TracedFilms, options: RemodellerOptions, seed: int) -> _Pool:
    """The pool of these films and options, kept in `path`: a run that goes on, or `--steps 0` before it, need not move the joints again."""
    wanted = [BLUR, NEAR, FAR, options.variants, options.narrowest, options.widest, seed, films.names]
    if path.exists():
        kept = load_checkpoint(path, 'moved')
        if kept['wanted'] == wanted:
            return _Pool(kept['clean'], kept['space'], kept['near'])
    pool = _pool_of(films, options, seed)
    save_checkpoint(path, {'kind': 'moved', 'wanted': wanted, 'clean': pool.clean, 'space': pool.space, 'near': pool.near})
    return pool


def _pool_of(films: TracedFilms, options: RemodellerOptions, seed: int) -> _Pool:
    stream = np.random.default_rng(seed)
    logs = np.log([options.narrowest, options.widest])
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for index in trange(len(films), desc='moving joints', mininterval=30):
        line, own = films.lines[index], films.images[index, 0].numpy()
        gaps = [np.ones_like(line.half)] + [closing(*np.exp(stream.uniform(*logs, 2))) for _ in range(options.variants)]
        moved = [own, *(warped(own, displacement(line, gap, 1, len(own))).clip(0, 255) for gap in gaps[1:])]
        clean = pictures(torch.from_numpy(np.stack(moved)[:, None]).float())[0]
        middle = np.repeat(line.middle[None], len(gaps), axis=0)
        space, near = joint_maps(*line_tensors(middle, np.stack([line.half * gap for gap in gaps])))
        parts.append((clean.half(), space.half(), near.half()))
    return _Pool(*(torch.stack([part[place] for part in parts]) for place in range(3)))


def _mirrored(case: Degraded, clean: Tensor, near: Tensor, mirror: Tensor) -> tuple[Degraded, Tensor, Tensor]:
    """Half of the knees as left ones: compartments keep their names only on right knees, so their places change as well."""

    def turned(image: Tensor) -> Tensor:
        return torch.where(mirror[:, :, None, None], image.flip(3), image)

    strengths = torch.where(mirror, case.strengths[:, [0, 2, 1]], case.strengths)
    return Degraded(turned(case.image), turned(case.mask), strengths), turned(clean), turned(near)


def _loss(network: Restorer, case: Degraded, clean: Tensor, near: Tensor, config: RemodellerConfig, stream: torch.Generator) -> Tensor:
    """Squared and absolute error near the joint, from the blurred picture itself or, for `sampled_share`, from a noisy place on the path."""
    count = len(clean)
    sampled = torch.rand(count, generator=stream) < config.remodeller.sampled_share
    place = torch.where(sampled, torch.rand(count, generator=stream).clamp(min=0.02), torch.full((count,), 0.999))
    spread = torch.where(sampled, KAPPA * place.sqrt(), torch.zeros(count))
    noise = torch.randn(clean.shape, generator=stream) * near
    state = clean + place[:, None, None, None] * (case.image - clean) + spread[:, None, None, None] * noise
    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        found = network(state, case.image, case.mask, place, spread, case.strengths)
    error = found.float() - clean
    return ((error.abs() + 8 * error.square()) * (0.05 + near)).mean()


@torch.no_grad()
def _validation(network: Restorer, films: TracedFilms) -> dict[str, float]:
    """Mean absolute error near the joint at the films' own grades, and how much more it is at grades two away: what grades tell."""
    picture = pictures(films.images)[0]
    space, near = joint_maps(*line_tensors(np.stack([line.middle for line in films.lines]), np.stack([line.half for line in films.lines])))
    affected = affected_compartments(films)

    def error(grades: Tensor) -> float:
        found = expected_picture(network, hidden_joint(picture, space, near, grades, affected))
        return float(((found - picture).abs() * near).sum() / near.sum())

    other = torch.where(films.grades >= 2, films.grades - 2, films.grades + 2)
    own = error(films.grades)
    return {'error': own, 'effect': error(other) - own}
