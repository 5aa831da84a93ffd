"""`export`: a training run as a bundle folder that the platform can load."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .card import write_card
from .checkpoint import git_commit
from .dataset import Split, load_knees
from .errors import TrainingError
from .evaluate import VolumeGenerator
from .features import FEATURE_WIDTH, FEATURES
from .golden import write_golden
from .onnx_graphs import OPSET, export_graph, round_weights

#: Largest difference between PyTorch and ONNX Runtime that an export may have, relative to the largest output.
TOLERANCE = 1e-3

INTENDED_USE = (
    'Demonstration and software tests. Trained on invented knees only: what it generates from a real radiograph looks like the phantom '
    'it was trained on and says nothing about a real knee. Not for clinical use.'
)


def export_bundle(
    run: Path, data: Path, out: Path, name: str, version: str, steps: int, evaluation: Path | None, golden: Path | None
) -> None:
    """Writes graphs, bundle.json and README.md, checks every graph against PyTorch, and writes golden values if asked."""
    generator = VolumeGenerator(run)
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    out.mkdir(parents=True, exist_ok=True)
    networks = (generator.model, generator.autoencoder.decoder)
    for network in networks:
        round_weights(network)
    manifest = _manifest(generator, data, name, version, steps, _read_evaluation(evaluation))
    metadata = {
        'producer': 'osteograph_training',
        'bundle': f'{name}@{version}',
        'config': json.dumps(generator.checkpoint['config'], sort_keys=True),
        'data_sha256': generator.checkpoint['data'],
        'commit': generator.checkpoint['commit'] or git_commit() or 'unknown',
        'training_step': str(generator.checkpoint['step']),
        'opset': str(OPSET),
        'synthetic': 'trained on synthetic data only',
    }
    manifest['graphs'] = _graphs(generator, out, metadata)
    # The manifest's key order is the one of the format's description.
    manifest['evaluation'] = manifest.pop('evaluation')
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    write_card(out / 'README.md', manifest, generator)
    if golden is not None:
        split = generator.config.data
        knees = load_knees(data, Split(split.split_seed, split.validation, split.test), 'test')
        write_golden(golden, generator, knees, manifest)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f'{out}: {size:.1f} MB')


def _graphs(generator: VolumeGenerator, out: Path, metadata: dict[str, str]) -> dict:
    random = torch.Generator().manual_seed(0)
    latent = torch.randn(2, 4, 32, 32, generator=random)
    image = torch.rand(2, 1, 256, 256, generator=random) * 2 - 1
    features = (torch.rand(2, FEATURE_WIDTH, generator=random) > 0.7).float()
    condition = generator.model.xray_encoder(image).detach()
    plan = {
        'xrayEncoder': (generator.model.xray_encoder, [image], ['xray'], ['latent']),
        'denoiser': (
            generator.model.denoiser,
            [latent, torch.tensor([1999.0, 500.0]), condition, torch.tensor([0.0, 0.7]), features],
            ['sample', 'timestep', 'xray_latent', 'depth', 'features'],
            ['prediction'],
        ),
        'decoder': (generator.autoencoder.decoder, [latent / generator.scale], ['latent'], ['image']),
    }
    entries = {}
    for role, (module, examples, inputs, outputs) in plan.items():
        path = out / f'{role}.onnx'
        entries[role] = export_graph(module, examples, inputs, outputs, path, metadata)
        difference = parity(module, examples, inputs, path)
        print(f'{role}: largest difference to PyTorch {difference:.1e}')
        if difference > TOLERANCE:
            raise TrainingError(f'{role}.onnx differs from PyTorch by {difference:.1e} of its largest output; {TOLERANCE} is allowed.')
    return entries


def parity(module: torch.nn.Module, examples: list[torch.Tensor], inputs: list[str], path: Path) -> float:
    """Largest difference between the graph in ONNX Runtime and the module, over the largest output; for batches of one, two and three."""
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    worst = 0.0
    for rows in (1, 2, 3):
        batch = [torch.cat([example, example])[:rows] for example in examples]
        with torch.no_grad():
            expected = module(*batch).numpy()
        (found,) = session.run(None, {name: tensor.numpy() for name, tensor in zip(inputs, batch, strict=True)})
        worst = max(worst, float(np.abs(found - expected).max() / np.abs(expected).max()))
    return worst


def _read_evaluation(path: Path | None) -> dict:
    if path is None:
        return {}
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise TrainingError(f'{path} is not a JSON file written by "evaluate": {error}') from error


def _manifest(generator: VolumeGenerator, data: Path, name: str, version: str, steps: int, evaluation: dict) -> dict:
    config, checkpoint = generator.config, generator.checkpoint
    schedule = config.schedule
    split = Split(config.data.split_seed, config.data.validation, config.data.test)
    participants = {path.name.split('_')[0] for path in data.glob('*.json')}
    counts = {part: sum(split.part_of(participant) == part for participant in participants) for part in ('train', 'validation', 'test')}
    metrics = {key: evaluation[key] for key in ('knees', 'participants', 'settings', 'sampler', 'summary', 'gains', 'byKl', 'validationBySteps') if key in evaluation}
    notes = generator.run / 'notes.txt'
    extra = {'notes': notes.read_text(encoding='utf-8').strip()} if notes.exists() else {}
    return {
        'format': 'osteograph-bundle/1',
        'name': name,
        'version': version,
        'task': 'xray-to-mri',
        'description': 'Synthetic knee MRI (COR T1 3D FLASH) from a knee radiograph by conditional latent diffusion, trained on synthetic knees only.',
        'intendedUse': INTENDED_USE,
        'authors': ['The Osteograph authors'],
        'licence': 'MIT',
        'trainedOn': {
            'data': 'Osteograph synthetic release (3-D knee phantoms; no patient data)',
            'synthetic': True,
            'participants': counts,
            'knees': sum(1 for _ in data.glob('*.json')),
            'splitSeed': config.data.split_seed,
            'dataSha256': checkpoint['data'],
            'steps': checkpoint['step'],
        }
        | extra,
        'image': {'size': 256, 'channels': 1, 'valueRange': [-1, 1]},
        'latent': {'channels': 4, 'size': 32, 'scaleFactor': generator.scale, 'conditionScale': 1.0},
        'conditioning': {
            'depthRange': [0, 1],
            'features': [{'name': code, 'levels': levels} for code, levels in FEATURES],
            'contextDim': None,
        },
        'schedule': {
            'trainSteps': schedule.train_steps,
            'betaSchedule': schedule.beta_schedule,
            'betaStart': schedule.beta_start,
            'betaEnd': schedule.beta_end,
            'spacing': schedule.spacing,
            'finalAlpha': schedule.final_alpha,
            'predictionType': 'v_prediction',
        },
        'sampler': {'name': 'ddim', 'steps': steps, 'eta': 0},
        'evaluation': {'data': evaluation.get('data', 'not evaluated'), 'metrics': metrics},
    }
