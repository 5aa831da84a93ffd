"""`export-detector`: a run of the knee detector as a bundle folder that the platform can load."""

import csv
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .detector import FILM_COLUMNS, FILM_ROWS, SHOWS, STRIDE, Detector, DetectorGraph, decode
from .detector_data import BRIGHT, DARK, FilmSet, load_films, plain_batch
from .detector_training import load_detector, score_detector, split_of
from .errors import TrainingError
from .onnx_graphs import export_graph, graph_metadata, round_weights

#: Largest difference between PyTorch and ONNX Runtime that an export may have, relative to the largest output.
TOLERANCE = 1e-3

#: What the graph answers, in this order.
OUTPUTS = ['heatmap', 'boxes', 'shows', 'turned', 'inverted']

INTENDED_USE = (
    'Finding both knees on a bilateral PA or AP film, or one on a film that is no tight crop, so that a generator sees them framed as in '
    'its training. Trained on phantoms and on films composed of real crops. Not for clinical use.'
)

ATTRIBUTION = 'Chen, Pingjun (2018), "Knee Osteoarthritis Severity Grading Dataset", Mendeley Data, V1, doi:10.17632/56rmx5bjcr.1, CC BY 4.0'


def export_detector(
    run: Path,
    release: Path,
    boxes: Path | None,
    out: Path,
    name: str,
    version: str,
    threshold: float,
    golden: Path | None,
    scores: Path | None = None,
    views: bool = False,
) -> None:
    """Writes graph, bundle.json and README.md with the scores of the held-out films, and golden values if asked.

    With `views` the graph also says what a film shows, how it is turned and whether it is inverted. `scores` is what "evaluate-detector" wrote of the same graph, for the card and the manifest.
    """
    model, config, checkpoint = load_detector(run / 'detector.pt')
    torch.set_num_threads(config.threads)
    round_weights(model)
    films = load_films(release, boxes, split_of(config), run / 'films')
    metrics = held_out_metrics(model, films['test'], threshold)
    kinds = _kinds(scores)
    out.mkdir(parents=True, exist_ok=True)
    metadata = graph_metadata(f'{name}@{version}', checkpoint, f'trained on synthetic films and on films composed of crops of {ATTRIBUTION}')
    example, _ = plain_batch(films['test'], [0, 1] if len(films['test']) > 1 else [0, 0])
    graph = DetectorGraph(model, views).eval()
    outputs = OUTPUTS if views else OUTPUTS[:2]
    entry = export_graph(graph, [example], ['film'], outputs, out / 'detector.onnx', metadata)
    difference = _parity(graph, example, out / 'detector.onnx')
    print(f'detector: largest difference to PyTorch {difference:.1e}')
    if difference > TOLERANCE:
        raise TrainingError(f'detector.onnx differs from PyTorch by {difference:.1e} of its largest output; {TOLERANCE} is allowed.')
    manifest = {
        'format': 'osteograph-bundle/1',
        'name': name,
        'version': version,
        'task': 'knee-detection',
        'description': 'Finds the knees on a film: a small convolutional network, trained on phantoms and films composed of real crops.',
        'intendedUse': INTENDED_USE,
        'authors': ['The Osteograph authors'],
        'licence': 'MIT',
        'trainedOn': {
            'data': 'Films of an Osteograph synthetic release (3-D knee phantoms), films composed of real crops set into invented legs, '
            f'and drawn lateral and skyline views, hands and chests. Crops: {ATTRIBUTION}',
            'synthetic': False,
            'crops': checkpoint['crops'],
            'hours': round(checkpoint['hours'], 2),
            'startedFrom': checkpoint['began_from'],
            'films': {part: len(entries) for part, entries in films.items()},
            'splitSeed': config.data.split_seed,
            'steps': checkpoint['step'],
        },
        'film': {'rows': FILM_ROWS, 'columns': FILM_COLUMNS, 'window': [DARK, BRIGHT], 'valueRange': [-1, 1]},
        'detector': {'stride': STRIDE, 'threshold': threshold} | ({'shows': list(SHOWS)} if views else {}),
        'graphs': {'detector': entry},
        'evaluation': {'data': 'films of participants that were not trained on (synthetic)', 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    _write_card(out / 'README.md', manifest, model, kinds)
    if golden is not None:
        _write_golden(golden, graph, example[:1], manifest)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f'{out}: {size:.2f} MB; mean IoU {metrics["meanIou"]:.3f} over {metrics["knees"]} held-out knees')


def held_out_metrics(model: Detector, films: FilmSet, threshold: float) -> dict:
    """Overlap with the true squares and confidence, films as at inference."""
    scores = score_detector(model, films)
    overlaps = np.array([iou for iou, _ in scores])
    sure = np.array([confidence for _, confidence in scores])
    return {
        'films': len(films),
        'knees': len(scores),
        'meanIou': round(float(overlaps.mean()), 4),
        'smallestIou': round(float(overlaps.min()), 4),
        'iouQuartiles': [round(float(value), 4) for value in np.percentile(overlaps, [25, 50, 75])],
        'foundAtThreshold': round(float((sure >= threshold).mean()), 4),
        'smallestConfidence': round(float(sure.min()), 4),
    }


def _parity(graph: DetectorGraph, example: Tensor, path: Path) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    worst = 0.0
    for rows in (1, 2):
        with torch.no_grad():
            expected = [output.numpy() for output in graph(example[:rows])]
        found = session.run(None, {'film': example[:rows].numpy()})
        worst = max(worst, *(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, found, strict=True)))
    return worst


def _write_golden(path: Path, graph: DetectorGraph, film: Tensor, manifest: dict) -> None:
    """`<path>.bin` holds the film as bytes (value = byte / 127.5 - 1); `<path>.json` what PyTorch finds on it."""
    stored = np.rint((film[0, 0].numpy() + 1) * 127.5).astype(np.uint8)
    with torch.no_grad():
        heatmap, boxes, *chances = graph(torch.from_numpy(stored.astype(np.float32) / 127.5 - 1)[None, None])
    knees = [vars(knee) for knee in decode(heatmap[0], boxes[0])]
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'detectorSha256': manifest['graphs']['detector']['sha256'],
        'film': {'rows': FILM_ROWS, 'columns': FILM_COLUMNS, 'scale': 'byte / 127.5 - 1', 'kind': 'synthetic'},
        'knees': knees,
        **{name: chance[0].tolist() for name, chance in zip(OUTPUTS[2:], chances, strict=False)},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
    path.with_suffix('.bin').write_bytes(stored.tobytes())


def _kinds(scores: Path | None) -> list[dict[str, str]]:
    if scores is None:
        return []
    with scores.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def _views(manifest: dict) -> str:
    if 'shows' not in manifest['detector']:
        return 'It was also taught what a film shows, how it is turned and whether it is inverted, not well enough to be asked: the graph does not answer that.'
    words = ', '.join(word.lower() for word in SHOWS)
    return f'Three more outputs say what the film shows ({words}), by how many quarter turns it is turned, and whether its greys are inverted.'


def _table(kinds: list[dict[str, str]]) -> str:
    if not kinds:
        return ''
    lines = [
        '| films | number | knees found | mean IoU | IoU from .85 | joint within 4 mm | films with a false knee | view | turn | inversion |',
        '|' + '---|' * 10,
    ]
    for kind in kinds:
        lines.append('| ' + ' | '.join(value or '-' for name, value in kind.items() if name != 'knees') + ' |')
    return '\n'.join(lines)


def _write_card(path: Path, manifest: dict, model: Detector, kinds: list[dict[str, str]]) -> None:
    metrics, trained = manifest['evaluation']['metrics'], manifest['trainedOn']
    films = trained['films']
    low, middle, high = metrics['iouQuartiles']
    parameters = sum(parameter.numel() for parameter in model.parameters())
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

A convolutional network of {parameters / 1e6:.2f} M parameters. It sees the whole film at {FILM_COLUMNS} x {FILM_ROWS} pixels, its percentiles {DARK} to {BRIGHT} as
-1 to 1, and answers on a grid {STRIDE} pixels apart: how likely a joint centre is there, and the square around it (centred on the joint
line, 1.22 tibial plateaus wide). A knee below confidence {manifest['detector']['threshold']} is none: the platform then says so and asks for a box.
{_views(manifest)}

## Data

{trained['data']}.

Of the phantoms {films['train']} films were for training, {films['validation']} for validation and {films['test']} held out, split by participant (seed {trained['splitSeed']}); of the real crops
{trained['crops']}, of people of the part "train" of `training/splits/films.csv`. In training every film was composed or drawn anew in geometry, exposure,
contrast, sharpness, grain, shading, collimation, padding, markers, braces, screws and replaced joints (drawn), and a part of them was turned or inverted.
{trained['steps']} steps, {trained['hours']} hours of wall time with one thread of a processor that others shared.

## Figures

On {metrics['films']} held-out synthetic films, {metrics['knees']} knees: mean IoU with the true square **{metrics['meanIou']:.3f}** (quartiles {low:.3f}, {middle:.3f}, {high:.3f};
smallest {metrics['smallestIou']:.3f}); {100 * metrics['foundAtThreshold']:.0f} % at or above the threshold, the least sure at {metrics['smallestConfidence']:.2f}.

As `evaluate-detector` scored it, in percent of knees or films; real knees are of people of the part "test", their squares traced, not labelled by hand;
4 mm count with a square of 92.7 mm:

{_table(kinds)}

## Limits

No whole real film was there to train or to score on: joints are real, legs, shafts, markers and implants are not, and the scored films are composed as
those of the training are, of other people. Lateral and skyline views, hands and chests are simple drawings. Whole real films may do worse.

## Rebuild

See `training/README.md`; the configuration is `training/configs/knee-detector.yaml`.

## Licence

{manifest['licence']}
""",
        encoding='utf-8',
    )
