"""`export-restorer`: a run of the restorer as a bundle folder that the platform can load."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..bundle_folder import manifest_head, start_in_words, started_from
from ..networks.shift_unet import MULTIPLE_OF, reach_of
from ..onnx_graphs import check_parity, export_graph, graph_metadata, round_weights, weight_count
from ..reading.export import DATA
from ..score_tables import read_scores
from .degrade import LARGEST_IMPULSES, LARGEST_SCALE, LARGEST_SIGMA, with_noise
from .restorer import SCHEDULE, STEPS, Restorer
from .training import load_restorer

#: Largest difference between PyTorch and ONNX Runtime that an export may have, in units of the window.
TOLERANCE = 1e-3

#: How far a pixel's value may depend on others by more than this, in units of the window, decides the halo of tiles.
HALO_TOLERANCE = 1e-5

INTENDED_USE = (
    'Research: a radiograph with less noise, more resolution or a hidden place filled in, to look at and to measure what restoration does '
    'to grades. What it adds is likely, not seen. Not for clinical use.'
)

INPUTS = ['state', 'degraded', 'mask', 'place', 'spread', 'strengths']


def export_restorer(run: Path, out: Path, name: str, version: str, scores: Path | None, golden: Path | None) -> None:
    """Writes graph, bundle.json and README.md, the latter with the table of `evaluate-restorer` or "not measured", and golden values if asked."""
    network, config, saved = load_restorer(run / 'restorer.pt')
    torch.set_num_threads(config.threads)
    round_weights(network)
    halo = halo_of(network)
    out.mkdir(parents=True, exist_ok=True)
    metadata = graph_metadata(f'{name}@{version}', saved, 'trained on real films')
    entry = export_graph(network, _example(64, 72), INPUTS, ['clean'], out / 'restorer.onnx', metadata, open_sizes=True)
    check_parity(network, out / 'restorer.onnx', INPUTS, [_example(64, 72), _example(40, 128)], TOLERANCE)
    metrics = read_scores(scores)
    manifest: dict[str, Any] = {
        **manifest_head(
            name,
            version,
            'image-restoration',
            'Restores a radiograph: takes noise away, adds resolution, fills in what a mask hides.',
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
        'sizes': {'multipleOf': MULTIPLE_OF, 'haloPx': halo},
        'ranges': {'sigma': [0, LARGEST_SIGMA], 'scale': [1, LARGEST_SCALE]},
        'bitDepth': 16,
        'schedule': SCHEDULE,
        'restoration': {'window': [5, 99], 'impulses': LARGEST_IMPULSES, 'steps': list(STEPS), 'defaultSteps': 1},
        'graphs': {'restorer': entry},
        'evaluation': {'data': f'{metrics[0]["films"]} films of test people' if metrics else 'not measured', 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    _write_card(out / 'README.md', manifest, weight_count(network))
    if golden is not None:
        _write_golden(golden, network, manifest)
    print(f'{out}: {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.2f} MB; halo {halo} px')


@torch.no_grad()
def halo_of(network: Restorer) -> int:
    """How many pixels away, to the next multiple, a change of one noisy place can still be seen in the result."""
    size, edge = 512, MULTIPLE_OF * 2
    state, degraded, mask, place, spread, strengths = _example(size, edge)
    before = network(state, degraded, mask, place, spread, strengths)
    changed = degraded.clone()
    changed[:, :, :edge] += 1
    after = network(changed, changed, mask, place, spread, strengths)
    return reach_of(before, after, edge, HALO_TOLERANCE)


def _example(rows: int, columns: int) -> list[Tensor]:
    stream = torch.Generator().manual_seed(0)
    clean = torch.rand(2, 1, rows, columns, generator=stream)
    case = with_noise(clean, torch.tensor([25.0, 10.0]), torch.tensor([0.0, 0.05]), stream)
    return [case.image, case.image, case.mask, torch.ones(2), torch.zeros(2), case.strengths]


def _write_golden(path: Path, network: Restorer, manifest: dict) -> None:
    """`<path>.bin` holds a spoilt invented picture as float32; `<path>.json` says which, and a few restored values."""
    rows, columns = np.mgrid[0:48, 0:64]
    clean = torch.from_numpy((0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32))[None, None]
    case = with_noise(clean, torch.tensor([25.0]), torch.zeros(1), torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = network(case.image, case.image, case.mask, torch.ones(1), torch.zeros(1), case.strengths)
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'restorerSha256': manifest['graphs']['restorer']['sha256'],
        'film': {'rows': 48, 'columns': 64, 'sigma': 25, 'kind': 'invented'},
        'restored': found[0, 0, ::12, ::16].double().tolist(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
    path.with_suffix('.bin').write_bytes(case.image.numpy().astype('<f4').tobytes())


def _write_card(path: Path, manifest: dict, parameters: int) -> None:
    trained, metrics = manifest['trainedOn'], manifest['evaluation']['metrics']
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

A U-Net of {parameters / 1e6:.1f} M parameters on the path between a spoilt film and a clean one (residual shift, Yue et al. 2023). It is told
how strong the noise is (up to {LARGEST_SIGMA:g} of 255 of the film's 5 to 99 % window), how many pixels are black or white, and by what factor
the film was reduced.
One step gives the mean of the likely films; two and four can draw one of them. Nothing is normalised over space: a pixel depends on
others up to {manifest['sizes']['haloPx']} pixels away, so tiles with that halo give what the whole film would.

## Data

{trained['data']}.
Trained on crops of {trained['films']:,} films of {trained['people']:,} people. Split: {trained['split']}.
Training took {trained['hours']} hours of one core ({trained['steps']:,} steps).{start_in_words(trained)}

## Figures

{_table(metrics)}

## Limits

Films of one study, 8 bits, one view, 224 pixels a knee. Noise that is neither white nor independent of its neighbours was not among its
training. What it draws under a mask is likely and was not seen.

## Rebuild

`train-restorer`, `evaluate-restorer` and `export-restorer`; see `training/README.md`. The configuration is `training/configs/knee-xray-restore.yaml`.

## Licence

{manifest['licence']}; the films' licence asks for the attribution above.
""",
        encoding='utf-8',
    )


def _table(metrics: list[dict[str, Any]]) -> str:
    if not metrics:
        return 'Not measured.'
    head = (
        f'On {metrics[0]["films"]} films of test people, PSNR in the window; gain over the best classical way, with its 95 % interval '
        '(people drawn again).\n\n| case | method | PSNR, dB | gain, dB | change of expected KL |\n|---|---|---|---|---|\n'
    )
    rows = [
        f'| {row["case"]} | {row["method"]} | {row["psnr"]:.2f} | '
        + (f'{row["gain"]:+.2f} ({row["gain_low"]:+.2f} to {row["gain_high"]:+.2f})' if 'gain' in row else '')
        + f' | {row.get("kl_change", "not measured")} |'
        for row in metrics
    ]
    return head + '\n'.join(rows)
