import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fabricated import BOX_SIDE, write_film

from osteograph_training.checked_yaml import config_of
from osteograph_training.detector import Detector, DetectorConfig, DetectorOptions, decode, detector_loss, overlap, targets
from osteograph_training.detector_data import fit, load_films, plain_batch, random_batch
from osteograph_training.detector_export import export_detector
from osteograph_training.detector_training import split_of, train_detector
from osteograph_training.errors import TrainingError

SMALL = DetectorOptions(fine=8, middle=8, coarse=8, batch=2, steps=2)
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
        detector_loss(model(images), targets(places), 1.0).backward()
        optimiser.step()
    with torch.no_grad():
        scores, boxes = model(images)
    found = decode(torch.sigmoid(scores)[0], boxes[0])[:2]
    truth = [tuple(place) for place in places[0].tolist()]
    assert all(max(overlap((knee.column, knee.row, knee.side), place) for place in truth) > 0.85 for knee in found)


def test_randomised_films_keep_their_knees_where_they_are_seen(release: Path, tmp_path: Path) -> None:
    config = config_of(DetectorConfig, {'data': DATA}, 'test')
    films = load_films(release, None, split_of(config), tmp_path / 'films')['train']
    images, places = random_batch(films, 12, 0.0, np.random.default_rng(1))
    assert images.shape == (12, 1, 192, 256) and torch.isfinite(images).all()
    for knees in places:
        assert ((knees[:, :2] > 0) & (knees[:, :2] < torch.tensor([256.0, 192.0]))).all()
    _, none = random_batch(films, 4, 1.0, np.random.default_rng(1))
    assert all(len(knees) == 0 for knees in none)


def test_training_and_export_give_a_bundle_with_its_scores_and_golden_values(release: Path, tmp_path: Path) -> None:
    config = config_of(DetectorConfig, {'data': DATA, 'log_every': 1}, 'test')
    config = replace(config, detector=SMALL)
    train_detector(config, release, None, tmp_path / 'run')
    out = tmp_path / 'knee-detector' / '1.0.0'
    export_detector(tmp_path / 'run', release, None, out, 'knee-detector', '1.0.0', 0.4, tmp_path / 'golden')
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['task'] == 'knee-detection'
    assert manifest['graphs']['detector']['outputs'][1]['shape'] == ['B', 3, 24, 32]
    assert manifest['evaluation']['metrics']['knees'] == 2 * manifest['trainedOn']['films']['test']
    assert len((tmp_path / 'golden.bin').read_bytes()) == 192 * 256


def test_unknown_keys_of_a_knee_detector_configuration_are_refused() -> None:
    with pytest.raises(TrainingError, match='unknown key'):
        config_of(DetectorConfig, {'detector': {'wings': 2}}, 'test')
