"""The refiner: what it sees and leaves alone, what it learns from, and how it becomes a part of a bundle."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fabricated import write_prepared

from osteograph_training.config import Config
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import VolumeGenerator
from osteograph_training.export import export_bundle
from osteograph_training.features import grades_of, one_hot
from osteograph_training.networks.refiner import Refiner, RefinerShape, halves, mirrored_features
from osteograph_training.refining.config import RefinerConfig, RefinerOptions
from osteograph_training.refining.samples import SLICES, Samples
from osteograph_training.refining.training import refiner_loss, train_refiner
from osteograph_training.restore import restore
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import train_diffusion

SMALL = RefinerConfig(log_every=1, validate_every=2, refiner=RefinerOptions(shape=RefinerShape(widths=(8, 8, 16), middle=1), pairs=2, steps=2))


def of_refiner(rows: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(1)
    image, film = (torch.rand(rows, 1, 256, 256, generator=stream) * 2 - 1 for _ in range(2))
    return image, film, torch.rand(rows, generator=stream), torch.zeros(rows, 65)


def test_without_grades_nothing_is_changed_and_with_them_only_the_joint() -> None:
    network = Refiner(RefinerShape(widths=(8, 8, 16), middle=1))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    image, film, depth, none = of_refiner()
    assert torch.equal(network(image, film, depth, none), image)
    grades = torch.from_numpy(one_hot({'XRKL': 3, 'XRJSM': 2})).expand(2, -1)
    changed = (network(image, film, depth, grades) - image)[0, 0].detach()
    rows, columns = torch.nonzero(changed).unbind(1)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (72, 167, 48, 207)


def test_what_is_added_fades_at_the_border_and_is_whole_where_both_halves_meet() -> None:
    network = Refiner(RefinerShape(widths=(8, 8, 16), middle=1))
    network.residual = lambda slices, *_: torch.full_like(slices, 0.5)
    image, film, depth, none = of_refiner(1)
    added = (network(image, film, depth, none) - image)[0, 0].detach()
    assert torch.allclose(added[80:160, 56:200], torch.tensor(0.5), atol=1e-5)
    assert torch.allclose(added[120, 48:56], torch.tensor([1, 3, 5, 7, 9, 11, 13, 15]) / 32, atol=1e-5)
    assert torch.equal(added[120, :48], torch.zeros(48))


def test_the_lateral_half_is_seen_as_in_a_mirror_with_the_grades_of_its_side() -> None:
    columns = torch.arange(256.0).expand(1, 1, 256, 256)
    medial, lateral = halves(columns)
    assert (medial[0, 0, 0], medial[0, 0, -1]) == (112, 207)
    assert (lateral[0, 0, 0], lateral[0, 0, -1]) == (143, 48)
    grades = {'XRKL': 3, 'XROSFM': 2, 'XRJSL': 1, 'XRCHM': 1, 'XRATTM': 3}
    exchanged = grades_of(one_hot(grades)[mirrored_features().numpy()])
    assert exchanged == {'XRKL': 3, 'XROSFL': 2, 'XRJSM': 1, 'XRCHL': 1, 'XRATTL': 3}


def test_the_film_lies_on_the_slice_with_the_joint_in_one_row() -> None:
    network = Refiner(RefinerShape(widths=(8, 8, 16), middle=1))
    film = torch.zeros(1, 1, 256, 256)
    # The joint line of a film lies at 49.3 % of its height, that of a slice 6 mm below the middle: row 137.6, and 65.6 of the half.
    film[..., 124:129, :] = 1
    rows = network.film_halves(film)[0, 0].mean(dim=1)
    assert (rows * torch.arange(96)).sum() / rows.sum() == pytest.approx(65.3, abs=0.5)


def samples() -> Samples:
    """Two knees in two versions: the second has chondrocalcinosis, a bright patch in one slice; films say which version they are of."""
    shape = (2, 2, SLICES, 2, 96, 96)
    truth = np.full(shape, 100, dtype=np.uint8)
    truth[:, 1, 3, 1, 40:44, 40:44] = 250
    features = np.zeros((2, 2, 65), dtype=np.float32)
    features[:, 1, list(one_hot({'XRCHM': 1})).index(1)] = 1
    films = np.zeros((2, 2, 3, 2, 96, 96), dtype=np.uint8)
    films[:, 1] = 255
    base = np.full((2, 2, 2, *shape[2:]), 100, dtype=np.uint8)
    seen = np.ones((2, 3, 65), dtype=np.float32)
    return Samples(base, truth, films, features, seen, np.tile(np.arange(SLICES, dtype=np.uint8), (2, 1)))


def test_both_of_a_swapped_pair_have_one_film_and_each_its_own_grades() -> None:
    one = np.ones(1, dtype=np.int64)
    batch = samples().pair_batch(one, 0 * one, one, one == 1, 3 * one, 0 * one)
    assert batch['films'].mean(dim=(1, 2, 3)).tolist() == [1, 1]
    assert [grades_of(row.numpy()) for row in batch['grades']] == [{}, {'XRCHM': 1}]
    apart = samples().pair_batch(one, 0 * one, one, one == 0, 3 * one, one)
    assert apart['films'].mean(dim=(1, 2, 3)).tolist() == [-1, 1]
    # The lateral half is told the grades as in a mirror.
    assert [grades_of(row.numpy()) for row in apart['grades']] == [{}, {'XRCHL': 1}]
    assert apart['lateral'].tolist() == [1, 1]


def test_pairs_are_drawn_from_where_they_differ() -> None:
    batch = samples().batch(replace(RefinerOptions(), pairs=20, changed_share=1.0), np.random.default_rng(1))
    first, second = batch['truth'].chunk(2)
    assert ((first - second).abs().amax(dim=(1, 2, 3)) > 1).all()


class Fixed:
    """In place of a refiner: adds what it is given."""

    def __init__(self, added: torch.Tensor) -> None:
        self.added = added

    def residual(self, *_: torch.Tensor) -> torch.Tensor:
        return self.added


def test_the_loss_asks_for_the_difference_of_a_pair_and_for_nothing_elsewhere() -> None:
    one = np.ones(1, dtype=np.int64)
    batch = samples().pair_batch(one, 0 * one, one, one == 1, 3 * one, one)
    nothing, right = torch.zeros(2, 1, 96, 96), batch['truth'] - batch['slices']
    of_pair, of_own = replace(SMALL.refiner, own_weight=0.0), replace(SMALL.refiner, pair_weight=0.0, own_weight=1.0)
    for options in (of_pair, of_own):
        assert refiner_loss(Fixed(right), batch, options).item() == pytest.approx(0, abs=1e-12)
    # 16 pixels of 150 grey levels, nine times, over the root of 100 differing pixels of 9,216 and .005.
    expected = 9 * 16 * (150 / 255) ** 2 / 9216 / (100 / 9216 + 0.005) ** 0.5
    assert refiner_loss(Fixed(nothing), batch, of_pair).item() == pytest.approx(expected, rel=1e-3)
    # What is added to both alike is no difference, and an error of each: .1 on all pixels but the 16 of one half that lack 150 levels.
    alike = torch.full((2, 1, 96, 96), 0.2)
    assert refiner_loss(Fixed(alike), batch, of_pair).item() == pytest.approx(expected, rel=1e-3)
    elsewhere = 0.01 * (2 * 9216 - 16) + 16 * (150 / 255 - 0.1) ** 2
    assert refiner_loss(Fixed(alike), batch, of_own).item() == pytest.approx(elsewhere / (2 * 9216), rel=1e-3)


@pytest.fixture
def pair(tmp_path: Path, small_config: Config) -> tuple[Path, list[Path]]:
    """A run with a generator, and six knees prepared in two versions."""
    folders = [tmp_path / name for name in ('base', 'redrawn')]
    for number, folder in enumerate(folders):
        folder.mkdir()
        write_prepared(folder, small_config, 2)
        for path in folder.glob('*.json') if number else []:
            record = json.loads(path.read_text())
            record['features'][-1] = 1
            path.write_text(json.dumps(record))
            stack = np.load(path.with_suffix('.mri.npy'))
            stack[20:30, 120:140, 150:170] = 255
            np.save(path.with_suffix('.mri.npy'), stack)
    run = tmp_path / 'run'
    train_autoencoder(small_config, folders[0], run)
    train_diffusion(small_config, folders[0], run, steps=2)
    return run, folders


def test_a_refiner_is_trained_resumed_exported_and_restored(pair: tuple[Path, list[Path]], tmp_path: Path) -> None:
    run, folders = pair
    plain = VolumeGenerator(run)
    train_refiner(SMALL, run, [folders])
    saved = torch.load(train_refiner(SMALL, run, [folders], resume=True, steps=4), weights_only=True)
    assert (saved['step'], saved['films']) == (4, 2)
    assert (run / 'refiner.csv').read_text().splitlines()[0] == 'step,loss,learning_rate,psnr,base_psnr,change,base_change,seconds'

    bundle = tmp_path / 'tiny' / '1.0.0'
    export_bundle(run, folders[0], bundle, 'tiny', '1.0.0', 1, None, tmp_path / 'golden')
    manifest = json.loads((bundle / 'bundle.json').read_text())
    assert manifest['format'] == 'osteograph-bundle/2'
    assert [tensor['name'] for tensor in manifest['graphs']['refiner']['inputs']] == ['image', 'xray', 'depth', 'features']
    assert manifest['trainedOn']['refiner'] == {'groups': 2, 'steps': 4, 'minutes': 0}
    assert 'gone over by a refiner' in (bundle / 'README.md').read_text()

    restore(bundle, tmp_path / 'again')
    refined = VolumeGenerator(run)
    refined.round_as_stored()
    again = torch.load(tmp_path / 'again' / 'refiner.pt', weights_only=True)
    for name, value in refined.refiner.state_dict().items():
        assert torch.allclose(again['average'][name], value, rtol=1e-6, atol=1e-7), name

    film, grades = torch.zeros(1, 256, 256), torch.from_numpy(one_hot({'XRKL': 2}))
    none, once, twice = (refined(film, grades, 1, 7, 2, guidance) for guidance in (0, 1, 2))
    assert not np.array_equal(plain(film, grades, 1, 7, 2), once)
    assert none.shape == once.shape == twice.shape == (2, 256, 256)

    # A restored refiner goes on, and belongs to its generator alone.
    shutil.copy(run / 'autoencoder.pt', tmp_path / 'again')
    gone_on = torch.load(train_refiner(SMALL, tmp_path / 'again', [folders], resume=True, steps=5), weights_only=True)
    assert (gone_on['step'], gone_on['generator']) == (5, saved['generator'])
    diffusion = torch.load(run / 'diffusion.pt', weights_only=True)
    torch.save({**diffusion, 'step': diffusion['step'] + 1}, run / 'diffusion.pt')
    with pytest.raises(TrainingError, match=r'refiner\.pt was fitted to another generator; train it again, or remove it'):
        VolumeGenerator(run)


def test_refuses_other_knees_single_releases_and_too_few_knees_in_a_sentence(pair: tuple[Path, list[Path]], tmp_path: Path) -> None:
    run, folders = pair
    with pytest.raises(TrainingError, match='A group needs at least two releases of the same knees'):
        train_refiner(SMALL, run, [folders[:1]])
    for keep, fault in ((5, 'holds other knees than'), (3, 'A group needs more than 4 knees')):
        for path in sorted(folders[1].glob('*.json'))[keep:]:
            path.unlink()
        if keep == 3:
            for path in sorted(folders[0].glob('*.json'))[keep:]:
                path.unlink()
        with pytest.raises(TrainingError, match=fault):
            train_refiner(SMALL, run, [folders])
