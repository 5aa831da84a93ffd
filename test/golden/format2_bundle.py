"""Writes what format 2 of bundles is tested on: tiny-format2-bundle/ (a generator whose radiograph, latents and slices have sizes that
format 1 does not know, with a context), tiny-reader-bundle/ (task radiograph-reading), strided.onnx (a network that fails on rows or
columns that 8 does not divide) and residual-shift.json (ResShift's schedule by its formulas). Run: python test/golden/format2_bundle.py
"""

import hashlib
import json
import math
import warnings
from pathlib import Path

import numpy as np
import torch
from noise_reference import gaussian_noise
from tiny_bundle import LEVELS, SCHEDULE, Denoiser, feature_vector, tensor, trailing_grid
from torch import Tensor, nn

HERE = Path(__file__).parent
CONTEXT_DIM = 6
LATENT = ('B', 4, 16, 16)
XRAY = ('B', 2, 96, 64)
IMAGE = ('B', 1, 128, 128)
READER_SIZE = 224


class XrayEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 8, 8, stride=8)
        self.last = nn.Conv2d(8, 4, 3, padding=1)
        self.tokens = nn.Conv2d(8, CONTEXT_DIM, 4, stride=4)

    def forward(self, xray: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.tanh(self.first(xray))
        latent = nn.functional.interpolate(self.last(hidden), size=(16, 16), mode='nearest')
        return latent, self.tokens(hidden).flatten(2).transpose(1, 2)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 64, 3, padding=1), nn.PixelShuffle(8), nn.Tanh())

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


class Reader(nn.Module):
    """KL by how bright a film is, 40 grey levels a grade from 30 on; the distance is that of the brightness from 110."""

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor]:
        mean = film.mean(dim=(1, 2, 3))
        centres = torch.arange(5, dtype=torch.float32) * 40 + 30
        chances = torch.softmax(-((mean[:, None] - centres[None]) ** 2) / 400, dim=1)
        return chances, (mean - 110).abs()


class Strided(nn.Module):
    """Halves three times and comes back, with a connection across: sizes must be multiples of 8."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(width, 4, 3, stride=2, padding=1) for width in (1, 4, 4)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(width, 4, 2, stride=2) for width in (4, 8, 8)])
        self.last = nn.Conv2d(5, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        levels = [image]
        for layer in self.down:
            levels.append(torch.relu(layer(levels[-1])))
        hidden = levels.pop()
        for layer in self.up:
            hidden = torch.cat([torch.relu(layer(hidden)), levels.pop()], dim=1)
        return self.last(hidden)


def export(path: Path, network: nn.Module, inputs: list[dict], outputs: list[dict]) -> dict:
    sizes: dict[str, int] = {'B': 2, 'H': 64, 'W': 64, 'K': 6}
    example = tuple(torch.zeros([sizes.get(size, size) for size in spec['shape']]) for spec in inputs)
    axes = {spec['name']: {axis: size for axis, size in enumerate(spec['shape']) if isinstance(size, str)} for spec in inputs + outputs}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            network.eval(),
            example,
            str(path),
            input_names=[spec['name'] for spec in inputs],
            output_names=[spec['name'] for spec in outputs],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {'file': path.name, 'sha256': digest, 'precision': 'fp32', 'inputs': inputs, 'outputs': outputs}


def manifest(folder: Path, task: str, own: dict) -> None:
    common = {
        'format': 'osteograph-bundle/2',
        'name': folder.name,
        'version': '1.0.0',
        'task': task,
        'description': f'Random tiny networks of the {task} contract, for tests.',
        'intendedUse': 'Tests of Osteograph.',
        'authors': ['Osteograph'],
        'licence': 'MIT',
        'trainedOn': {'data': 'nothing: random weights'},
        'evaluation': {'data': 'none', 'metrics': {}},
    }
    (folder / 'bundle.json').write_text(json.dumps(common | own, indent=2) + '\n')


def write_generator(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    networks = {'xrayEncoder': XrayEncoder(), 'denoiser': Denoiser(context=True), 'decoder': Decoder()}
    tokens = tensor('context', 'B', 'K', CONTEXT_DIM)
    given = [tensor('timestep', 'B'), tensor('xray_latent', *LATENT), tensor('depth', 'B'), tensor('features', 'B', sum(LEVELS.values()))]
    shapes = {
        'xrayEncoder': ([tensor('xray', *XRAY)], [tensor('latent', *LATENT), tokens]),
        'denoiser': ([tensor('sample', *LATENT), *given, tokens], [tensor('prediction', *LATENT)]),
        'decoder': ([tensor('latent', *LATENT)], [tensor('image', *IMAGE)]),
    }
    graphs = {role: export(folder / f'{role}.onnx', networks[role], *shapes[role]) for role in shapes}
    own = {
        'image': {'size': 128, 'channels': 1, 'valueRange': [-1, 1]},
        'xray': {'rows': 96, 'columns': 64, 'channels': 2},
        'latent': {'channels': 4, 'size': 16, 'scaleFactor': 0.8, 'conditionScale': 1.25},
        'conditioning': {
            'depthRange': [0, 1],
            'features': [{'name': name, 'levels': levels} for name, levels in LEVELS.items()],
            'contextDim': CONTEXT_DIM,
        },
        'schedule': {'kind': 'diffusion', **SCHEDULE},
        'sampler': {'name': 'ddim', 'steps': 4, 'eta': 0},
        'graphs': graphs,
    }
    manifest(folder, 'xray-to-mri', own)
    image = generate(networks)
    (folder / 'golden.bin').write_bytes(image[:, ::4, ::4].astype('<f4').tobytes())


@torch.no_grad()
def generate(networks: dict[str, nn.Module]) -> np.ndarray:
    """Two slices [2,128,128] in [0, 1], seed 7, four steps of DDIM by its formulas, no grades, a film of noise and a mask of ones."""
    betas = np.linspace(math.sqrt(SCHEDULE['betaStart']), math.sqrt(SCHEDULE['betaEnd']), SCHEDULE['trainSteps']) ** 2
    alphas = np.cumprod(1.0 - betas)
    film = np.clip(gaussian_noise(5, 0, 0, 96 * 64) / 3, -1, 1).reshape(96, 64)
    xray = torch.from_numpy(np.stack([film, np.ones_like(film)]))[None].float()
    latent, context = networks['xrayEncoder'](xray)
    features = torch.from_numpy(feature_vector({}))[None]
    grid = trailing_grid(4)
    images = []
    for depth in (0.0, 1.0):
        x = gaussian_noise(7, 0, 0, 4 * 16 * 16).astype(np.float64)
        for i, timestep in enumerate(grid):
            sample = torch.from_numpy(x.astype(np.float32)).reshape(1, 4, 16, 16)
            v = networks['denoiser'](sample, torch.tensor([float(timestep)]), latent * 1.25, torch.tensor([depth]), features, context)
            v = v.double().numpy().reshape(-1)
            here, after = alphas[timestep], alphas[grid[i + 1]] if i + 1 < len(grid) else 1.0
            clean, noise = math.sqrt(here) * x - math.sqrt(1 - here) * v, math.sqrt(here) * v + math.sqrt(1 - here) * x
            x = math.sqrt(after) * clean + math.sqrt(1 - after) * noise
        decoded = networks['decoder'](torch.from_numpy((x / 0.8).astype(np.float32)).reshape(1, 4, 16, 16))
        images.append(((decoded + 1) / 2).clamp(0, 1).numpy()[0, 0])
    return np.stack(images)


def write_reader(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    film = tensor('film', 'B', 1, READER_SIZE, READER_SIZE)
    graph = export(folder / 'grader.onnx', Reader(), [film], [tensor('chances', 'B', 5), tensor('distance', 'B')])
    shown = {'size': READER_SIZE, 'valueRange': [0, 255], 'orientation': 'as a right knee'}
    manifest(folder, 'radiograph-reading', {'film': shown, 'reading': {'farthest': 60}, 'graphs': {'grader': graph}})


def residual_shift() -> dict:
    """sqrt(eta_t) = sqrt(eta_1) * b0 ** beta_t, as the paper writes it, and the means and deviations of q(x_s | x_t, x_0)."""
    steps, first, last, power, kappa = 15, 0.001, 0.999, 0.3, 2.0
    b0 = math.exp(math.log(math.sqrt(last) / math.sqrt(first)) / (steps - 1))
    etas = [(math.sqrt(first) * b0 ** (((t - 1) / (steps - 1)) ** power * (steps - 1))) ** 2 for t in range(1, steps + 1)]
    runs = []
    for times in ([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [15, 11, 8, 4], [15]):
        rows = []
        for index, t in enumerate(times):
            eta = etas[t - 1]
            after = etas[times[index + 1] - 1] if index + 1 < len(times) else 0.0
            alpha = eta - after
            rows.append([t - 1, after / eta, alpha / eta, kappa * math.sqrt(after / eta * alpha)])
        runs.append({'steps': len(times), 'rows': rows})
    schedule = {'trainSteps': steps, 'firstShift': first, 'lastShift': last, 'power': power, 'noiseScale': kappa}
    return {'schedule': schedule, 'etas': etas, 'startNoise': kappa * math.sqrt(etas[-1]), 'runs': runs}


if __name__ == '__main__':
    torch.manual_seed(20261128)
    write_generator(HERE / 'tiny-format2-bundle')
    write_reader(HERE / 'tiny-reader-bundle')
    export(HERE / 'strided.onnx', Strided(), [tensor('image', 'B', 1, 'H', 'W')], [tensor('restored', 'B', 1, 'H', 'W')])
    (HERE / 'residual-shift.json').write_text(json.dumps(residual_shift(), indent=1) + '\n')
