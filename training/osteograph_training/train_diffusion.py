"""`train-diffusion`: the conditional latent diffusion U-Net and its radiograph encoder, on cached latents of a frozen autoencoder."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .augment import random_crops
from .checkpoint import git_commit, load_checkpoint, save_checkpoint
from .config import Config, DiffusionConfig, config_from
from .dataset import Knees, Split, data_hash, load_knees
from .errors import TrainingError
from .features import FEATURES
from .images import inference_crops
from .models import Average, Generator, check_same_networks
from .networks import Autoencoder, AutoencoderKL, FilmConditioner, XrayEncoder
from .pairs import PairedSet, pair_loss
from .parallel import Group, descend, run_group
from .pretrained import CLIP, DENOISER, PROJECTION, load_pretrained
from .runlog import RunLog, learning_rate, step_streams
from .sampler import depths
from .sampling import decode, sample_latents
from .schedule import alphas_cumprod
from .sheets import write_sheet
from .train_autoencoder import load_autoencoder
from .train_xray_encoder import load_warm_start
from .turning import turn_angles, turned_slices

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


class TrainingSet:
    """Knees with their latents [N,50,4,32,32], and perhaps those of the knees turned by angles [N] in degrees; draws batches."""

    def __init__(self, knees: Knees, latents: np.ndarray, turned: Sequence[tuple[np.ndarray, np.ndarray]] = ()) -> None:
        self.knees = knees
        self.latents = latents
        self.depths = depths(latents.shape[1])
        self.views = [(np.zeros(len(knees), dtype=np.float32), latents), *turned]

    @staticmethod
    def of(knees: Knees, run: Path, name: str, options: DiffusionConfig) -> 'TrainingSet':
        """With the latents that a run keeps as `name`."""
        numbers = range(options.turns)
        angles = [turn_angles(knees.names, options.turn, number) for number in numbers]
        paths = [run / f'latents-{name}.npy', *(run / f'latents-{name}-turn{number}.npy' for number in numbers)]
        latents, *turned = (np.load(path, mmap_mode='r') for path in paths)
        return TrainingSet(knees, latents, list(zip(angles, turned, strict=True)))

    def batch(self, options: DiffusionConfig, rng: np.random.Generator, stream: torch.Generator, group: Group) -> dict[str, Tensor]:
        """A process's share of a batch; every process draws the whole one, so the split does not change the run."""
        knees = rng.integers(len(self.knees), size=options.knees)
        views = rng.integers(len(self.views), size=options.knees)
        total = options.knees * options.slices_per_knee
        slices = rng.integers(self.latents.shape[1], size=total)
        features = drop_features(self.knees.features[knees], rng, options.feature_dropout)
        crop_seeds = rng.integers(2**63, size=options.knees)
        noise = torch.randn(total, 4, 32, 32, generator=stream)
        place = drawn_places(options, total, stream)
        mine = np.array_split(np.arange(options.knees), group.size)[group.rank]
        own, seen = np.repeat(knees, options.slices_per_knee), np.repeat(views, options.slices_per_knee)
        rows = torch.from_numpy((mine[:, None] * options.slices_per_knee + np.arange(options.slices_per_knee)).reshape(-1))
        xrays = [
            random_crops(
                self.knees.film[knees[index] : knees[index] + 1],
                np.random.default_rng(crop_seeds[index]),
                options.untouched if options.augment else 1.0,
                float(self.views[views[index]][0][knees[index]]),
            )
            for index in mine
        ]
        clean = np.stack([self.views[seen[row]][1][own[row], slices[row]] for row in rows.tolist()])
        batch = {
            'xrays': torch.cat(xrays),
            'clean': torch.from_numpy(clean).float(),
            'noise': noise[rows],
            'place': place[rows],
            'depth': self.depths[torch.from_numpy(slices)][rows],
            'features': torch.from_numpy(features).repeat_interleave(options.slices_per_knee, 0)[rows],
        }
        return {key: value.to(group.device) for key, value in batch.items()}


def drawn_places(options: DiffusionConfig, count: int, stream: torch.Generator) -> Tensor:
    """Places in the noise schedule, 0 to 1, at which slices are trained."""
    place = torch.rand(count, generator=stream)
    if options.timesteps == 'noisy':
        # More of the noisy timesteps: there the film decides what the knee becomes.
        place = place.sqrt()
    place[torch.rand(count, generator=stream) < options.final_share] = 1.0
    return place


def diffusion_loss(
    model: Generator,
    batch: dict[str, Tensor],
    alphas: Tensor,
    snr_cap: float,
    half: bool,
    prediction: str = 'v_prediction',
    options: DiffusionConfig | None = None,
) -> Tensor:
    """Squared error of the prediction.

    That of v has the weight of nearly clean samples capped: the error of the clean latent counts min(SNR + 1, cap). That of the noise
    (`epsilon`) counts as it is, as in the paper. `options` say what counts more: the joint, and the difference of pairs.
    """
    timestep = (batch['place'] * len(alphas)).long().clamp(max=len(alphas) - 1)
    alpha = alphas[timestep][:, None, None, None]
    sample = alpha.sqrt() * batch['clean'] + (1 - alpha).sqrt() * batch['noise']
    with torch.autocast(sample.device.type, torch.bfloat16, enabled=half):
        predicted = model(batch['xrays'], sample, timestep.float(), batch['depth'], batch['features'])
    if prediction == 'epsilon':
        error, weight = predicted.float() - batch['noise'], torch.ones_like(alpha)
    else:
        velocity = alpha.sqrt() * batch['noise'] - (1 - alpha).sqrt() * batch['clean']
        error, weight = predicted.float() - velocity, (snr_cap * (1 - alpha)).clamp(max=1.0)
    if options is None:
        return (weight * error.square()).mean()
    loss = (weight * joint_weights(error, options.joint_weight) * error.square()).mean()
    if 'differs' in batch:
        loss = loss + options.pair_weight * pair_loss(error, weight, batch, options.lesion_weight)
    return loss


def joint_weights(like: Tensor, extra: float) -> Tensor:
    """1, and `extra` more in the middle of a latent [1,1,32,32]: the joint and 40 mm around it."""
    weights = torch.ones(1, 1, *like.shape[2:], device=like.device)
    weights[:, :, 12:23, 7:25] += extra
    return weights


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
        rows.append([np.zeros_like(shown), *decode(autoencoder, latents / scale)])
    model.train()
    autoencoder.cpu()
    return rows


@torch.no_grad()
def encode_latents(autoencoder: Autoencoder | AutoencoderKL, scale: float, knees: Knees, path: Path, degrees: np.ndarray | None = None) -> None:
    """Scaled mean latents of every slice, float16 [N,50,4,32,32], of the knees turned by `degrees` [N] where they are given.

    Reused while autoencoder, scale, knees and angles are the same.
    """
    digest = hashlib.sha256(' '.join(knees.names).encode())
    for value in autoencoder.encoding_state().values():
        digest.update(value.cpu().numpy().tobytes())
    if degrees is not None:
        digest.update(degrees.tobytes())
    stamp, mark = path.with_suffix('.sha256'), f'{digest.hexdigest()} {scale}'
    # Stamps without a scale are of runs whose scale followed from the encoder.
    if path.exists() and stamp.exists() and stamp.read_text(encoding='utf-8') in (mark, digest.hexdigest()):
        return
    device = next(autoencoder.parameters()).device
    latents = np.empty((*knees.mri.shape[:2], 4, 32, 32), dtype=np.float16)
    for index in tqdm(range(len(knees)), desc=path.stem, unit='knee', mininterval=10):
        images = torch.from_numpy(knees.mri[index]).to(device).float().div_(127.5).sub_(1).unsqueeze(1)
        if degrees is not None:
            images = turned_slices(images, float(degrees[index]))
        latents[index] = (autoencoder.encode(images) * scale).cpu().numpy().astype(np.float16)
    np.save(path, latents)
    stamp.write_text(mark, encoding='utf-8')
