"""`--dry-run`: what a run would train and cost, from one batch of random numbers in the configuration's shapes. Writes nothing."""

import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from .config import Config
from .dataset import PARTS, Split
from .features import FEATURE_WIDTH
from .models import Average, make_autoencoder, make_xray_encoder
from .parallel import Group, optimise, pick_device
from .schedule import alphas_cumprod
from .train_autoencoder import autoencoder_loss, start_autoencoder
from .train_diffusion import diffusion_step, start_generator
from .train_xray_encoder import check_warm_start

#: Steps that are timed, after one that is not: the first allocates.
TIMED_STEPS = 2


def dry_run(config: Config, stage: str, data: Path | None) -> None:
    """Prints parameter counts, the split of prepared data where there is some, and one process's time per step and memory.

    `stage` is `autoencoder`, `xray-encoder` or `diffusion`.
    """
    device = pick_device(config.device)
    torch.set_num_threads(config.threads)
    group = Group(0, 1, device)
    networks, step, steps = STAGES[stage](config, group)
    processes = min(config.processes, torch.cuda.device_count()) if device.type == 'cuda' else config.processes
    print(f'{stage}, architecture {config.architecture}, {config.precision} on {device}, {processes} process{"es" if processes > 1 else ""}')
    for name, network in networks.items():
        total = sum(parameter.numel() for parameter in network.parameters())
        trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
        print(f'{name}: {total:,} parameters, {trained:,} of them trained')
    if data is not None:
        print(_split(config, data))
    seconds = []
    for number in range(1 + TIMED_STEPS):
        began = time.perf_counter()
        text = step(number)
        if device.type == 'cuda':
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
    middle = statistics.median(seconds[1:])
    print(f'one batch of random numbers: {text}')
    print(f'{middle:.3g} s per step of one process, {_memory(device)} at most; {steps:,} steps take about {_duration(middle * steps)}')


def _autoencoder(config: Config, group: Group) -> tuple[dict[str, nn.Module], Callable[[int], str], int]:
    options = config.autoencoder
    model, optimiser = start_autoencoder(config, group.device)
    own = -(-options.batch // config.processes)
    images = torch.rand(own, 1, 256, 256, device=group.device) * 2 - 1
    noise = torch.randn(own, 4, 32, 32, device=group.device)

    def step(number: int) -> str:
        loss, _, _ = autoencoder_loss(model, images, noise, options, config.precision == 'bf16')
        optimise(model, optimiser, loss, options.learning_rate, number, group)
        return f'{own} slices, loss {loss.item():.4f}'

    return {'encoder': model.encoder, 'decoder': model.decoder, 'autoencoder in all': model}, step, options.steps


def _xray_encoder(config: Config, group: Group) -> tuple[dict[str, nn.Module], Callable[[int], str], int]:
    check_warm_start(config)
    options = config.xray_encoder
    model = make_xray_encoder(config).to(group.device)
    optimiser = torch.optim.AdamW(model.parameters())
    own = -(-options.batch // config.processes)
    films = torch.rand(own, 1, 256, 256, device=group.device) * 2 - 1
    targets = torch.randn(own, 4, 32, 32, device=group.device)

    def step(number: int) -> str:
        loss = F.mse_loss(model(films), targets)
        optimise(model, optimiser, loss, options.learning_rate, number, group)
        return f'{own} films, loss {loss.item():.4f}'

    return {'xray_encoder': model}, step, options.steps


def _diffusion(config: Config, group: Group) -> tuple[dict[str, nn.Module], Callable[[int], str], int]:
    options, device = config.diffusion, group.device
    model, optimiser = start_generator(config, make_autoencoder(config), None, device)
    average = Average(model, options.ema)
    alphas = torch.from_numpy(alphas_cumprod(config.schedule)).float().to(device)
    knees = -(-options.knees // config.processes)
    rows = knees * options.slices_per_knee
    batch = {
        'xrays': torch.rand(knees, 1, 256, 256) * 2 - 1,
        'clean': torch.randn(rows, 4, 32, 32),
        'noise': torch.randn(rows, 4, 32, 32),
        'place': torch.rand(rows),
        'depth': torch.rand(rows),
        'features': torch.zeros(rows, FEATURE_WIDTH),
    }
    batch = {key: value.to(device) for key, value in batch.items()}

    def step(number: int) -> str:
        loss = diffusion_step(config, model, optimiser, batch, alphas, options.learning_rate, number, group)
        average.update(model, number)
        parts = '' if options.accumulate == 1 else f' in {options.accumulate} parts'
        return f'{rows} slices of {knees} knees{parts}, loss {loss:.4f}'

    return {'xray_encoder': model.xray_encoder, 'denoiser': model.denoiser}, step, options.steps


STAGES = {'autoencoder': _autoencoder, 'xray-encoder': _xray_encoder, 'diffusion': _diffusion}


def _split(config: Config, data: Path) -> str:
    split = Split.of(config.data)
    knees = [path.name.split('_')[0] for path in data.glob('*.mri.npy')]
    counts = []
    for part in PARTS:
        own = [participant for participant in knees if split.part_of(participant) == part]
        counts.append(f'{part} {len(set(own))} participants with {len(own)} knees')
    return f'{data}: {", ".join(counts)}'


def _memory(device: torch.device) -> str:
    if device.type == 'cuda':
        return f'{torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB of the card'
    # ru_maxrss counts kibibytes on Linux.
    return f'{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9:.2f} GB of memory'


def _duration(seconds: float) -> str:
    for size, unit in ((86400, 'days'), (3600, 'hours'), (60, 'minutes')):
        if seconds >= 2 * size:
            return f'{seconds / size:.1f} {unit}'
    return f'{seconds:.0f} seconds'
