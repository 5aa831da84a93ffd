"""`train-diffusion`: the conditional latent diffusion U-Net and its radiograph encoder, on latents of a frozen autoencoder."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .augment import random_crops
from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import Config, DiffusionConfig, config_from
from .dataset import Knees, Split, data_hash, load_knees
from .features import FEATURES
from .models import Average, Generator
from .networks import Autoencoder
from .parallel import Group, optimise, run_group
from .runlog import RunLog, learning_rate, step_streams
from .sampler import depths
from .schedule import alphas_cumprod
from .train_autoencoder import load_autoencoder
from .train_xray_encoder import load_warm_start

COLUMNS = ['step', 'loss', 'learning_rate', 'validation_loss', 'seconds']


def train_diffusion(config: Config, data: Path, run: Path, resume: bool = False, steps: int | None = None) -> Path:
    """Trains on `<run>/autoencoder.pt` and returns the path of the last checkpoint, `<run>/diffusion.pt`."""
    if steps is not None:
        config = replace(config, diffusion=replace(config.diffusion, steps=steps))
    autoencoder, scale = load_autoencoder(run / 'autoencoder.pt')
    split = Split(config.data.split_seed, config.data.validation, config.data.test)
    torch.set_num_threads(config.processes * config.threads)
    for part in ('train', 'validation'):
        encode_latents(autoencoder, scale, load_knees(data, split, part), run / f'latents-{part}.npy')
    provenance = {'data': data_hash(data), 'commit': git_commit()}
    run_group(_train, config.processes, config.threads, config, data, run, resume, scale, provenance)
    return run / 'diffusion.pt'


def load_generator(path: Path) -> tuple[Generator, Config, dict]:
    """The averaged generator in evaluation mode, its configuration, and the checkpoint."""
    saved = load_checkpoint(path, 'diffusion')
    config = config_from(saved['config'], str(path))
    model = Generator(config)
    model.load_state_dict(saved['average'])
    return model.eval(), config, saved


def _train(group: Group, config: Config, data: Path, run: Path, resume: bool, scale: float, provenance: dict) -> None:
    options = config.diffusion
    path = run / 'diffusion.pt'
    torch.manual_seed(config.seed)
    model = Generator(config)
    if (run / 'xray-encoder.pt').exists():
        load_warm_start(run / 'xray-encoder.pt', model.xray_encoder)
    average = Average(model, options.ema)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, betas=(0.9, 0.99)
    )
    start = 0
    if resume and path.exists():
        saved = load_checkpoint(path, 'diffusion')
        model.load_state_dict(saved['model'])
        average.weights = saved['average']
        optimiser.load_state_dict(saved['optimiser'])
        start = saved['step']

    split = Split(config.data.split_seed, config.data.validation, config.data.test)
    train = TrainingSet(load_knees(data, split, 'train'), np.load(run / 'latents-train.npy', mmap_mode='r'))
    held_out = TrainingSet(load_knees(data, split, 'validation'), np.load(run / 'latents-validation.npy', mmap_mode='r'))
    alphas = torch.from_numpy(alphas_cumprod(config.schedule)).float()
    log = RunLog(run / 'diffusion.csv', COLUMNS, config.checkpoint_minutes, resume) if group.leads else None
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
        loss = diffusion_loss(model, batch, alphas, options.snr_cap, config.precision == 'bf16')
        optimise(model, optimiser, loss, rate, step, group)
        average.update(model, step)
        if log is None:
            continue
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'learning_rate': rate, 'seconds': time.monotonic() - began}
            if (step + 1) % (10 * config.log_every) == 0:
                row['validation_loss'] = validation_loss(config, average, held_out, alphas)
                steps.set_postfix(validation=f'{row["validation_loss"]:.4f}')
            log.row(row)
        if log.due():
            save(step + 1)
    if log is not None:
        save(options.steps)
        log.close()


class TrainingSet:
    """Knees with their latents; draws batches."""

    def __init__(self, knees: Knees, latents: np.ndarray) -> None:
        self.knees = knees
        self.latents = latents
        self.depths = depths(latents.shape[1])

    def batch(self, options: DiffusionConfig, rng: np.random.Generator, stream: torch.Generator, group: Group) -> dict[str, Tensor]:
        """A process's share of a batch; every process draws the whole one, so the split does not change the run."""
        knees = rng.integers(len(self.knees), size=options.knees)
        total = options.knees * options.slices_per_knee
        slices = rng.integers(self.latents.shape[1], size=total)
        features = drop_features(self.knees.features[knees], rng, options.feature_dropout)
        crop_seeds = rng.integers(2**63, size=options.knees)
        noise = torch.randn(total, 4, 32, 32, generator=stream)
        # More of the noisy timesteps: there the film decides what the knee becomes.
        place = torch.rand(total, generator=stream).sqrt()
        mine = np.array_split(np.arange(options.knees), group.size)[group.rank]
        own = np.repeat(knees, options.slices_per_knee)
        rows = torch.from_numpy((mine[:, None] * options.slices_per_knee + np.arange(options.slices_per_knee)).reshape(-1))
        xrays = [
            random_crops(self.knees.film[knees[index] : knees[index] + 1], np.random.default_rng(crop_seeds[index]), options.untouched if options.augment else 1.0)
            for index in mine
        ]
        clean = np.stack([self.latents[own[row], slices[row]] for row in rows.tolist()])
        return {
            'xrays': torch.cat(xrays),
            'clean': torch.from_numpy(clean).float(),
            'noise': noise[rows],
            'place': place[rows],
            'depth': self.depths[torch.from_numpy(slices)][rows],
            'features': torch.from_numpy(features).repeat_interleave(options.slices_per_knee, 0)[rows],
        }


def diffusion_loss(model: Generator, batch: dict[str, Tensor], alphas: Tensor, snr_cap: float, half: bool) -> Tensor:
    """Squared error of v, with the weight of nearly clean samples capped: the error of the clean latent counts min(SNR + 1, cap)."""
    timestep = (batch['place'] * len(alphas)).long().clamp(max=len(alphas) - 1)
    alpha = alphas[timestep][:, None, None, None]
    sample = alpha.sqrt() * batch['clean'] + (1 - alpha).sqrt() * batch['noise']
    velocity = alpha.sqrt() * batch['noise'] - (1 - alpha).sqrt() * batch['clean']
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        predicted = model(batch['xrays'], sample, timestep.float(), batch['depth'], batch['features'])
    weight = (snr_cap * (1 - alpha)).clamp(max=1.0)
    return (weight * (predicted.float() - velocity).square()).mean()


def drop_features(features: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Makes features missing (all zeros), one by one and all at once, each with probability `share` / 2."""
    kept = features.copy()
    start = 0
    for _, levels in FEATURES:
        missing = rng.random(len(kept)) < share / 2
        kept[missing, start : start + levels] = 0
        start += levels
    kept[rng.random(len(kept)) < share / 2] = 0
    return kept


@torch.no_grad()
def validation_loss(config: Config, average: Average, held_out: TrainingSet, alphas: Tensor) -> float:
    """Loss of the averaged weights on a fixed batch of held-out knees, films as at inference."""
    model = Generator(config)
    model.load_state_dict(average.weights)
    model.eval()
    options = replace(config.diffusion, knees=16, slices_per_knee=4, feature_dropout=0.0, augment=False)
    rng, stream = step_streams(12345, 0)
    batch = held_out.batch(options, rng, stream, Group(0, 1))
    return diffusion_loss(model, batch, alphas, config.diffusion.snr_cap, config.precision == 'bf16').item()


@torch.no_grad()
def encode_latents(autoencoder: Autoencoder, scale: float, knees: Knees, path: Path) -> None:
    """Scaled mean latents of every slice, float16 [N,50,4,32,32]; reused while autoencoder and knees are the same."""
    digest = hashlib.sha256(' '.join(knees.names).encode())
    for value in autoencoder.encoder.state_dict().values():
        digest.update(value.numpy().tobytes())
    stamp = path.with_suffix('.sha256')
    if path.exists() and stamp.exists() and stamp.read_text(encoding='utf-8') == digest.hexdigest():
        return
    latents = np.empty((*knees.mri.shape[:2], 4, 32, 32), dtype=np.float16)
    for index in tqdm(range(len(knees)), desc=path.stem, unit='knee', mininterval=10):
        images = torch.from_numpy(knees.mri[index]).float().div_(127.5).sub_(1).unsqueeze(1)
        latents[index] = (autoencoder.encode(images) * scale).numpy().astype(np.float16)
    np.save(path, latents)
    stamp.write_text(digest.hexdigest(), encoding='utf-8')
