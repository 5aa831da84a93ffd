"""Commands beside the road from release to generator bundle: the split, restored bundles, the knee detector, few-step students."""

import argparse
import json
from pathlib import Path


def add_further_commands(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    split = commands.add_parser('split', help='print who is in a part of the split, as a filter that the platform takes')
    split.add_argument('--config', type=Path, required=True, help='YAML file whose split it is, for example configs/demo.yaml')
    split.add_argument('--release', type=Path, required=True, help='root folder of the release')
    split.add_argument('--part', choices=['train', 'validation', 'test'], default='test')
    split.set_defaults(run_command=_split)

    restore = commands.add_parser('restore', help='turn a bundle that "export" wrote into a run again, to evaluate, distil or train on')
    restore.add_argument('--bundle', type=Path, required=True, help='bundle folder, for example models/knee-xray2mri-demo/1.0.1')
    restore.add_argument('--run', type=Path, required=True, help='run folder to write; its autoencoder comes from "train-autoencoder --decoder-of"')
    restore.set_defaults(run_command=_restore)

    detector = commands.add_parser('train-detector', help='train the knee detector on the bilateral films of a release')
    detector.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/knee-detector.yaml')
    detector.add_argument('--release', type=Path, required=True, help='root folder of the release; films are enough')
    detector.add_argument('--boxes', type=Path, help='CSV of film boxes as for "prepare"; default: the release\'s synthetic-truth.csv')
    detector.add_argument(
        '--crops', type=Path, required=True, help='folder of real single-knee films with index.csv; its people for training are used'
    )
    detector.add_argument('--run', type=Path, required=True, help='folder for checkpoints, logs and the films as they are kept')
    detector.add_argument('--start', type=Path, help='bundle folder of a knee detector whose weights a new run begins with')
    detector.add_argument('--resume', action='store_true', help='go on from the last checkpoint of the run')
    detector.add_argument('--steps', type=int, help='overrides the number of steps of the configuration')
    detector.set_defaults(run_command=_train_detector)

    bundle = commands.add_parser('export-detector', help='write the bundle of a knee detector, scored on the films held out from training')
    bundle.add_argument('--release', type=Path, required=True, help='the release it was trained on')
    bundle.add_argument('--boxes', type=Path, help='as for "train-detector"')
    bundle.add_argument('--run', type=Path, required=True, help='folder of the training run')
    bundle.add_argument('--out', type=Path, required=True, help='bundle folder, for example models/knee-detector/1.0.1')
    bundle.add_argument('--name', help='default: that of the folder, models/NAME/VERSION')
    bundle.add_argument('--version', help='default: that of the folder')
    bundle.add_argument('--threshold', type=float, default=0.5, help='confidence from which a knee is one')
    bundle.add_argument('--views', action='store_true', help='let the graph also say what a film shows, how it is turned, whether it is inverted')
    bundle.add_argument('--scores', type=Path, help='CSV file that "evaluate-detector" wrote of an earlier export of this run, for the card')
    bundle.add_argument('--golden', type=Path, help='also write a film and what PyTorch finds on it to this path (.json and .bin)')
    bundle.set_defaults(run_command=_export_detector)

    scores = commands.add_parser('evaluate-detector', help='score a knee detector bundle on phantoms, real knees of test people, other views')
    scores.add_argument('--bundle', type=Path, required=True, help='bundle folder, for example models/knee-detector/1.0.1')
    scores.add_argument('--films', type=Path, required=True, help='folder of real single-knee films with index.csv')
    scores.add_argument('--release', type=Path, action='append', default=[], help='release whose films are scored too; may be given again')
    scores.add_argument('--out', type=Path, required=True, help='CSV file to write, a row for each kind of film')
    scores.add_argument('--cache', type=Path, required=True, help='folder that keeps films as they are read and the joints traced in them')
    scores.set_defaults(run_command=_evaluate_detector)

    distil = commands.add_parser('distil', help="halve a trained denoiser's steps again and again by progressive distillation")
    distil.add_argument('--run', type=Path, required=True, help='folder of the training run that is the first teacher')
    distil.add_argument('--data', type=Path, required=True, help='folder written by "prepare"')
    distil.add_argument('--out', type=Path, required=True, help='run folder of the student; "evaluate" and "export" read it')
    distil.add_argument('--from', dest='teacher_steps', type=int, default=32, help='steps of the first teacher')
    distil.add_argument('--to', dest='student_steps', type=int, default=4, help='steps of the last student')
    distil.add_argument('--updates', type=int, default=1000, help='optimiser steps of each stage')
    distil.add_argument('--rate', type=float, default=1e-4, help='learning rate at the start of each stage')
    distil.add_argument('--resume', action='store_true', help='keep the stages that are there')
    distil.set_defaults(run_command=_distil)


def _split(options: argparse.Namespace) -> None:
    from .config import load_config
    from .dataset import Split
    from .release import read_knees

    data = load_config(options.config).data
    split = Split.of(data)
    participants = sorted({knee.participant for knee in read_knees(options.release)})
    chosen = [participant for participant in participants if split.part_of(participant) == options.part]
    print(json.dumps({'participant': {'oaiId': {'in': chosen}}}))


def _restore(options: argparse.Namespace) -> None:
    from .restore import restore

    path = restore(options.bundle, options.run)
    print(f'{path} holds the generator; fit an encoder with "train-autoencoder --decoder-of {options.bundle}".')


def _evaluate_detector(options: argparse.Namespace) -> None:
    from .finding.evaluate import evaluate_detector

    evaluate_detector(options.bundle, options.films, options.release, options.out, options.cache)


def _train_detector(options: argparse.Namespace) -> None:
    from .checked_yaml import config_of, read_yaml
    from .detector import DetectorConfig
    from .detector_training import train_detector

    config = config_of(DetectorConfig, read_yaml(options.config), str(options.config))
    train_detector(config, options.release, options.boxes, options.crops, options.run, options.resume, options.steps, options.start)


def _export_detector(options: argparse.Namespace) -> None:
    from .bundle_folder import bundle_name
    from .detector_export import export_detector

    name, version = bundle_name(options.out, options.name, options.version)
    export_detector(
        options.run, options.release, options.boxes, options.out, name, version, options.threshold, options.golden, options.scores, options.views
    )


def _distil(options: argparse.Namespace) -> None:
    from .distil import distil

    distil(options.run, options.data, options.out, options.teacher_steps, options.student_steps, options.updates, options.rate, options.resume)
