"""`export`: a training run as a bundle folder that the platform can load."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .card import write_card
from .config import Config
from .dataset import Split, is_synthetic, load_knees
from .errors import TrainingError
from .evaluate import EVERYONE, VolumeGenerator
from .features import FEATURE_WIDTH, FEATURES
from .golden import write_golden
from .onnx_graphs import check_parity, export_graph, graph_metadata, weight_count
from .studies.feature_effect import effect_table
from .studies.film_consistency import consistency_table

#: Largest difference between PyTorch and ONNX Runtime that an export may have, relative to the largest output.
TOLERANCE = 1e-3

INTENDED_USE = (
    'Demonstration and software tests. Trained on invented knees only: what it generates from a real radiograph looks like the phantom '
    'it was trained on and says nothing about a real knee. Not for clinical use.'
)


DESCRIPTIONS = {
    'demo': 'Synthetic knee MRI (COR T1 3D FLASH) from a knee radiograph by conditional latent diffusion',
    'paper': 'Synthetic knee MRI (COR T1 3D FLASH) from a knee radiograph by the latent diffusion architecture of arXiv 2410.06997',
}

#: In place of the intended use, for a bundle trained on a release that is not synthetic.
RESEARCH_USE = 'Research. What it generates is not a patient image and must not be read as one. Not for clinical use.'

#: In place of the intended use, for a bundle of random weights.
UNTRAINED_USE = 'Measurements of memory and time. Its weights are random: what it generates is noise.'


def export_bundle(
    run: Path,
    data: Path,
    out: Path,
    name: str,
    version: str,
    steps: int,
    evaluation: Path | None,
    golden: Path | None,
    effects: Path | None = None,
    consistency: Path | None = None,
    held_out: Path | None = None,
) -> None:
    """Writes graphs, bundle.json and README.md, checks every graph against PyTorch, and writes golden values if asked.

    `evaluation`, `effects` and `consistency` are what `evaluate`, `feature-effect` and `film-consistency` wrote of this run. The golden values
    are of a knee of the test part, or of `held_out`: prepared knees of other people.
    """
    generator = VolumeGenerator(run)
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    synthetic = is_synthetic(data)
    use = INTENDED_USE if synthetic else RESEARCH_USE
    manifest = _manifest(generator, _trained_on(generator, run, data), use, name, version, steps, _read_evaluation(evaluation))
    _write_bundle(generator, out, manifest, 'trained on synthetic data only' if synthetic else 'trained on real data')
    write_card(out / 'README.md', manifest, generator, _studies(effects, consistency))
    if golden is not None:
        knees = load_knees(data, Split.of(generator.config.data), 'test') if held_out is None else load_knees(held_out, EVERYONE, 'test')
        write_golden(golden, generator, knees, manifest)
    _print_size(out)


def export_untrained(config: Config, out: Path, name: str, version: str, steps: int) -> None:
    """Writes a bundle of a configuration's networks with random weights: what they cost can be measured before they are trained."""
    generator = VolumeGenerator(None, untrained=config)
    torch.set_num_threads(config.processes * config.threads)
    trained_on = {'data': 'nothing: random weights', 'synthetic': True, 'steps': 0}
    manifest = _manifest(generator, trained_on, UNTRAINED_USE, name, version, steps, {})
    _write_bundle(generator, out, manifest, 'not trained')
    (out / 'README.md').write_text(f'# {name} {version}\n\n{UNTRAINED_USE}\n', encoding='utf-8')
    _print_size(out)


def _write_bundle(generator: VolumeGenerator, out: Path, manifest: dict, training: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    generator.round_as_stored()
    metadata = graph_metadata(f'{manifest["name"]}@{manifest["version"]}', generator.checkpoint, training) | {
        'data_sha256': generator.checkpoint['data'] or 'none'
    }
    manifest['graphs'] = _graphs(generator, out, metadata) | _refiner_graph(generator, out, metadata, training)
    # The manifest's key order is the one of the format's description.
    manifest['evaluation'] = manifest.pop('evaluation')
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')


def _graphs(generator: VolumeGenerator, out: Path, metadata: dict[str, str]) -> dict:
    random = torch.Generator().manual_seed(0)
    latent = torch.randn(2, 4, 32, 32, generator=random)
    image = torch.rand(2, 1, 256, 256, generator=random) * 2 - 1
    features = (torch.rand(2, FEATURE_WIDTH, generator=random) > 0.7).float()
    with torch.no_grad():
        condition, *context = generator.model.condition(image)
    tokens = ['context'] if context else []
    plan = {
        'xrayEncoder': (generator.model.xray_encoder, [image], ['xray'], ['latent', *tokens]),
        'denoiser': (
            generator.model.denoiser,
            [latent, torch.tensor([1999.0, 500.0]), condition, torch.tensor([0.0, 0.7]), features, *context],
            ['sample', 'timestep', 'xray_latent', 'depth', 'features', *tokens],
            ['prediction'],
        ),
        'decoder': (generator.autoencoder.decoding(), [latent / generator.scale], ['latent'], ['image']),
    }
    entries = {}
    for role, (module, examples, inputs, outputs) in plan.items():
        path = out / f'{role}.onnx'
        entries[role] = export_graph(module, examples, inputs, outputs, path, metadata)
        difference = parity(module, examples, inputs, path)
        print(f'{role}: {weight_count(module):,} parameters, largest difference to PyTorch {difference:.1e}')
        if difference > TOLERANCE:
            raise TrainingError(f'{role}.onnx differs from PyTorch by {difference:.1e} of its largest output; {TOLERANCE} is allowed.')
    return entries


def _refiner_graph(generator: VolumeGenerator, out: Path, metadata: dict[str, str], training: str) -> dict:
    """The entry of the refiner's graph, which says itself how it was trained; none where the run has no refiner."""
    refiner = generator.refiner
    if refiner is None:
        return {}
    random = torch.Generator().manual_seed(1)
    image, film = (torch.rand(2, 1, 256, 256, generator=random) * 2 - 1 for _ in range(2))
    examples = [image, film, torch.tensor([0.0, 0.7]), (torch.rand(2, FEATURE_WIDTH, generator=random) > 0.7).float()]
    inputs, path = ['image', 'xray', 'depth', 'features'], out / 'refiner.onnx'
    own = graph_metadata(metadata['bundle'], generator.refiner_checkpoint, training)
    entry = export_graph(refiner, examples, inputs, ['refined'], path, own)
    check_parity(refiner, path, inputs, [examples, [example[:1] for example in examples]], TOLERANCE)
    return {'refiner': entry}


def parity(module: torch.nn.Module, examples: list[torch.Tensor], inputs: list[str], path: Path) -> float:
    """Largest difference between the graph in ONNX Runtime and the module, over the largest output; for batches of one and of three."""
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    worst = 0.0
    for rows in (1, 3):
        batch = [torch.cat([example, example])[:rows] for example in examples]
        with torch.no_grad():
            results = module(*batch)
        found = session.run(None, {name: tensor.numpy() for name, tensor in zip(inputs, batch, strict=True)})
        for expected, one in zip(results if isinstance(results, tuple) else (results,), found, strict=True):
            worst = max(worst, float(np.abs(one - expected.numpy()).max() / np.abs(expected.numpy()).max()))
    return worst


def _print_size(out: Path) -> None:
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f'{out}: {size:.1f} MB')


def _read_evaluation(path: Path | None) -> dict:
    if path is None:
        return {}
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise TrainingError(f'{path} is no JSON file with figures: {error}') from error


def _studies(effects: Path | None, consistency: Path | None) -> str:
    parts = []
    if effects is not None:
        result = _read_evaluation(effects)
        parts += [
            '## What a grade draws',
            f'On {len(result["knees"])} healthy phantoms of people that were not trained on, one grade raised, DDIM steps: {result["steps"]}, '
            f'guidance {result["guidance"]:g}, KL {"told" if result["keepsKl"] else "missing"}. Medians, see `feature-effect` in training/README.md.',
            effect_table(result),
        ]
    if consistency is not None:
        result = _read_evaluation(consistency)
        parts += [
            '## What it makes of films without an MRI',
            f'People of the {result["part"]} part of training/splits/films.csv, DDIM steps: {result["steps"]}, the KL grade told and no other. '
            'See `film-consistency` in training/README.md.',
            consistency_table(result),
        ]
    return ''.join(f'\n{part}\n' for part in parts)


def _trained_on(generator: VolumeGenerator, run: Path, data: Path) -> dict:
    config, checkpoint = generator.config, generator.checkpoint
    split = Split.of(config.data)
    participants = {path.name.split('_')[0] for path in data.glob('*.json')}
    counts = {part: sum(split.part_of(participant) == part for participant in participants) for part in ('train', 'validation', 'test')}
    notes = run / 'notes.txt'
    extra = {'notes': notes.read_text(encoding='utf-8').strip()} if notes.exists() else {}
    if 'trained_on' in checkpoint:
        # Of a restored generator that was not trained further, its bundle knows.
        return checkpoint['trained_on'] | _refiner_trained_on(generator) | extra
    return (
        {
            'data': 'Osteograph synthetic release (3-D knee phantoms; no patient data)' if is_synthetic(data) else 'OAI-shaped release of real knees',
            'synthetic': is_synthetic(data),
            'participants': counts,
            'knees': sum(1 for _ in data.glob('*.json')),
            'splitSeed': config.data.split_seed,
            'dataSha256': checkpoint['data'],
            'steps': checkpoint['step'],
        }
        | _refiner_trained_on(generator)
        | extra
    )


def _refiner_trained_on(generator: VolumeGenerator) -> dict:
    if generator.refiner is None:
        return {}
    saved = generator.refiner_checkpoint
    return {'refiner': {'groups': saved['films'], 'steps': saved['step'], 'minutes': round(saved['seconds'] / 60)}}


def _manifest(generator: VolumeGenerator, trained_on: dict, intended_use: str, name: str, version: str, steps: int, evaluation: dict) -> dict:
    config = generator.config
    schedule = config.schedule
    description_end = ', trained on synthetic knees only.' if trained_on['synthetic'] and trained_on['steps'] else '.'
    metrics = {
        key: evaluation[key]
        for key in ('knees', 'participants', 'settings', 'sampler', 'summary', 'gains', 'byKl', 'validationBySteps')
        if key in evaluation
    }
    return {
        'format': 'osteograph-bundle/1' if generator.refiner is None else 'osteograph-bundle/2',
        'name': name,
        'version': version,
        'task': 'xray-to-mri',
        'description': DESCRIPTIONS[config.architecture] + description_end,
        'intendedUse': intended_use,
        'authors': ['The Osteograph authors'],
        'licence': 'MIT',
        'trainedOn': trained_on,
        'image': {'size': 256, 'channels': 1, 'valueRange': [-1, 1]},
        'latent': {'channels': 4, 'size': 32, 'scaleFactor': generator.scale, 'conditionScale': 1.0},
        'conditioning': {
            'depthRange': [0, 1],
            'features': [{'name': code, 'levels': levels} for code, levels in FEATURES],
            'contextDim': config.unet.context if config.architecture == 'paper' else None,
        },
        'schedule': {
            'trainSteps': schedule.train_steps,
            'betaSchedule': schedule.beta_schedule,
            'betaStart': schedule.beta_start,
            'betaEnd': schedule.beta_end,
            'spacing': schedule.spacing,
            'finalAlpha': schedule.final_alpha,
            'predictionType': config.diffusion.prediction,
        },
        'sampler': {'name': 'ddim', 'steps': steps, 'eta': 0},
        'evaluation': {'data': evaluation.get('data', 'not evaluated'), 'metrics': metrics},
    }
