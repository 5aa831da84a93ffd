"""The refiner: what it sees, what it learns from, how it goes along its path, and how it becomes a part of a bundle."""

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
from osteograph_training.networks.refiner import Refiner, RefinerShape, film_on_slice, mirrored_features, moved
from osteograph_training.refining.batches import Pairs, drawn_pairs
from osteograph_training.refining.config import RefinerConfig, RefinerOptions
from osteograph_training.refining.samples import SLICES, Samples
from osteograph_training.refining.training import refiner_loss, train_refiner
from osteograph_training.restore import restore
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import train_diffusion

SMALL = RefinerConfig(
    log_every=1, validate_every=2, refiner=RefinerOptions(shape=RefinerShape(widths=(8, 8, 16), middle=1), pairs=2, steps=2, path=(1.0, 0.1))
)


def test_a_medial_and_a_lateral_grade_are_exchanged_in_a_mirror() -> None:
    grades = {'XRKL': 3, 'XROSFM': 2, 'XRJSL': 1, 'XRCHM': 1, 'XRATTM': 3}
    exchanged = grades_of(one_hot(grades)[mirrored_features().numpy()])
    assert exchanged == {'XRKL': 3, 'XROSFL': 2, 'XRJSM': 1, 'XRCHL': 1, 'XRATTL': 3}


@pytest.mark.parametrize(('side', 'assumed'), [(90.5, 90.5), (80.0, 80.0), (0.0, 90.5)])
def test_the_film_lies_on_the_slice_to_the_millimetre_with_the_joint_in_one_row(side: float, assumed: float) -> None:
    film = torch.zeros(1, 1, 256, 256)
    # The joint line of a film lies at 49.3 % of its height, that of a slice 6 mm below the middle: row 137.6.
    film[..., 124:129, :] = 1
    film[..., :, 224:] += 1
    on_slice, covered = film_on_slice(film, torch.tensor([side]))[0]
    rows = on_slice[:, 64:128].mean(dim=1)
    assert (rows * torch.arange(256)).sum() / rows.sum() == pytest.approx(137.1, abs=0.6)
    # 96 of 256 columns right of the middle begins what is white: 0.375 of the film's width.
    white = (on_slice[110] > 0.5).nonzero().min()
    assert white.item() == pytest.approx(128 + 0.375 * assumed / 0.625, abs=1)
    assert int((covered[138] > 0.5).sum()) == pytest.approx(assumed / 0.625, abs=2)


def test_a_film_goes_astray_by_rows_and_columns() -> None:
    film = torch.zeros(1, 1, 256, 256)
    film[..., 120:136, 120:136] = 1
    straight, astray = (film_on_slice(film, torch.tensor([90.5]), torch.tensor([moves]))[0, 0] for moves in ([0.0, 0.0], [5.0, -3.0]))
    assert torch.allclose(astray[20:, :240], straight.roll((5, -3), (0, 1))[20:, :240], atol=1e-4)


def test_the_path_ends_at_the_true_slice_if_the_network_knows_it() -> None:
    network = Refiner(RefinerShape(widths=(8, 8, 16), middle=1), (1.0, 0.3, 0.02))
    truth = torch.rand(2, 1, 256, 256, generator=torch.Generator().manual_seed(2))
    asked = []

    def clean(state: torch.Tensor, image: torch.Tensor, _film: torch.Tensor, _where: torch.Tensor, _numbers: torch.Tensor, place: torch.Tensor):
        asked.append((round(place[0].item(), 2), round((state - truth - place[0] * (image - truth)).std().item(), 3)))
        return truth

    network.clean = clean
    noise = torch.randn(2, 1, 256, 256, generator=torch.Generator().manual_seed(3))
    made = network(*of_refiner(), torch.tensor([88.0, 0.0]), noise)
    assert torch.equal(made, truth)
    # Noise of .3 times the root of the place is left in the state.
    assert asked == [(1.0, pytest.approx(0.3, abs=0.003)), (0.3, pytest.approx(0.164, abs=0.003)), (0.02, pytest.approx(0.042, abs=0.003))]


def test_what_moves_along_the_path_keeps_its_noise_by_the_root_of_the_place() -> None:
    image, clean, noise = torch.tensor(1.0), torch.tensor(0.2), torch.tensor(2.0)
    state = clean + 0.64 * (image - clean) + 0.3 * 0.8 * noise
    assert moved(state, image, clean, 0.64, 0.16).item() == pytest.approx(0.2 + 0.16 * 0.8 + 0.3 * 0.4 * 2)


def test_a_network_that_adds_nothing_gives_the_state_where_it_is_good_and_the_decoded_slice_where_it_is_not() -> None:
    network = Refiner(RefinerShape(widths=(8, 8, 16), middle=1), (1.0,))
    state, image = torch.full((2, 1, 64, 64), 0.5), torch.full((2, 1, 64, 64), -0.5)
    film, where = torch.zeros(2, 2, 64, 64), torch.zeros(1, 2, 64, 64)
    numbers = network.numbers(torch.zeros(2, 65), torch.zeros(2), torch.zeros(2), torch.zeros(2))
    far, near = network.clean(state, image, film, where, numbers, torch.tensor([1.0, 0.0001]))
    # .19 squared over itself and the square of the noise, .3.
    assert far.mean().item() == pytest.approx(-0.5 + 0.0361 / (0.0361 + 0.09), abs=1e-4)
    assert near.mean().item() == pytest.approx(0.5, abs=1e-3)


def of_refiner(rows: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(1)
    image, film = (torch.rand(rows, 1, 256, 256, generator=stream) * 2 - 1 for _ in range(2))
    return image, film, torch.rand(rows, generator=stream), torch.zeros(rows, 65)


def samples() -> Samples:
    """Two knees in two versions: the second has chondrocalcinosis, a bright patch in one slice; films say which version they are of."""
    shape = (2, 2, SLICES, 256, 256)
    truth = np.full(shape, 100, dtype=np.uint8)
    truth[:, 1, 3, 140:144, 180:184] = 250
    features = np.zeros((2, 2, 65), dtype=np.float32)
    features[:, 1, list(one_hot({'XRCHM': 1})).index(1)] = 1
    films = np.zeros((2, 2, 3, 256, 256), dtype=np.uint8)
    films[:, 1] = 255
    base = np.full((2, 2, 2, SLICES, 256, 256), 100, dtype=np.uint8)
    seen = np.ones((2, 3, 65), dtype=np.float32)
    sides = np.full((2, 3), 88, dtype=np.float32)
    return Samples(base, truth, films, sides, features, seen, np.tile(np.arange(SLICES, dtype=np.uint8), (2, 1)))


def drawn(seed: int = 1, **options: float) -> Pairs:
    where = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 256), torch.linspace(-1, 1, 256), indexing='ij'))[None]
    return drawn_pairs(samples(), replace(RefinerOptions(pairs=20), **options), where, torch.Generator().manual_seed(seed))


def test_both_of_a_swapped_pair_have_one_film_and_each_its_own_grades() -> None:
    films = {share: drawn(film_swap=share, changed_share=1.0).film[:, 0, 40:90, 40:90].mean(dim=(1, 2)).sign().chunk(2) for share in (0.0, 1.0)}
    assert torch.equal(*films[1.0])
    assert not (films[0.0][0] == films[0.0][1]).any()
    batch = drawn(film_swap=1.0)
    for first, second, mirrored in zip(*batch.features.chunk(2), batch.mirrored.chunk(2)[0], strict=True):
        code = 'XRCHL' if mirrored else 'XRCHM'
        found = sorted(len(grades_of(row.numpy())) for row in (first, second))
        assert found == [0, 1]
        assert {code: 1} in [grades_of(row.numpy()) for row in (first, second)]


def test_pairs_are_drawn_from_where_they_differ_and_mirrored_with_their_place() -> None:
    batch = drawn(changed_share=1.0)
    first, second = batch.truth.chunk(2)
    assert ((first - second).abs().amax(dim=(1, 2, 3)) > 1).all()
    for pixel, where, mirrored in zip((first - second).abs()[:, 0], batch.where.chunk(2)[0], batch.mirrored.chunk(2)[0], strict=True):
        row, column = (index[0] for index in torch.nonzero(pixel > 1, as_tuple=True))
        # Row 140 and column 180 to 183 of the slice, seen from whichever side.
        assert where[0, row, column].item() == pytest.approx(2 * 140 / 255 - 1)
        assert where[1, row, column].item() == pytest.approx(2 * (183 if mirrored else 180) / 255 - 1)


def test_both_of_a_pair_share_their_place_on_the_path_and_their_noise() -> None:
    batch = drawn(final_share=0.5)
    for values in (batch.place, batch.noise, batch.side):
        assert torch.equal(*values.chunk(2))
    far = (batch.place == 1).float().mean().item()
    assert 0.2 < far < 0.8
    assert batch.place.min() >= 0.01
    assert set(drawn(unknown_share=0.5).side.tolist()) == {0.0, 88.0}


class Fixed:
    """In place of a refiner: gives what it is given."""

    def __init__(self, clean: torch.Tensor) -> None:
        self.made = clean

    def numbers(self, *_: torch.Tensor) -> None: ...

    def clean(self, *_: torch.Tensor) -> torch.Tensor:
        return self.made


def test_the_loss_asks_for_each_crop_and_for_the_difference_of_a_pair() -> None:
    batch = drawn(pairs=1, changed_share=1.0, final_share=1.0)
    assert refiner_loss(Fixed(batch.truth), batch, RefinerOptions()).item() == pytest.approx(0, abs=1e-12)
    of_pair, of_own = replace(RefinerOptions(), pair_weight=1.0, own_weight=0.0), replace(RefinerOptions(), pair_weight=0.0, own_weight=1.0)
    # At the far end what is true may be .1605 away.
    weight = 1 / 0.1605
    # 16 pixels of 150 grey levels, nine times, over the root of 100 differing pixels of 16,384 and .005.
    pair = weight * 9 * 16 * (150 / 255) ** 2 / 16384 / (100 / 16384 + 0.005) ** 0.5
    assert refiner_loss(Fixed(batch.image), batch, of_pair).item() == pytest.approx(pair, rel=1e-3)
    own = weight * 16 * (150 / 255) ** 2 / (2 * 16384)
    assert refiner_loss(Fixed(batch.image), batch, of_own).item() == pytest.approx(own, rel=1e-3)
    # What is added to both alike is no difference.
    assert refiner_loss(Fixed(batch.image + 0.2), batch, of_pair).item() == pytest.approx(pair, rel=1e-3)


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
    assert (run / 'refiner.csv').read_text().splitlines()[
        0
    ] == 'step,loss,learning_rate,psnr,base_psnr,change,base_change,sharpness,base_sharpness,seconds'

    bundle = tmp_path / 'tiny' / '1.0.0'
    export_bundle(run, folders[0], bundle, 'tiny', '1.0.0', 1, None, tmp_path / 'golden')
    manifest = json.loads((bundle / 'bundle.json').read_text())
    assert manifest['format'] == 'osteograph-bundle/2'
    assert [tensor['name'] for tensor in manifest['graphs']['refiner']['inputs']] == ['image', 'xray', 'depth', 'features', 'side', 'noise']
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

    wider = refined(film, grades, 1, 7, 2, side_mm=80.0)
    assert not np.array_equal(wider, once)
    assert np.array_equal(refined(film, grades, 1, 7, 2), once)

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


def test_a_refiner_of_an_earlier_kind_is_run_and_not_restored(tmp_path: Path) -> None:
    bundle = Path(__file__).parents[2] / 'models' / 'knee-xray2mri-demo' / '1.2.0'
    with pytest.raises(TrainingError, match=r'1\.2\.0 has a refiner of an earlier kind, which this version can run but not train'):
        restore(bundle, tmp_path / 'run')
