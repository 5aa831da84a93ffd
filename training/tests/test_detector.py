import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from fabricated import BOX_SIDE, write_crops, write_film

from osteograph_training.checked_yaml import config_of
from osteograph_training.detector import (
    SHOWS,
    UNKNOWN,
    Detector,
    DetectorConfig,
    DetectorOptions,
    decode,
    detector_loss,
    overlap,
    targets,
    view_loss,
)
from osteograph_training.detector_data import fit, load_films, plain_batch
from osteograph_training.detector_export import export_detector
from osteograph_training.detector_start import start_from_bundle
from osteograph_training.detector_training import load_detector, split_of, train_detector
from osteograph_training.errors import TrainingError
from osteograph_training.finding.batches import random_batch
from osteograph_training.finding.compose import ComposedFilm, compose, laid_in
from osteograph_training.finding.crops import KneeCrop, load_crops
from osteograph_training.finding.evaluate import evaluate_detector

SMALL = DetectorOptions(fine=8, middle=8, coarse=8, view=8, batch=3, phantoms=1, mixed=1, steps=2)
#: A split that gives each part some of the six participants below.
DATA = {'split_seed': 7, 'validation': 0.2, 'test': 0.3}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Six bilateral films, a bright bar in each half, and nothing else."""
    root = tmp_path / 'release'
    contents = ['Folder,ParticipantID,StudyDate,Barcode,StudyDescription,SeriesDescription']
    truth = ['ID,VISIT,SIDE,BOX_LEFT,BOX_TOP,BOX_SIDE']
    for number in range(6):
        participant = f'90000{number:02}'
        folder = f'0.C.2/{participant}/20050101/0010000{number}'
        contents.append(f'{folder},{participant},20050101,0010000{number},OAI^XRAY,Bilateral PA Fixed Flexion Knee')
        write_film(root / '00m' / folder, participant, np.random.default_rng(number))
        truth += [f'{participant},V00,{side},{left},40,{BOX_SIDE}' for side, left in (('RIGHT', 40), ('LEFT', 240))]
    (root / '00m' / 'contents.csv').write_text('\n'.join(contents) + '\n')
    (root / 'synthetic-truth.csv').write_text('\n'.join(truth) + '\n')
    return root


@pytest.fixture
def crops(tmp_path: Path) -> list[KneeCrop]:
    return load_crops(write_crops(tmp_path / 'xrays'), 'train', tmp_path / 'crops')


def test_a_perfect_heatmap_decodes_to_the_knees_it_was_made_from() -> None:
    places = torch.tensor([[70.0, 96.0, 56.0], [186.0, 100.0, 60.0]])
    scores, boxes = targets([places])
    found = decode(scores[0], boxes[0])[:2]
    for knee, place in zip(sorted(found, key=lambda knee: knee.column), places.tolist(), strict=True):
        assert overlap((knee.column, knee.row, knee.side), tuple(place)) > 0.999
        assert knee.confidence == 1


def test_the_overlap_of_squares() -> None:
    assert overlap((10, 10, 4), (10, 10, 4)) == 1
    assert overlap((10, 10, 4), (12, 10, 4)) == pytest.approx(8 / 24)
    assert overlap((10, 10, 4), (30, 10, 4)) == 0


def test_one_batch_can_be_learned_by_heart(release: Path, tmp_path: Path) -> None:
    config = config_of(DetectorConfig, {'data': DATA}, 'test')
    films = load_films(release, None, split_of(config), tmp_path / 'films')['train']
    images, places = plain_batch(films, [0])
    assert images.shape == (1, 1, 192, 256) and images.min() == -1 and images.max() == 1
    # The fabricated boxes: 120 film pixels wide on a film of 400 x 200 pixels, laid into 256 x 192.
    pitch, left, top = fit(200, 400)
    torch.testing.assert_close(places[0][0], torch.tensor([100 - left, 100 - top, 120]) / pitch)
    torch.manual_seed(0)
    model = Detector(SMALL)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        scores, boxes, _ = model(images)
        detector_loss((scores, boxes), targets(places), 1.0).backward()
        optimiser.step()
    with torch.no_grad():
        scores, boxes, _ = model(images)
    found = decode(torch.sigmoid(scores)[0], boxes[0])[:2]
    truth = [tuple(place) for place in places[0].tolist()]
    assert all(max(overlap((knee.column, knee.row, knee.side), place) for place in truth) > 0.85 for knee in found)


def test_a_knee_is_traced_where_it_was_drawn(crops: list[KneeCrop]) -> None:
    # The fabricated knee: joint space of rows 124 to 131, plateau of columns 22 to 201.
    for crop in crops:
        assert crop.row == pytest.approx(128, abs=1.5)
        assert crop.column == pytest.approx(112, abs=2)
        assert crop.square == pytest.approx(1.22 * 180, rel=0.03)
        assert crop.image[60, 112] > crop.image[127, 112]


@pytest.mark.parametrize(('shows', 'knees'), [('BILATERAL', 2), ('SINGLE', 1), ('LATERAL', 0), ('SKYLINE', 0), ('NONE', 0)])
def test_a_composed_film_has_the_knees_of_what_it_shows_and_is_the_same_each_time(crops: list[KneeCrop], shows: str, knees: int) -> None:
    film = compose(shows, crops, np.random.default_rng(3), change=False)
    assert film.knees.shape == (knees, 3) and not film.turned and not film.inverted
    assert np.isfinite(film.image).all()
    np.testing.assert_array_equal(film.image, compose(shows, crops, np.random.default_rng(3), change=False).image)


def test_the_gap_of_a_composed_knee_lies_at_its_joint_line(crops: list[KneeCrop]) -> None:
    film = compose('SINGLE', crops, np.random.default_rng(0), change=False, strip=True)
    ((column, row, side),) = film.knees.tolist()
    lateral = round(column - side / 5)
    above, at, below = (film.image[round(row + share * side), lateral] for share in (-0.12, 0, 0.12))
    assert at < above and at < below


def test_a_film_is_laid_in_whole_with_its_knees(crops: list[KneeCrop]) -> None:
    film = ComposedFilm(np.tile(np.linspace(0, 1, 300, dtype=np.float32), (100, 1)), np.array([[150, 50, 90]], np.float32), 'SINGLE')
    image, knees = laid_in(film)
    assert image.shape == (1, 1, 192, 256)
    torch.testing.assert_close(knees, torch.tensor([[128.0, 96.0, 90 * 256 / 300]]), atol=0.5, rtol=0)
    torch.testing.assert_close(image[0, 0, 0], image[0, 0, 96])


def test_what_is_not_known_of_a_view_costs_nothing() -> None:
    view = torch.zeros(1, 10)
    nothing = view_loss(view, torch.tensor([[UNKNOWN, UNKNOWN, 0]]))
    assert nothing.item() == pytest.approx(np.log(2))
    assert view_loss(view, torch.tensor([[0, 0, 0]])).item() == pytest.approx(np.log(2) + np.log(5) + np.log(4))


def test_people_of_other_parts_are_not_trained_on(tmp_path: Path) -> None:
    folder = write_crops(tmp_path / 'xrays')
    people = {part: {crop.participant for crop in load_crops(folder, part, tmp_path / 'cache')} for part in ('train', 'test')}
    assert people['train'] and people['test'] and not people['train'] & people['test']
    with pytest.raises(TrainingError, match=r'index\.csv does not exist'):
        load_crops(tmp_path, 'train', tmp_path / 'cache')


def test_randomised_films_keep_their_knees_where_they_are_seen(release: Path, crops: list[KneeCrop], tmp_path: Path) -> None:
    config = config_of(DetectorConfig, {'data': DATA}, 'test')
    films = load_films(release, None, split_of(config), tmp_path / 'films')['train']
    options = replace(SMALL, batch=16, phantoms=6, mixed=4, negatives=0.0)
    images, places, views = random_batch(films, crops, options, np.random.default_rng(1))
    assert images.shape == (16, 1, 192, 256) and torch.isfinite(images).all()
    for knees, (shows, turned, _) in zip(places, views.tolist(), strict=True):
        assert ((knees[:, :2] > 0) & (knees[:, :2] < torch.tensor([256.0, 192.0]))).all()
        assert turned == UNKNOWN or len(knees) == 0 or turned == 0
        if turned == 0:
            assert shows == UNKNOWN or SHOWS[shows] == ('', 'SINGLE', 'BILATERAL')[len(knees)]
    options = replace(SMALL, batch=4, phantoms=4, mixed=0, negatives=1.0)
    _, none, views = random_batch(films, crops, options, np.random.default_rng(1))
    assert all(len(knees) == 0 for knees in none) and (views[:, 0] == SHOWS.index('NONE')).all()


def test_training_and_export_give_a_bundle_with_its_scores_and_golden_values(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(DetectorConfig, {'data': DATA, 'log_every': 1}, 'test')
    config = replace(config, detector=SMALL)
    folder = write_crops(tmp_path / 'xrays')
    train_detector(config, release, None, folder, tmp_path / 'run')
    out = tmp_path / 'knee-detector' / '1.0.0'
    export_detector(tmp_path / 'run', release, None, out, 'knee-detector', '1.0.0', 0.4, tmp_path / 'golden', views=True)
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['task'] == 'knee-detection'
    assert manifest['graphs']['detector']['outputs'][1]['shape'] == ['B', 3, 24, 32]
    assert manifest['evaluation']['metrics']['knees'] == 2 * manifest['trainedOn']['films']['test']
    assert manifest['detector']['shows'] == list(SHOWS) and manifest['graphs']['detector']['outputs'][2]['shape'] == ['B', 5]
    assert len((tmp_path / 'golden.bin').read_bytes()) == 192 * 256
    start_from_bundle(again := Detector(SMALL).eval(), out)
    model, _, _ = load_detector(tmp_path / 'run' / 'detector.pt')
    film = torch.linspace(-1, 1, 192 * 256).reshape(1, 1, 192, 256)
    with torch.no_grad():
        torch.testing.assert_close(again(film)[1], model(film)[1], atol=0.1, rtol=0)
    with pytest.raises(TrainingError, match='is no knee detector of these widths'):
        start_from_bundle(Detector(replace(SMALL, fine=16)), out)
    scores = tmp_path / 'scores.csv'
    monkeypatch.setattr('osteograph_training.finding.evaluate.FILMS', 2)
    evaluate_detector(out, folder, [release], scores, tmp_path / 'cache')
    assert scores.read_text().startswith('kind,films,knees,found_percent,mean_iou')
    assert 'bilateral strips of real knees,2,4,' in scores.read_text()
    export_detector(tmp_path / 'run', release, None, out, 'knee-detector', '1.0.0', 0.4, None, scores)
    assert '| bilateral strips of real knees | 2 |' in (out / 'README.md').read_text()
    knees_alone = json.loads((out / 'bundle.json').read_text())
    assert 'shows' not in knees_alone['detector'] and len(knees_alone['graphs']['detector']['outputs']) == 2


def test_a_shipped_graph_that_kept_no_names_of_its_normalisations_is_a_start_too() -> None:
    bundle = Path(__file__).parents[2] / 'models' / 'knee-detector' / '1.0.1'
    detector = Detector(DetectorOptions(middle=32, coarse=48)).eval()
    assert start_from_bundle(detector, bundle) == 'knee-detector@1.0.1'
    film = torch.linspace(-1, 1, 192 * 256).reshape(1, 1, 192, 256)
    heatmap, boxes = onnxruntime.InferenceSession(bundle / 'detector.onnx').run(None, {'film': film.numpy()})
    with torch.no_grad():
        scores, places, _ = detector(film)
    torch.testing.assert_close(torch.sigmoid(scores), torch.from_numpy(heatmap), atol=1e-4, rtol=0)
    torch.testing.assert_close(places, torch.from_numpy(boxes), atol=1e-2, rtol=0)


def test_unknown_keys_of_a_knee_detector_configuration_are_refused() -> None:
    with pytest.raises(TrainingError, match='unknown key'):
        config_of(DetectorConfig, {'detector': {'wings': 2}}, 'test')
