"""The card of a progression bundle: only what was measured."""

from pathlib import Path
from typing import Any

from ..bundle_folder import start_in_words

#: Columns of the table of methods: heading, key, digits.
COLUMNS = [
    ('joint space never grows', 'never_grows', 3),
    ('end / start', 'end_ratio', 3),
    ('shaft NCC', 'shaft', 4),
    ('roughness', 'roughness', 3),
    ('KID x 1,000', 'kid', 0),
    ('Frechet', 'frechet', 1),
    ('expected KL', 'expected_kl', 2),
    ('rises', 'expected_kl_rises', 2),
    ('PSNR gain, dB', 'psnr_gain', 2),
]


def write_progression_card(path: Path, manifest: dict[str, Any], parameters: int) -> None:
    trained, progression = manifest['trainedOn'], manifest['progression']
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

**A field.** Both edges of the joint space are traced (docs/decisions/0040). A stationary velocity moves rows towards the line between
them, in proportion within the joint and ever less beyond it; its flow is a diffeomorphism, and no gap becomes less than .34 of what it was.
How far it closes is measured: the narrowest widths that our reader finds on films of the training people, medians by KL grade and affected
compartment, in % of the knee's width:

{_widths(progression['widths'])}

**An addition.** A U-Net of {parameters / 1e6:.2f} M parameters on a residual-shift path (Yue et al. 2023) draws the bone near the joint from a
film on which it is blurred, told the grade, the affected compartment and where the joint space is. What is added to a closed film is the
difference between two expected pictures, at the frame's grade and at the film's own, times {progression['amplitude']:g}{_why(progression['amplitude'])}. It was taught on films
whose joints had been closed or opened at random, so that the joint space does not tell the grade; no classifier took part in its loss.{_nothing_added(progression['amplitude'])}

## Data

{trained['data']}.
Trained on {trained['films']:,.0f} films of {trained['people']:,.0f} people, grades equally often. Split: {trained['split']}.
Training took {trained['hours']} hours of one shared core ({trained['steps']:,} steps).{start_in_words(trained)}

## Figures

{_figures(manifest['evaluation'], progression['amplitude'])}

## Limits

Films of one study, 8 bits, one view, 224 pixels a knee. What is added to bone is what films of a grade have on average: soft lumps, no
single osteophyte with an edge of its own. Between KL 0 and 2 the joint hardly closes, because it does not on the films either. Only rows move: a
joint that tilts or slides sideways as it wears is not shown. A film stored as a negative (bone dark) is closed rightly and added to wrongly.
It is no forecast.

## Rebuild

`train-grader` (configs/progression-judge.yaml, the judge), `train-remodeller`, `evaluate-progression` and `export-progression`; see
`training/README.md`. The configuration is `training/configs/knee-xray-progression.yaml`.

## Licence

{manifest['licence']}; the films' licence asks for the attribution above.
""",
        encoding='utf-8',
    )


def _why(amplitude: float) -> str:
    return ' (chosen on validation people)' if amplitude else ''


def _nothing_added(amplitude: float) -> str:
    if amplitude:
        return ''
    return (
        '\n**This version adds nothing**: with what its network adds, films came no closer to real ones than by closing alone (see Figures), so\n'
        'its amplitude is 0 and frames are the closed film.'
    )


def _widths(widths: dict[str, dict[str, list[float]]]) -> str:
    head = '| affected | compartment | KL 0 | KL 1 | KL 2 | KL 3 | KL 4 |\n|---|---|---|---|---|---|---|\n'
    rows = [
        f'| {affected} | {side} | ' + ' | '.join(f'{value:.2f}' for value in values) + ' |'
        for affected, sides in widths.items()
        for side, values in sides.items()
    ]
    return head + '\n'.join(rows)


def _figures(evaluation: dict[str, Any], amplitude: float) -> str:
    rows = {row['method']: row for row in evaluation['metrics']}
    if not rows:
        return 'Not measured.'
    real, field = rows.pop('real KL 4'), rows.pop('field')
    head = '| | ' + ' | '.join(heading for heading, _, _ in COLUMNS) + ' |\n|---|' + '---|' * len(COLUMNS) + '\n'
    table = [
        f'| {name} | ' + ' | '.join(f'{row[key]:.{digits}f}' if key in row else '' for _, key, digits in COLUMNS) + ' |'
        for name, row in [*rows.items(), ('real KL 4', real)]
    ]
    best = rows[f'closing and addition x {amplitude:g}' if amplitude else 'closing only']
    return f"""{evaluation['data']}, brought from KL 0 to 4 in five frames (`evaluate-progression`), against {real['films']:.0f} real films of KL 4 of people never
trained on. Features and expected grades are those of a judge that has seen the judge people only; it calls real films of KL 4 {real['expected_kl']:.2f} on average.
A width may grow by .05 % of the knee's width, the reader's noise. KID and Frechet distance (16 dimensions) are to real films of KL 4 of
training people, means over 200 subsets of equal size; the row of real films is real against real. PSNR gain is over copying, against the
same person's other, worse knee ({best.get('pairs', 0):.0f} pairs).

{head}{chr(10).join(table)}

End / start of the joint space: {best['end_ratio']:.3f} ({best['end_ratio_low']:.3f} to {best['end_ratio_high']:.3f}, people drawn again); films of KL 4 against KL 0: {real['end_ratio']:.3f}.
KID {best['kid']:.0f} ({best['kid_low']:.0f} to {best['kid_high']:.0f}). Least determinant of the field {field['least_determinant']:.3f}, folds {field['folds']:.0f} of {field['pixels']:,.0f} pixels.
Roughness of the joint's edges at most the 95th percentile of real KL 4 ({real['roughness_95th']:.2f} rows) on {100 * best['smooth']:.0f} % of the films.
PSNR gain {best.get('psnr_gain', float('nan')):+.2f} dB ({best.get('psnr_gain_low', float('nan')):+.2f} to {best.get('psnr_gain_high', float('nan')):+.2f})."""
