"""Commands of the radiograph's own networks: the frozen split of people, the KL grader, the restorer."""

import argparse
from pathlib import Path


def add_reading_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    split = commands.add_parser('film-split', help='write the part of every participant of a folder of graded films; never over one that exists')
    split.add_argument('--films', type=Path, required=True, help='folder with index.csv (file, participant, side, kl)')
    split.add_argument('--out', type=Path, required=True, help='CSV file, for example training/splits/films.csv')
    split.set_defaults(run_command=_film_split)

    train = commands.add_parser('train-grader', help='train the KL grader on graded films of real people')
    _add_training_options(train, 'configs/knee-kl-grader.yaml')
    train.set_defaults(run_command=_train_grader)

    export = commands.add_parser('export-grader', help='write the trained networks as a bundle, with their scores on the test people')
    export.add_argument('--run', type=Path, required=True, help='folder of train-grader')
    export.add_argument('--films', type=Path, required=True, help='folder of graded films with index.csv')
    export.add_argument('--out', type=Path, required=True, help='bundle folder <name>/<version>, for example ../models/knee-kl-grader/1.0.0')
    export.add_argument('--golden', type=Path, help='also write golden values for the tests to this path (.json and .bin)')
    export.set_defaults(run_command=_export_grader)

    restorer = commands.add_parser('train-restorer', help='train the restorer of radiographs on films of real people')
    _add_training_options(restorer, 'configs/knee-xray-restore.yaml')
    restorer.add_argument('--start-from', type=Path, help='bundle folder to start from, for example ../models/knee-xray-restore/0.9.0')
    restorer.set_defaults(run_command=_train_restorer)

    scores = commands.add_parser('evaluate-restorer', help='compare the restorer with classical methods on films of test people')
    scores.add_argument('--run', type=Path, required=True, help='folder of train-restorer')
    scores.add_argument('--films', type=Path, required=True, help='folder of graded films with index.csv')
    scores.add_argument('--out', type=Path, required=True, help='CSV file for the table')
    scores.add_argument('--limit', type=int, default=200, help='number of films (default: 200)')
    scores.add_argument('--graders', type=Path, help='folder of train-grader: also say how much the expected KL grade changes')
    scores.set_defaults(run_command=_evaluate_restorer)

    bundle = commands.add_parser('export-restorer', help='write the trained restorer as a bundle')
    bundle.add_argument('--run', type=Path, required=True, help='folder of train-restorer')
    bundle.add_argument('--out', type=Path, required=True, help='bundle folder <name>/<version>, for example ../models/knee-xray-restore/1.0.0')
    bundle.add_argument('--scores', type=Path, help='table of evaluate-restorer; without it the card says "not measured"')
    bundle.add_argument('--golden', type=Path, help='also write golden values for the tests to this path (.json and .bin)')
    bundle.set_defaults(run_command=_export_restorer)


def _add_training_options(command: argparse.ArgumentParser, example: str) -> None:
    command.add_argument('--config', type=Path, required=True, help=f'YAML file, for example {example}')
    command.add_argument('--films', type=Path, required=True, help='folder of graded films with index.csv')
    command.add_argument('--run', type=Path, required=True, help='folder for checkpoints and logs')
    command.add_argument('--resume', action='store_true', help='go on from the last checkpoint of each network')
    command.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')


def _film_split(options: argparse.Namespace) -> None:
    import csv

    from .errors import TrainingError
    from .film_split import write_film_split

    index = options.films / 'index.csv'
    if not index.is_file():
        raise TrainingError(f'{index} does not exist; a folder of graded films with an index is expected.')
    with index.open(newline='', encoding='utf-8') as file:
        write_film_split([row['participant'] for row in csv.DictReader(file)], options.out)


def _train_grader(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .reading.grader import GraderConfig
    from .reading.training import train_grader

    config = config_of(GraderConfig, read_yaml(options.config), str(options.config))
    train_grader(config, options.films, options.run, options.resume, options.steps)


def _export_grader(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .reading.export import export_grader

    export_grader(options.run, options.films, options.out, *bundle_name(options.out), options.golden)


def _train_restorer(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .restoration.restorer import RestorerConfig
    from .restoration.training import train_restorer

    config = config_of(RestorerConfig, read_yaml(options.config), str(options.config))
    train_restorer(config, options.films, options.run, options.resume, options.steps, options.start_from)


def _evaluate_restorer(options: argparse.Namespace) -> None:
    from .restoration.evaluate import evaluate_restorer

    evaluate_restorer(options.run, options.films, options.out, options.limit, options.graders)


def _export_restorer(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .restoration.export import export_restorer

    export_restorer(options.run, options.out, *bundle_name(options.out), options.scores, options.golden)
