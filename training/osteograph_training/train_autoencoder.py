"""`train-autoencoder`: reconstruction of single MRI slices through a 4 x 32 x 32 latent."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import AutoencoderConfig, Config, config_from
from .dataset import Split, StackFiles, load_stacks
from .models import check_same_networks, make_autoencoder
from .networks import Autoencoder, AutoencoderKL
from .parallel import Group, optimise, run_group
from .pretrained import FIRST_STAGE, load_pretrained
from .restore import load_graph
from .runlog import RunLog, learning_rate, step_streams
from .sheets import write_sheet

COLUMNS = ['step', 'loss', 'psnr', 'kl', 'learning_rate', 'validation_psnr', 'seconds']


def train_autoencoder(config: Config, data: Path, run: Path, resume: bool = False, steps: int | None = None, decoder_of: Path | None = None) -> Path:
    """Trains and returns the path of the last checkpoint, `<run>/autoencoder.pt`.

    `decoder_of` is a bundle whose decoder is taken and kept as it is: only the encoder, which no bundle holds, is then trained.
    """
    if steps is not None:
        config = replace(config, autoencoder=replace(config.autoencoder, steps=steps))
    run_group(_train, config.processes, config.threads, config, data, run, resume, decoder_of, device=config.device)
    return run / 'autoencoder.pt'


def start_autoencoder(
    config: Config, device: torch.device, decoder_of: Path | None = None
) -> tuple[Autoencoder | AutoencoderKL, torch.optim.Optimizer]:
    """The network of a configuration, from its seed or its pretrained checkpoint, and the optimiser that trains it.

    A decoder taken from the bundle `decoder_of` is not trained.
    """
    torch.manual_seed(config.seed)
    model = make_autoencoder(config)
    if config.pretrained is not None:
        load_pretrained(config, [(model, FIRST_STAGE)])
    if decoder_of is not None:
        load_graph(model.decoding(), decoder_of / 'decoder.onnx')
        model.decoding().requires_grad_(False)
    model.to(device)
    return model, torch.optim.AdamW(model.parameters(), lr=config.autoencoder.learning_rate, weight_decay=1e-4)


def _train(group: Group, config: Config, data: Path, run: Path, resume: bool, decoder_of: Path | None) -> None:
    options = config.autoencoder
    path = run / 'autoencoder.pt'
    model, optimiser = start_autoencoder(config, group.device, decoder_of)
    start = 0
    if resume and path.exists():
        saved = load_checkpoint(path, 'autoencoder')
        check_same_networks(config_from(saved['config'], str(path)), config, str(path))
        model.load_state_dict(saved['model'])
        optimiser.load_state_dict(saved['optimiser'])
        start = saved['step']

    split = Split.of(config.data)
    stacks = load_stacks(data, split, 'train')
    held_out = held_out_slices(load_stacks(data, split, 'validation'))
    log = RunLog(run / 'autoencoder.csv', COLUMNS, config.checkpoint_minutes, resume, start) if group.leads else None
    began = time.monotonic()

    def save(step: int) -> None:
        content = {'kind': 'autoencoder', 'config': config.to_dict(), 'step': step, 'commit': git_commit()}
        content |= {'model': model.state_dict(), 'optimiser': optimiser.state_dict(), 'scale_factor': latent_scale(model, stacks)}
        save_checkpoint(path, content)

    progress = tqdm(range(start, options.steps), 'autoencoder', initial=start, total=options.steps, mininterval=10, disable=not group.leads)
    for step in progress:
        rng, stream = step_streams(config.seed, step)
        images = group.share(random_slices(stacks, options.batch, rng))
        noise = group.share(torch.randn(options.batch, 4, 32, 32, generator=stream))
        rate = learning_rate(step, options.steps, options.learning_rate, 100, 0.4)
        loss, squared, kl = autoencoder_loss(model, images, noise, options, config.precision == 'bf16')
        optimise(model, optimiser, loss, rate, step, group)
        if log is None:
            continue
        if (step + 1) % config.log_every == 0:
            row = {'step': step + 1, 'loss': loss.item(), 'psnr': psnr_of(squared), 'kl': kl, 'learning_rate': rate}
            if (step + 1) % (10 * config.log_every) == 0:
                row['validation_psnr'] = reconstruction_psnr(model, held_out)
                progress.set_postfix(psnr=f'{row["validation_psnr"]:.2f}')
            log.row(row | {'seconds': time.monotonic() - began})
        if config.sheet_every and (step + 1) % config.sheet_every == 0:
            log.sheet(write_sheet(run / 'sheets' / f'autoencoder-{step + 1:07}.png', reconstructions(model, held_out)), step + 1)
        if log.due():
            save(step + 1)
    if log is not None:
        save(options.steps)
        log.close()


def load_autoencoder(path: Path) -> tuple[Autoencoder | AutoencoderKL, float]:
    """The trained network in evaluation mode, and the factor that brings its latents to unit standard deviation."""
    saved = load_checkpoint(path, 'autoencoder')
    model = make_autoencoder(config_from(saved['config'], str(path)))
    model.load_state_dict(saved['model'])
    return model.eval(), saved['scale_factor']


def autoencoder_loss(
    model: Autoencoder | AutoencoderKL, images: Tensor, noise: Tensor, options: AutoencoderConfig, half: bool
) -> tuple[Tensor, float, float]:
    """Squared and absolute error, error of the image gradients and a light KL term; returns the loss, the mean squared error and the KL."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
        output, mean, log_variance = model(images, noise)
    difference = output.float() - images
    squared = difference.square().mean()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    edges = difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()
    loss = squared + options.l1_weight * difference.abs().mean() + options.gradient_weight * edges + options.kl_weight * kl
    return loss, squared.item(), kl.item()


def held_out_slices(stacks: StackFiles, every: int = 5, count: int = 100) -> np.ndarray:
    """Every fifth slice of the first knees, at most 100 in all: uint8 [M,1,256,256]."""
    places = range(0, stacks.shape[1], every)
    pairs = [(knee, place) for knee in range(len(stacks)) for place in places][:count]
    return stacks.pick(*np.array(pairs).T)[:, None]


def random_slices(stacks: StackFiles, count: int, rng: np.random.Generator) -> Tensor:
    """Random slices of random knees as [count,1,256,256] in [-1,1]."""
    picked = stacks.pick(rng.integers(len(stacks), size=count), rng.integers(stacks.shape[1], size=count))
    return torch.from_numpy(picked).float().div_(127.5).sub_(1).unsqueeze(1)


def psnr_of(squared_error: float) -> float:
    """PSNR in dB on the [0,1] scale from a mean squared error on the [-1,1] scale."""
    return float(10 * np.log10(4 / max(squared_error, 1e-12)))


@torch.no_grad()
def reconstruction_psnr(model: Autoencoder | AutoencoderKL, images: np.ndarray) -> float:
    model.eval()
    errors = []
    for start in range(0, len(images), 20):
        batch = _as_input(model, images[start : start + 20])
        errors.append(F.mse_loss(model.decode(model.encode(batch)), batch).item())
    model.train()
    return psnr_of(float(np.mean(errors)))


@torch.no_grad()
def reconstructions(model: Autoencoder | AutoencoderKL, images: np.ndarray, count: int = 6) -> list[list[np.ndarray]]:
    """Rows of a sheet: slices, their reconstructions, and four times the absolute difference."""
    model.eval()
    batch = _as_input(model, images[np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)])
    found = model.decode(model.encode(batch))
    model.train()
    rows = [(batch + 1) / 2, (found + 1) / 2, 2 * (found - batch).abs()]
    return [[image.float().cpu().numpy() for image in row[:, 0]] for row in rows]


@torch.no_grad()
def latent_scale(model: Autoencoder | AutoencoderKL, stacks: StackFiles) -> float:
    """1 / standard deviation of the mean latents, over a fixed sample of training slices."""
    rng = np.random.Generator(np.random.Philox(7))
    model.eval()
    deviation = model.encode(random_slices(stacks, 64, rng).to(_device(model))).std().item()
    model.train()
    return 1 / deviation


def _as_input(model: torch.nn.Module, images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).to(_device(model)).float().div_(127.5).sub_(1)


def _device(model: torch.nn.Module) -> torch.device:
    return next(model.parameters()).device
