"""`export-superres`: teacher and student as one bundle folder that the platform can load."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..bundle_folder import manifest_head, start_in_words, started_from
from ..networks.shift_unet import MULTIPLE_OF, reach_of
from ..onnx_graphs import check_parity, export_graph, graph_metadata, round_weights, weight_count
from ..score_tables import read_scores
from .cases import LARGEST_SCALE, LEAST_SCALE
from .network import SCHEDULE, STEPS, SuperResolver
from .training import FIRST_STUDENT, load_network

#: Largest difference between PyTorch and ONNX Runtime that an export may have; white is 1.
TOLERANCE = 1e-3

#: A pixel that changes another by more than this decides the halo of tiles.
HALO_TOLERANCE = 2e-6

#: The spacings of pixels, mm, of the series that are taken.
SPACING_MM = (0.2, 3.0)

#: The student of the last halving is the one that is shipped.
STUDENT = 'student-1'

INTENDED_USE = (
    'Research: an MRI series on a finer grid, with less noise and what k-space did not hold drawn in as is likely. To be looked at and measured '
    'beside the series it comes from. Not for clinical use.'
)

INPUTS = ['state', 'enlarged', 'guidance', 'place', 'spread', 'scale']


def export_superres(run: Path, out: Path, name: str, version: str, scores: Path | None, golden: Path | None) -> None:
    """Writes both graphs, bundle.json and README.md, the latter with the table of `evaluate-superres` or "not measured", and golden values."""
    networks, saved = {}, {}
    for role, trained in (('student', STUDENT), ('teacher', 'teacher')):
        networks[role], config, saved[role] = load_network(run, trained)
        torch.set_num_threads(config.threads)
        round_weights(networks[role])
    # The last student goes back to where the first one started.
    saved['student'] = {**saved['student'], 'started_from': load_network(run, FIRST_STUDENT)[2].get('started_from')}
    write_bundle(networks, saved, out, name, version, read_scores(scores), golden)


def write_bundle(
    networks: dict[str, SuperResolver], saved: dict[str, dict], out: Path, name: str, version: str, metrics: list[dict], golden: Path | None
) -> None:
    """The bundle of networks whose weights are already rounded."""
    out.mkdir(parents=True, exist_ok=True)
    halo = max(halo_of(network) for network in networks.values())
    graphs = {}
    for role, network in networks.items():
        metadata = graph_metadata(f'{name}@{version}', saved[role], 'trained on phantoms')
        graphs[role] = export_graph(network, _example(64, 72), INPUTS, ['fine'], out / f'{role}.onnx', metadata, open_sizes=True)
        check_parity(network, out / f'{role}.onnx', INPUTS, [_example(64, 72), _example(40, 128)], TOLERANCE)
    trained = saved['teacher']
    manifest: dict[str, Any] = {
        **manifest_head(
            name,
            version,
            'mri-super-resolution',
            'Brings an MRI series to a finer grid in plane: a diffusion teacher, and a student of one step distilled from it.',
            INTENDED_USE,
        ),
        'trainedOn': {
            'data': 'Slices of phantoms (osteograph synth) as scanners of 1.5 and 3 T would take them',
            'synthetic': True,
            'slices': trained['films'],
            'people': trained['people'],
            'steps': {role: saved[role]['step'] for role in saved},
            'hours': round(sum(content['seconds'] for content in saved.values()) / 3600, 2),
            **started_from(trained),
            **({'studentStartedFrom': start} if (start := saved['student'].get('started_from')) else {}),
        },
        'sizes': {'multipleOf': MULTIPLE_OF, 'haloPx': halo},
        'ranges': {'scale': [LEAST_SCALE, LARGEST_SCALE], 'spacingMm': list(SPACING_MM)},
        'bitDepth': 16,
        'schedule': SCHEDULE,
        'superResolution': {
            'white': 99.5,
            'student': {'steps': [1], 'defaultSteps': 1},
            'teacher': {'steps': sorted(STEPS), 'defaultSteps': _best_steps(metrics)},
        },
        'graphs': graphs,
        'evaluation': {'data': _data(metrics), 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    counts = {role: weight_count(network) for role, network in networks.items()}
    _write_card(out / 'README.md', manifest, counts)
    if golden is not None:
        _write_golden(golden, networks, manifest)
    print(f'{out}: {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.2f} MB; halo {halo} px; parameters {counts}')


@torch.no_grad()
def halo_of(network: SuperResolver) -> int:
    """How many pixels away, to the next multiple, a change can still be seen in the result."""
    size, edge = 512, MULTIPLE_OF * 2
    state, enlarged, guidance, place, spread, scale = _example(size, edge)
    before = network(state, enlarged, guidance, place, spread, scale)
    changed, other = enlarged.clone(), guidance.clone()
    changed[:, :, :edge] += 1
    other[:, :, :edge] += 0.5
    after = network(changed, changed, other, place, spread, scale)
    return reach_of(before, after, edge, HALO_TOLERANCE)


def _example(rows: int, columns: int) -> list[Tensor]:
    stream = torch.Generator().manual_seed(0)
    image = torch.rand(2, 1, rows, columns, generator=stream)
    guidance = 0.2 * torch.randn(2, 2, rows, columns, generator=stream)
    return [image, image, guidance, torch.full((2,), 0.999), torch.zeros(2), torch.tensor([2.0, 4.0])]


def _best_steps(metrics: list[dict[str, Any]]) -> int:
    """Steps of the teacher with the highest mean PSNR, as far as they were measured; all of them where none was."""
    psnrs = {steps: [row['psnr'] for row in metrics if row['method'] == f'teacher, {steps} step' + 's' * (steps > 1)] for steps in sorted(STEPS)}
    measured = {steps: sum(values) / len(values) for steps, values in psnrs.items() if values}
    return max(measured, key=lambda steps: measured[steps], default=max(STEPS))


def _data(metrics: list[dict[str, Any]]) -> str:
    sets = {row['set']: row['slices'] for row in metrics}
    return '; '.join(f'{slices:.0f} slices: {name}' for name, slices in sets.items()) or 'not measured'


def _write_golden(path: Path, networks: dict[str, SuperResolver], manifest: dict) -> None:
    """`<path>.json`: an invented picture by its formula, and a few values of what each network makes of it in one step."""
    rows, columns = np.mgrid[0:48, 0:64]
    image = torch.from_numpy((0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32))[None, None]
    guidance = torch.cat([0.1 * (image - 0.5), 0.2 * (0.5 - image)], dim=1)
    inputs = [image, image, guidance, torch.tensor([0.999]), torch.zeros(1), torch.tensor([2.0])]
    found = {}
    for role, network in networks.items():
        with torch.no_grad():
            found[role] = network(*inputs)[0, 0, ::12, ::16].double().tolist()
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'sha256': {role: manifest['graphs'][role]['sha256'] for role in networks},
        'image': '0.5 + 0.3 sin(row / 5) cos(column / 7), 48 x 64; jacobian - 1 is 0.1 (image - 0.5), log bias 0.2 (0.5 - image); scale 2',
        'fine': found,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')


def _starts_in_words(trained: dict) -> str:
    start, words = trained.get('studentStartedFrom'), start_in_words(trained)
    if start is None:
        return words
    return f'{words} The first student started from that of {start["bundle"]}, whose {start["steps"]:,} steps are not counted either.'


def _write_card(path: Path, manifest: dict, counts: dict[str, int]) -> None:
    trained, metrics = manifest['trainedOn'], manifest['evaluation']['metrics']
    low, high = manifest['ranges']['spacingMm']
    least, most = manifest['ranges']['scale']
    steps = ', '.join(str(count) for count in manifest['superResolution']['teacher']['steps'])
    default = manifest['superResolution']['teacher']['defaultSteps']
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

Two U-Nets on the path between a slice enlarged by cubic convolution and a fine one (residual shift, Yue et al. 2023): a teacher of
{counts['teacher'] / 1e6:.2f} M parameters that takes {steps} steps (by default {default}), and a student of
{counts['student'] / 1e6:.2f} M ({100 * counts['student'] / counts['teacher']:.0f} % of it) that takes one. The student comes from real step halving:
each of three students learns to reach in one step what the one before, at first the teacher, reaches in two, with the teacher's feature maps
beside it. What both see is first corrected: unwarped by the coefficients of the scanner's gradient coils and divided by the coil's bias, as
far as these are known; the Jacobian and the logarithm of the bias are given as channels. Only means are taken: no noise is drawn.
Nothing is normalised over space: a pixel depends on others up to {manifest['sizes']['haloPx']} pixels away.

## Data

{trained['data']}: {trained['slices']:,} slices of {trained['people']} drawn people,
none of them real. Training took {trained['hours']} hours of one core, shared with other work, for these two networks
({trained['steps']['teacher']:,} steps of the teacher, {trained['steps']['student']:,} of the last student).{_starts_in_words(trained)}

## Figures

{_table(metrics)}

## Limits

Scales {least:g} to {most:g} in plane, pixels of {low:g} to {high:g} mm; nothing is learnt for planes across slices. Phantoms are drawn
and have one contrast, varied by simple curves; contrast that changes with field strength is not modelled. The real slices are of one person,
and their own noise counts as truth. "7T-like" names the grid, not a promise: what k-space did not hold is guessed.

## Rebuild

`train-superres`, `evaluate-superres` and `export-superres`; see `training/README.md`. The configuration is `training/configs/knee-mri-sr.yaml`.

## Licence

{manifest['licence']}.
""",
        encoding='utf-8',
    )


def _table(metrics: list[dict[str, Any]]) -> str:
    if not metrics:
        return 'Not measured.'
    lines = [
        'PSNR and SSIM (Gaussian window), white = 1; the gain is over corrected cubic enlargement, with its 95 % interval (people drawn anew; on the',
        'real slices, which are of one person, slices). "area" and "width" say how much the area of dark tissue and the width of bright',
        'structures change against the truth, %.',
        '',
        '| set | scale | method | PSNR, dB | SSIM | gain, dB | area | width |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for row in metrics:
        gain = f'{row["gain"]:+.2f} ({row["gain_low"]:+.2f} to {row["gain_high"]:+.2f})' if 'gain' in row else ''
        sizes = f'{row["area"]:+.1f} | {row["width"]:+.1f}'
        lines.append(f'| {row["set"]} | {row["scale"]:.3g} | {row["method"]} | {row["psnr"]:.2f} | {row["ssim"]:.3f} | {gain} | {sizes} |')
    return '\n'.join(lines)
