"""Progression: the field closes a joint without folding, amplitudes fall with the grade, and the network adds nothing where nothing changes."""

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
from osteograph_training.film_split import read_film_split
from osteograph_training.progression.amplitude import measured_widths, shares, way
from osteograph_training.progression.field import closing, displacement, jacobian, joint_line, warped
from osteograph_training.progression.films import TracedFilms, load_traced_films
from osteograph_training.progression.progress import progress
from osteograph_training.progression.remodel import (
    COLUMNS,
    ROWS,
    RemodellerConfig,
    RemodellerOptions,
    added,
    joint_maps,
    line_tensors,
    pictures,
    remodeller,
)
from osteograph_training.progression.scores import frechet_distance, kernel_distance, narrowest, psnr, shaft_correlation
from osteograph_training.progression.training import load_remodeller, train_remodeller

WIDTHS = {name: {'medial': [4.0, 3.5, 3.0, 2.0, 1.6], 'lateral': [5.0, 5.0, 4.5, 4.0, 3.0]} for name in ('medial', 'lateral', 'both')}
TINY = RemodellerConfig(
    log_every=1, validate_every=2, remodeller=RemodellerOptions(widths=(8, 8, 8), blocks=1, middle=1, per_grade=2, batch=4, steps=2, warmup=1)
)


def drawn_knee(gap: int = 10, shift: int = 0) -> np.ndarray:
    """Two blocks of bone, the upper one with a wavy lower edge, `gap` rows apart: float [224,224] in 0..255."""
    rows, columns = np.mgrid[0:224, 0:224]
    edge = 108 + shift + 4 * np.sin(columns / 20)
    bone = (rows < edge) | (rows > edge + gap)
    film = np.where(bone & (columns > 16) & (columns < 208), 180.0, 60.0)
    return film + 6 * np.sin(rows / 3) * np.cos(columns / 4)


def test_the_closed_joint_is_as_wide_as_was_wished() -> None:
    film = drawn_knee()
    line = joint_line(film / 255)
    closed = warped(film, displacement(line, closing(0.4, 0.4), 1, 224))
    assert narrowest(closed) / narrowest(film) == pytest.approx(0.4, abs=0.06)
    opened = warped(film, displacement(line, closing(1.8, 1.8), 1, 224))
    assert narrowest(opened) / narrowest(film) == pytest.approx(1.8, abs=0.15)


def test_a_compartment_that_is_not_affected_keeps_its_gap() -> None:
    film = drawn_knee()
    line = joint_line(film / 255)
    closed = joint_line(warped(film, displacement(line, closing(1.0, 0.4), 1, 224)) / 255)
    assert closed.left == pytest.approx(line.left, abs=0.5)
    assert closed.right / line.right == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize('share', [0.05, 0.34, 1.0, 2.0, 9.0])
def test_the_field_never_folds_and_ends_before_the_shafts(share: float) -> None:
    field = displacement(joint_line(drawn_knee() / 255), closing(share, 1), 1, 224)
    assert jacobian(field).min() >= 0.3
    assert np.abs(field[:50]).max() == 0
    assert np.abs(field[180:]).max() == 0


def test_going_there_and_back_is_to_stay() -> None:
    line = joint_line(drawn_knee() / 255)
    gaps = closing(0.5, 0.7)
    there, back = displacement(line, gaps, 1, 224), displacement(line, gaps, -1, 224)
    rows = np.arange(224.0)
    for column in (40, 112, 180):
        there_and_back = back[:, column] + np.interp(rows + back[:, column], rows, there[:, column])
        assert np.abs(there_and_back).max() < 0.05


def test_a_film_without_a_joint_is_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match='The edges of the joint could not be traced on this film'):
        joint_line(np.full((224, 224), 0.5))


def test_the_widths_of_grades_fall_and_are_medians_of_the_affected_compartment() -> None:
    line = joint_line(drawn_knee() / 255)
    medial = [8.0, 8.2, 7.0, 4.0, 3.0]
    lines = [type(line)(line.middle, line.half, 11.0, width) for width in medial for _ in range(3)]
    films = TracedFilms(['x'] * 15, ['p'] * 15, torch.zeros(15, 1, 224, 224, dtype=torch.uint8), torch.arange(5).repeat_interleave(3), lines)
    widths = measured_widths(films)['both']
    # 8.0 and 8.2 rows pool to 8.1 of 224.
    assert widths['medial'] == pytest.approx([100 * value / 224 for value in (8.1, 8.1, 7.0, 4.0, 3.0)], abs=1e-3)
    assert widths['lateral'] == pytest.approx([100 * 11 / 224] * 5, abs=1e-3)


def test_frames_stand_where_films_of_their_grade_do() -> None:
    grades, times = way(WIDTHS, 'medial', 0, 4, 5)
    assert grades.tolist() == [0, 1, 2, 3, 4]
    expected = np.log(np.array([4.0, 3.5, 3.0, 2.0, 1.6]) / 4) / np.log(1.6 / 4)
    assert times == pytest.approx(expected)
    assert shares(WIDTHS, 'medial', 4, 0) == pytest.approx((2.5, 5 / 3))


def test_the_joint_space_of_the_frames_never_grows_and_the_shafts_stay() -> None:
    film = drawn_knee()
    frames, _ = progress(film, joint_line(film / 255), WIDTHS, 'both', 0, 4, 5)
    widths = [narrowest(frame) for frame in frames]
    assert widths == sorted(widths, reverse=True)
    assert np.array_equal(frames[0], film)
    assert shaft_correlation(frames[-1], film) > 0.999


def test_an_untrained_network_adds_nothing_and_a_trained_one_nothing_at_the_films_own_grade() -> None:
    network = remodeller(TINY.remodeller).eval()
    film = drawn_knee()
    line = joint_line(film / 255)
    picture = pictures(torch.from_numpy(film)[None, None].float())[0]
    assert picture.shape == (1, 1, ROWS, COLUMNS)
    space, near = joint_maps(*line_tensors(line.middle[None], line.half[None]))
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    torch.nn.init.normal_(network.told[2].weight, std=1)
    torch.nn.init.normal_(network.middle.blocks[0].scale.weight, std=1)
    torch.nn.init.normal_(network.middle.blocks[0].second.weight, std=0.1)
    two, three = torch.tensor([2.0]), torch.tensor([3.0])
    affected = torch.tensor([[True, False]])
    assert added(network, picture, space, near, two, two, affected).abs().max() == 0
    change = added(network, picture, space, near, two, three, affected)
    assert change.abs().max() > 1e-4
    halfway = added(network, picture, space, near, two, torch.tensor([2.5]), affected)
    assert torch.allclose(halfway, change / 2, atol=1e-5)


def test_distances_of_feature_sets_are_none_between_the_same_and_grow_with_the_shift() -> None:
    stream = np.random.default_rng(1)
    first, second = stream.standard_normal((400, 4)), stream.standard_normal((400, 4))
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second + 2) == pytest.approx(16, rel=0.15)
    assert abs(kernel_distance(first, second)) < 50
    assert kernel_distance(first, second + 1) > 500
    assert psnr(np.arange(100.0), np.arange(100.0) + 9) == pytest.approx(-10 * np.log10((9 / 93.06) ** 2), abs=1e-6)


def films_folder(folder: Path) -> Path:
    split = read_film_split()
    rows = []
    for part, count in (('train', 10), ('validation', 10)):
        people = [person for person, where in split.items() if where == part][:count]
        for index, person in enumerate(people):
            kl = index % 5
            name = f'{person}R.png'
            image = drawn_knee(12 - 2 * kl, index).clip(0, 255).astype(np.uint8)
            Image.fromarray(image).save(folder / name)
            rows.append({'file': name, 'participant': person, 'side': 'R', 'kl': kl})
    with (folder / 'index.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_training_traces_films_once_can_be_resumed_and_keeps_the_widths(tmp_path: Path) -> None:
    films = films_folder(tmp_path)
    run = tmp_path / 'run'
    train_remodeller(TINY, films, run)
    _, config, saved, widths = load_remodeller(run)
    assert config == TINY
    assert saved['step'] == 2
    assert widths['widths']['both']['medial'] == sorted(widths['widths']['both']['medial'], reverse=True)
    before = (run / 'joints-train.npz').stat().st_size
    train_remodeller(TINY, films, run, resume=True, steps=4)
    assert load_remodeller(run)[2]['step'] == 4
    assert (run / 'joints-train.npz').stat().st_size == before
    assert len(load_traced_films(films, run, 'train', 1)) == 5


def test_a_missing_folder_of_films_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / 'config.yaml'
    config.write_text(json.dumps({'remodeller': {'steps': 1}}))
    code = main(['train-remodeller', '--config', str(config), '--films', str(tmp_path / 'none'), '--run', str(tmp_path / 'run')])
    assert code == 2
    assert 'index.csv does not exist' in capsys.readouterr().err


def test_healthy_joints_have_no_affected_compartment() -> None:
    line = joint_line(drawn_knee() / 255)
    # Medial 6 or 10 rows at KL 0, by chance; 4 at KL 2, where the lateral one has its 11 rows.
    widths = [(6.0, 11.0), (10.0, 11.0), (8.0, 11.0), (8.0, 11.0), (4.0, 11.0), (3.0, 11.0), (2.0, 11.0)]
    lines = [type(line)(line.middle, line.half, lateral, medial) for medial, lateral in widths]
    films = TracedFilms(['x'] * 7, ['p'] * 7, torch.zeros(7, 1, 224, 224, dtype=torch.uint8), torch.tensor([0, 0, 0, 1, 2, 3, 4]), lines)
    assert measured_widths(films)['medial']['medial'] == pytest.approx([100 * value / 224 for value in (8, 8, 4, 3, 2)], abs=1e-3)


def test_the_bundle_says_what_was_measured_and_its_graph_adds_nothing_at_the_own_grade(tmp_path: Path) -> None:
    films = films_folder(tmp_path)
    run, out = tmp_path / 'run', tmp_path / 'knee-x' / '0.1.0'
    train_remodeller(TINY, films, run)
    assert main(['export-progression', '--run', str(run), '--out', str(out), '--amplitude', '0', '--golden', str(tmp_path / 'golden')]) == 0
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['name'] == 'knee-x'
    assert manifest['progression']['amplitude'] == 0
    assert manifest['evaluation'] == {'data': 'not measured', 'metrics': []}
    card = (out / 'README.md').read_text()
    assert 'CC BY 4.0' in card
    assert '**This version adds nothing**' in card
    session = onnxruntime.InferenceSession(out / 'remodeller.onnx', providers=['CPUExecutionProvider'])
    image = np.random.default_rng(1).random((2, 1, ROWS, COLUMNS)).astype(np.float32)
    grades, affected = np.array([1.0, 4.0], np.float32), np.ones((2, 2), np.float32)
    feed = {'picture': image, 'space': image, 'near': image, 'own': grades, 'grade': grades, 'affected': affected}
    assert np.abs(session.run(None, feed)[0]).max() == 0
