"""Commands of MRI inpainting: train the network, compare it with filling by rule, write the bundle."""

import argparse
from pathlib import Path


def add_inpainting_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    train = commands.add_parser('train-inpainter', help='train MRI inpainting: metal, cut edges, rectangles, lost slices')
    train.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/knee-mri-inpaint.yaml')
    train.add_argument('--data', type=Path, required=True, help='folder written by "prepare"; --mri-only is enough')
    train.add_argument('--run', type=Path, required=True, help='folder for checkpoint and log')
    train.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    train.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')
    train.add_argument('--start-from', type=Path, help='bundle folder to start from, for example ../models/knee-mri-inpaint/0.9.0')
    train.set_defaults(run_command=_train_inpainter)

    scores = commands.add_parser('evaluate-inpainter', help='compare the network with biharmonic filling and lines between slices')
    scores.add_argument('--run', type=Path, required=True, help='folder of train-inpainter')
    scores.add_argument('--data', type=Path, required=True, help='folder written by "prepare", of phantoms of other seeds than those trained on')
    scores.add_argument('--real', type=Path, help='folder with the *.dcm files of one real series')
    scores.add_argument('--out', type=Path, required=True, help='CSV file for the table')
    scores.add_argument('--limit', type=int, default=48, help='number of slices of the phantoms (default: 48)')
    scores.add_argument('--sheet', type=Path, help='also draw some slices: hidden, filled by each method, true (.png)')
    scores.set_defaults(run_command=_evaluate_inpainter)

    bundle = commands.add_parser('export-inpainter', help='write the network as a bundle')
    bundle.add_argument('--run', type=Path, required=True, help='folder of train-inpainter')
    bundle.add_argument('--out', type=Path, required=True, help='bundle folder <name>/<version>, for example ../models/knee-mri-inpaint/1.0.0')
    bundle.add_argument('--scores', type=Path, help='table of evaluate-inpainter; without it the card says "not measured"')
    bundle.add_argument('--golden', type=Path, help='also write golden values for the tests to this path (.json)')
    bundle.set_defaults(run_command=_export_inpainter)


def _train_inpainter(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .inpainting.network import InpainterConfig
    from .inpainting.training import train_inpainter

    config = config_of(InpainterConfig, read_yaml(options.config), str(options.config))
    train_inpainter(config, options.data, options.run, options.resume, options.steps, options.start_from)


def _evaluate_inpainter(options: argparse.Namespace) -> None:
    from .inpainting.evaluate import evaluate_inpainter

    evaluate_inpainter(options.run, options.data, options.real, options.out, options.limit, options.sheet)


def _export_inpainter(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .inpainting.export import export_inpainter

    export_inpainter(options.run, options.out, *bundle_name(options.out), options.scores, options.golden)
