"""The model card of a bundle, written from its manifest so that no figure is typed by hand."""

from pathlib import Path

from torch import nn

from .evaluate import VolumeGenerator

#: Row of the card's table -> key of the evaluation summary.
ROWS = (
    ('PSNR of the volume, dB', 'psnr'),
    ('SSIM (7 x 7 uniform window)', 'ssim'),
    ('RSSIM', 'rssim'),
    ('Adjacent-slice correlation, generated', 'adjacentCorrelation'),
    ('Adjacent-slice correlation, phantom', 'adjacentCorrelationReal'),
    ('PSNR of the mean training volume, dB', 'psnrMeanVolume'),
    ('SSIM of the mean training volume', 'ssimMeanVolume'),
    ("PSNR with another participant's radiograph, dB", 'psnrOtherRadiograph'),
    ("PSNR with another participant's radiograph and grades, dB", 'psnrOtherRadiographAndFeatures'),
)


def write_card(path: Path, manifest: dict, generator: VolumeGenerator, studies: str = '') -> None:
    """Writes README.md beside the manifest. What is known of the demo bundle is not claimed of others.

    `studies` is Markdown with what else was measured of this run.
    """
    trained = manifest['trainedOn']
    if not trained['synthetic'] or generator.config.architecture != 'demo':
        path.write_text(_plain_card(manifest, generator, studies), encoding='utf-8')
        return
    parts = trained['participants']
    config = generator.config
    compared = manifest['evaluation']['metrics'].get('validationBySteps')
    chosen = ' (the one with the highest PSNR on the validation knees)' if compared else ''
    text = f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

**Synthetic through and through.** It was trained on, and scored on, knees invented by a computer program. It has never seen a
real MRI, and nothing here is evidence about real knees.

## Intended use

{manifest['intendedUse']}

## What it is

Conditional latent diffusion: an autoencoder with a 4 x 32 x 32 latent ({_million(generator.autoencoder)} M parameters; 8-fold in
each direction), a U-Net denoiser ({_million(generator.model.denoiser)} M) and a radiograph encoder
({_million(generator.model.xray_encoder)} M). The radiograph's latent is concatenated with the noisy sample; depth is embedded in
the down path and the 19 grades (one-hot, missing = zeros) in the up path. Prediction type v, T = {config.schedule.train_steps},
{config.schedule.beta_schedule} betas from {config.schedule.beta_start} to {config.schedule.beta_end}, {config.schedule.spacing} grid.
Default number of DDIM steps: {manifest['sampler']['steps']}{chosen}. The radiograph encoder is not taken from another model. Weights are stored as int8 with a scale per output channel
and computed with as float32; the figures below are of the weights as stored.{_refiner(generator)}

## Data

{trained['data']}: {trained['knees']} knees of {sum(parts.values())} participants at baseline, split by participant
(seed {trained['splitSeed']}) into {parts['train']} for training, {parts['validation']} for validation (number of steps) and
{parts['test']} held out. The figures below are of: {manifest['evaluation']['data']}. Radiographs were randomised in training (exposure, contrast, noise, blur, shading, collimation, markers, small errors
of the crop), so that real films are in range; what it makes of them is said below where it was measured.

{_figures(manifest['evaluation'])}{studies}
## Limits

- The phantoms it learned from are easier than knees: size, muscle and fat follow what their films show, and all are scanned in one position.
  Of a real knee these are not known from a film, so expect a phantom's muscles and a guessed size.
- Structures that a radiograph does not show (menisci, ligaments, vessels) are plausible averages.
- From a real film it draws a phantom-like knee, with two joint lines where the crop holds the joint elsewhere than phantoms' crops do; anything
  beyond the joint line is invention.
- {trained['steps']} training steps: fine texture is smoother than in the phantom.
- Few DDIM steps give blurred volumes with a higher PSNR, many steps sharper ones with a lower one: where the film leaves the answer open,
  a sharp guess is often wrong. PSNR alone must not be read as quality.

## Rebuild

See `training/README.md`; the configuration is in the metadata of each graph. Checkpoint data hash: `{trained['dataSha256']}`.
{trained.get('notes', '')}

## Licence

{manifest['licence']}
"""
    path.write_text(text, encoding='utf-8')


def _refiner(generator: VolumeGenerator) -> str:
    if generator.refiner is None:
        return ''
    saved = generator.refiner_checkpoint
    return (
        f'\n\nDecoded slices are gone over by a refiner ({_million(generator.refiner)} M), a network in pixels over the joint (60 mm high, 100 mm wide), '
        'which sees the film there, depth and grades, and adds what it makes of the grades less what it makes of none. It learnt '
        f'{saved["step"]:,} steps on {saved["films"]} groups of a knee drawn with other grades, and on what this generator makes of them from their own films '
        'and from one film for both.'
    )


def _plain_card(manifest: dict, generator: VolumeGenerator, studies: str) -> str:
    """A card that says what the manifest says; limits are for the author to add."""
    trained, schedule = manifest['trainedOn'], generator.config.schedule
    parts = trained['participants']
    sizes = (generator.autoencoder, generator.model.denoiser, generator.model.xray_encoder)
    autoencoder, denoiser, encoder = (_million(network) for network in sizes)
    return f"""# {manifest['name']} {manifest['version']}

{manifest['description']}

## Intended use

{manifest['intendedUse']}

## What it is

Architecture `{generator.config.architecture}`: autoencoder {autoencoder} M parameters, denoiser {denoiser} M, radiograph encoder {encoder} M.
Predicts {manifest['schedule']['predictionType']}, T = {schedule.train_steps}, {schedule.beta_schedule} betas from {schedule.beta_start} to
{schedule.beta_end}, {schedule.spacing} grid; {manifest['sampler']['steps']} DDIM steps unless told otherwise; {trained['steps']} training steps.

## Data

{trained['data']}: {trained['knees']} knees of {sum(parts.values())} participants, split by participant (seed {trained['splitSeed']}) into
{parts['train']} for training, {parts['validation']} for validation and {parts['test']} held out. Data hash: `{trained['dataSha256']}`.

{_figures(manifest['evaluation'])}{studies}
## Limits

Structures that a radiograph does not show are invented. To be completed by whoever publishes it.

## Licence

{manifest['licence']}
"""


def _figures(evaluation: dict) -> str:
    metrics = evaluation['metrics']
    if not metrics:
        return '## Figures\n\nNot evaluated yet.\n'
    summary = metrics['summary']
    kind = 'synthetic' if 'synthetic' in evaluation['data'] else evaluation['data'].split(' ')[0]
    lines = [f'| figure ({kind}, held out) | median | quartiles |', '|---|---|---|']
    for title, key in ROWS:
        if key in summary:
            low, high = summary[key]['quartiles']
            lines.append(f'| {title} | {summary[key]["median"]:.2f} | {low:.2f} to {high:.2f} |')
    grades = ['| KL grade | knees | PSNR median, dB | quartiles |', '|---|---|---|---|']
    for grade, entry in metrics['byKl'].items():
        low, high = entry['psnr']['quartiles']
        grades.append(f'| {grade} | {entry["knees"]} | {entry["psnr"]["median"]:.2f} | {low:.2f} to {high:.2f} |')
    by_steps = metrics.get('validationBySteps', {})
    steps = ['| DDIM steps (validation knees) | PSNR median, dB | SSIM median |', '|---|---|---|'] if by_steps else []
    steps += [f'| {count} | {entry["psnr"]:.2f} | {entry["ssim"]:.3f} |' for count, entry in by_steps.items()]
    gains = metrics['gains']
    return '\n'.join(
        [
            '## Figures',
            '',
            f'On {metrics["knees"]} held-out {kind} knees of {metrics["participants"]} participants, DDIM steps: {metrics["sampler"]["steps"]}, '
            f'seed {metrics["sampler"]["seed"]}. {metrics["settings"]}.',
            '',
            *lines,
            '',
            f'Difference of the medians: {gains["gainOverMeanVolume"]:+.2f} dB to the mean training volume, '
            f"{gains['gainOverOtherRadiograph']:+.2f} dB to the same knee from another participant's radiograph (own grades kept).",
            '',
            *grades,
            '',
            *steps,
            '',
            '',
        ]
    )


def _million(module: nn.Module) -> str:
    return f'{sum(parameter.numel() for parameter in module.parameters()) / 1e6:.1f}'
