"""Commands of the progression of radiographs: training the network, scoring progressions, writing the bundle."""

import argparse
from pathlib import Path


def add_progression_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    train = commands.add_parser('train-remodeller', help='measure joint spaces by grade and train what a progression adds near the joint')
    train.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/knee-xray-progression.yaml')
    train.add_argument('--films', type=Path, required=True, help='folder of graded films with index.csv')
    train.add_argument('--run', type=Path, required=True, help='folder for checkpoints, traced joints and logs')
    train.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    train.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')
    train.add_argument('--start-from', type=Path, help='bundle folder to start from, for example ../models/knee-xray-progression/0.9.0')
    train.set_defaults(run_command=_train_remodeller)

    scores = commands.add_parser(
        'evaluate-progression', help='bring healthy films of test people to KL 4 and judge them against real ones and rivals'
    )
    scores.add_argument('--run', type=Path, required=True, help='folder of train-remodeller')
    scores.add_argument('--judge', type=Path, required=True, help='folder of train-grader on the judge people (configs/progression-judge.yaml)')
    scores.add_argument('--films', type=Path, required=True, help='folder of graded films with index.csv')
    scores.add_argument('--out', type=Path, required=True, help='CSV file for the table')
    scores.add_argument('--limit', type=int, default=60, help='number of healthy films (default: 60)')
    scores.add_argument('--amplitudes', type=float, nargs='+', default=[1.0], help='how much of what the network adds is added (default: 1)')
    scores.add_argument('--part', choices=['validation', 'test'], default='test', help='whose films: amplitudes are chosen on validation people')
    scores.set_defaults(run_command=_evaluate_progression)

    bundle = commands.add_parser('export-progression', help='write the network and the measured widths as a bundle')
    bundle.add_argument('--run', type=Path, required=True, help='folder of train-remodeller')
    bundle.add_argument('--out', type=Path, required=True, help='bundle folder <name>/<version>, for example ../models/knee-xray-progression/1.0.0')
    bundle.add_argument('--amplitude', type=float, default=1.0, help='how much of what the network adds is added (default: 1)')
    bundle.add_argument('--scores', type=Path, help='table of evaluate-progression; without it the card says "not measured"')
    bundle.add_argument('--golden', type=Path, help='also write golden values for the tests to this path (.json and .bin)')
    bundle.set_defaults(run_command=_export_progression)


def _train_remodeller(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .progression.remodel import RemodellerConfig
    from .progression.training import train_remodeller

    config = config_of(RemodellerConfig, read_yaml(options.config), str(options.config))
    train_remodeller(config, options.films, options.run, options.resume, options.steps, options.start_from)


def _evaluate_progression(options: argparse.Namespace) -> None:
    from .progression.evaluate import evaluate_progression

    evaluate_progression(options.run, options.judge, options.films, options.out, options.limit, options.amplitudes, options.part)


def _export_progression(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .progression.export import export_progression

    export_progression(options.run, options.out, *bundle_name(options.out), options.amplitude, options.scores, options.golden)
