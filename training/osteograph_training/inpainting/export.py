"""`export-inpainter`: a run of the inpainter as a bundle folder that the platform can load."""

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
from .evaluate import PHANTOMS
from .fill import NEIGHBOURS
from .network import GAPS, SCHEDULE, STEPS, Hidden, Inpainter, hidden
from .training import load_inpainter

#: Largest difference between PyTorch and ONNX Runtime that an export may have; white is 1.
TOLERANCE = 1e-3

#: A pixel that changes another by more than this decides the halo of tiles.
HALO_TOLERANCE = 2e-6

#: The spacings of pixels, mm, of the series that are taken.
SPACING_MM = (0.2, 3.0)

#: What the gain over biharmonic filling on phantoms was to be, dB.
AIM = 2.0

INTENDED_USE = (
    'Research: an MRI series whose hidden places (metal, a cut edge of the field of view, a lost slice) are filled in as is likely, so that tools '
    'that want whole slices can work on it. What it draws was not seen and is no finding. Not for clinical use.'
)

INPUTS = ['state', 'filled', 'inside', 'mask', 'neighbours', 'neighbour_masks', 'place', 'spread', 'gap']


def export_inpainter(run: Path, out: Path, name: str, version: str, scores: Path | None, golden: Path | None) -> None:
    """Writes graph, bundle.json and README.md, the latter with the table of `evaluate-inpainter` or "not measured", and golden values if asked."""
    network, config, saved = load_inpainter(run / 'inpainter.pt')
    torch.set_num_threads(config.threads)
    round_weights(network)
    write_bundle(network, saved, out, name, version, read_scores(scores), golden)


def write_bundle(network: Inpainter, saved: dict, out: Path, name: str, version: str, metrics: list[dict], golden: Path | None) -> None:
    """The bundle of a network whose weights are already rounded."""
    out.mkdir(parents=True, exist_ok=True)
    halo = halo_of(network)
    metadata = graph_metadata(f'{name}@{version}', saved, 'trained on phantoms')
    entry = export_graph(network, _example(64, 72), INPUTS, ['clean'], out / 'inpainter.onnx', metadata, open_sizes=True)
    check_parity(network, out / 'inpainter.onnx', INPUTS, [_example(64, 72), _example(40, 128)], TOLERANCE)
    manifest: dict[str, Any] = {
        **manifest_head(
            name,
            version,
            'mri-inpainting',
            'Fills in what a mask hides in an MRI series: metal, a cut edge of the field of view, lost slices.',
            INTENDED_USE,
        ),
        'trainedOn': {
            'data': 'Slices of phantoms (osteograph synth), parts of them hidden',
            'synthetic': True,
            'slices': saved['films'],
            'people': saved['people'],
            'steps': saved['step'],
            'hours': round(saved['seconds'] / 3600, 2),
            **started_from(saved),
        },
        'sizes': {'multipleOf': MULTIPLE_OF, 'haloPx': halo},
        'ranges': {'spacingMm': list(SPACING_MM)},
        'bitDepth': 16,
        'schedule': SCHEDULE,
        'inpainting': {'white': 99.5, 'neighbours': NEIGHBOURS, 'gap': list(GAPS), 'steps': list(STEPS), 'defaultSteps': _best_steps(metrics)},
        'graphs': {'inpainter': entry},
        'evaluation': {'data': _data(metrics), 'metrics': metrics},
    }
    (out / 'bundle.json').write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
    _write_card(out / 'README.md', manifest, weight_count(network))
    if golden is not None:
        _write_golden(golden, network, manifest)
    print(f'{out}: {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.2f} MB; halo {halo} px')


@torch.no_grad()
def halo_of(network: Inpainter) -> int:
    """How many pixels away, to the next multiple, a change can still be seen in the result."""
    size, edge = 512, MULTIPLE_OF * 2
    state, filled, inside, mask, neighbours, neighbour_masks, *numbers = _example(size, edge)
    everywhere = torch.ones_like(mask)
    before = network(state, filled, inside, everywhere, neighbours, neighbour_masks, *numbers)
    changed, alone, others = filled.clone(), inside.clone(), neighbours.clone()
    changed[:, :, :edge] += 1
    alone[:, :, :edge] += 1
    others[:, :, :edge] += 1
    after = network(changed, changed, alone, everywhere, others, neighbour_masks, *numbers)
    return reach_of(before, after, edge, HALO_TOLERANCE)


def _example(rows: int, columns: int) -> list[Tensor]:
    stream = torch.Generator().manual_seed(0)
    window = torch.rand(2, 2 * NEIGHBOURS + 1, rows, columns, generator=stream)
    masks = torch.zeros_like(window)
    masks[:, NEIGHBOURS, rows // 4 : rows // 2] = 1
    return _inputs(hidden(window, masks, torch.tensor([2.4, 6.4])))


def _inputs(given: Hidden) -> list[Tensor]:
    count = len(given.filled)
    numbers = [torch.full((count,), 0.999), torch.zeros(count), given.gap]
    return [given.filled, given.filled, given.inside, given.mask, given.neighbours, given.neighbour_masks, *numbers]


def _best_steps(metrics: list[dict[str, Any]]) -> int:
    """The fewest steps whose mean PSNR is within a hundredth of a dB of the highest, as far as they were measured; one where none was."""
    psnrs = {steps: [row['psnr'] for row in metrics if row['method'] == f'ours, {steps} step' + 's' * (steps > 1)] for steps in STEPS}
    measured = {steps: sum(values) / len(values) for steps, values in psnrs.items() if values}
    return min((steps for steps, psnr in measured.items() if psnr >= max(measured.values()) - 0.01), default=1)


def _data(metrics: list[dict[str, Any]]) -> str:
    sets = {row['set']: row['slices'] for row in metrics}
    return '; '.join(f'{slices:.0f} slices: {name}' for name, slices in sets.items()) or 'not measured'


def invented(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """A window of five slices [1,5,H,W] by a formula, and masks: a rectangle of the middle slice, a corner of the one above."""
    row, column = np.mgrid[0:rows, 0:columns]
    slices = [0.5 + 0.3 * np.sin((row + 2 * index) / 5) * np.cos((column - index) / 7) for index in range(2 * NEIGHBOURS + 1)]
    masks = np.zeros((1, 2 * NEIGHBOURS + 1, rows, columns), dtype=np.float32)
    masks[:, NEIGHBOURS, 10:30, 20:51] = 1
    masks[:, NEIGHBOURS + 1, :20, :40] = 1
    return torch.from_numpy(np.stack(slices)[None].astype(np.float32)), torch.from_numpy(masks)


def _write_golden(path: Path, network: Inpainter, manifest: dict) -> None:
    """`<path>.json`: a few values of what the network makes of `invented(48, 64)` in one step."""
    with torch.no_grad():
        found = network(*_inputs(hidden(*invented(48, 64), torch.tensor([6.4]))))
    description = {
        'bundle': f'{manifest["name"]}@{manifest["version"]}',
        'sha256': manifest['graphs']['inpainter']['sha256'],
        'slices': '0.5 + 0.3 sin((row + 2 i) / 5) cos((column - i) / 7), i = 0 to 4, 48 x 64; rows 10 to 29 and columns 20 to 50 of i = 2 are '
        'hidden, and rows to 19 and columns to 39 of i = 3; gap 6.4',
        'clean': found[0, 0, 11:30:6, 21:51:8].double().tolist(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')


def _write_card(path: Path, manifest: dict, parameters: int) -> None:
    trained, metrics, told = manifest['trainedOn'], manifest['evaluation']['metrics'], manifest['inpainting']
    low, high = manifest['ranges']['spacingMm']
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

A U-Net of {parameters / 1e6:.2f} M parameters on the path between a slice whose hidden places are filled smoothly and the slice as it could have
been (residual shift, Yue et al. 2023). It sees the slice, two more on either side, and what is hidden in each. The smooth fill lies on lines
between the slices around it, brought to the level of the slice's own seen pixels (pull-push, Gortler et al. 1996); a lost slice has
only the lines. Beside it the network sees the slice filled from itself alone.
Steps: {', '.join(str(count) for count in told['steps'])}, by default {told['defaultSteps']}; only means are taken, no noise is drawn.
Outside of the mask nothing changes. Nothing is normalised over space: a pixel depends on others up to {manifest['sizes']['haloPx']} pixels away.

## Data

{trained['data']}: {trained['slices']:,} slices of {trained['people']} drawn people, none of them real; slices 1.5, 3 and
4.5 mm apart. Hidden were blobs of metal through one to five slices, cut edges, rectangles and whole slices. Training took
{trained['hours']} hours of one core, shared with other work ({trained['steps']:,} steps).{start_in_words(trained)}

## Figures

{_table(metrics)}

## Limits

Phantoms are drawn and have one contrast, varied by simple curves. The real slices are of one person, and their own noise counts as truth.
Metal also bends and darkens what lies around it; only what the mask covers is filled in, so draw it wide. A wide cut edge that no slice
shows becomes a smooth grey band, also where there was air. What lies behind metal through more than two slices on either side is drawn from the
slice's surroundings alone. Means are smoother than tissue ("sharpness" below 1), a lost slice most of all: do not measure texture there, and look
for no lesions. Pixels of {low:g} to {high:g} mm.

## Rebuild

`train-inpainter`, `evaluate-inpainter` and `export-inpainter`; see `training/README.md`. The configuration is
`training/configs/knee-mri-inpaint.yaml`.

## Licence

{manifest['licence']}.
""",
        encoding='utf-8',
    )


def _table(metrics: list[dict[str, Any]]) -> str:
    if not metrics:
        return 'Not measured.'
    lines = [
        'In the mask alone: PSNR (white = 1), SSIM (Gaussian window) and slopes over the true ones ("sharpness"). The gain is over biharmonic',
        'filling of the slice, for lost slices over lines between slices, with its 95 % interval (people drawn anew; on the real slices, which are',
        'of one person, slices).',
        '',
        '| set | hidden | method | PSNR, dB | SSIM | sharpness | gain, dB |',
        '|---|---|---|---|---|---|---|',
    ]
    for row in metrics:
        gain = f'{row["gain"]:+.2f} ({row["gain_low"]:+.2f} to {row["gain_high"]:+.2f})' if 'gain' in row else ''
        figures = f'{row["psnr"]:.2f} | {row["ssim"]:.3f} | {row["sharpness"]:.2f}'
        lines.append(f'| {row["set"]} | {row["hidden"]} | {row["method"]} | {figures} | {gain} |')
    return '\n'.join([*lines, '', *_verdict(metrics)])


def _verdict(metrics: list[dict[str, Any]]) -> list[str]:
    """Where one step falls short of the aim, or of the rule that it is compared with."""
    ours = [row for row in metrics if row['method'] == 'ours, 1 step']
    short = [row for row in ours if row['set'] == PHANTOMS and row['hidden'] != 'lost slice' and row['gain'] < AIM]
    worse = [row for row in ours if row['gain'] < 0]
    named = [', '.join(f'{row["hidden"]} ({row["set"]})' for row in rows) or 'nowhere' for rows in (short, worse)]
    return [f'The aim, {AIM:g} dB over biharmonic filling on phantoms, is missed: {named[0]}.', f'Worse than what it is compared with: {named[1]}.']
