"""Golden values of a whole sample in PyTorch, for the platform's tests: film in, slices out."""

import json
from pathlib import Path

import numpy as np
import torch

from .dataset import Knees
from .evaluate import VolumeGenerator
from .features import grades_of
from .images import inference_crops
from .sampler import depths, shared_noise
from .sampling import unit_images
from .schedule import sampling_timesteps

SLICES = 3
STEPS = 4
SEED = 2026


@torch.no_grad()
def write_golden(path: Path, generator: VolumeGenerator, knees: Knees, manifest: dict) -> None:
    """Writes `<path>.json` and `<path>.bin`.

    The binary file holds, one after the other and little endian, the arrays that the JSON file lists. The radiograph is stored as
    bytes; the network's input is byte / 127.5 - 1. The generator's weights must have been rounded as the graphs store them.
    """
    xray = np.rint((inference_crops(knees.film[:1])[0].numpy() + 1) * 127.5).astype(np.uint8)
    features = torch.from_numpy(knees.features[0])
    film = torch.from_numpy(xray.astype(np.float32) / 127.5 - 1)
    condition, *context = generator.model.condition(film[None])
    depth = depths(SLICES)
    timestep = float(sampling_timesteps(generator.config.schedule, STEPS)[0])
    step = generator.model.denoiser(
        shared_noise(SEED, SLICES),
        torch.full((SLICES,), timestep),
        condition.repeat(SLICES, 1, 1, 1),
        depth,
        features[None].repeat(SLICES, 1),
        *(tokens.repeat(SLICES, 1, 1) for tokens in context),
    )
    images = unit_images(generator.slices(film, features, depth, STEPS, SEED))
    arrays = {
        'xray': xray.reshape(256, 256),
        'features': features.numpy().astype('<f4'),
        'xrayLatent': condition[0].numpy().astype('<f4'),
        'firstPrediction': step[1].numpy().astype('<f4'),
        'images': np.rint(images * 65535).astype('<u2'),
    }
    listing, start = [], 0
    for name, array in arrays.items():
        listing.append({'name': name, 'type': array.dtype.name, 'shape': list(array.shape), 'offset': start})
        start += array.nbytes
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'denoiserSha256': manifest['graphs']['denoiser']['sha256'],
        'seed': SEED,
        'steps': STEPS,
        'slices': SLICES,
        'depths': depth.tolist(),
        'noise': 'SHARED',
        'firstTimestep': timestep,
        'imageScale': 65535,
        'xrayScale': 'byte / 127.5 - 1',
        'knee': 'synthetic',
        'grades': grades_of(knees.features[0]),
        'arrays': listing,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
    path.with_suffix('.bin').write_bytes(b''.join(np.ascontiguousarray(array).tobytes() for array in arrays.values()))
