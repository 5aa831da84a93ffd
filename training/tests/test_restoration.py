"""What spoils a film, and the restorer: the path, masks that keep what is seen, tiles, training that can be resumed."""

import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from osteograph_training.cli import main
from osteograph_training.film_split import read_film_split
from osteograph_training.restoration.degrade import hidden, random_degraded, random_masks, reduced, windowed, with_counts, with_noise
from osteograph_training.restoration.export import halo_of
from osteograph_training.restoration.restorer import Restorer, RestorerConfig, RestorerOptions, places, restore, state_between
from osteograph_training.restoration.scores import psnr, spoilt_cases
from osteograph_training.restoration.training import load_restorer, train_restorer

TINY = RestorerOptions(widths=(8, 8, 8), blocks=1, middle=1, crop=32, batch=8, steps=2, warmup=1)


@pytest.fixture
def stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_the_window_runs_from_the_fifth_to_the_ninety_ninth_percentile() -> None:
    film = torch.arange(0, 1000).reshape(1, 1, 20, 50)
    window = windowed(film)
    # numpy.percentile(numpy.arange(1000), [5, 99]) is [49.95, 989.01]
    assert window.flatten()[0].item() == pytest.approx((0 - 49.95) / (989.01 - 49.95), abs=1e-5)
    assert window.flatten()[-1].item() == pytest.approx((999 - 49.95) / (989.01 - 49.95), abs=1e-5)


def test_noise_has_the_deviation_that_was_asked_for(stream: torch.Generator) -> None:
    clean = torch.full((2, 1, 128, 128), 0.5)
    case = with_noise(clean, torch.tensor([15.0, 50.0]), torch.zeros(2), stream)
    assert (255 * (case.image - clean).std(dim=(1, 2, 3))).tolist() == pytest.approx([15, 50], rel=0.02)
    assert case.strengths.tolist() == [pytest.approx([0.2, 0, 0]), pytest.approx([50 / 75, 0, 0])]


def test_half_of_the_impulses_are_black_and_half_white(stream: torch.Generator) -> None:
    case = with_noise(torch.full((1, 1, 200, 200), 0.5), torch.zeros(1), torch.tensor([0.1]), stream)
    assert (case.image == 0).float().mean().item() == pytest.approx(0.05, abs=0.005)
    assert (case.image == 1).float().mean().item() == pytest.approx(0.05, abs=0.005)


def test_photon_counts_are_noisier_where_it_is_brighter_and_dark_pixels_are_kept(stream: torch.Generator) -> None:
    clean = torch.cat([torch.full((1, 1, 64, 64), value) for value in (-0.2, 0.25, 1.0)], dim=3)
    noisy = with_counts(clean, torch.tensor([100.0]), stream).image
    assert torch.equal(noisy[..., :64], clean[..., :64])
    assert noisy[..., 64:128].std().item() == pytest.approx(0.05, rel=0.1)
    assert noisy[..., 128:].std().item() == pytest.approx(0.1, rel=0.1)


def test_a_film_that_was_reduced_has_its_size_again(stream: torch.Generator) -> None:
    clean = torch.rand(1, 1, 60, 44, generator=stream)
    assert reduced(clean, 2 * 2**0.5).image.shape == clean.shape
    assert reduced(torch.full((1, 1, 40, 40), 0.3), 4).image == pytest.approx(torch.full((1, 1, 40, 40), 0.3).numpy(), abs=1e-5)


def test_what_a_mask_hides_does_not_show_through(stream: torch.Generator) -> None:
    clean, mask = torch.rand(1, 1, 32, 32, generator=stream), random_masks(1, 32, 32, stream)
    other = torch.where(mask > 0, torch.rand(1, 1, 32, 32, generator=stream), clean)
    assert 0 < mask.mean() < 1
    assert torch.equal(hidden(clean, mask).image, hidden(other, mask).image)


def test_a_batch_is_spoilt_in_every_way_and_the_same_for_the_same_stream() -> None:
    clean = torch.rand(16, 1, 32, 32)
    once, again = (random_degraded(clean, torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(once.image, again.image) and torch.equal(once.mask, again.mask)
    assert (once.mask.sum(dim=(1, 2, 3)) > 0).tolist() == [False] * 12 + [True] * 4
    assert (once.strengths[:, 2] > 0).tolist() == [False] * 8 + [True] * 4 + [False] * 4


def test_the_path_leads_from_the_clean_film_to_the_spoilt_one(stream: torch.Generator) -> None:
    clean = torch.rand(2, 1, 16, 16, generator=stream)
    case = with_noise(clean, torch.tensor([25.0, 25.0]), torch.zeros(2), stream)
    ends = state_between(clean, case, torch.tensor([0.0, 1.0]), torch.zeros(2), stream)
    assert torch.equal(ends[0], clean[0])
    assert ends[1].numpy() == pytest.approx(case.image[1].numpy(), abs=1e-6)


@pytest.mark.parametrize(('steps', 'sampled'), [(1, False), (2, True), (4, True)])
def test_what_a_mask_leaves_free_stays_as_it_was(steps: int, sampled: bool, stream: torch.Generator) -> None:
    network = _shaken(stream)
    clean = torch.rand(1, 1, 32, 40, generator=stream)
    case = hidden(clean, random_masks(1, 32, 40, stream))
    restored = restore(network, case, steps, sampled, stream)
    assert torch.equal(restored[case.mask == 0], clean[case.mask == 0])
    assert not torch.equal(restored[case.mask == 1], case.image[case.mask == 1])


def test_a_tile_with_a_wide_halo_gives_what_the_whole_film_gives(stream: torch.Generator) -> None:
    network = _shaken(stream)
    case = with_noise(torch.rand(1, 1, 32, 256, generator=stream), torch.tensor([25.0]), torch.zeros(1), stream)
    whole = restore(network, case)
    tile = type(case)(case.image[..., 64:192], case.mask[..., 64:192], case.strengths)
    assert restore(network, tile)[..., 48:80].numpy() == pytest.approx(whole[..., 112:144].numpy(), abs=1e-5)


def test_psnr_is_that_of_scikit_image() -> None:
    random = np.random.default_rng(1)
    clean, found = random.random((1, 1, 24, 24)), random.random((1, 1, 24, 24))
    # skimage.metrics.peak_signal_noise_ratio(clean[0, 0], found[0, 0], data_range=1)
    assert psnr(torch.from_numpy(found), torch.from_numpy(clean)).item() == pytest.approx(7.7572245205948, abs=1e-6)


def test_training_resumes_where_it_stopped(tmp_path: Path) -> None:
    _films(tmp_path / 'films')
    config = RestorerConfig(log_every=1, validate_every=2, restorer=TINY)
    train_restorer(config, tmp_path / 'films', tmp_path / 'once', steps=4)
    train_restorer(config, tmp_path / 'films', tmp_path / 'run')
    path = train_restorer(config, tmp_path / 'films', tmp_path / 'run', resume=True, steps=4)
    with (tmp_path / 'run' / 'restorer.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['step'] for row in rows] == ['1', '2', '3', '4']
    assert float(rows[3]['noise25']) > 0
    _, config, saved = load_restorer(path)
    assert (saved['step'], saved['people'], config.restorer.widths) == (4, 1, (8, 8, 8))
    assert set(spoilt_cases(torch.rand(1, 1, 32, 32))) == {'noise15', 'noise25', 'noise50', 'impulses', 'scale4', 'mask'}


def test_an_exported_bundle_takes_films_of_any_size_and_says_what_was_not_measured(tmp_path: Path) -> None:
    _films(tmp_path / 'films')
    train_restorer(RestorerConfig(restorer=TINY), tmp_path / 'films', tmp_path / 'run')
    out = tmp_path / 'models' / 'knee-xray-restore' / '1.0.0'
    assert main(['export-restorer', '--run', str(tmp_path / 'run'), '--out', str(out), '--golden', str(tmp_path / 'golden')]) == 0
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['graphs']['restorer']['inputs'][0] == {'name': 'state', 'type': 'float32', 'shape': ['B', 1, 'H', 'W']}
    assert manifest['graphs']['restorer']['outputs'][0]['shape'] == ['B', 1, 'H', 'W']
    assert manifest['evaluation'] == {'data': 'not measured', 'metrics': []}
    assert 'Not measured.' in (out / 'README.md').read_text()
    golden = json.loads((tmp_path / 'golden.json').read_text())
    spoilt = np.fromfile(tmp_path / 'golden.bin', '<f4').reshape(1, 1, 48, 64)
    told = {'mask': np.zeros_like(spoilt), 'place': np.ones(1, np.float32), 'spread': np.zeros(1, np.float32)}
    strengths = np.array([[25 / 75, 0, 0]], np.float32)
    found = onnxruntime.InferenceSession(out / 'restorer.onnx').run(None, {'state': spoilt, 'degraded': spoilt, 'strengths': strengths, **told})[0]
    assert found[0, 0, ::12, ::16] == pytest.approx(np.array(golden['restored']), abs=1e-4)


def test_the_halo_is_as_wide_as_the_network_sees(stream: torch.Generator) -> None:
    assert halo_of(_shaken(stream)) in (24, 32, 40, 48)


def test_the_sampler_stands_where_the_schedule_of_the_manifest_says() -> None:
    # 0.05 * (0.999 / 0.05) ** ((t - 1) / 3) for t = 4, 3, 2, 1
    assert places(4) == pytest.approx([0.999, 0.3681575, 0.1356756, 0.05], abs=1e-5)
    assert places(2) == pytest.approx([0.999, 0.1356756], abs=1e-5)
    assert places(1) == pytest.approx([0.999])


def _shaken(stream: torch.Generator) -> Restorer:
    """A network whose last layers are not zero, as they are when training begins."""
    network = Restorer(TINY).eval()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=stream)
    return network


def _films(folder: Path) -> None:
    folder.mkdir()
    people = {part: next(person for person, its in read_film_split().items() if its == part) for part in ('train', 'validation')}
    rng = np.random.default_rng(0)
    for part in people:
        Image.fromarray(rng.integers(0, 255, (224, 224), dtype=np.uint8)).save(folder / f'{part}.png')
    with (folder / 'index.csv').open('w', newline='') as file:
        csv.writer(file).writerows([['file', 'participant', 'side', 'kl'], *([f'{part}.png', person, 'R', 1] for part, person in people.items())])
