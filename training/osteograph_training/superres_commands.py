"""Commands of MRI super-resolution: train teacher, students and arms, compare them, write the bundle."""

import argparse
from pathlib import Path


def add_superres_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    train = commands.add_parser('train-superres', help='train MRI super-resolution: teacher, students of halved steps, arms of the ablation')
    train.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/knee-mri-sr.yaml')
    train.add_argument('--data', type=Path, required=True, help='folder written by "prepare"; --mri-only is enough')
    train.add_argument('--run', type=Path, required=True, help='folder for checkpoints and logs')
    train.add_argument('--resume', action='store_true', help='keep what is whole and go on from the last checkpoint')
    train.add_argument('--start-from', type=Path, help='bundle folder to start from, for example ../models/knee-mri-sr/0.10.0')
    train.add_argument('--only', help='train one of teacher, student-4, student-2, student-1, arm-A, arm-B, arm-C, arm-D')
    train.set_defaults(run_command=_train_superres)

    scores = commands.add_parser('evaluate-superres', help='compare teacher, students and arms with cubic enlargement, on phantoms and real slices')
    scores.add_argument('--run', type=Path, help='folder of train-superres')
    scores.add_argument('--bundle', type=Path, help='bundle folder in the place of --run, for example ../models/knee-mri-sr/0.10.0')
    scores.add_argument('--data', type=Path, help='folder written by "prepare", of phantoms of other seeds than those trained on')
    scores.add_argument('--real', type=Path, help='folder with the *.dcm files of one real series')
    scores.add_argument('--out', type=Path, required=True, help='CSV file for the table')
    scores.add_argument('--limit', type=int, default=60, help='number of slices of the phantoms (default: 60)')
    scores.set_defaults(run_command=_evaluate_superres)

    bundle = commands.add_parser('export-superres', help='write teacher and student as a bundle')
    bundle.add_argument('--run', type=Path, required=True, help='folder of train-superres')
    bundle.add_argument('--out', type=Path, required=True, help='bundle folder <name>/<version>, for example ../models/knee-mri-sr/0.10.0')
    bundle.add_argument('--scores', type=Path, help='table of evaluate-superres; without it the card says "not measured"')
    bundle.add_argument('--golden', type=Path, help='also write golden values for the tests to this path (.json)')
    bundle.set_defaults(run_command=_export_superres)


def _train_superres(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .errors import TrainingError
    from .superres.network import SuperresConfig
    from .superres.training import names, train_superres

    if options.only is not None and options.only not in names():
        raise TrainingError(f'--only is {options.only}; accepted: {", ".join(names())}.')
    config = config_of(SuperresConfig, read_yaml(options.config), str(options.config))
    train_superres(config, options.data, options.run, options.resume, options.only, options.start_from)


def _evaluate_superres(options: argparse.Namespace) -> None:
    from .superres.evaluate import evaluate_superres

    evaluate_superres(options.run, options.bundle, options.data, options.real, options.out, options.limit)


def _export_superres(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .superres.export import export_superres

    export_superres(options.run, options.out, *bundle_name(options.out), options.scores, options.golden)
