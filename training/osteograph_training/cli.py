"""The command line: prepare, train-autoencoder, train-xray-encoder, train-diffusion, evaluate, export."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from .config import load_config
from .errors import TrainingError
from .further_commands import add_further_commands
from .inpainting_commands import add_inpainting_commands
from .progression_commands import add_progression_commands
from .reading_commands import add_reading_commands
from .refining_commands import add_refining_commands
from .study_commands import add_study_commands
from .superres_commands import add_superres_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; faults of the input are printed as one sentence and give exit code 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # torchrun takes --run for an abbreviation of its own --run-path unless `--` comes before; Python 3.11 leaves it the `--`.
    options = _parser().parse_args(words[1:] if words[:1] == ['--'] else words)
    try:
        options.run_command(options)
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('Stopped. Resume with --resume.', file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m osteograph_training',
        description='Trains a radiograph-to-MRI bundle for Osteograph from an OAI-shaped release on disk.',
        epilog='Order: prepare, train-autoencoder, train-xray-encoder, train-diffusion, evaluate, export. See training/README.md.',
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')

    prepare = commands.add_parser('prepare', help='cache the release as arrays')
    prepare.add_argument('--release', type=Path, required=True, help='root folder of the release')
    prepare.add_argument('--out', type=Path, required=True, help='folder for the arrays; knees already there are kept')
    prepare.add_argument(
        '--boxes',
        type=Path,
        help="CSV of film boxes (ID, VISIT, SIDE, BOX_LEFT, BOX_TOP, BOX_SIDE); default: the release's synthetic-truth.csv",
    )
    prepare.add_argument('--mri-only', action='store_true', help='leave out films and grades: enough for the autoencoder')
    prepare.set_defaults(run_command=_prepare)

    for name, text, command in (
        ('train-autoencoder', 'train the autoencoder', _train_autoencoder),
        ('train-xray-encoder', 'give the radiograph encoder a warm start for train-diffusion', _train_xray_encoder),
        ('train-diffusion', 'train the denoiser and the radiograph encoder on the autoencoder of the same run', _train_diffusion),
    ):
        train = commands.add_parser(name, help=text)
        train.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/demo.yaml')
        train.add_argument('--data', type=Path, help='folder written by "prepare"')
        train.add_argument('--run', type=Path, help='folder for checkpoints and logs')
        train.add_argument(
            '--dry-run',
            action='store_true',
            help='count parameters, time one batch of random numbers, and stop; needs neither --data nor --run',
        )
        train.add_argument('--resume', action='store_true', help='go on from the last checkpoint of the run')
        train.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')
        train.set_defaults(run_command=command)
        if name == 'train-diffusion':
            train.add_argument(
                '--pairs',
                type=Path,
                nargs='+',
                default=[],
                metavar='FOLDER',
                help='prepared releases of the same knees with other grades (synth --redraw): train on pairs',
            )
        if name == 'train-autoencoder':
            train.add_argument('--decoder-of', type=Path, metavar='BUNDLE', help='keep the decoder of this bundle, and train an encoder for it')

    evaluate = commands.add_parser('evaluate', help='score a run on the knees held out from training')
    _run_and_data(evaluate)
    evaluate.add_argument('--part', choices=['validation', 'test'], default='test')
    evaluate.add_argument('--held-out', type=Path, help='prepared knees to score instead, all of people that the run has not seen')
    evaluate.add_argument('--steps', type=int, default=None, help='DDIM steps; default: those of the highest PSNR on the validation part')
    evaluate.add_argument('--seed', type=int, default=7, help='noise seed of the generated volumes')
    evaluate.add_argument('--limit', type=int, help='at most this many knees')
    evaluate.add_argument('--out', type=Path, required=True, help='JSON file with every score')
    evaluate.add_argument('--device', choices=['auto', 'cpu', 'cuda'], default='cpu', help='where the volumes are generated')
    evaluate.set_defaults(run_command=_evaluate)

    export = commands.add_parser('export', help='write the bundle: ONNX graphs, manifest, model card')
    export.add_argument('--run', type=Path, help='folder of the training run')
    export.add_argument('--data', type=Path, help='folder written by "prepare"')
    export.add_argument(
        '--untrained',
        type=Path,
        metavar='CONFIG',
        help="instead of a run: this configuration's networks with random weights, to measure what they cost",
    )
    export.add_argument('--out', type=Path, required=True, help='bundle folder, for example models/knee-xray2mri-demo/1.0.1')
    export.add_argument('--name', help='default: that of the folder, models/NAME/VERSION')
    export.add_argument('--version', help='default: that of the folder')
    export.add_argument('--steps', type=int, default=12, help='default number of DDIM steps of the bundle')
    export.add_argument('--evaluation', type=Path, help='JSON written by "evaluate"; its figures go into manifest and card')
    export.add_argument('--effects', type=Path, help='JSON written by "feature-effect"; its table goes into the card')
    export.add_argument('--consistency', type=Path, help='JSON written by "film-consistency"; its table goes into the card')
    export.add_argument('--held-out', type=Path, help='prepared knees of other people for the golden values; default: the test part of --data')
    export.add_argument('--golden', type=Path, help='also write golden values of a sampled volume to this path (.json and .bin)')
    export.set_defaults(run_command=_export)
    add_further_commands(commands)
    add_inpainting_commands(commands)
    add_reading_commands(commands)
    add_refining_commands(commands)
    add_progression_commands(commands)
    add_study_commands(commands)
    add_superres_commands(commands)
    return parser


def _run_and_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--run', type=Path, required=True, help='folder of the training run')
    parser.add_argument('--data', type=Path, required=True, help='folder written by "prepare"')


def _prepare(options: argparse.Namespace) -> None:
    from .prepare import prepare

    complete = prepare(options.release, options.out, options.boxes, options.mri_only)
    print(f'{complete} knees are ready in {options.out}.')


def _train_autoencoder(options: argparse.Namespace) -> None:
    from .train_autoencoder import train_autoencoder

    _train(options, 'autoencoder', partial(train_autoencoder, decoder_of=options.decoder_of))


def _train_xray_encoder(options: argparse.Namespace) -> None:
    from .train_xray_encoder import train_xray_encoder

    _train(options, 'xray-encoder', train_xray_encoder)


def _train_diffusion(options: argparse.Namespace) -> None:
    from .train_diffusion import train_diffusion

    _train(options, 'diffusion', partial(train_diffusion, pairs=options.pairs))


def _train(options: argparse.Namespace, stage: str, train: Callable[..., Path]) -> None:
    config = load_config(options.config)
    if options.dry_run:
        from .dry_run import dry_run

        return dry_run(config, stage, options.data)
    if options.data is None or options.run is None:
        raise TrainingError(f'train-{stage} needs --data and --run (only --dry-run does without).')
    if options.steps is not None and options.steps < 0:
        raise TrainingError(f'--steps is {options.steps}; 0 or more are accepted.')
    train(config, options.data, options.run, options.resume, options.steps)


def _evaluate(options: argparse.Namespace) -> None:
    from .evaluate import evaluate_command

    evaluate_command(
        options.run, options.data, options.part, options.steps, options.seed, options.limit, options.out, options.device, options.held_out
    )


def _export(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .export import export_bundle, export_untrained

    name, version = bundle_name(options.out, options.name, options.version)
    if options.untrained is not None:
        return export_untrained(load_config(options.untrained), options.out, name, version, options.steps)
    if options.run is None or options.data is None:
        raise TrainingError('export needs --run and --data, or --untrained CONFIG.')
    export_bundle(
        options.run,
        options.data,
        options.out,
        name,
        version,
        options.steps,
        options.evaluation,
        options.golden,
        options.effects,
        options.consistency,
        options.held_out,
    )
