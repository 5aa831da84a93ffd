"""Commands of the refiner: the network over the joint that a run may have besides its generator."""

import argparse
from pathlib import Path


def add_refining_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    train = commands.add_parser('train-refiner', help="train the network over the joint on what a run's generator makes of pairs")
    train.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/refiner.yaml')
    train.add_argument('--run', type=Path, required=True, help='run whose generator is there, trained or restored; the network becomes a part of it')
    train.add_argument(
        '--pairs',
        type=Path,
        nargs='+',
        action='append',
        required=True,
        metavar='FOLDER',
        help='prepared releases of the same knees with other grades (synth --redraw); may be given again for other knees',
    )
    train.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    train.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')
    train.set_defaults(run_command=_train_refiner)


def _train_refiner(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .refining.config import RefinerConfig
    from .refining.training import train_refiner

    config = config_of(RefinerConfig, read_yaml(options.config), str(options.config))
    train_refiner(config, options.run, options.pairs, options.resume, options.steps)
