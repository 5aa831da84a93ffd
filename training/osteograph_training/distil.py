"""`distil`: a few-step student of a trained denoiser by progressive distillation (Salimans and Ho 2022).

Stage by stage the number of steps is halved. The student starts as a copy of its teacher and learns to reach in one DDIM step the
place that the teacher reaches in two; then it is the teacher of the next stage. The radiograph encoder stays as it is.
"""

import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import Config, ScheduleConfig
from .dataset import Split, load_knees
from .errors import TrainingError
from .models import Average, Generator
from .parallel import Group, optimise
from .runlog import RunLog, step_streams
from .sampler import Prediction
from .schedule import alphas_cumprod, previous_alphas, sampling_timesteps
from .train_autoencoder import load_autoencoder
from .train_diffusion import load_generator
from .training_set import TrainingSet, encode_latents

COLUMNS = ['step', 'loss', 'learning_rate', 'seconds']


@dataclass(frozen=True)
class Halving:
    """The grid of one stage: of each student step the timestep it starts at, the teacher's one between, and the cumulative alphas of
    the start, the middle and the end. Tensors of one entry per student step, noisiest first."""

    start: Tensor
    middle: Tensor
    alpha_start: Tensor
    alpha_middle: Tensor
    alpha_end: Tensor

    @property
    def steps(self) -> int:
        return len(self.start)

    @staticmethod
    def to(steps: int, schedule: ScheduleConfig) -> 'Halving':
        """The stage whose student takes `steps` and whose teacher takes twice as many."""
        fine, coarse = sampling_timesteps(schedule, 2 * steps), sampling_timesteps(schedule, steps)
        if not np.array_equal(fine[::2], coarse):
            raise TrainingError(
                f'The {schedule.spacing} grid of {steps} steps is not every other point of that of {2 * steps}; '
                f'distillation needs the trailing grid and a number of steps that divides {schedule.train_steps} evenly enough.'
            )
        alphas, following = alphas_cumprod(schedule), previous_alphas(schedule, fine)
        as_float = [torch.from_numpy(np.ascontiguousarray(values)).double() for values in (fine[::2], fine[1::2])]
        return Halving(*as_float, *(torch.from_numpy(values.copy()) for values in (alphas[coarse], following[::2], following[1::2])))


def distillation_target(teacher: Prediction, sample: Tensor, places: Tensor, halving: Halving) -> Tensor:
    """The v that takes the student from `sample` in one DDIM step to where the teacher gets in two.

    `places` [B] says at which of the student's steps each sample is.
    """
    start, middle = (timesteps[places].to(sample.dtype) for timesteps in (halving.start, halving.middle))
    alpha, between, end = (_over(alphas[places], sample) for alphas in (halving.alpha_start, halving.alpha_middle, halving.alpha_end))
    halfway = ddim_step(sample, teacher(sample, start), alpha, between)
    arrival = ddim_step(halfway, teacher(halfway, middle), between, end)
    # arrival = sqrt(end) clean + sqrt(1 - end) (sample - sqrt(alpha) clean) / sqrt(1 - alpha), solved for clean.
    keep = ((1 - end) / (1 - alpha)).sqrt()
    clean = (arrival - keep * sample) / (end.sqrt() - keep * alpha.sqrt())
    return (alpha.sqrt() * sample - clean) / (1 - alpha).sqrt()


def ddim_step(sample: Tensor, velocity: Tensor, alpha: Tensor, following: Tensor) -> Tensor:
    """One deterministic DDIM step from cumulative alpha `alpha` to `following`."""
    clean = alpha.sqrt() * sample - (1 - alpha).sqrt() * velocity
    noise = alpha.sqrt() * velocity + (1 - alpha).sqrt() * sample
    return following.sqrt() * clean + (1 - following).sqrt() * noise


def distil(run: Path, data: Path, out: Path, teacher_steps: int, student_steps: int, updates: int, rate: float, resume: bool = False) -> Path:
    """Distils `<run>/diffusion.pt` down to `student_steps`; returns the last checkpoint, which `evaluate` and `export` read.

    Each stage leaves `<out>/stage-<steps>.pt` and a log of its loss; the last is also `<out>/diffusion.pt`, beside the autoencoder.
    With `resume`, stages that are there are kept.
    """
    stages = stage_steps(teacher_steps, student_steps)
    model, config, teacher = load_generator(run / 'diffusion.pt')
    if config.diffusion.prediction != 'v_prediction':
        raise TrainingError(f'{run / "diffusion.pt"} predicts {config.diffusion.prediction}; distillation is written for v_prediction.')
    torch.set_num_threads(config.processes * config.threads)
    films = _training_set(config, data, run, teacher['scale_factor'])
    saved = teacher
    for steps in stages:
        path = out / f'stage-{steps}.pt'
        if not (resume and path.exists()):
            log = RunLog(path.with_suffix('.csv'), COLUMNS, config.checkpoint_minutes, False)
            student = distil_stage(model, config, films, Halving.to(steps, config.schedule), updates, rate, log)
            log.close()
            content = {'kind': 'diffusion', 'config': config.to_dict(), 'scale_factor': teacher['scale_factor'], 'data': teacher['data']}
            content |= {
                'step': saved['step'] + updates,
                'commit': git_commit(),
                'distilled': {'steps': steps, 'from': teacher_steps, 'updates': updates},
            }
            save_checkpoint(path, content | {'model': student, 'average': student})
        saved = load_checkpoint(path, 'diffusion')
        model.load_state_dict(saved['average'])
    save_checkpoint(out / 'diffusion.pt', saved)
    save_checkpoint(out / 'autoencoder.pt', load_checkpoint(run / 'autoencoder.pt', 'autoencoder'))
    return out / 'diffusion.pt'


def stage_steps(teacher_steps: int, student_steps: int) -> list[int]:
    """Numbers of steps of the students of all stages: 32 to 4 gives 16, 8, 4."""
    stages, steps = [], teacher_steps
    while steps > student_steps and steps % 2 == 0:
        steps //= 2
        stages.append(steps)
    if steps != student_steps or not stages:
        raise TrainingError(f'{teacher_steps} steps cannot be halved to {student_steps}; 32 to 4, for example, can.')
    return stages


def distil_stage(
    teacher: Generator, config: Config, films: TrainingSet, halving: Halving, updates: int, rate: float, log: RunLog
) -> dict[str, Tensor]:
    """Averaged weights of the student; its rate falls linearly to zero."""
    teacher.eval().requires_grad_(False)
    student = copy.deepcopy(teacher)
    student.denoiser.requires_grad_(True)
    student.denoiser.train()
    average = Average(student, config.diffusion.ema)
    optimiser = torch.optim.AdamW(student.denoiser.parameters(), lr=rate, weight_decay=0.0)
    began = time.monotonic()
    for step in tqdm(range(updates), f'{halving.steps} steps', mininterval=10):
        rng, stream = step_streams(config.seed + 100 + halving.steps, step)
        batch = films.batch(config.diffusion, rng, stream, Group(0, 1))
        places = torch.randint(halving.steps, (len(batch['clean']),), generator=stream)
        loss = distillation_loss(teacher, student, batch, places, halving, config.precision == 'bf16')
        now = rate * (1 - step / updates)
        optimise(student, optimiser, loss, now, step, Group(0, 1))
        average.update(student, step)
        if (step + 1) % config.log_every == 0:
            log.row({'step': step + 1, 'loss': loss.item(), 'learning_rate': now, 'seconds': time.monotonic() - began})
    return average.weights


def distillation_loss(teacher: Generator, student: Generator, batch: dict[str, Tensor], places: Tensor, halving: Halving, half: bool) -> Tensor:
    """Squared error of v at the student's own timesteps: the weight SNR + 1 of the clean latent's error."""
    alpha = _over(halving.alpha_start[places], batch['clean'])
    sample = alpha.sqrt() * batch['clean'] + (1 - alpha).sqrt() * batch['noise']
    with torch.no_grad():
        condition = teacher.condition(batch['xrays'])
    latent, *context = (part.repeat_interleave(len(sample) // len(part), dim=0) for part in condition)

    def predict(generator: Generator) -> Prediction:
        def velocity(noisy: Tensor, timestep: Tensor) -> Tensor:
            with torch.autocast(noisy.device.type, torch.bfloat16, enabled=half):
                return generator.denoiser(noisy, timestep, latent, batch['depth'], batch['features'], *context).float()

        return velocity

    with torch.no_grad():
        target = distillation_target(predict(teacher), sample, places, halving)
    found = predict(student)(sample, halving.start[places].to(sample.dtype))
    return (found - target).square().mean()


def _training_set(config: Config, data: Path, run: Path, scale: float) -> TrainingSet:
    knees = load_knees(data, Split.of(config.data), 'train')
    encode_latents(load_autoencoder(run / 'autoencoder.pt')[0], scale, knees, run / 'latents-train.npy')
    return TrainingSet(knees, np.load(run / 'latents-train.npy', mmap_mode='r'))


def _over(values: Tensor, sample: Tensor) -> Tensor:
    """One value per sample, shaped to multiply it."""
    return values.to(sample.dtype).reshape(-1, *[1] * (sample.dim() - 1))
