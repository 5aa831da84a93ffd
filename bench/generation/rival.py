"""The rival of bench/generation.ts: the same networks, weights, steps and threads in PyTorch eager.

Usage: python generation_rival.py CONFIG BUNDLE_DIR THREADS

Builds the networks of a training configuration with random weights, exports them to BUNDLE_DIR as a bundle, prints "ready",
then answers each line on standard input, a JSON object {"slices", "steps", "batch", "seed", "images"}, with the seconds that
one volume took; its slices go to the file "images" as float32 in [0, 1].
"""

import hashlib
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'training'))

from osteograph_training.config import load_config  # noqa: E402
from osteograph_training.features import FEATURE_WIDTH, FEATURES  # noqa: E402
from osteograph_training.models import make_xray_encoder  # noqa: E402
from osteograph_training.networks import Autoencoder, Denoiser  # noqa: E402
from osteograph_training.sampler import ddim, depths, shared_noise  # noqa: E402

LATENT = ('B', 4, 32, 32)
IMAGE = ('B', 1, 256, 256)


class Decoder(nn.Module):
    def __init__(self, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.autoencoder.decode(latent)


def tensor(name: str, *shape: int | str) -> dict:
    return {'name': name, 'type': 'float32', 'shape': list(shape)}


TENSORS = {
    'xrayEncoder': ([tensor('xray', *IMAGE)], [tensor('latent', *LATENT)]),
    'denoiser': (
        [
            tensor('sample', *LATENT),
            tensor('timestep', 'B'),
            tensor('xray_latent', *LATENT),
            tensor('depth', 'B'),
            tensor('features', 'B', FEATURE_WIDTH),
        ],
        [tensor('prediction', *LATENT)],
    ),
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


def write_bundle(folder: Path, networks: dict[str, nn.Module], schedule: dict) -> None:
    manifest = {
        'format': 'osteograph-bundle/1',
        'name': 'bench-generation',
        'version': '1.0.0',
        'task': 'xray-to-mri',
        'description': 'Untrained networks of the size of the shipped bundle.',
        'intendedUse': 'Timing.',
        'authors': ['Osteograph'],
        'licence': 'MIT',
        'trainedOn': {'data': 'nothing: random weights'},
        'image': {'size': 256, 'channels': 1, 'valueRange': [-1, 1]},
        'latent': {'channels': 4, 'size': 32, 'scaleFactor': 1, 'conditionScale': 1},
        'conditioning': {
            'depthRange': [0, 1],
            'features': [{'name': name, 'levels': levels} for name, levels in FEATURES],
            'contextDim': None,
        },
        'schedule': schedule,
        'sampler': {'name': 'ddim', 'steps': 20, 'eta': 0},
        'graphs': {role: export(folder / f'{role}.onnx', networks[role], *TENSORS[role]) for role in TENSORS},
        'evaluation': {'data': 'none', 'metrics': {}},
    }
    (folder / 'bundle.json').write_text(json.dumps(manifest))


@torch.inference_mode()
def generate(networks: dict[str, nn.Module], schedule, slices: int, steps: int, batch: int, seed: int) -> np.ndarray:
    """A volume from a grey radiograph without grades, batch by batch."""
    radiograph = networks['xrayEncoder'](torch.zeros(1, 1, 256, 256))
    images = []
    for first in range(0, slices, batch):
        depth = depths(slices)[first : first + batch]
        count = len(depth)
        condition = radiograph.expand(count, -1, -1, -1)
        features = torch.zeros(count, FEATURE_WIDTH)

        def predict(sample, timestep, given=(condition, depth, features)):
            return networks['denoiser'](sample, timestep, *given)

        latent = ddim(predict, shared_noise(seed, count), schedule, steps)
        images.append(((networks['decoder'](latent) + 1) / 2).clamp(0, 1).squeeze(1))
    return torch.cat(images).numpy()


def main() -> None:
    config_path, bundle_dir, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    config = load_config(Path(config_path))
    autoencoder = Autoencoder(config.autoencoder.fine, config.autoencoder.coarse)
    networks = {
        'xrayEncoder': make_xray_encoder(config),
        'denoiser': Denoiser(FEATURE_WIDTH, **vars(config.denoiser)),
        'decoder': Decoder(autoencoder),
    }
    for network in networks.values():
        network.eval()
        # Layers that start at zero would make the comparison of the images an empty one.
        for parameter in network.parameters():
            if parameter.dim() > 1 and not parameter.any():
                nn.init.normal_(parameter, std=0.02)
    schedule = {
        'trainSteps': config.schedule.train_steps,
        'betaSchedule': config.schedule.beta_schedule,
        'betaStart': config.schedule.beta_start,
        'betaEnd': config.schedule.beta_end,
        'spacing': config.schedule.spacing,
        'finalAlpha': config.schedule.final_alpha,
        'predictionType': 'v_prediction',
    }
    write_bundle(Path(bundle_dir), networks, schedule)
    print('ready', flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        start = time.perf_counter()
        volume = generate(
            networks, config.schedule, order['slices'], order['steps'], order['batch'], order['seed']
        )
        seconds = time.perf_counter() - start
        Path(order['images']).write_bytes(volume.astype('<f4').tobytes())
        print(seconds, flush=True)


if __name__ == '__main__':
    main()
