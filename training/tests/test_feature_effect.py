"""What a feature changes, and where."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fabricated import write_prepared

from osteograph_training.config import Config
from osteograph_training.dataset import load_knees
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import EVERYONE
from osteograph_training.studies.feature_effect import PhantomChange, compare_change, effect_table, feature_effect, lesion_auc, responses
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import train_diffusion


def test_a_change_that_is_the_phantoms_own_agrees_with_it_and_one_elsewhere_does_not() -> None:
    phantom = np.zeros((4, 64, 64), dtype=np.float32)
    phantom[1, 20:30, 20:30] = np.linspace(0.1, 0.5, 10)
    change = PhantomChange.of(phantom)
    same = compare_change(change, phantom)
    assert same == {'size': pytest.approx(1), 'inPlace': pytest.approx(1), 'correlation': pytest.approx(1), 'nearCorrelation': pytest.approx(1)}
    half = compare_change(change, -phantom / 2)
    assert half == {'size': pytest.approx(0.5), 'inPlace': pytest.approx(1), 'correlation': pytest.approx(-1), 'nearCorrelation': pytest.approx(-1)}
    elsewhere = compare_change(change, np.roll(phantom, 25, axis=2))
    assert elsewhere['inPlace'] == 0 and elsewhere['size'] == 0
    assert compare_change(change, np.roll(phantom, 3, axis=2))['inPlace'] > 0.99


def test_a_blob_over_the_whole_change_correlates_within_three_millimetres_only_if_it_ends_where_the_change_does() -> None:
    phantom = np.zeros((3, 64, 64), dtype=np.float32)
    phantom[1, 20:30, 20:30] = 0.4
    change = PhantomChange.of(phantom)
    wide = np.zeros_like(phantom)
    wide[1, 10:40, 10:40] = 0.4
    assert compare_change(change, wide)['nearCorrelation'] == pytest.approx(0)
    assert compare_change(change, phantom)['nearCorrelation'] == pytest.approx(1)


def test_the_auc_of_a_finding_counts_pairs_and_its_filter_comes_from_other_people() -> None:
    assert lesion_auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(0.875)
    assert lesion_auc(np.zeros(3), np.zeros(3)) == 0.5
    changes = np.zeros((3, 1, 2, 2), dtype=np.float32)
    changes[0, 0, 0, 0], changes[1, 0, 0, 0], changes[2, 0, 1, 1] = 1, 3, 5
    volumes = np.ones((3, 1, 2, 2), dtype=np.float32)
    # Persons a (two knees) and b: a's filter is b's change alone, b's is the mean of a's two.
    assert responses(volumes, changes, ['a', 'a', 'b']).tolist() == [5, 5, 2]


def test_a_feature_is_measured_on_the_same_knees_with_and_without_it(tmp_path: Path, small_config: Config) -> None:
    data, run, folder = tmp_path / 'data', tmp_path / 'run', tmp_path / 'effects'
    data.mkdir()
    write_prepared(data, small_config, each=1)
    train_autoencoder(small_config, data, run)
    train_diffusion(small_config, data, run, steps=1)
    shutil.copytree(data, folder / 'base')
    shutil.copytree(data, folder / 'XRCYTM=1')
    with pytest.raises(TrainingError, match='does not differ from the knee without the feature'):
        feature_effect(run, folder, 1, 7, tmp_path / 'effect.json', None)

    for path in (folder / 'XRCYTM=1').glob('*.mri.npy'):
        mri = np.load(path)
        mri[25, 200:210, 200:210] = 255
        np.save(path, mri)
    result = feature_effect(run, folder, 1, 7, tmp_path / 'effect.json', tmp_path / 'sheet.png')
    assert result['knees'] == load_knees(folder / 'base', EVERYONE, 'test').names
    assert json.loads((tmp_path / 'effect.json').read_text())['features'].keys() == {'XRCYTM=1'}
    # Neither grades nor film differ here, so neither does what is generated.
    assert all(knee['grades']['size'] == 0 and knee['film']['size'] == 0 for knee in result['features']['XRCYTM=1'])
    auc = result['auc']['XRCYTM=1']
    assert auc['phantom'] > 0.5 and auc['grades'] == auc['film']
    assert effect_table(result).count('XRCYTM=1') == 1
    assert (tmp_path / 'sheet.png').exists()
