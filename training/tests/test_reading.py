"""The frozen split of people, and the KL grader: scores pinned to scikit-learn's definitions, training that can be resumed."""

import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from osteograph_training.cli import main
from osteograph_training.errors import TrainingError
from osteograph_training.film_split import part_by_hash, read_film_split, write_film_split
from osteograph_training.reading.films import joint_window, load_graded_films, random_films
from osteograph_training.reading.grader import GraderConfig, GraderOptions, wanted_chances
from osteograph_training.reading.scores import calibration_error, confusion, grader_scores, quadratic_kappa
from osteograph_training.reading.strangeness import fit_strangeness, no_knees
from osteograph_training.reading.training import grade_films, load_graders, train_grader

SMALL = GraderConfig(
    seeds=(1, 2), log_every=1, validate_every=2, grader=GraderOptions(widths=(8, 8), blocks=1, batch=4, steps=2, warmup=1, mixup=0.2)
)


def test_the_committed_split_is_the_one_that_the_hash_gives() -> None:
    split = read_film_split()
    assert len(split) == 2889
    assert {part: list(split.values()).count(part) for part in ('train', 'validation', 'test', 'judge')} == {
        'train': 2013,
        'validation': 274,
        'test': 302,
        'judge': 300,
    }
    assert all(part == part_by_hash(participant) for participant, part in split.items())


def test_a_split_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / 'films.csv'
    write_film_split(['b', 'a', 'b'], path)
    assert path.read_text() == f'participant,part\na,{part_by_hash("a")}\nb,{part_by_hash("b")}\n'
    with pytest.raises(TrainingError, match='stays as it is'):
        write_film_split(['c'], path)


def test_an_unknown_part_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'films.csv'
    path.write_text('participant,part\na,holdout\n')
    with pytest.raises(TrainingError, match="names the part 'holdout'; the parts are train, validation, test, judge"):
        read_film_split(path)


def test_scores_agree_with_values_worked_out_by_scikit_learn() -> None:
    # cohen_kappa_score(grades, found, weights='quadratic') and accuracy_score of scikit-learn
    grades, found = np.array([0, 0, 1, 2, 3, 4, 1, 2]), np.array([0, 1, 1, 2, 2, 4, 0, 4])
    assert quadratic_kappa(found, grades) == pytest.approx(0.7777777777777778)
    assert confusion(found, grades)[2].tolist() == [0, 0, 1, 0, 1]
    chances = np.eye(5)[found] * 0.9 + 0.02
    scores = grader_scores(chances, grades)
    assert scores['accuracy'] == 0.5
    assert scores['expectedKappa'] == pytest.approx(0.7777777777777778)
    assert scores['calibrationError'] == pytest.approx(0.92 - 0.5)
    assert calibration_error(np.eye(5)[grades], grades) == 0


def test_neighbouring_grades_share_the_smoothing() -> None:
    chances = wanted_chances(torch.tensor([0, 2]), 0.25)
    assert chances.numpy() == pytest.approx(np.array([[0.8, 0.2, 0, 0, 0], [0, 1 / 6, 2 / 3, 1 / 6, 0]]))


def test_films_of_left_knees_are_mirrored_and_people_of_other_parts_left_out(tmp_path: Path) -> None:
    people = _films(tmp_path)
    films = load_graded_films(tmp_path, 'train')
    assert set(films.participants) == {people['train']}
    right, left = films.images[films.names.index('r-train.png'), 0], films.images[films.names.index('l-train.png'), 0]
    assert torch.equal(right, left)
    assert joint_window(films.images).shape == (2, 1, 144, 224)
    with pytest.raises(TrainingError, match='lists no film'):
        load_graded_films(tmp_path, 'nobody')


def test_a_step_draws_the_same_films_again_for_the_same_stream() -> None:
    films = torch.randint(0, 255, (3, 1, 224, 224), dtype=torch.uint8)
    once, again = (random_films(films, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.min() >= 0 and once.max() <= 255


def test_training_ends_in_an_ensemble_whose_probabilities_do_not_depend_on_the_side(tmp_path: Path) -> None:
    _films(tmp_path / 'films')
    paths = train_grader(SMALL, tmp_path / 'films', tmp_path / 'run')
    ensemble, config, saved = load_graders(paths)
    assert config == SMALL
    assert [content['seed'] for content in saved] == [1, 2]
    films = load_graded_films(tmp_path / 'films', 'validation').images
    chances = grade_films(ensemble, films)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(films)), abs=1e-6)
    assert grade_films(ensemble, films.flip(3)) == pytest.approx(chances, abs=1e-6)


def test_a_run_that_is_resumed_keeps_what_is_whole(tmp_path: Path) -> None:
    _films(tmp_path / 'films')
    first, _ = train_grader(SMALL, tmp_path / 'films', tmp_path / 'run')
    before = first.stat().st_mtime_ns
    train_grader(SMALL, tmp_path / 'films', tmp_path / 'run', resume=True)
    assert first.stat().st_mtime_ns == before


def test_an_exported_bundle_says_what_was_measured(tmp_path: Path) -> None:
    _films(tmp_path / 'films')
    train_grader(SMALL, tmp_path / 'films', tmp_path / 'run')
    out = tmp_path / 'models' / 'knee-kl-grader' / '1.0.0'
    options = ['--run', str(tmp_path / 'run'), '--films', str(tmp_path / 'films'), '--out', str(out), '--golden', str(tmp_path / 'golden')]
    assert main(['export-grader', *options]) == 0
    manifest = json.loads((out / 'bundle.json').read_text())
    assert (manifest['format'], manifest['name'], manifest['version']) == ('osteograph-bundle/2', 'knee-kl-grader', '1.0.0')
    assert manifest['trainedOn']['synthetic'] is False
    assert manifest['evaluation']['data'] == '2 films of 1 test people'
    assert sum(map(sum, manifest['evaluation']['metrics']['confusion'])) == 2
    session = onnxruntime.InferenceSession(out / 'grader.onnx')
    golden = json.loads((tmp_path / 'golden.json').read_text())
    picture = np.frombuffer((tmp_path / 'golden.bin').read_bytes(), dtype=np.uint8).reshape(1, 1, 224, 224).astype(np.float32)
    chances, distance = session.run(None, {'film': picture})
    assert chances[0] == pytest.approx(golden['chances'], abs=1e-4)
    assert distance[0] == pytest.approx(golden['distance'], abs=1e-2)
    assert 'Trained on 2 films of 1 people' in (out / 'README.md').read_text()


def test_a_run_without_networks_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'run').mkdir()
    assert main(['export-grader', '--run', str(tmp_path / 'run'), '--films', str(tmp_path), '--out', str(tmp_path / 'knee' / '1.0.0')]) == 2
    assert 'holds no grader-<seed>.pt' in capsys.readouterr().err


def test_what_is_strange_is_learned_from_both_sides() -> None:
    stream = torch.Generator().manual_seed(1)
    knees, others = torch.randn(400, 6, generator=stream), torch.randn(200, 6, generator=stream) + 3
    strangeness = fit_strangeness(knees, others)
    assert (strangeness(torch.randn(200, 6, generator=stream)) < 0.5).float().mean() > 0.99
    assert (strangeness(torch.randn(200, 6, generator=stream) + 3) > 0.5).float().mean() > 0.99
    # However far beyond, one statistic counts for six deviations.
    assert torch.equal(strangeness.logit(torch.full((1, 6), 1e6)), strangeness.logit(torch.full((1, 6), 1e9)))


def test_what_is_no_knee_comes_in_ten_kinds_and_is_the_same_for_the_same_stream() -> None:
    films = torch.randint(0, 255, (10, 1, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    once, again = (no_knees(films, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.shape == films.shape and once.min() >= 0 and once.max() <= 255
    assert len({tuple(picture.flatten()[:50].tolist()) for picture in once}) == 10


def _films(folder: Path) -> dict[str, str]:
    """Two noisy films, right and left, of one person in each part."""
    folder.mkdir(parents=True, exist_ok=True)
    split = read_film_split()
    people = {part: next(person for person, its in split.items() if its == part) for part in ('train', 'validation', 'test')}
    rng = np.random.default_rng(0)
    rows = []
    for part, person in people.items():
        pixels = rng.integers(0, 255, (224, 224), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f'r-{part}.png')
        Image.fromarray(np.ascontiguousarray(pixels[:, ::-1])).save(folder / f'l-{part}.png')
        rows += [[f'r-{part}.png', person, 'R', 1], [f'l-{part}.png', person, 'L', 3]]
    with (folder / 'index.csv').open('w', newline='') as file:
        csv.writer(file).writerows([['file', 'participant', 'side', 'kl'], *rows])
    return people
