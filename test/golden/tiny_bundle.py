"""Writes tiny-bundle/ and tiny-context-bundle/: bundles of the real contract with tiny random networks, without and with
the optional context, and golden.json/.bin with PyTorch's own results. Run: python test/golden/tiny_bundle.py

The samplers here are the textbook formulas in float64, step by step, independent of src/inference/sampler.ts.
"""

import hashlib
import json
import math
import warnings
from pathlib import Path

import numpy as np
import torch
from noise_reference import gaussian_noise
from torch import Tensor, nn

HERE = Path(__file__).parent
CONTEXT_DIM = 6
LEVELS = {
    "XRKL": 5, "XROSFM": 4, "XROSFL": 4, "XROSTM": 4, "XROSTL": 4, "XRSCFM": 4, "XRSCFL": 4, "XRSCTM": 4, "XRSCTL": 4,
    "XRCYFM": 2, "XRCYFL": 2, "XRCYTM": 2, "XRCYTL": 2, "XRJSM": 4, "XRJSL": 4, "XRCHM": 2, "XRCHL": 2, "XRATTM": 4,
    "XRATTL": 4,
}  # fmt: skip
SCHEDULE = {
    'trainSteps': 2000,
    'betaSchedule': 'scaled_linear',
    'betaStart': 0.00085,
    'betaEnd': 0.012,
    'spacing': 'trailing',
    'finalAlpha': 'one',
    'predictionType': 'v_prediction',
}
SCALE_FACTOR = 0.8
CONDITION_SCALE = 1.25


class XrayEncoder(nn.Module):
    """Latent [B,4,32,32] and, with context, 16 tokens [B,16,CONTEXT_DIM]."""

    def __init__(self, context: bool) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.PixelUnshuffle(8), nn.Conv2d(64, 8, 1), nn.GroupNorm(2, 8), nn.SiLU())
        self.last = nn.Conv2d(8, 4, 3, padding=1)
        self.tokens = nn.Conv2d(8, CONTEXT_DIM, 8, stride=8) if context else None

    def forward(self, xray: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        hidden = self.first(xray)
        if self.tokens is None:
            return self.last(hidden)
        return self.last(hidden), self.tokens(hidden).flatten(2).transpose(1, 2)


class Denoiser(nn.Module):
    def __init__(self, context: bool) -> None:
        super().__init__()
        self.register_buffer('frequencies', torch.exp(torch.linspace(math.log(1e-3), 0, 16)))
        self.embed = nn.Linear(4 * 16 + sum(LEVELS.values()), 16)
        self.attend = nn.Linear(CONTEXT_DIM, 16) if context else None
        self.first = nn.Conv2d(8, 16, 3, padding=1)
        self.norm = nn.GroupNorm(4, 16)
        self.last = nn.Conv2d(16, 4, 3, padding=1)

    def forward(self, sample: Tensor, timestep: Tensor, xray_latent: Tensor, depth: Tensor, features: Tensor, *context: Tensor) -> Tensor:
        angles = timestep[:, None] * self.frequencies
        turn = depth[:, None] * self.frequencies * 6
        given = torch.cat([angles.sin(), angles.cos(), turn.sin(), turn.cos(), features], dim=1)
        embedding = self.embed(given)
        if self.attend is not None:
            embedding = embedding + torch.tanh(self.attend(context[0])).mean(dim=1)
        hidden = self.first(torch.cat([sample, xray_latent], dim=1)) + embedding[:, :, None, None]
        return self.last(nn.functional.silu(self.norm(hidden)))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 64, 3, padding=1), nn.PixelShuffle(8), nn.Tanh())

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


def tensor(name: str, *shape: int | str) -> dict:
    return {'name': name, 'type': 'float32', 'shape': list(shape)}


LATENT = ('B', 4, 32, 32)
IMAGE = ('B', 1, 256, 256)


def tensors(context: bool) -> dict[str, tuple[list[dict], list[dict]]]:
    """Inputs and outputs of each graph."""
    tokens = [tensor('context', 'B', 16, CONTEXT_DIM)] if context else []
    given = [tensor('timestep', 'B'), tensor('xray_latent', *LATENT), tensor('depth', 'B')]
    features = tensor('features', 'B', sum(LEVELS.values()))
    return {
        'xrayEncoder': ([tensor('xray', *IMAGE)], [tensor('latent', *LATENT), *tokens]),
        'denoiser': ([tensor('sample', *LATENT), *given, features, *tokens], [tensor('prediction', *LATENT)]),
        'decoder': ([tensor('latent', *LATENT)], [tensor('image', *IMAGE)]),
    }


def export(path: Path, network: nn.Module, inputs: list[dict], outputs: list[dict]) -> dict:
    example = tuple(torch.zeros([2 if size == 'B' else size for size in spec['shape']]) for spec in inputs)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=[spec['name'] for spec in inputs],
            output_names=[spec['name'] for spec in outputs],
            dynamic_axes={spec['name']: {0: 'B'} for spec in inputs + outputs},
            opset_version=17,
            dynamo=False,
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {'file': path.name, 'sha256': digest, 'precision': 'fp32', 'inputs': inputs, 'outputs': outputs}


def radiograph() -> np.ndarray:
    """The radiograph of every golden case: noise cut to [-1, 1]."""
    return np.clip(gaussian_noise(5, 0, 0, 256 * 256) / 3, -1, 1)


def feature_vector(grades: dict[str, float]) -> np.ndarray:
    parts = []
    for name, levels in LEVELS.items():
        part = np.zeros(levels, dtype=np.float32)
        if name in grades:
            part[math.floor(grades[name])] = 1
        parts.append(part)
    return np.concatenate(parts)


def trailing_grid(steps: int) -> list[int]:
    train_steps = SCHEDULE['trainSteps']
    return (np.round(np.arange(train_steps, 0, -train_steps / steps)).astype(int) - 1).tolist()


def cumulative_alphas() -> np.ndarray:
    roots = np.linspace(math.sqrt(SCHEDULE['betaStart']), math.sqrt(SCHEDULE['betaEnd']), SCHEDULE['trainSteps'])
    return np.cumprod(1.0 - roots**2)


@torch.no_grad()
def generate(networks: dict[str, nn.Module], case: dict) -> tuple[np.ndarray, np.ndarray]:
    """Images [slices, 256, 256] in [0, 1] of a case, and the latents after its first step."""
    alphas = cumulative_alphas()
    grid = trailing_grid(case['steps'])
    features = torch.from_numpy(feature_vector(case['grades']))[None]
    xray = torch.from_numpy(radiograph()).reshape(1, 1, 256, 256)
    encoded = networks['xrayEncoder'](xray)
    latent, *context = encoded if isinstance(encoded, tuple) else (encoded,)
    condition = latent * CONDITION_SCALE
    images, first_steps = [], []
    for index in range(case['sliceCount']):
        key = 0 if case['noise'] == 'SHARED' else index
        x = gaussian_noise(case['seed'], key, 0, 4096).astype(np.float64)
        depth = torch.tensor([index / (case['sliceCount'] - 1)], dtype=torch.float32)
        history: list[tuple[float, np.ndarray]] = []
        for i, timestep in enumerate(grid):
            sample = torch.from_numpy(x.astype(np.float32)).reshape(1, 4, 32, 32)
            time = torch.tensor([float(timestep)])
            v, ungraded = (
                networks['denoiser'](sample, time, condition, depth, given, *context).double().numpy().reshape(-1)
                for given in (features, torch.zeros_like(features))
            )
            v = ungraded + case.get('gradeGuidance', 1) * (v - ungraded)
            here = alphas[timestep]
            after = alphas[grid[i + 1]] if i + 1 < len(grid) else 1.0
            clean = math.sqrt(here) * x - math.sqrt(1 - here) * v
            noise = math.sqrt(here) * v + math.sqrt(1 - here) * x
            if case['sampler'] == 'DDIM':
                sigma = case['eta'] * math.sqrt((1 - after) / (1 - here) * (1 - here / after))
                x = math.sqrt(after) * clean + math.sqrt(1 - after - sigma**2) * noise
                if sigma > 0:
                    x = x + sigma * gaussian_noise(case['seed'], key, i + 1, 4096)
            else:
                x = solver_step(x, clean, here, after, history, last=i + 1 == len(grid))
            if i == 0:
                first_steps.append(x.astype(np.float32))
        latent = torch.from_numpy((x / SCALE_FACTOR).astype(np.float32)).reshape(1, 4, 32, 32)
        images.append(((networks['decoder'](latent) + 1) / 2).clamp(0, 1).numpy()[0, 0])
    return np.stack(images), np.stack(first_steps)


def solver_step(x: np.ndarray, clean: np.ndarray, here: float, after: float, history: list, last: bool) -> np.ndarray:
    """DPM-Solver++(2M), Algorithm 2 of Lu et al. 2022 (data prediction), first order at both ends."""
    half_log_snr = 0.5 * math.log(here / (1 - here))
    estimate = clean
    if after == 1.0:
        x = clean
    else:
        step = 0.5 * math.log(after / (1 - after)) - half_log_snr
        if history and not last:
            ratio = (half_log_snr - history[-1][0]) / step
            estimate = (1 + 1 / (2 * ratio)) * clean - 1 / (2 * ratio) * history[-1][1]
        x = math.sqrt((1 - after) / (1 - here)) * x - math.sqrt(after) * math.expm1(-step) * estimate
    history.append((half_log_snr, clean))
    return x


CASES = [
    {"name": "DDIM", "sampler": "DDIM", "eta": 0, "noise": "SHARED", "seed": 7, "steps": 8, "sliceCount": 3,
     "grades": {"XRKL": 3, "XRJSM": 1.4, "XRCHL": 1}},
    {"name": "DDIM with eta and a latent per slice", "sampler": "DDIM", "eta": 0.7, "noise": "PER_SLICE",
     "seed": 2**40 + 11, "steps": 6, "sliceCount": 3, "grades": {}},
    {"name": "DPM-Solver++(2M)", "sampler": "DPMPP_2M", "eta": 0, "noise": "SHARED", "seed": 7, "steps": 6,
     "sliceCount": 3, "grades": {"XRKL": 0}},
    {"name": "grades that pull 2.5 times", "sampler": "DDIM", "eta": 0, "noise": "SHARED", "seed": 7, "steps": 4,
     "sliceCount": 3, "grades": {"XRKL": 3, "XRCHL": 1}, "gradeGuidance": 2.5},
]  # fmt: skip


def write_bundle(folder: Path, context: bool, cases: list[dict]) -> None:
    torch.manual_seed(20261121)
    folder.mkdir(exist_ok=True)
    networks = {'xrayEncoder': XrayEncoder(context), 'denoiser': Denoiser(context), 'decoder': Decoder()}
    graphs = {}
    for role, (inputs, outputs) in tensors(context).items():
        networks[role].eval()
        graphs[role] = export(folder / f'{role}.onnx', networks[role], inputs, outputs)
    manifest = {
        'format': 'osteograph-bundle/1',
        'name': folder.name,
        'version': '1.0.0',
        'task': 'xray-to-mri',
        'description': 'Random tiny networks of the xray-to-mri contract, for tests.',
        'intendedUse': 'Tests of Osteograph.',
        'authors': ['Osteograph'],
        'licence': 'MIT',
        'trainedOn': {'data': 'nothing: random weights'},
        'image': {'size': 256, 'channels': 1, 'valueRange': [-1, 1]},
        'latent': {'channels': 4, 'size': 32, 'scaleFactor': SCALE_FACTOR, 'conditionScale': CONDITION_SCALE},
        'conditioning': {
            'depthRange': [0, 1],
            'features': [{'name': name, 'levels': levels} for name, levels in LEVELS.items()],
            'contextDim': CONTEXT_DIM if context else None,
        },
        'schedule': SCHEDULE,
        'sampler': {'name': 'ddim', 'steps': 8, 'eta': 0},
        'graphs': graphs,
        'evaluation': {'data': 'none', 'metrics': {}},
    }
    (folder / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n')

    # golden.bin: per case every 4th row and column of its images, then every 8th number of the latents after one step.
    binary = b''
    golden = []
    for case in cases:
        images, first_steps = generate(networks, case)
        places = {'images': [len(binary), len(images), 64, 64]}
        binary += images[:, ::4, ::4].astype('<f4').tobytes()
        places['firstStep'] = [len(binary), len(first_steps), 512]
        binary += first_steps[:, ::8].astype('<f4').tobytes()
        golden.append(case | places)
    (folder / 'golden.bin').write_bytes(binary)
    (folder / 'golden.json').write_text(json.dumps({'cases': golden}, indent=1) + '\n')


if __name__ == '__main__':
    write_bundle(HERE / 'tiny-bundle', False, CASES)
    write_bundle(HERE / 'tiny-context-bundle', True, [CASES[0], CASES[3]])
