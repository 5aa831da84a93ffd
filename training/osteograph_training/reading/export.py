"""`export-grader`: the networks of a run of the KL grader as one bundle folder that the platform can load."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..bundle_folder import manifest_head
from ..errors import TrainingError
from ..onnx_graphs import export_graph, graph_metadata, round_weights, weight_count
from .card import write_grader_card
from .films import FILM_SIZE, GradedFilms, joint_window, load_graded_films
from .grader import GraderEnsemble
from .scores import calibration_error, confusion, grader_scores, score_intervals
from .strangeness import Strangeness, fit_strangeness, layer_statistics, no_knees
from .training import grade_films, load_graders

#: Largest difference between PyTorch and ONNX Runtime that an export may have: in probability, and in strangeness, which one limit decides.
TOLERANCE, STRANGENESS_TOLERANCE = 1e-3, 1e-2

#: Above this share of strangeness a picture is called no knee.
FARTHEST = 0.5

INTENDED_USE = (
    'Research: an automatic Kellgren-Lawrence grade of a knee on a PA fixed-flexion film, to sort films, to find doubtful readings and to '
    'measure restored or generated films. It is no reading by a radiologist and must not stand in for one. Not for clinical use.'
)

DATA = (
    'Knee films of the OAI baseline visit in Chen, P. (2018), Knee Osteoarthritis Severity Grading Dataset, Mendeley Data V1, '
    'doi:10.17632/56rmx5bjcr.1, CC BY 4.0'
)


class GraderGraph(nn.Module):
    """What the bundle's graph computes: films float [B,1,224,224] in 0..255 -> probabilities [B,5] and strangeness [B], 0 to 1."""

    def __init__(self, ensemble: GraderEnsemble, strangeness: Strangeness) -> None:
        super().__init__()
        self.ensemble = ensemble
        self.strangeness = strangeness

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor]:
        return self.ensemble(film), self.strangeness(layer_statistics(self.ensemble.networks[0], joint_window(film)))


def export_grader(run: Path, films: Path, out: Path, name: str, version: str, golden: Path | None) -> None:
    """Writes graph, bundle.json and README.md with the scores on the test people, and golden values if asked.

    The temperature is chosen on validation people.
    """
    paths = sorted(run.glob('grader-*.pt'))
    if not paths:
        raise TrainingError(f'{run} holds no grader-<seed>.pt; train-grader writes them.')
    ensemble, config, saved = load_graders(paths)
    torch.set_num_threads(config.threads)
    for network in ensemble.networks:
        round_weights(network)
    train, validation, test = (load_graded_films(films, part) for part in (config.part, 'validation', 'test'))
    ensemble.temperature = best_temperature(ensemble, validation)
    others = no_knees(train.images, torch.Generator().manual_seed(1))[::2]
    strangeness = fit_strangeness(_statistics(ensemble, train.images[1::2]), _statistics(ensemble, others))
    graph = GraderGraph(ensemble, strangeness).eval()
    metrics = _metrics(graph, test)
    out.mkdir(parents=True, exist_ok=True)
    metadata = graph_metadata(f'{name}@{version}', saved[0], 'trained on real films')
    example = test.images[:2].float()
    entry = export_graph(graph, [example], ['film'], ['chances', 'distance'], out / 'grader.onnx', metadata)
    _check_parity(graph, test.images[:3].float(), out / 'grader.onnx')
    manifest: dict[str, Any] = {
        **manifest_head(
            name,
            version,
            'radiograph-reading',
            'Reads the Kellgren-Lawrence grade of one knee on a PA film, with a probability for each grade, or says that it is no knee.',
            INTENDED_USE,
        ),
        'trainedOn': {
            'data': DATA,
            'synthetic': False,
            'films': len(train),
            'people': len(set(train.participants)),
            'split': 'training/splits/films.csv: no film of a validation, test or judge person',
            'seeds': [content['seed'] for content in saved],
            'steps': [content['step'] for content in saved],
            'hours': round(sum(content['seconds'] for content in saved) / 3600, 1),
        },
        'film': {'size': FILM_SIZE, 'valueRange': [0, 255], 'orientation': 'as a right knee: left knees mirrored'},
        'reading': {'farthest': FARTHEST},
        'graphs': {'grader': entry},
        'evaluation': {'data': f'{len(test)} films of {len(set(test.participants))} test people', 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    write_grader_card(out / 'README.md', manifest, weight_count(graph))
    if golden is not None:
        _write_golden(golden, graph, manifest)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f'{out}: {size:.2f} MB; accuracy {metrics["accuracy"]:.3f}, kappa {metrics["kappa"]:.3f} on {manifest["evaluation"]["data"]}')


def best_temperature(ensemble: GraderEnsemble, films: GradedFilms) -> float:
    """The temperature with the least calibration error on `films`; probabilities keep their order at any (Guo et al. 2017)."""
    with torch.no_grad():
        logits = torch.cat([ensemble.logits(piece.float()) for piece in films.images.split(64)])
    kept, errors = ensemble.temperature, {}
    for temperature in np.linspace(0.4, 1.6, 25):
        ensemble.temperature = float(temperature)
        errors[float(temperature)] = calibration_error(ensemble.chances(logits).double().numpy(), films.grades.numpy())
    ensemble.temperature = kept
    return min(errors, key=errors.__getitem__)


def _metrics(graph: GraderGraph, films: GradedFilms) -> dict[str, Any]:
    chances, grades = grade_films(graph.ensemble, films.images), films.grades.numpy()
    scores = grader_scores(chances, grades)
    intervals = score_intervals(chances, grades, films.participants)
    others = no_knees(films.images, torch.Generator().manual_seed(2))
    refused, found = (float((_distances(graph, pictures) > FARTHEST).mean()) for pictures in (films.images, others))
    return {
        **{key: round(value, 4) for key, value in scores.items()},
        'accuracyInterval': [round(value, 4) for value in intervals['accuracy']],
        'kappaInterval': [round(value, 4) for value in intervals['kappa']],
        'calledNoKnee': round(refused, 4),
        'othersFound': round(found, 4),
        'confusion': confusion(chances.argmax(axis=1), grades).tolist(),
    }


@torch.no_grad()
def _statistics(ensemble: GraderEnsemble, films: Tensor) -> Tensor:
    return torch.cat([layer_statistics(ensemble.networks[0], joint_window(piece.float())) for piece in films.split(64)])


def _distances(graph: GraderGraph, films: Tensor) -> np.ndarray:
    with torch.no_grad():
        return graph.strangeness(_statistics(graph.ensemble, films)).double().numpy()


def _check_parity(graph: GraderGraph, films: Tensor, path: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    with torch.no_grad():
        expected = [output.numpy() for output in graph(films)]
    found = session.run(None, {'film': films.numpy()})
    worst, strangest = (float(np.abs(one - other).max()) for one, other in zip(found, expected, strict=True))
    print(f'grader: {weight_count(graph):,} parameters, largest difference to PyTorch {worst:.1e}, of strangeness {strangest:.1e}')
    if worst > TOLERANCE or strangest > STRANGENESS_TOLERANCE:
        raise TrainingError(
            f'grader.onnx differs from PyTorch by {worst:.1e} and {strangest:.1e}; {TOLERANCE} and {STRANGENESS_TOLERANCE} are allowed.'
        )


def _write_golden(path: Path, graph: GraderGraph, manifest: dict) -> None:
    """`<path>.bin` holds an invented picture as bytes; `<path>.json` what PyTorch reads on it."""
    rows, columns = np.mgrid[0:FILM_SIZE, 0:FILM_SIZE]
    shafts = 160 * np.exp(-(((columns - 112) / 50) ** 2)) * (1 - 0.8 * np.exp(-(((rows - 112) / 6) ** 2)))
    film = np.clip(30 + shafts + 8 * np.sin(rows / 3) * np.cos(columns / 5), 0, 255).astype(np.uint8)
    with torch.no_grad():
        chances, distance = graph(torch.from_numpy(film.astype(np.float32))[None, None])
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'graderSha256': manifest['graphs']['grader']['sha256'],
        'film': {'rows': FILM_SIZE, 'columns': FILM_SIZE, 'kind': 'invented'},
        'chances': chances[0].double().tolist(),
        'distance': float(distance[0]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
    path.with_suffix('.bin').write_bytes(film.tobytes())
