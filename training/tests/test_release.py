import json
from pathlib import Path

import numpy as np
import pytest
from fabricated import write_release

from osteograph_training.cli import main
from osteograph_training.dataset import Split, load_knees
from osteograph_training.errors import TrainingError
from osteograph_training.features import FEATURES, grades_of, one_hot
from osteograph_training.images import FilmBox, resampling_matrix, window_film
from osteograph_training.release import read_knees


@pytest.fixture(scope='module')
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp('release')
    write_release(root, ['1000001', '1000002'])
    return root


def test_finds_knees_with_grades_of_the_preferred_project_boxes_and_images(release):
    knees = read_knees(release)
    assert [knee.name for knee in knees] == ['1000001_V00_L', '1000001_V00_R', '1000002_V00_L', '1000002_V00_R']
    assert knees[2].grades == {'XRKL': 1.0, 'XRJSM': 1.4}
    assert knees[1].box == FilmBox(40, 40, 120)
    assert all(knee.film is not None and knee.mri is not None for knee in knees)


def test_reads_headers_when_the_release_has_no_contents_csv(release):
    listing = release / '00m' / 'contents.csv'
    text = listing.read_text()
    listing.unlink()
    try:
        knees = read_knees(release)
    finally:
        listing.write_text(text)
    # Without LEFT or RIGHT in the description of these headers a series counts as a right knee.
    assert {knee.participant for knee in knees} == {'1000001', '1000002'}


def test_prepares_canonical_posterior_to_anterior_arrays(release, tmp_path):
    assert main(['prepare', '--release', str(release), '--out', str(tmp_path)]) == 0
    knees = load_knees(tmp_path, Split(1, 0.0, 0.0), 'train')
    assert knees.mri.shape == (4, 50, 256, 256)
    assert knees.film.shape == (4, 320, 320)
    means = knees.mri[1, :, :, 100:200].mean(axis=(1, 2))
    assert np.all(np.diff(means) > 0)
    # The bright column of left knees was at 245 and is mirrored to 10.
    assert (knees.mri[:, 0].mean(axis=1).argmax(axis=1) == 10).all()
    # Bone is bright: the bar in the middle of the box.
    assert knees.film[1, 160, 160] > knees.film[1, 60, 160]
    assert knees.kl == [0, 0, 1, 1]


def test_says_in_one_sentence_that_a_real_release_needs_boxes(release, tmp_path, capsys):
    truth = release / 'synthetic-truth.csv'
    text = truth.read_text()
    truth.unlink()
    try:
        assert main(['prepare', '--release', str(release), '--out', str(tmp_path)]) == 2
    finally:
        truth.write_text(text)
    assert '--boxes CSV' in capsys.readouterr().err


def test_prints_each_part_of_the_split_as_a_filter_of_the_platform(release, capsys):
    config = Path(__file__).parents[1] / 'configs' / 'demo.yaml'
    parts = []
    for part in ('train', 'validation', 'test'):
        assert main(['split', '--config', str(config), '--release', str(release), '--part', part]) == 0
        parts += json.loads(capsys.readouterr().out)['participant']['oaiId']['in']

    assert sorted(parts) == sorted({knee.participant for knee in read_knees(release)})


def test_refuses_a_folder_without_series(tmp_path):
    with pytest.raises(TrainingError, match='No COR_T1_3D_FLASH series'):
        read_knees(tmp_path)


def test_one_hot_uses_whole_grades_and_leaves_missing_features_zero():
    vector = one_hot({'XRKL': 3, 'XRJSM': 1.4})
    assert len(vector) == 65
    assert vector[3] == 1
    start = sum(levels for code, levels in FEATURES[: [code for code, _ in FEATURES].index('XRJSM')])
    assert vector[start + 1] == 1
    assert vector.sum() == 2
    assert grades_of(vector) == {'XRKL': 3, 'XRJSM': 1}


def test_resampling_takes_area_means_when_shrinking_and_keeps_a_constant():
    matrix = resampling_matrix(8, 0, 8, 4)
    assert np.allclose(matrix @ np.arange(8), [0.5, 2.5, 4.5, 6.5])
    assert np.allclose(resampling_matrix(10, -3, 20, 32).sum(axis=1), 1)


def test_window_maps_percentiles_5_and_99_to_the_ends():
    crop = np.linspace(0, 100, 101, dtype=np.float32).reshape(1, -1)
    windowed = window_film(crop)
    assert windowed.min() == -1 and windowed.max() == 1
    assert windowed[0, 52] == pytest.approx(0, abs=1e-6)
