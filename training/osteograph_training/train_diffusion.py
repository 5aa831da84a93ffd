"""`train-diffusion`: the conditional latent diffusion U-Net and its radiograph encoder, on cached latents of a frozen autoencoder."""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import Config, config_from
from .dataset import Knees, Split, data_hash, load_knees
from .diffusion_loss import diffusion_loss
from .errors import TrainingError
from .images import inference_crops
from .models import Average, Generator, check_same_networks
from .networks import Autoencoder, AutoencoderKL, FilmConditioner, XrayEncoder
from .pairs import PairedSet
from .parallel import Group, descend, run_group
from .pretrained import CLIP, DENOISER, PROJECTION, load_pretrained
from .runlog import RunLog, learning_rate, step_streams
from .sampler import depths
from .sampling import decode, sample_latents, unit_images
from .schedule import alphas_cumprod
from .sheets import write_sheet
from .train_autoencoder import load_autoencoder
from .train_xray_encoder import load_warm_start
from .training_set import TrainingSet, encode_latents
from .turning import turn_angles

COLUMNS = ['step', 'loss', 'learning_rate', 'validation_loss', 'seconds']


def train_diffusion(config: Config, data: Path, run: Path, resume: bool = False, steps: int | None = None, pairs: Sequence[Path] = ()) -> Path:
    """Trains on `<run>/autoencoder.pt` and returns the path of the last checkpoint, `<run>/diffusion.pt`.

    `pairs` are prepared releases of the same knees with other grades (`synth --redraw`): knees are then drawn in pairs.
    """
    if steps is not None:
        config = replace(config, diffusion=replace(config.diffusion, steps=steps))
    knees, processes = config.diffusion.knees, config.processes
    if pairs and (knees % 2 or knees < 2 * processes):
        raise TrainingError(f'diffusion: knees is {knees}; for pairs an even number is expected, at least 2 for each of {processes} processes.')
    run_group(_train, config.processes, config.threads, config, data, run, resume, tuple(pairs), device=config.device)
    return run / 'diffusion.pt'


def load_generator(path: Path) -> tuple[Generator, Config, dict]:
    """The averaged generator in evaluation mode, its configuration, and the checkpoint."""
    saved = load_checkpoint(path, 'diffusion')
    config = config_from(saved['config'], str(path))
    model = Generator(config)
    model.load_state_dict(saved['average'])
    return model.eval(), config, saved


def start_generator(
    config: Config, autoencoder: Autoencoder | AutoencoderKL, warm_start: Path | None, device: torch.device
) -> tuple[Generator, torch.optim.Optimizer]:
    """The generator of a configuration, with what it takes from elsewhere, and the optimiser that trains it.

    Architecture `demo` may have a warm radiograph encoder. Architecture `paper` has the autoencoder's encoder and CLIP; its U-Net and
    CLIP come from the pretrained checkpoint where there is one.
    """
    torch.manual_seed(config.seed)
    model = Generator(config)
    conditioner = model.xray_encoder
    if isinstance(conditioner, FilmConditioner):
        wanted = [(model.denoiser, DENOISER), (conditioner.clip, CLIP), (conditioner.cc_projection, PROJECTION)]
        if config.pretrained is not None:
            load_pretrained(config, wanted)
        if config.clip.weights is not None:
            load_pretrained(replace(config, pretrained=config.clip.weights), [(conditioner.clip, CLIP)])
        conditioner.encoder.load_state_dict(autoencoder.encoder.state_dict())
        conditioner.quant_conv.load_state_dict(autoencoder.quant_conv.state_dict())
    elif isinstance(conditioner, XrayEncoder) and warm_start is not None and warm_start.exists():
        load_warm_start(warm_start, conditioner)
    model.to(device)
    options = config.diffusion
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return model, torch.optim.AdamW(trained, lr=options.learning_rate, weight_decay=options.weight_decay, betas=(0.9, options.adam_beta2))


def _train(group: Group, config: Config, data: Path, run: Path, resume: bool, pairs: tuple[Path, ...]) -> None:
    options = config.diffusion
    path = run / 'diffusion.pt'
    autoencoder, deviation_scale = load_autoencoder(run / 'autoencoder.pt')
    scale = deviation_scale if options.scale_factor is None else options.scale_factor
    split = Split.of(config.data)
    if group.leads:
        torch.set_num_threads(config.processes * config.threads)
        autoencoder.to(group.device)
        for folder, part, name in [(data, 'validation', 'validation'), *_training_parts(data, pairs)]:
            knees = load_knees(folder, split, part, mapped=True)
            encode_latents(autoencoder, scale, knees, run / f'latents-{name}.npy')
            for number in range(options.turns if part == 'train' else 0):
                degrees = turn_angles(knees.names, options.turn, number)
                encode_latents(autoencoder, scale, knees, run / f'latents-{name}-turn{number}.npy', degrees)
        autoencoder.cpu()
        torch.set_num_threads(config.threads)
    group.wait()

    model, optimiser = start_generator(config, autoencoder, run / 'xray-encoder.pt', group.device)
    average = Average(model, options.ema)
    provenance = {'data': data_hash(data, *pairs), 'commit': git_commit()} if group.leads else {}
    start = 0
    if resume and path.exists():
        saved = load_checkpoint(path, 'diffusion')
        check_same_networks(config_from(saved['config'], str(path)), config, str(path))
        model.load_state_dict(saved['model'])
        average.load(saved['average'])
        if 'optimiser' in saved:
            # A restored bundle has none.
            optimiser.load_state_dict(saved['optimiser'])
        start = saved['step']
        if group.leads and saved['data'] != provenance['data']:
            print(f'{data} is not the data that {path} was trained on so far; the checkpoint will name the new hash.')

    sets = [TrainingSet.of(load_knees(folder, split, part, mapped=True), run, name, options) for folder, part, name in _training_parts(data, pairs)]
    train = PairedSet(sets) if pairs else sets[0]
    held_out = TrainingSet(load_knees(data, split, 'validation', mapped=True), np.load(run / 'latents-validation.npy', mmap_mode='r'))
    alphas = torch.from_numpy(alphas_cumprod(config.schedule)).float().to(group.device)
    log = RunLog(run / 'diffusion.csv', COLUMNS, config.checkpoint_minutes, resume, start) if group.leads else None
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': 'diffusion', 'config': config.to_dict(), 'step': step, 'scale_factor': scale} | provenance
        content |= {'model': model.state_dict(), 'average': average.weights, 'optimiser': optimiser.state_dict()}
        save_checkpoint(path, content)

    steps = tqdm(range(start, options.steps), 'diffusion', initial=start, total=options.steps, mininterval=10, disable=not group.leads)
    for step in steps:
        rng, stream = step_streams(config.seed + 1, step)
        batch = train.batch(options, rng, stream, group)
        rate = learning_rate(step, options.steps, options.learning_rate, options.warmup, options.decay_share)
        loss = diffusion_step(config, model, optimiser, batch, alphas, rate, step, group)
        average.update(model, step)
        if log is None:
            continue
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss, 'learning_rate': rate, 'seconds': time.monotonic() - began}
            if (step + 1) % (10 * config.log_every) == 0:
                row['validation_loss'] = validation_loss(config, model, average, held_out, alphas)
                steps.set_postfix(validation=f'{row["validation_loss"]:.4f}')
            log.row(row)
        if config.sheet_every and (step + 1) % config.sheet_every == 0:
            average.swap(model)
            rows = generated_rows(config, model, autoencoder, scale, held_out.knees)
            average.swap(model)
            log.sheet(write_sheet(run / 'sheets' / f'diffusion-{step + 1:07}.png', rows), step + 1)
        if log.due():
            save(step + 1)
    if log is not None:
        save(options.steps)
        log.close()


def diffusion_step(
    config: Config,
    model: Generator,
    optimiser: torch.optim.Optimizer,
    batch: dict[str, Tensor],
    alphas: Tensor,
    rate: float,
    step: int,
    group: Group,
) -> float:
    """One optimiser step on a process's share of a batch, computed in `accumulate` parts; returns the loss."""
    options = config.diffusion
    units = len(batch['xrays']) // (2 if 'differs' in batch else 1)
    parts = batch_parts(batch, min(options.accumulate, units))
    optimiser.zero_grad(set_to_none=True)
    total = 0.0
    for part in parts:
        weight = len(part['clean']) / len(batch['clean'])
        loss = diffusion_loss(model, part, alphas, options.snr_cap, config.precision == 'bf16', options.prediction, options)
        (loss if weight == 1 else loss * weight).backward()
        total += loss.item() * weight
    descend(model, optimiser, total, rate, step, group)
    return total


def batch_parts(batch: dict[str, Tensor], count: int) -> list[dict[str, Tensor]]:
    """A batch cut into `count` parts of whole knees, or of whole pairs."""
    knees = len(batch['xrays'])
    slices = len(batch['clean']) // knees
    together = 2 if 'differs' in batch else 1
    bounds = [together * (knees // together * place // count) for place in range(count + 1)]
    return [
        {key: value[first:last] if key == 'xrays' else value[first * slices : last * slices] for key, value in batch.items()}
        for first, last in pairwise(bounds)
    ]


def _training_parts(data: Path, pairs: Sequence[Path]) -> list[tuple[Path, str, str]]:
    """Folder, part and name of the latents of what is trained on: the release, and the same knees with other grades."""
    return [(data, 'train', 'train'), *((folder, 'train', f'train-pair{number}') for number, folder in enumerate(pairs))]


@torch.no_grad()
def validation_loss(config: Config, model: Generator, average: Average, held_out: TrainingSet, alphas: Tensor) -> float:
    """Loss of the averaged weights on a fixed batch of held-out knees, films as at inference."""
    options = replace(config.diffusion, knees=16, slices_per_knee=4, feature_dropout=0.0, augment=False)
    rng, stream = step_streams(12345, 0)
    batch = held_out.batch(options, rng, stream, Group(0, 1, alphas.device))
    average.swap(model)
    loss = diffusion_loss(model.eval(), batch, alphas, options.snr_cap, config.precision == 'bf16', options.prediction).item()
    average.swap(model)
    model.train()
    return loss


@torch.no_grad()
def generated_rows(config: Config, model: Generator, autoencoder: Autoencoder | AutoencoderKL, scale: float, knees: Knees) -> list[list[np.ndarray]]:
    """Rows of a sheet: of up to three knees the film and real slices, below them the slices generated from the film."""
    device = next(model.parameters()).device
    autoencoder.to(device)
    model.eval()
    rows = []
    for index in np.linspace(0, len(knees) - 1, min(3, len(knees))).astype(int):
        film = inference_crops(knees.film[index : index + 1])[0]
        places = np.linspace(0, len(knees.mri[index]) - 1, 6).astype(int)[1:-1]
        depth = depths(len(knees.mri[index]))[torch.from_numpy(places)]
        features, options = torch.from_numpy(knees.features[index]), config.diffusion
        latents = sample_latents(model, config.schedule, film, features, depth, options.sheet_steps, 7, options.prediction)
        shown = (film[0].numpy() + 1) / 2
        rows.append([shown, *(knees.mri[index][place] / np.float32(255) for place in places)])
        rows.append([np.zeros_like(shown), *unit_images(decode(autoencoder, latents / scale))])
    model.train()
    autoencoder.cpu()
    return rows
