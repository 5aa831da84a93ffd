"""Masks, the smooth fill, training, the table and the bundle of MRI inpainting."""

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from osteograph_training.cli import main
from osteograph_training.inpainting.export import halo_of, invented
from osteograph_training.inpainting.fill import NEIGHBOURS, WINDOW, between_slices, filled, pulled_and_pushed
from osteograph_training.inpainting.masks import KINDS, random_kinds, random_masks
from osteograph_training.inpainting.network import STEPS, Inpainter, hidden, inpaint
from osteograph_training.inpainting.training import load_inpainter
from osteograph_training.networks.shift_unet import Shape
from osteograph_training.superres.volumes import Volumes

TINY = Shape(widths=(8, 8, 8), blocks=1, middle=1)
CONFIG = """
validate_every: 1
log_every: 1
inpainter: { shape: { widths: [8, 8, 8], blocks: 1, middle: 1 }, steps: 1, slices: 2, crops: 1, crop: 32 }
"""


@pytest.fixture
def stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[0:64, 0:64]
    knee = (rows - 32) ** 2 + (columns - 30) ** 2 < 500
    volume = np.stack([knee * (150 + 60 * np.sin((rows + index) / 4) * np.cos(columns / 5)) for index in range(12)])
    for name in ('1000001_V00_L', '1000002_V00_R'):
        np.save(tmp_path / f'{name}.mri.npy', volume.astype(np.uint8))
    return tmp_path


def plain(values: list[float], rows: int = 6, columns: int = 5) -> torch.Tensor:
    """A window whose slices have one value each."""
    return torch.tensor(values, dtype=torch.float32)[None, :, None, None].expand(1, WINDOW, rows, columns).clone()


def test_what_is_known_stays_and_what_is_not_lies_between_it() -> None:
    values = torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0]])[None, None]
    known = torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])[None, None]
    result = pulled_and_pushed(values, known)[0, 0, 0]
    assert result[0] == 2 and result[-1] == 4
    assert (result.diff() >= 0).all()


def test_a_flat_image_is_filled_flat_whatever_its_size(stream: torch.Generator) -> None:
    for rows, columns in ((1, 9), (17, 31), (64, 40)):
        known = (torch.rand(1, 1, rows, columns, generator=stream) < 0.1).float()
        known[..., 0, 0] = 1
        assert torch.allclose(pulled_and_pushed(torch.full((1, 1, rows, columns), 0.7), known), torch.tensor(0.7), atol=1e-6)


def test_nothing_known_gives_nothing() -> None:
    assert not pulled_and_pushed(torch.ones(1, 1, 7, 9), torch.zeros(1, 1, 7, 9)).any()


def test_a_lost_slice_lies_on_the_line_between_its_nearest_seen_neighbours() -> None:
    masks = plain([0, 0, 1, 0, 0])
    assert torch.allclose(filled(plain([1, 2, 9, 4, 5]), masks), torch.tensor(3.0))
    # The one below is lost too: the next is twice as far, so it counts a third.
    masks = plain([0, 1, 1, 0, 0])
    assert torch.allclose(filled(plain([1, 9, 9, 4, 5]), masks), torch.tensor(3.0))
    # The last slice of a series has neighbours on one side alone.
    masks = plain([0, 0, 1, 1, 1])
    assert torch.allclose(filled(plain([1, 2, 9, 9, 9]), masks), torch.tensor(2.0))


def test_a_hidden_place_is_brought_to_the_level_of_its_own_slice() -> None:
    """The slice is twice as bright as its neighbours everywhere; so is what is filled in."""
    window, masks = plain([1, 1, 2, 1, 1], 16, 16), torch.zeros(1, WINDOW, 16, 16)
    masks[:, NEIGHBOURS, 4:9, 4:9] = 1
    window[:, NEIGHBOURS, 4:9, 4:9] = 50
    assert torch.allclose(filled(window, masks), torch.tensor(2.0), atol=1e-5)
    assert torch.allclose(between_slices(window, masks), torch.tensor(1.0))


def test_what_is_seen_stays_to_the_bit(stream: torch.Generator) -> None:
    window = torch.rand(4, WINDOW, 32, 40, generator=stream)
    masks = random_masks(list(KINDS), window[:, NEIGHBOURS], stream)
    given = hidden(window, masks, torch.full((4,), 2.4))
    network = Inpainter(TINY).eval()
    for parameter in network.parameters():
        parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
    for steps in STEPS:
        found = inpaint(network, given, steps)
        seen = masks[:, NEIGHBOURS : NEIGHBOURS + 1] == 0
        assert torch.equal(found[seen], window[:, NEIGHBOURS : NEIGHBOURS + 1][seen])


def test_what_is_hidden_is_not_looked_at(stream: torch.Generator) -> None:
    window = torch.rand(4, WINDOW, 32, 40, generator=stream)
    masks = random_masks(list(KINDS), window[:, NEIGHBOURS], stream)
    other = torch.where(masks > 0, torch.tensor(7.0), window)
    gap = torch.full((4,), 2.4)
    for one, two in zip(vars(hidden(window, masks, gap)).values(), vars(hidden(other, masks, gap)).values(), strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def test_each_kind_of_mask_hides_some_of_the_slice_and_only_a_lost_one_all(stream: torch.Generator) -> None:
    for kind in KINDS:
        shares = random_masks([kind] * 50, torch.rand(50, 96, 80, generator=stream), stream)[:, NEIGHBOURS].mean(dim=(1, 2))
        assert (shares > 0).all()
        assert (shares == 1).all() if kind == 'lost slice' else (shares < 0.6).all()
    assert set(random_kinds(200, stream)) == set(KINDS)


def test_metal_and_rectangles_hide_tissue_where_there_is_some(stream: torch.Generator) -> None:
    knee = torch.zeros(20, 64, 64)
    knee[:, 50:54, 10:14] = 0.6
    for kind in ('metal', 'rectangle'):
        assert ((random_masks([kind] * 20, knee, stream)[:, NEIGHBOURS] * knee).sum(dim=(1, 2)) > 0).all()
        assert random_masks([kind], torch.zeros(1, 64, 64), stream).any()


def test_windows_stay_within_their_series() -> None:
    volumes = Volumes(torch.arange(6.0)[:, None, None].expand(6, 4, 4), ['a', 'a', 'a', 'b', 'b', 'b'], torch.tensor([0, 0, 0, 1, 1, 1]))
    window, missing = volumes.windows(torch.tensor([2, 3]), 2)
    assert missing[:, :, 0, 0].tolist() == [[0, 0, 0, 1, 1], [1, 1, 0, 0, 0]]
    assert window[:, 2, 0, 0].tolist() == [2, 3]
    assert volumes.windows(torch.tensor([1]), 1, 2)[1][:, :, 0, 0].tolist() == [[1, 0, 1]]


def test_one_command_trains_another_scores_and_a_third_writes_the_bundle(prepared: Path, tmp_path: Path) -> None:
    config, run, out = tmp_path / 'tiny.yaml', tmp_path / 'run', tmp_path / 'knee-mri-inpaint' / '0.1.0'
    config.write_text(CONFIG)
    assert main(['train-inpainter', '--config', str(config), '--data', str(prepared), '--run', str(run)]) == 0
    scores, sheet = tmp_path / 'scores.csv', tmp_path / 'sheet.png'
    asked = ['evaluate-inpainter', '--run', str(run), '--data', str(prepared), '--out', str(scores), '--limit', '4', '--sheet', str(sheet)]
    assert main(asked) == 0
    with scores.open(newline='') as file:
        rows = list(csv.DictReader(file))
    ours = ['ours, 1 step', 'ours, 2 steps', 'ours, 4 steps']
    others = ['lines between slices', 'smooth, where the network starts']
    assert [row['method'] for row in rows] == ['biharmonic', *others, *ours] * 3 + [*others, *ours]
    assert sheet.stat().st_size > 1000
    golden = tmp_path / 'golden'
    assert main(['export-inpainter', '--run', str(run), '--out', str(out), '--scores', str(scores), '--golden', str(golden)]) == 0
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['trainedOn']['people'] == 2
    assert manifest['inpainting']['defaultSteps'] == 1
    assert '| phantoms of held-out people | metal | biharmonic |' in (out / 'README.md').read_text()
    assert np.array(json.loads(golden.with_suffix('.json').read_text())['clean']).shape == (4, 4)


def test_the_bundle_takes_slices_of_any_size(prepared: Path, tmp_path: Path) -> None:
    config, run, out = tmp_path / 'tiny.yaml', tmp_path / 'run', tmp_path / 'knee-mri-inpaint' / '0.1.0'
    config.write_text(CONFIG)
    assert main(['train-inpainter', '--config', str(config), '--data', str(prepared), '--run', str(run)]) == 0
    assert main(['export-inpainter', '--run', str(run), '--out', str(out)]) == 0
    assert 'Not measured.' in (out / 'README.md').read_text()
    network, _, _ = load_inpainter(run / 'inpainter.pt')
    session = onnxruntime.InferenceSession(out / 'inpainter.onnx', providers=['CPUExecutionProvider'])
    given = hidden(*invented(40, 56), torch.tensor([6.4]))
    inputs = [given.filled, given.filled, given.inside, given.mask, given.neighbours, given.neighbour_masks, torch.ones(1), torch.zeros(1), given.gap]
    found = session.run(None, {spec.name: value.numpy() for spec, value in zip(session.get_inputs(), inputs, strict=True)})[0]
    with torch.no_grad():
        assert np.abs(found - network(*inputs).numpy()).max() < 0.02


def test_a_run_starts_from_a_bundle_and_its_own_bundle_says_so(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    config, first, second = tmp_path / 'tiny.yaml', tmp_path / 'knee-mri-inpaint' / '0.1.0', tmp_path / 'knee-mri-inpaint' / '0.2.0'
    config.write_text(CONFIG)
    train = ['train-inpainter', '--config', str(config), '--data', str(prepared)]
    assert main([*train, '--run', str(tmp_path / 'run')]) == 0
    assert main(['export-inpainter', '--run', str(tmp_path / 'run'), '--out', str(first)]) == 0
    assert main([*train, '--run', str(tmp_path / 'again'), '--steps', '0', '--start-from', str(first)]) == 0
    assert main(['export-inpainter', '--run', str(tmp_path / 'again'), '--out', str(second)]) == 0
    stored = [{tensor.name: tensor for tensor in onnx.load(folder / 'inpainter.onnx').graph.initializer} for folder in (first, second)]
    weights = {name for name in stored[0] if name.endswith(('.int8', '.half', '.weight', '.bias'))}
    assert len(weights) > 10
    assert all(stored[0][name] == stored[1][name] for name in weights)
    manifest = json.loads((second / 'bundle.json').read_text())
    assert manifest['trainedOn']['startedFrom'] == {'bundle': 'knee-mri-inpaint@0.1.0', 'steps': 1}
    assert 'startedFrom' not in json.loads((first / 'bundle.json').read_text())['trainedOn']
    assert 'It started from the weights of knee-mri-inpaint@0.1.0, whose 1 steps are not counted here.' in (second / 'README.md').read_text()
    assert main([*train, '--run', str(tmp_path / 'none'), '--start-from', str(prepared)]) == 2
    assert 'inpainter.onnx could not be read as an ONNX graph' in capsys.readouterr().err


def test_tiles_with_the_halo_give_what_the_whole_slice_gives(stream: torch.Generator) -> None:
    network = Inpainter(TINY).eval()
    for parameter in network.parameters():
        parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
    halo, numbers = halo_of(network), [torch.ones(1), torch.zeros(1), torch.tensor([2.4])]
    image, around = torch.rand(1, 1, 192, 64, generator=stream), torch.rand(1, 4, 192, 64, generator=stream)
    images = [image, image, image, torch.ones_like(image), around, torch.zeros_like(around)]
    with torch.no_grad():
        whole = network(*images, *numbers)
        part = network(*(one[:, :, 64 - halo :] for one in images), *numbers)
    assert halo <= 64
    assert torch.allclose(whole[:, :, 64:], part[:, :, halo:], atol=1e-5)


def test_what_cannot_be_trained_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    config = tmp_path / 'tiny.yaml'
    config.write_text(CONFIG)
    assert main(['train-inpainter', '--config', str(config), '--data', str(tmp_path), '--run', str(tmp_path / 'run')]) == 2
    assert 'holds no <knee>.mri.npy' in capsys.readouterr().err
    assert main(['evaluate-inpainter', '--run', str(tmp_path), '--data', str(tmp_path), '--out', str(tmp_path / 'scores.csv')]) == 2
    assert 'a checkpoint written by train-inpainter is expected' in capsys.readouterr().err
