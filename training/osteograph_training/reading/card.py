"""The model card of the KL grader: only what this run has measured."""

from pathlib import Path


def write_grader_card(path: Path, manifest: dict, parameters: int) -> None:
    """Writes README.md beside the graph."""
    metrics, trained = manifest['evaluation']['metrics'], manifest['trainedOn']
    low, high = metrics['accuracyInterval']
    kappa_low, kappa_high = metrics['kappaInterval']
    count = len(trained['seeds'])
    networks = 'One residual network' if count == 1 else f'{count} residual networks, their probabilities averaged'
    rows = '\n'.join(f'| **{grade}** | ' + ' | '.join(str(count) for count in row) + ' |' for grade, row in enumerate(metrics['confusion']))
    path.write_text(
        f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

{networks}, {parameters / 1e6:.1f} M parameters, over the rows around the joint of a film of 224 x 224 pixels. The probabilities for the film
and for its mirror image are averaged. A logistic regression on statistics of all layers says how strange
a picture is, 0 to 1: above {manifest['reading']['farthest']} it is called no knee. It was fitted against films that were turned,
inverted, shuffled or cut beside the joint, and against invented noise and shapes.

## Data

{trained['data']}.
Trained on {trained['films']:,} films of {trained['people']:,} people. Split: {trained['split']}.
Training took {trained['hours']} hours of one core.

## Figures

On {manifest['evaluation']['data']}, never trained on or tuned to:

| what | figure | 95 % interval (people drawn again) |
|---|---|---|
| accuracy of five grades | {metrics['accuracy']:.3f} | {low:.3f} to {high:.3f} |
| quadratic weighted kappa of the likeliest grade | {metrics['kappa']:.3f} | {kappa_low:.3f} to {kappa_high:.3f} |
| the same of the expected grade, rounded | {metrics['expectedKappa']:.3f} | |
| mean absolute error of the expected grade | {metrics['expectedError']:.3f} | |
| balanced accuracy | {metrics['balancedAccuracy']:.3f} | |
| calibration error (10 bins) | {metrics['calibrationError']:.3f} | |
| real knees called no knee | {100 * metrics['calledNoKnee']:.1f} % | |
| turned, inverted, shuffled and invented pictures called no knee | {100 * metrics['othersFound']:.1f} % | |

Human grade (rows) against the likeliest grade (columns):

| | 0 | 1 | 2 | 3 | 4 |
|---|---|---|---|---|---|
{rows}

## Limits

Films of one study, one visit and one view. Grade 1 is as hard for it as for human readers. Replaced knees, other views and other joints were
not among its films; strangeness catches some of them and not all. Whether it serves other hospitals' films has not been measured.

## Rebuild

`train-grader` and `export-grader`; see `training/README.md`. The configuration is `training/configs/knee-kl-grader.yaml`.

## Licence

{manifest['licence']}; the films' licence asks for the attribution above.
""",
        encoding='utf-8',
    )
