"""`train-superres`: the teacher, the students whose steps are halved from it, and the arms of the ablation, on phantoms alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint
from ..errors import TrainingError
from ..film_training import FilmRun, train_on_films
from ..networks.shift_path import step_to
from ..networks.shift_unet import Shape
from ..restore import graph_config, load_graph, start_from
from .cases import ARMS, LARGEST_SCALE, LEAST_SCALE, Case, acquire
from .network import KAPPA, STEPS, Stage, SuperresConfig, SuperResolver, places, super_resolve
from .physics import thick
from .volumes import Volumes, other_contrast, prepared_volumes, white

#: Factors that networks are scored at, and how many slices for the log.
SCALES = (2.0, 8 / 3, 4.0)
LOGGED = 12

#: Networks that a bundle has weights to start from for, and its graphs of them.
FIRST_STUDENT = f'student-{STEPS[1]}'
STARTS = {'teacher': 'teacher', FIRST_STUDENT: 'student'}

#: How much of a batch has a given scanner's own correction already, and is thicker than its slices lie apart.
PLAIN_SHARE, THICK_SHARE = 0.2, 0.25

KIND = 'superres'

#: A short memory of squares: without normalisation over space a rare slice can give a gradient many times the usual one.
BETAS = (0.9, 0.99)


def train_superres(config: SuperresConfig, data: Path, run: Path, resume: bool = False, only: str | None = None, start: Path | None = None) -> None:
    """Trains `teacher.pt`, `student-4.pt`, `student-2.pt`, `student-1.pt` and `arm-A.pt` to `arm-D.pt` in this order, or one of them.

    With `start`, the folder of a bundle, its teacher is where the teacher starts, and its student where the first student does. All other
    networks start from these or from nothing. raises TrainingError for `start` with one of the others alone
    """
    if start is not None and only is not None and only not in STARTS:
        raise TrainingError(f'--start-from changes nothing for {only}: a bundle has weights for {" and ".join(STARTS)} to start from.')
    torch.set_num_threads(config.threads)
    volumes = prepared_volumes(data)
    for name in [only] if only else names():
        _train(name, config, volumes, run, resume, start)


def names() -> list[str]:
    """What there is to train."""
    return ['teacher', *(f'student-{steps}' for steps in STEPS[1:]), *(f'arm-{arm}' for arm in ARMS)]


def load_network(run: Path, name: str) -> tuple[SuperResolver, SuperresConfig, dict]:
    """The averaged network of a run, its configuration and the checkpoint."""
    saved = load_checkpoint(run / f'{name}.pt', KIND)
    config = config_of(SuperresConfig, saved['config'], str(run))
    network = _network(name, config)
    prefix = 'network.'
    network.load_state_dict({key.removeprefix(prefix): value for key, value in saved['average'].items() if key.startswith(prefix)})
    return network.eval(), config, saved


def shipped_networks(bundle: Path) -> dict[str, SuperResolver]:
    """The teacher and the student of one step of a bundle, by the names that a run has them under."""
    networks = {}
    for name, graph in (('teacher', 'teacher.onnx'), ('student-1', 'student.onnx')):
        networks[name] = _network(name, config_of(SuperresConfig, graph_config(bundle / graph), str(bundle))).eval()
        load_graph(networks[name], bundle / graph)
    return networks


def _network(name: str, config: SuperresConfig) -> SuperResolver:
    return SuperResolver(config.teacher if name == 'teacher' else config.student, _arm(name))


def _arm(name: str) -> str:
    return name.removeprefix('arm-') if name.startswith('arm-') else 'C'


class _Learner(nn.Module):
    """A network, and what brings its feature maps to those of the teacher where it is guided by them."""

    def __init__(self, network: SuperResolver, student: Shape, teacher: Shape | None) -> None:
        super().__init__()
        self.network = network
        levels = [] if teacher is None else list(zip(_levels(student), _levels(teacher), strict=True))
        self.bridges = nn.ModuleList(nn.Conv2d(narrow, wide, 1) for narrow, wide in levels)


def _levels(shape: Shape) -> list[int]:
    return [*shape.widths, *reversed(shape.widths[:-1])]


def _train(name: str, config: SuperresConfig, volumes: Volumes, run: Path, resume: bool, start: Path | None) -> Path:
    torch.manual_seed(config.seed)
    steps = int(name.removeprefix('student-')) if name.startswith('student-') else None
    learner = _Learner(_network(name, config), config.student, config.teacher if steps else None)
    stage = config.teaching if name == 'teacher' else config.halving
    if name.startswith('arm-'):
        stage = replace(stage, steps=stage.steps * (len(STEPS) - 1))
    loss_of: Callable[[torch.Generator], Tensor]
    if steps is None:

        def loss_of(stream: torch.Generator) -> Tensor:
            return _direct_loss(learner.network, _batch(volumes, stage, stream), _arm(name), config, stream)
    else:
        teacher, _, _ = load_network(run, 'teacher')
        before = teacher if steps == STEPS[1] else load_network(run, f'student-{2 * steps}')[0]
        if before is not teacher:
            learner.network.load_state_dict(before.state_dict())

        def loss_of(stream: torch.Generator) -> Tensor:
            return _halving_loss(learner, before, teacher, _batch(volumes, stage, stream), steps, config, stream)

    role = STARTS.get(name)
    started_from = start_from(learner.network, start / f'{role}.onnx') if start is not None and role is not None else None
    learner.to(memory_format=torch.channels_last)
    held_out = white(volumes.slices[:: max(1, len(volumes) // LOGGED)][:LOGGED])

    def scores(averaged: dict[str, Tensor]) -> dict[str, float]:
        scored = _network(name, config)
        scored.load_state_dict({key.removeprefix('network.'): value for key, value in averaged.items() if key.startswith('network.')})
        return _logged(scored.eval(), held_out, _arm(name), 1 if steps is None else steps)

    film_run = FilmRun(KIND, run / f'{name}.pt', config.seed, config, stage, volumes, ['gain2', 'gain4'], BETAS, started_from)
    return train_on_films(film_run, learner, loss_of, scores, resume)


def _batch(volumes: Volumes, stage: Stage, stream: torch.Generator) -> Case:
    """Random crops of random slices, turned, mirrored and of random contrast, as a scanner of 1.5 or 3 T would take them."""

    def chance() -> float:
        return torch.rand(1, generator=stream).item()

    chosen = torch.randint(1, len(volumes) - 1, (stage.slices,), generator=stream)
    stacks = [white(volumes.slices[chosen + offset]) for offset in (-1, 0, 1)]
    if chance() < 0.5:
        stacks = [stack.flip(3) for stack in stacks]
    if chance() < 0.5:
        stacks = [stack.transpose(2, 3) for stack in stacks]
    below, slices, above = other_contrast(torch.stack(stacks), stream)
    thickness = 1 + (torch.rand(stage.slices, generator=stream) < THICK_SHARE) * 0.5 * torch.rand(stage.slices, generator=stream)
    scale = SCALES[int(torch.randint(0, 3, (1,), generator=stream))] if chance() < 0.7 else LEAST_SCALE + (LARGEST_SCALE - LEAST_SCALE) * chance()
    case = acquire(slices, scale, stream, taken=thick(slices, (below, above), thickness), plain_share=PLAIN_SHARE)
    return _crops(case, stage, stream)


def _crops(case: Case, stage: Stage, stream: torch.Generator) -> Case:
    rows, columns = case.truth.shape[2:]
    crops = []
    for _ in range(stage.crops):
        top, left = (2 * int(torch.randint(0, (size - stage.crop) // 2 + 1, (1,), generator=stream)) for size in (rows, columns))
        crops.append(case.crop(top, left, stage.crop))
    joined = {name: torch.cat([getattr(crop, name) for crop in crops]) for name, value in vars(crops[0]).items() if isinstance(value, Tensor)}
    return Case(scale=case.scale, **joined)


def _state(case: Case, image: Tensor, place: Tensor, sampled: Tensor, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """The state at `place` [B] of the path, with noise of our own where `sampled` [B] says so, and that noise's deviation."""
    spread = torch.where(sampled, KAPPA * place.sqrt(), torch.zeros(()))
    noise = spread[:, None, None, None] * torch.randn(image.shape, generator=stream)
    return case.truth + place[:, None, None, None] * (image - case.truth) + noise, spread


def _direct_loss(network: SuperResolver, case: Case, arm: str, config: SuperresConfig, stream: torch.Generator) -> Tensor:
    """Error of the fine slice from the enlarged one itself, or for a share of the batch from a noisy place on the path."""
    image, guidance = case.given(arm)
    count = len(image)
    sampled = torch.rand(count, generator=stream) < config.sampled_share
    place = torch.where(sampled, torch.rand(count, generator=stream).clamp(min=0.03), torch.ones(()))
    state, spread = _state(case, image, place, sampled, stream)
    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        fine = network(state, image, guidance, place, spread, torch.full((count,), case.scale))
    return _error(fine.float(), case.truth)


def _halving_loss(
    learner: _Learner, before: SuperResolver, teacher: SuperResolver, case: Case, steps: int, config: SuperresConfig, stream: torch.Generator
) -> Tensor:
    """A step of the student against two of `before`, the truth, and the teacher's feature maps at the same state."""
    image, guidance = case.given('C')
    count = len(image)
    path, finer = torch.tensor([*places(steps), 0.0]), torch.tensor([*places(2 * steps), 0.0])
    at = torch.randint(0, steps, (count,), generator=stream)
    place, between, after = path[at], finer[2 * at + 1], path[at + 1]
    sampled = torch.rand(count, generator=stream) < config.sampled_share / 2
    state, spread = _state(case, image, place, sampled, stream)
    scale = torch.full((count,), case.scale)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        first, features = before.with_features(state, image, guidance, place, spread, scale)
        if before is not teacher:
            features = teacher.with_features(state, image, guidance, place, spread, scale)[1]
        # The noise of the state shrinks as the state comes closer to what is thought clean.
        middle = step_to(state, first.float(), place, between)
        second = before(middle, image, guidance, between, spread * between / place, scale).float()
        reached = step_to(middle, second, between, after)
        share = (after / place)[:, None, None, None]
        target = (reached - share * state) / (1 - share)
    with torch.autocast('cpu', torch.bfloat16, enabled=config.half):
        fine, own = learner.network.with_features(state, image, guidance, place, spread, scale)
        guided = [
            (bridge(mine) - theirs).float().square().mean() / theirs.float().square().mean().clamp(min=1e-6)
            for bridge, mine, theirs in zip(learner.bridges, own, features, strict=True)
        ]
    return _error(fine.float(), target) + _error(fine.float(), case.truth) + config.feature_weight * torch.stack(guided).mean()


def _error(found: Tensor, wanted: Tensor) -> Tensor:
    error = found - wanted
    return (error.abs() + 8 * error.square()).mean()


def _logged(network: SuperResolver, slices: Tensor, arm: str, steps: int) -> dict[str, float]:
    """Gain over the arm's own enlarged slices, dB, on slices of the training people: for the log."""
    gains = {}
    for scale in (2.0, 4.0):
        case = acquire(slices, scale, torch.Generator().manual_seed(3), noise=0.02)
        image, guidance = case.given(arm)
        errors = [(found - case.truth).square().mean() for found in (image, super_resolve(network, image, guidance, scale, steps))]
        gains[f'gain{scale:.0f}'] = 10 * (errors[0] / errors[1]).log10().item()
    return gains
