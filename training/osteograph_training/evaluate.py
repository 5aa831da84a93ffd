"""`evaluate`: generates the volumes of held-out knees and scores them against their real series."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .config import Config
from .dataset import Knees, Split, is_synthetic, load_knees, may_share_people
from .errors import TrainingError
from .images import inference_crops
from .metrics import adjacent_correlation, psnr, rssim, ssim
from .models import Generator, make_autoencoder
from .networks import Autoencoder, AutoencoderKL
from .networks.refiner import Refiner
from .onnx_graphs import round_weights
from .parallel import pick_device
from .refining.load import generator_mark, load_refiner
from .sampler import depths
from .sampling import decode, refined, sample_latents, unit_images
from .train_autoencoder import load_autoencoder
from .train_diffusion import load_generator

#: A split in which all are held out: for knees of a folder in which nobody was trained on.
EVERYONE = Split(0, 0.0, 1.0)

#: Steps compared on the validation part when none are given.
STEPS_TO_COMPARE = (1, 2, 4, 8, 16)


class VolumeGenerator:
    """The whole generator of a run: radiograph, features and seed in, volume in [0,1] out; `refined` with the run's refiner, if it has one.

    Without a run, its networks are those of a configuration with random weights: enough to measure what they cost.
    """

    def __init__(self, run: Path | None, device: str = 'cpu', untrained: Config | None = None, refined: bool = True) -> None:
        self.run = run
        self.refiner: Refiner | None = None
        self.refiner_checkpoint: dict = {}
        if run is None:
            assert untrained is not None
            self.config = untrained
            self.autoencoder, self.model = random_networks(untrained)
            scale = untrained.diffusion.scale_factor or 1.0
            self.checkpoint: dict = {'config': untrained.to_dict(), 'step': 0, 'data': None, 'commit': None, 'scale_factor': scale}
        else:
            self.model, self.config, self.checkpoint = load_generator(run / 'diffusion.pt')
            self.autoencoder, _ = load_autoencoder(run / 'autoencoder.pt')
            if refined and (run / 'refiner.pt').exists():
                self.refiner, _, self.refiner_checkpoint = load_refiner(run / 'refiner.pt')
                mark = generator_mark(self.checkpoint)
                if self.refiner_checkpoint.get('generator', mark) != mark:
                    raise TrainingError(f'{run / "refiner.pt"} was fitted to another generator; train it again, or remove it.')
                self.refiner.to(pick_device(device))
        self.scale: float = self.checkpoint['scale_factor']
        self.model.to(pick_device(device))
        self.autoencoder.to(pick_device(device))

    def round_as_stored(self) -> None:
        """Gives the networks the weights that an exported bundle would have."""
        for network in (*self.model.children(), self.autoencoder.decoding(), *([] if self.refiner is None else [self.refiner])):
            round_weights(network)

    @torch.no_grad()
    def __call__(self, xray: Tensor, features: Tensor, steps: int, seed: int, count: int = 50, guidance: float = 1) -> np.ndarray:
        """`xray` [1,256,256] in [-1,1], `features` [65]; returns float32 [count,256,256]."""
        return unit_images(self.slices(xray, features, depths(count), steps, seed, guidance))

    @torch.no_grad()
    def slices(self, xray: Tensor, features: Tensor, depth: Tensor, steps: int, seed: int, guidance: float = 1) -> Tensor:
        """Slices [S,1,256,256] at the given depths, about [-1,1], gone over by the refiner where the run has one."""
        prediction = self.config.diffusion.prediction
        latents = sample_latents(self.model, self.config.schedule, xray, features, depth, steps, seed, prediction, guidance=guidance)
        images = decode(self.autoencoder, latents / self.scale)
        return images if self.refiner is None else refined(self.refiner, images, xray, features, depth, guidance)


def random_networks(config: Config) -> tuple[Autoencoder | AutoencoderKL, Generator]:
    """Networks with random weights, those that start at zero included, so that every part of them computes something."""
    torch.manual_seed(config.seed)
    networks = make_autoencoder(config).eval(), Generator(config).eval()
    with torch.no_grad():
        for network in networks:
            for parameter in network.parameters():
                if parameter.ndim > 1 and not parameter.any():
                    parameter.normal_(std=0.02)
    return networks


def evaluate_command(
    run: Path, data: Path, part: str, steps: int | None, seed: int, limit: int | None, out: Path, device: str = 'cpu', held_out: Path | None = None
) -> None:
    """Scores the knees of one part, with the weights as a bundle stores them, and writes every score and the summary as JSON.

    Numbers of steps are compared only where `steps` is None. `held_out` is a folder of other prepared knees that are scored instead.
    """
    generator = VolumeGenerator(run, device)
    generator.round_as_stored()
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    data_config = generator.config.data
    split = Split.of(data_config)
    train = load_knees(data, split, 'train')
    knees = load_knees(data, split, part) if held_out is None else load_knees(held_out, EVERYONE, 'test')
    if held_out is not None and may_share_people(data, held_out) and set(knees.participants) & set(train.participants):
        raise TrainingError(f'{held_out} holds participants that the run was trained on; only people it has not seen tell how good it is.')
    comparison: dict[int, dict[str, float]] = {}
    if steps is None:
        validation = load_knees(data, split, 'validation')
        comparison = compare_steps(generator, validation, seed, min(6, len(validation)))
        steps = max(comparison, key=lambda count: comparison[count]['psnr'])
    result = evaluate(generator, train, knees, steps, seed, limit)
    kind = 'synthetic' if is_synthetic(data) else 'real'
    result |= {
        'data': f'{kind} release, knees of participants that were not trained on' if part == 'test' or held_out else f'{part} part',
        'part': part,
        'trainingStep': generator.checkpoint['step'],
        'dataHash': generator.checkpoint['data'],
        'validationBySteps': {str(count): value for count, value in comparison.items()},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')
    for name, summary in result['summary'].items():
        print(f'{name:32} median {summary["median"]:.3f}  quartiles {summary["quartiles"][0]:.3f} {summary["quartiles"][1]:.3f}')


def compare_steps(generator: VolumeGenerator, knees: Knees, seed: int, limit: int) -> dict[int, dict[str, float]]:
    """Median PSNR and SSIM of a few validation knees by the number of DDIM steps."""
    xrays = inference_crops(knees.film)
    chosen = np.linspace(0, len(knees) - 1, limit).astype(int)
    medians = {}
    for steps in STEPS_TO_COMPARE:
        scores = []
        for index in chosen:
            real = knees.mri[index] / np.float32(255)
            volume = generator(xrays[index], torch.from_numpy(knees.features[index]), steps, seed)
            scores.append((psnr(real, volume), slices_median(ssim, real, volume)))
        medians[steps] = {
            'psnr': float(np.median([score[0] for score in scores])),
            'ssim': float(np.median([score[1] for score in scores])),
        }
        print(f'{steps} steps: median {medians[steps]["psnr"]:.2f} dB, SSIM {medians[steps]["ssim"]:.3f} on {limit} validation knees')
    return medians


def evaluate(generator: VolumeGenerator, train: Knees, knees: Knees, steps: int, seed: int, limit: int | None) -> dict:
    """Scores with the knee's own radiograph, with another participant's, and of the mean training volume.

    The other radiograph is that of the next participant in the list; the knee's own features are kept, and in a second
    comparison come from that participant too.
    """
    count = len(knees) if limit is None else min(limit, len(knees))
    if len(set(knees.participants)) < 2:
        raise TrainingError('At least two held-out participants are needed, because each is compared with another one.')
    mean = train.mean_volume().astype(np.float32)
    xrays, features = inference_crops(knees.film), torch.from_numpy(knees.features)
    rows = []
    for index in tqdm(range(count), desc='evaluate', unit='knee', mininterval=10):
        real = knees.mri[index].astype(np.float32) / 255
        other = other_participant(knees, index)
        volume = generator(xrays[index], features[index], steps, seed)
        row = {'knee': knees.names[index], 'kl': knees.kl[index], 'other': knees.names[other]}
        row |= {'psnr': psnr(real, volume), 'ssim': slices_median(ssim, real, volume), 'rssim': slices_median(rssim, real, volume)}
        row |= {'adjacentCorrelation': adjacent_correlation(volume), 'adjacentCorrelationReal': adjacent_correlation(real)}
        row['psnrMeanVolume'] = psnr(real, mean)
        row['ssimMeanVolume'] = slices_median(ssim, real, mean)
        row['psnrOtherRadiograph'] = psnr(real, generator(xrays[other], features[index], steps, seed))
        row['psnrOtherRadiographAndFeatures'] = psnr(real, generator(xrays[other], features[other], steps, seed))
        rows.append(row)
    summary = {name: summarise([row[name] for row in rows]) for name in rows[0] if name not in ('knee', 'kl', 'other')}
    gains = {
        'gainOverMeanVolume': summary['psnr']['median'] - summary['psnrMeanVolume']['median'],
        'gainOverOtherRadiograph': summary['psnr']['median'] - summary['psnrOtherRadiograph']['median'],
    }
    by_grade = {
        str(grade): {'knees': number, 'psnr': summarise([row['psnr'] for row in rows if row['kl'] == grade])}
        for grade, number in sorted(Counter(row['kl'] for row in rows).items(), key=lambda item: str(item[0]))
    }
    return {
        'knees': count,
        'participants': len(set(knees.participants[:count])),
        'trainingKnees': len(train),
        'sampler': {'name': 'ddim', 'steps': steps, 'eta': 0, 'seed': seed, 'noise': 'shared'},
        'settings': 'PSNR over the 50-slice volume, data range 1; SSIM 7 x 7 uniform window, median over slices; RSSIM see metrics.py',
        'summary': summary,
        'gains': gains,
        'byKl': by_grade,
        'scores': rows,
    }


def other_participant(knees: Knees, index: int) -> int:
    """The knee of the same side, or else any, of the next participant in the list."""
    own = knees.participants[index]
    others = [place % len(knees) for place in range(index + 1, index + len(knees)) if knees.participants[place % len(knees)] != own]
    side = knees.names[index][-1]
    return next((place for place in others if knees.names[place][-1] == side), others[0])


def slices_median(metric: Callable[[np.ndarray, np.ndarray], float | None], real: np.ndarray, generated: np.ndarray) -> float:
    """Median of a slice metric over a volume, slices without a value left out."""
    values = [metric(first, second) for first, second in zip(real, generated, strict=True)]
    return float(np.median([value for value in values if value is not None]))


def summarise(values: list[float]) -> dict:
    """Median and quartiles."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {'median': float(middle), 'quartiles': [float(low), float(high)]}
