"""`study-report`: the tables of a study as Markdown, and its figures."""

import json
from pathlib import Path

import matplotlib
import numpy as np
from scipy.stats import wilcoxon

from ..errors import TrainingError
from ..evaluate import summarise
from .variants import read_study

matplotlib.use('Agg')
from matplotlib import pyplot as plt

METRICS = {'psnr': ('PSNR, dB', 2), 'ssim': ('SSIM', 3), 'rssim': ('RSSIM', 3), 'adjacentCorrelation': ('adjacent-slice correlation', 3)}
SYNTHETIC = 'Synthetic phantoms, not patients.'
REAL = 'Generated volumes against real series.'


def report_study(path: Path, out: Path, figures: Path) -> str:
    """Draws `<figures>/scores-<steps>.png` and `<figures>/slice-counts.png` and returns the tables."""
    study = read_study(path)
    scores = {name: _read(out / name / 'scores.json') for name in study.variants}
    floors = _read(out / 'floors.json')
    figures.mkdir(parents=True, exist_ok=True)
    first = next(iter(scores.values()))
    _check_same_knees(scores)
    caption = SYNTHETIC if first['synthetic'] else REAL
    for steps in study.scoring.steps:
        _draw_scores(scores, steps, caption, figures / f'scores-{steps}.png')
    _draw_slice_counts(first, caption, figures / 'slice-counts.png')
    return '\n\n'.join([*(_table(scores, floors, steps) for steps in study.scoring.steps), _slice_count_table(first)])


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise TrainingError(f'{path} could not be read; run "study" first: {error}') from error


def _check_same_knees(scores: dict[str, dict]) -> None:
    if len({tuple(one['knees']) for one in scores.values()}) != 1:
        raise TrainingError('The variants were scored on different knees; run "study" again.')


def _table(scores: dict[str, dict], floors: dict[str, dict], steps: int) -> str:
    names = list(scores)
    knees = len(scores[names[0]]['knees'])
    header = ['variant', *(label for label, _ in METRICS.values()), 'PSNR against the first', 'RSSIM against the first']
    lines = [
        f'{_counted(steps)}, {knees} held-out knees of as many people; medians (quartiles):',
        '',
        _row(header),
        _row(['---'] * len(header)),
    ]
    probabilities = {metric: _compared(scores, steps, metric) for metric in ('psnr', 'rssim')}
    for name in names:
        cells = [name, *_medians(scores[name]['bySteps'][str(steps)])]
        for metric in ('psnr', 'rssim'):
            cells.append('' if name == names[0] else _difference(*probabilities[metric][name], METRICS[metric][1]))
        lines.append(_row(cells))
    lines += [_row([f'_{name}_', *_medians(found), '', '']) for name, found in floors.items()]
    real = summarise(scores[names[0]]['adjacentCorrelationReal'])
    lines.append(
        f"\nThe knees' own series have an adjacent-slice correlation of {real['median']:.3f}. p: Wilcoxon signed-rank, Holm over the variants."
    )
    return '\n'.join(lines)


def _medians(found: dict[str, list[float]]) -> list[str]:
    cells = []
    for metric, (_, digits) in METRICS.items():
        if metric in found:
            summary = summarise(found[metric])
            low, high = summary['quartiles']
            cells.append(f'{summary["median"]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})')
        else:
            cells.append('')
    return cells


def _compared(scores: dict[str, dict], steps: int, metric: str) -> dict[str, tuple[float, float]]:
    """Of each variant but the first: the median of its differences to the first, knee by knee, and their p value after Holm."""
    first, *others = scores
    reference = np.array(scores[first]['bySteps'][str(steps)][metric])
    differences = {name: np.array(scores[name]['bySteps'][str(steps)][metric]) - reference for name in others}
    values = {name: float(wilcoxon(found).pvalue) if found.any() else 1.0 for name, found in differences.items()}
    adjusted, largest = {}, 0.0
    for place, name in enumerate(sorted(values, key=values.__getitem__)):
        largest = max(largest, min(1.0, values[name] * (len(values) - place)))
        adjusted[name] = largest
    return {name: (float(np.median(differences[name])), adjusted[name]) for name in others}


def _difference(median: float, probability: float, digits: int) -> str:
    return f'{median:+.{digits}f} (p {"< 0.0001" if probability < 1e-4 else f"= {probability:.4f}"})'


def _slice_count_table(first: dict) -> str:
    counts = first['bySliceCount']
    knees = len(next(iter(counts.values())))
    medians = [f'{np.median(values):.3f}' for values in counts.values()]
    header = [f'slices, {knees} knees', *counts]
    return '\n'.join([_row(header), _row(['---'] * len(header)), _row(['adjacent-slice correlation, median', *medians])])


def _counted(steps: int) -> str:
    return '1 DDIM step' if steps == 1 else f'{steps} DDIM steps'


def _row(cells: list[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _draw_scores(scores: dict[str, dict], steps: int, caption: str, path: Path) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True)
    names = list(scores)[::-1]
    for axis, metric in zip(axes, ('psnr', 'ssim', 'rssim'), strict=True):
        axis.boxplot([scores[name]['bySteps'][str(steps)][metric] for name in names], orientation='horizontal', tick_labels=names)
        axis.set_xlabel(METRICS[metric][0])
        axis.grid(axis='x', alpha=0.3)
    figure.suptitle(f'Scores of {len(scores[names[0]]["knees"])} held-out knees, {_counted(steps)}. {caption}', fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_slice_counts(first: dict, caption: str, path: Path) -> None:
    figure, axis = plt.subplots(figsize=(6, 3.8))
    counts = [int(count) for count in first['bySliceCount']]
    values = list(first['bySliceCount'].values())
    for knee in range(len(values[0])):
        axis.plot(counts, [of_count[knee] for of_count in values], color='tab:blue', alpha=0.3, linewidth=1)
    axis.plot(counts, [np.median(of_count) for of_count in values], color='tab:blue', marker='o', label='generated, median')
    axis.axhline(float(np.median(first['adjacentCorrelationReal'])), color='tab:red', label="the knees' own series, 50 slices, median")
    axis.set_xlabel('slices generated over the same depth')
    axis.set_ylabel('adjacent-slice correlation')
    axis.legend(loc='center right')
    axis.set_title(caption, fontsize=10)
    axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
