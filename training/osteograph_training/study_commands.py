"""Commands that put questions to trained models; see the package `studies`."""

import argparse
from pathlib import Path


def add_study_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    study = commands.add_parser('study', help='train variants of one configuration under one budget and score them on the same held-out knees')
    study.add_argument(
        '--study', type=Path, required=True, help='YAML file with a base configuration and its variants, for example configs/study.yaml'
    )
    study.add_argument('--data', type=Path, required=True, help='folder written by "prepare"')
    study.add_argument('--autoencoder', type=Path, required=True, metavar='RUN', help='run folder whose autoencoder all variants share')
    study.add_argument('--out', type=Path, required=True, help='folder for the runs; variants that are done there are kept')
    study.add_argument('--jobs', type=int, default=2, help='variants trained at the same time, one thread each')
    study.set_defaults(run_command=_study)

    report = commands.add_parser('study-report', help='print the tables of a study and draw its figures')
    report.add_argument('--study', type=Path, required=True, help='the YAML file that "study" ran')
    report.add_argument('--out', type=Path, required=True, help='the folder that "study" wrote')
    report.add_argument('--figures', type=Path, required=True, help='folder for the figures (PNG)')
    report.set_defaults(run_command=_study_report)

    few = commands.add_parser('few-steps', help='compare samplers of few steps: DDIM and DPM-Solver++(2M) on a teacher, DDIM on its students')
    few.add_argument('--run', type=Path, required=True, help='folder of the training run that is the teacher')
    few.add_argument('--data', type=Path, required=True, help='folder written by "prepare"')
    few.add_argument('--students', type=Path, help='folder written by "distil"')
    few.add_argument('--steps', type=int, nargs='+', default=[1, 2, 4, 8, 16, 32], help='numbers of steps of the teacher')
    few.add_argument('--limit', type=int, default=12, help='held-out participants, one knee of each')
    few.add_argument('--every', type=int, default=4, help='of each series every so many slices')
    few.add_argument('--seed', type=int, default=7, help='noise seed of the generated slices')
    few.add_argument('--out', type=Path, required=True, help='JSON file with the scores of every knee')
    few.set_defaults(run_command=_few_steps)

    films = commands.add_parser('compare-films', help='hold the geometry of phantom films against that of real ones, of training people')
    films.add_argument('--release', type=Path, required=True, help='synthetic release; "synth --films-only" is enough')
    films.add_argument('--films', type=Path, required=True, help='folder of real crops with index.csv (file, participant, side, kl)')
    films.add_argument('--limit', type=int, default=400, help='at most so many real films with KL 0-1 and with KL 2-4')
    films.set_defaults(run_command=_compare_films)

    consistency = commands.add_parser('film-consistency', help='hold volumes generated from real films against the joints that the films show')
    consistency.add_argument('--run', type=Path, required=True, help='folder of the training run')
    consistency.add_argument('--films', type=Path, required=True, help='folder of real crops with index.csv (file, participant, side, kl)')
    consistency.add_argument('--data', type=Path, required=True, help='prepared phantoms of people that the run was not trained on')
    consistency.add_argument('--part', choices=['validation', 'test'], default='test', help='part of the frozen split of the films')
    consistency.add_argument('--limit', type=int, default=200, help='at most so many films, and phantoms')
    consistency.add_argument('--steps', type=int, default=1, help='DDIM steps')
    consistency.add_argument('--seed', type=int, default=7, help='noise seed of the generated volumes')
    consistency.add_argument('--out', type=Path, required=True, help='JSON file with the figures')
    consistency.set_defaults(run_command=_film_consistency)

    effect = commands.add_parser('feature-effect', help='hold what a feature changes in generated volumes against what it changes in the phantoms')
    effect.add_argument('--run', type=Path, required=True, help='folder of the training run')
    effect.add_argument(
        '--folder',
        type=Path,
        required=True,
        help='prepared releases of the same knees: "base", and beside it one for each grade set with "synth --grade"',
    )
    effect.add_argument('--steps', type=int, default=1, help='DDIM steps')
    effect.add_argument('--seed', type=int, default=7, help='noise seed of the generated volumes')
    effect.add_argument('--guidance', type=float, default=1, help='how strongly the grades pull; 1 is as trained')
    effect.add_argument('--keep-kl', action='store_true', help='tell the KL grade of the release too; without it KL is missing')
    effect.add_argument('--out', type=Path, required=True, help='JSON file with the figures of every knee')
    effect.add_argument('--sheet', type=Path, help='PNG of one knee: a row of each feature')
    effect.add_argument('--shown', nargs='+', metavar='FEATURE', help='features that the PNG shows, such as XRCYTM=1; default: all')
    effect.set_defaults(run_command=_feature_effect)


def _study(options: argparse.Namespace) -> None:
    from .studies.variants import run_study

    run_study(options.study, options.data, options.autoencoder, options.out, options.jobs)


def _study_report(options: argparse.Namespace) -> None:
    from .studies.report import report_study

    print(report_study(options.study, options.out, options.figures))


def _feature_effect(options: argparse.Namespace) -> None:
    from .studies.feature_effect import effect_table, feature_effect

    result = feature_effect(
        options.run, options.folder, options.steps, options.seed, options.out, options.sheet, options.shown, options.guidance, options.keep_kl
    )
    print(effect_table(result))


def _compare_films(options: argparse.Namespace) -> None:
    from .studies.film_geometry import compare_films, geometry_table

    print(geometry_table(compare_films(options.release, options.films, options.limit)))


def _film_consistency(options: argparse.Namespace) -> None:
    from .studies.film_consistency import consistency_table, film_consistency

    result = film_consistency(options.run, options.films, options.data, options.part, options.limit, options.steps, options.seed, options.out)
    print(consistency_table(result))


def _few_steps(options: argparse.Namespace) -> None:
    from .studies.few_steps import compare_few_steps, few_steps_table

    rows = compare_few_steps(options.run, options.data, options.students, options.steps, options.limit, options.every, options.seed, options.out)
    print(few_steps_table(rows))
