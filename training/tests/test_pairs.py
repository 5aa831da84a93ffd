import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from fabricated import write_prepared

from osteograph_training.augment import random_crops
from osteograph_training.config import Config, DiffusionConfig
from osteograph_training.dataset import SOURCE_FILE, Knees, data_hash, may_share_people
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import evaluate_command
from osteograph_training.pairs import PairedSet, differing, pair_loss, seen_grades
from osteograph_training.parallel import Group
from osteograph_training.runlog import step_streams
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import batch_parts, train_diffusion
from osteograph_training.training_set import TrainingSet
from osteograph_training.turning import JOINT_ROW, turn_angles, turned_slices


@pytest.fixture
def prepared(tmp_path: Path, small_config: Config) -> Path:
    folder = tmp_path / 'data'
    folder.mkdir()
    write_prepared(folder, small_config)
    return folder


def test_film_and_slice_turn_the_same_way_about_the_joint() -> None:
    # A horizontal line through each centre of turning.
    row = round(JOINT_ROW)
    image = torch.zeros(1, 1, 256, 256)
    image[..., row - 2 : row + 3, :] = 1
    patch = np.zeros((1, 320, 320), dtype=np.uint16)
    patch[:, 157:163] = 60000
    film = random_crops(patch, np.random.default_rng(0), untouched=1.0, degrees=10.0)[0, 0]
    slice_ = turned_slices(image, 10.0)[0, 0]
    falls = [line_fall(found) for found in (film, slice_)]
    # tan 10 degrees over 100 columns.
    assert falls == pytest.approx([-17.6, -17.6], abs=1.5) or falls == pytest.approx([17.6, 17.6], abs=1.5)
    assert slice_[row, 128] == pytest.approx(1.0)


def line_fall(image: torch.Tensor) -> float:
    return float(image[:, 178].argmax() - image[:, 78].argmax())


def test_a_film_is_never_turned_by_itself() -> None:
    patch = np.zeros((1, 320, 320), dtype=np.uint16)
    patch[:, 150:170] = 60000
    for seed in range(20):
        film = random_crops(patch, np.random.default_rng(seed), untouched=0.0)[0, 0, :, 60:196]
        # The line may be moved and its neighbourhood shaded, but its brightest row is one row.
        rows = film[40:216].argmax(dim=0)
        assert rows.float().std() < 8


def test_turn_angles_follow_the_name_and_stay_within_reach() -> None:
    angles = turn_angles([f'{number}_V00_R' for number in range(400)], 6.0, 0)
    assert angles.min() >= -6 and angles.max() <= 6 and angles.std() == pytest.approx(12 / 12**0.5, rel=0.1)
    assert turn_angles(['7_V00_R'], 6.0, 0)[0] == angles[7]
    assert turn_angles(['7_V00_R'], 6.0, 1)[0] != angles[7]


def of_pairs(config: Config, film_swap: float) -> DiffusionConfig:
    whole = {'augment': False, 'feature_dropout': 0.0, 'kl_dropout': 0.0}
    return dataclasses.replace(config.diffusion, knees=8, slices_per_knee=2, film_swap=film_swap, **whole)


def paired(config: Config, film_swap: float) -> tuple[PairedSet, dict[str, torch.Tensor]]:
    """Two versions of three knees that are told apart by film (0 or 65535 in one half), grade of XRJSM and one latent."""
    sets = []
    for version in range(2):
        film = np.zeros((3, 320, 320), dtype=np.uint16)
        film[:, :160] = 65535 * version
        film[:, 160:] = 65535 * (1 - version)
        features = np.zeros((3, 65), dtype=np.float32)
        features[:, 45 + 3 * version] = 1
        names = [f'{number}_V00_R' for number in range(3)]
        latents = np.zeros((3, 50, 4, 32, 32), dtype=np.float16)
        latents[:, :, 0, 16, 20] = version
        sets.append(TrainingSet(Knees(names, names, [0] * 3, np.zeros((3, 50, 1, 1), dtype=np.uint8), film, features), latents))
    knees = PairedSet(sets)
    options = of_pairs(config, film_swap)
    return knees, knees.batch(options, *step_streams(5, 0), Group(0, 1))


def versions_of(batch: dict[str, torch.Tensor]) -> tuple[list[int], list[int], list[int]]:
    """Of each knee of a batch, the version of its film, its grades and its latents."""
    films = [int(film[0, 40, 128] > 0) for film in batch['xrays']]
    grades = [int(features[48] > 0) for features in batch['features'][::2]]
    latents = [int(clean[0, 16, 20]) for clean in batch['clean'][::2]]
    return films, grades, latents


def test_both_knees_of_a_pair_have_their_own_film_without_swapping(small_config: Config) -> None:
    _, batch = paired(small_config, film_swap=0.0)
    films, grades, latents = versions_of(batch)
    assert films == grades == latents
    assert [sum(latents[place : place + 2]) for place in (0, 2, 4, 6)] == [1, 1, 1, 1]
    for key in ('noise', 'place', 'depth'):
        first, second = batch[key].unflatten(0, (4, 2, 2)).unbind(1)
        assert torch.equal(first, second)


def test_a_swapped_pair_shows_the_film_of_its_second_knee_twice_and_each_knees_own_grades(small_config: Config) -> None:
    _, batch = paired(small_config, film_swap=1.0)
    films, grades, latents = versions_of(batch)
    assert grades == latents
    assert films == [latents[1], latents[1], latents[3], latents[3], latents[5], latents[5], latents[7], latents[7]]


def test_two_processes_share_the_pairs_of_a_batch_whole(small_config: Config) -> None:
    knees, whole = paired(small_config, film_swap=0.5)
    options = of_pairs(small_config, film_swap=0.5)
    shares = [knees.batch(options, *step_streams(5, 0), Group(rank, 2)) for rank in range(2)]
    for key, value in whole.items():
        assert torch.equal(torch.cat([share[key] for share in shares]), value)
    halves = batch_parts(whole, 2)
    assert [len(half['xrays']) for half in halves] == [4, 4]


def test_knees_differ_where_a_latent_does_and_one_place_around() -> None:
    first, second = torch.zeros(1, 1, 4, 32, 32), torch.zeros(1, 1, 4, 32, 32)
    second[0, 0, 3, 16, 20] = 0.5
    second[0, 0, 3, 3, 3] = 0.2
    found = differing(first, second)[0, 0, 0]
    assert found.sum() == 9 and found[15:18, 19:22].all()


def test_the_loss_of_a_pair_counts_what_its_difference_misses_most_where_the_knees_differ() -> None:
    batch = {'xrays': torch.zeros(2, 1, 1, 1), 'differs': torch.zeros(2, 1, 32, 32)}
    batch['differs'][:, :, 5, 5] = 1
    weight = torch.ones(2, 1, 1, 1)
    both = torch.ones(2, 4, 32, 32)
    # The same error in both knees leaves their difference right.
    assert pair_loss(both, weight, batch, 16.0) == 0
    inside, outside = torch.zeros(2, 4, 32, 32), torch.zeros(2, 4, 32, 32)
    inside[0, 0, 5, 5] = outside[0, 0, 9, 9] = 1
    assert pair_loss(inside, weight, batch, 16.0) == pytest.approx(17 / 4096)
    assert pair_loss(outside, weight, batch, 16.0) == pytest.approx(1 / 4096)


def test_kl_is_missing_as_often_as_asked_and_other_grades_as_before(small_config: Config) -> None:
    options = dataclasses.replace(small_config.diffusion, kl_dropout=0.3, feature_dropout=0.1)
    seen = seen_grades(np.random.default_rng(0), 4000, options)
    assert seen[:, 0].mean() == pytest.approx(0.7 * 0.95, abs=0.02)
    assert seen[:, 64].mean() == pytest.approx(0.95 * 0.95, abs=0.02)
    assert (seen[:, :5] == seen[:, :1]).all()


def test_trains_on_pairs_and_turned_knees_and_names_all_data_in_the_checkpoint(prepared: Path, tmp_path: Path, small_config: Config) -> None:
    run, other = tmp_path / 'run', tmp_path / 'other'
    shutil.copytree(prepared, other)
    for path in other.glob('*.json'):
        record = json.loads(path.read_text())
        record['features'][60] = 1
        path.write_text(json.dumps(record))
    config = dataclasses.replace(small_config, diffusion=dataclasses.replace(small_config.diffusion, turn=5.0, turns=1, joint_weight=1.0))
    train_autoencoder(config, prepared, run)
    path = train_diffusion(config, prepared, run, pairs=[other])
    assert {file.name for file in run.glob('latents-*.npy')} == {
        'latents-train.npy',
        'latents-train-turn0.npy',
        'latents-train-pair0.npy',
        'latents-train-pair0-turn0.npy',
        'latents-validation.npy',
    }
    plain, turned = np.load(run / 'latents-train.npy'), np.load(run / 'latents-train-turn0.npy')
    assert plain.shape == turned.shape and not np.array_equal(plain, turned)
    saved = torch.load(path, weights_only=True)['data']
    assert saved == data_hash(prepared, other) != data_hash(prepared)


def test_refuses_pairs_of_other_knees(prepared: Path, tmp_path: Path, small_config: Config) -> None:
    run, other = tmp_path / 'run', tmp_path / 'other'
    shutil.copytree(prepared, other)
    for path in other.iterdir():
        path.rename(path.with_name(path.name.replace('_R', '_L')))
    train_autoencoder(small_config, prepared, run)
    with pytest.raises(TrainingError, match='holds other knees than the data'):
        train_diffusion(small_config, prepared, run, pairs=[other])


def test_says_that_pairs_need_an_even_number_of_knees(tmp_path: Path, small_config: Config) -> None:
    odd = dataclasses.replace(small_config, diffusion=dataclasses.replace(small_config.diffusion, knees=3))
    with pytest.raises(TrainingError, match='knees is 3; for pairs an even number is expected'):
        train_diffusion(odd, tmp_path, tmp_path / 'run', pairs=[tmp_path])


def test_scores_held_out_people_of_another_folder_and_refuses_those_it_was_trained_on(prepared: Path, tmp_path: Path, small_config: Config) -> None:
    run = tmp_path / 'run'
    train_autoencoder(small_config, prepared, run)
    train_diffusion(small_config, prepared, run)
    with pytest.raises(TrainingError, match='trained on'):
        evaluate_command(run, prepared, 'test', 1, 7, None, tmp_path / 'scores.json', held_out=prepared)
    fresh = tmp_path / 'fresh'
    fresh.mkdir()
    for path in prepared.iterdir():
        shutil.copy(path, fresh / path.name.replace('1000', '2000'))
    for path in fresh.glob('*.json'):
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {'participant': record['participant'].replace('1000', '2000')}))
    evaluate_command(run, prepared, 'test', 1, 7, 2, tmp_path / 'scores.json', held_out=fresh)
    scores = json.loads((tmp_path / 'scores.json').read_text())
    assert scores['knees'] == 2 and scores['validationBySteps'] == {}


@pytest.mark.parametrize(
    ('first', 'second', 'shared'),
    [
        ('synthetic 2026', 'synthetic 2026', True),
        ('synthetic 2026', 'synthetic 7201', False),
        # Prepared before seeds were noted.
        ('synthetic', 'synthetic 7201', True),
        ('real', 'real', True),
    ],
)
def test_phantoms_of_another_seed_are_other_people(tmp_path: Path, first: str, second: str, shared: bool) -> None:
    for name, source in (('first', first), ('second', second)):
        (tmp_path / name).mkdir()
        (tmp_path / name / SOURCE_FILE).write_text(f'{source}\n')
    assert may_share_people(tmp_path / 'first', tmp_path / 'second') is shared
