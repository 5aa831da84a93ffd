"""`export-progression`: a run of the remodeller and the widths that were measured, as a bundle folder that the platform can load."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..bundle_folder import manifest_head, started_from
from ..onnx_graphs import check_parity, export_graph, graph_metadata, round_weights, weight_count
from ..reading.export import DATA
from ..restoration.restorer import Restorer
from ..score_tables import read_scores
from .card import write_progression_card
from .field import closing
from .remodel import COLUMNS, FAR, NEAR, ROWS, TOP, added, joint_maps, line_tensors
from .training import load_remodeller

#: Largest difference between PyTorch and ONNX Runtime that an export may have, in units of the window.
TOLERANCE = 1e-3

INPUTS = ['picture', 'space', 'near', 'own', 'grade', 'affected']

INTENDED_USE = (
    'Research and teaching: what a film of this knee could look like at another KL grade, to look at, to test readers and networks with, and '
    'to add to training data. It is no forecast: it says nothing of what will become of a knee. Not for clinical use.'
)


class Addition(nn.Module):
    """What the network adds to a closed picture, as one graph: both drawings and their difference."""

    def __init__(self, network: Restorer) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, space: Tensor, near: Tensor, own: Tensor, grade: Tensor, affected: Tensor) -> Tensor:
        return added(self.network, picture, space, near, own, grade, affected)


def export_progression(run: Path, out: Path, name: str, version: str, amplitude: float, scores: Path | None, golden: Path | None) -> None:
    """Writes graph, bundle.json and README.md, the latter with the table of `evaluate-progression` or "not measured", and golden values if asked."""
    network, config, saved, measured = load_remodeller(run)
    torch.set_num_threads(config.threads)
    round_weights(network)
    addition = Addition(network).eval()
    out.mkdir(parents=True, exist_ok=True)
    metadata = graph_metadata(f'{name}@{version}', saved, 'trained on real films')
    entry = export_graph(addition, _example(), INPUTS, ['addition'], out / 'remodeller.onnx', metadata)
    example = _example()
    parts = [[value[places] for value in example] for places in (slice(0, 2), slice(0, 1), slice(1, 2))]
    check_parity(addition, out / 'remodeller.onnx', INPUTS, parts, TOLERANCE)
    metrics = read_scores(scores)
    manifest: dict[str, Any] = {
        **manifest_head(
            name,
            version,
            'xray-progression',
            'Shows a knee film at other KL grades: the joint closes or opens as films of that grade have it, and bone near it changes.',
            INTENDED_USE,
        ),
        'trainedOn': {
            'data': DATA,
            'synthetic': False,
            'films': saved['films'],
            'people': saved['people'],
            'split': 'training/splits/films.csv: no film of a validation, test or judge person',
            'steps': saved['step'],
            'hours': round(saved['seconds'] / 3600, 1),
            **started_from(saved),
        },
        'bitDepth': 16,
        'progression': {
            'window': [5, 99],
            'picture': {'rows': ROWS, 'columns': COLUMNS, 'top': TOP},
            'near': [NEAR, FAR],
            'widths': measured['widths'],
            'amplitude': amplitude,
        },
        'graphs': {'remodeller': entry},
        'evaluation': {'data': _what_was_scored(metrics), 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    write_progression_card(out / 'README.md', manifest, weight_count(network))
    if golden is not None:
        _write_golden(golden, addition, manifest)
    print(f'{out}: {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.2f} MB')


def _what_was_scored(metrics: list[dict[str, Any]]) -> str:
    return f'{metrics[0]["films"]:.0f} healthy films of test people' if metrics else 'not measured'


def _example() -> list[Tensor]:
    """Two invented knees, on the way from KL 0 to 3.5 and from KL 2 to 1."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    picture = torch.from_numpy((0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32))[None, None].repeat(2, 1, 1, 1)
    middle = np.stack([112 + 3 * np.sin(np.arange(224) / 30)] * 2)
    half = np.stack([4 * closing(0.6, 0.4), 4 * closing(1.2, 1.1)])
    space, near = joint_maps(*line_tensors(middle, half))
    affected = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    return [picture, space, near, torch.tensor([0.0, 2.0]), torch.tensor([3.5, 1.0]), affected]


def _write_golden(path: Path, addition: Addition, manifest: dict) -> None:
    """`<path>.bin` holds picture, joint space and what is drawn anew of an invented knee as float32; `<path>.json` a few added values."""
    example = [value[:1] for value in _example()]
    with torch.no_grad():
        found = addition(*example)
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'remodellerSha256': manifest['graphs']['remodeller']['sha256'],
        'knee': {'own': 0, 'grade': 3.5, 'affected': [True, False]},
        'addition': found[0, 0, ::8, ::16].double().tolist(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
    path.with_suffix('.bin').write_bytes(torch.cat([value.flatten() for value in example[:3]]).numpy().astype('<f4').tobytes())
