"""A scanner's physics and its correction, the path and its halves, training, the table and the bundle of MRI super-resolution."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import onnxruntime
import pydicom
import pytest
import torch
from scipy.special import lpmv
from torch.nn import functional as F

from osteograph_training.cli import main
from osteograph_training.errors import TrainingError
from osteograph_training.networks.shift_unet import Shape
from osteograph_training.superres.bias import estimate_bias, field
from osteograph_training.superres.cases import ARMS, CHANNELS, acquire
from osteograph_training.superres.export import halo_of
from osteograph_training.superres.gradients import Gradients, Term, displacement, random_gradients, read_gradients, write_gradients
from osteograph_training.superres.keep_taken import estimated_noise, keep_taken
from osteograph_training.superres.network import STEPS, SuperResolver, places, super_resolve
from osteograph_training.superres.physics import coarse, inverse, jacobian, random_bias, random_shift, sampled, thick
from osteograph_training.superres.through_plane import thicker, thin_slices
from osteograph_training.superres.training import load_network, names

TINY = 'widths: [8, 8, 8], blocks: 1, middle: 1'
CONFIG = f"""
validate_every: 1
log_every: 1
teacher: {{ {TINY} }}
student: {{ {TINY} }}
teaching: {{ steps: 1, slices: 2, crops: 1, crop: 32 }}
halving: {{ steps: 1, slices: 2, crops: 1, crop: 32 }}
"""


@pytest.fixture
def stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def volume() -> np.ndarray:
    """Ellipsoids of four tissues and texture, [12,64,64]."""
    z, y, x = np.mgrid[-1:1:12j, -1:1:64j, -1:1:64j]
    knee = 0.35 * (x * x + y * y < 0.8) + 0.4 * ((x - 0.2) ** 2 + 2 * y * y < 0.2) + 0.2 * (np.abs(y - 0.1 * np.sin(3 * x)) < 0.05)
    return (knee * (1 + 0.05 * np.sin(20 * x + 3 * z) * np.cos(17 * y))).clip(0, 1)


def siemens(terms: list[Term], x: np.ndarray, y: np.ndarray, z: np.ndarray, radius: float) -> np.ndarray:
    """As gradunwarp adds its harmonics up, in spherical coordinates."""
    r = np.sqrt(x * x + y * y + z * z)
    theta, phi = np.arccos(z / r), np.arctan2(y / r, x / r)
    total = np.zeros_like(x)
    for term in terms:
        norm = 1.0
        if term.m > 0:
            norm = (-1) ** term.m * math.sqrt((2 * term.n + 1) * math.factorial(term.n - term.m) / (2 * math.factorial(term.n + term.m)))
        wave = term.a * np.cos(term.m * phi) + term.b * np.sin(term.m * phi)
        total += (r / radius) ** term.n * norm * lpmv(term.m, term.n, np.cos(theta)) * wave
    return radius * total


def test_displacement_is_the_sum_of_harmonics_that_gradunwarp_knows() -> None:
    terms = [Term(n, m, 0.01 * (n + m + 1), 0.02 * (n - m) - 0.03) for n in range(1, 6) for m in range(n + 1)]
    points = np.random.default_rng(1).uniform(-150, 150, (40, 3))
    found = displacement(Gradients(250.0, (terms, terms, [])), torch.from_numpy(points)).numpy()
    expected = siemens(terms, *points.T, 250.0)
    assert np.abs(found[:, 0] - expected).max() < 1e-9
    assert np.abs(found[:, 1] - expected).max() < 1e-9
    assert not found[:, 2].any()


def test_files_of_coefficients_come_back_as_they_were_written_and_others_are_refused(tmp_path: Path, stream: torch.Generator) -> None:
    gradients, path = random_gradients(stream), tmp_path / 'scanner.json'
    write_gradients(gradients, path, 'invented')
    assert read_gradients(path) == gradients
    content = json.loads(path.read_text())
    content['coils']['x'][0]['n'] = 6
    path.write_text(json.dumps(content))
    with pytest.raises(TrainingError, match='a term of order 6 and degree 1; orders 1 to 5'):
        read_gradients(path)
    path.write_text('{}')
    with pytest.raises(TrainingError, match='is no file of gradient coefficients'):
        read_gradients(path)


def test_a_field_without_shift_samples_as_cubic_interpolation_does(stream: torch.Generator) -> None:
    image = torch.rand(1, 1, 16, 20, generator=stream)
    expected = torch.nn.functional.interpolate(image, size=(32, 40), mode='bicubic', align_corners=False)
    assert torch.allclose(sampled(image, torch.zeros(1, 32, 40, 2)), expected, atol=1e-5)


def test_the_inverse_leads_back_and_fields_do_not_fold(stream: torch.Generator) -> None:
    shift = random_shift(8, 64, 64, 2.5, stream)
    back = inverse(shift)
    again = back + sampled(shift.permute(0, 3, 1, 2), back).permute(0, 2, 3, 1)
    assert again[:, 8:-8, 8:-8].norm(dim=-1).max() < 0.02
    assert jacobian(shift).min() > 0.3


def test_the_middle_of_k_space_keeps_means_and_where_things_lie(stream: torch.Generator) -> None:
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing='ij')
    image = torch.exp(-((rows - 40) ** 2 + (columns - 60) ** 2) / 200)[None, None]
    small = coarse(image, 48, 36, torch.zeros(1), stream)[0, 0]
    assert small.mean().item() == pytest.approx(image.mean().item(), rel=0.01)
    centre = (small * torch.arange(48)[:, None]).sum() / small.sum(), (small * torch.arange(36)[None]).sum() / small.sum()
    assert (centre[0].item() + 0.5) * 2 - 0.5 == pytest.approx(40, abs=0.1)
    assert (centre[1].item() + 0.5) * 96 / 36 - 0.5 == pytest.approx(60, abs=0.1)


def test_noise_has_the_deviation_that_was_asked_for(stream: torch.Generator) -> None:
    flat = coarse(torch.full((1, 1, 128, 128), 0.5), 64, 64, torch.tensor([0.02]), stream)
    assert flat.std().item() == pytest.approx(0.02, rel=0.1)


def test_thick_slices_hold_their_neighbours_share() -> None:
    here, there = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    # Of a slice 1.5 times as thick as the distance, two thirds are its own.
    assert thick(here, (there, there), torch.tensor([1.5])).mean().item() == pytest.approx(2 / 3)
    assert torch.equal(thick(here, (there, there), torch.ones(1)), here)


def test_correction_by_the_fields_themselves_undoes_distortion_and_shading(volume: np.ndarray, stream: torch.Generator) -> None:
    truth = torch.from_numpy(volume[4:8]).float()[:, None]
    truth = torch.nn.functional.interpolate(truth, size=(128, 128), mode='bicubic').clamp(0, 1)
    case = acquire(truth, 2.0, stream, spacing_mm=1.25, noise=0.0)
    error = [(image - truth).square().mean().item() for image in (case.enlarged, case.corrected)]
    assert error[1] < error[0] / 4
    for arm in ARMS:
        image, guidance = case.given(arm)
        assert guidance.shape[1] == CHANNELS[arm]
        assert image is (case.enlarged if arm in 'AB' else case.corrected)


def test_a_plain_case_has_neither_distortion_nor_bias(volume: np.ndarray, stream: torch.Generator) -> None:
    case = acquire(torch.from_numpy(volume[4:8]).float()[:, None], 2.0, stream, noise=0.0, plain_share=1.0)
    assert not case.jacobian.any() and not case.bias.any()
    assert torch.allclose(case.corrected, case.enlarged, atol=1e-5)


def test_most_of_a_bias_is_found_in_the_image_itself(volume: np.ndarray, stream: torch.Generator) -> None:
    bias = random_bias(1, 64, 64, 0.5, stream)[0, 0].double().numpy()
    weights, own = estimate_bias(volume * bias), estimate_bias(volume)
    inside = volume[6] > 0.1
    left = (np.log(bias) - field(weights - own, volume.shape, 6))[inside].std()
    assert left < 0.4 * np.log(bias)[inside].std()


def test_air_has_no_bias() -> None:
    assert not estimate_bias(np.zeros((3, 40, 40))).any()


def test_each_grid_of_steps_lies_in_the_finer_one() -> None:
    for steps in STEPS[1:]:
        assert places(steps) == places(2 * steps)[::2]
    assert places(8)[0] == pytest.approx(0.999)
    assert places(8)[-1] == pytest.approx(0.05)


def test_a_network_without_training_changes_nothing_in_any_number_of_steps(stream: torch.Generator) -> None:
    network = SuperResolver(Shape(widths=(8, 8, 8), blocks=1, middle=1)).eval()
    image, guidance = torch.rand(1, 1, 32, 40, generator=stream), torch.zeros(1, 2, 32, 40)
    for steps in STEPS:
        assert torch.allclose(super_resolve(network, image, guidance, 2.0, steps), image, atol=1e-6)


@pytest.fixture
def prepared(tmp_path: Path, volume: np.ndarray) -> Path:
    for knee in ('1000001_V00_L', '1000002_V00_R'):
        np.save(tmp_path / f'{knee}.mri.npy', np.rint(volume * 255).astype(np.uint8))
    return tmp_path


def test_one_command_trains_all_another_scores_them_and_a_third_writes_the_bundle(prepared: Path, tmp_path: Path) -> None:
    config, run, out = tmp_path / 'tiny.yaml', tmp_path / 'run', tmp_path / 'knee-mri-sr' / '0.1.0'
    config.write_text(CONFIG)
    assert main(['train-superres', '--config', str(config), '--data', str(prepared), '--run', str(run)]) == 0
    assert all((run / f'{name}.pt').is_file() for name in names())
    scores = tmp_path / 'scores.csv'
    assert main(['evaluate-superres', '--run', str(run), '--data', str(prepared), '--out', str(scores), '--limit', '4']) == 0
    with scores.open(newline='') as file:
        rows = list(csv.DictReader(file))
    methods = ['cubic', 'cubic, bias estimated', 'cubic, corrected', 'arm A: no guidance', 'arm B: channels', 'arm C: corrected, channels']
    methods += ['arm D: corrected', 'teacher, 8 steps', 'teacher, 1 step', 'teacher, 1 step, what was taken kept', 'student, 4 steps']
    methods += ['student, 2 steps', 'student, 1 step', 'student, 1 step, what was taken kept']
    through = ['cubic between slices', 'linear between slices', 'teacher, 1 step, what was taken kept', 'student, 1 step, what was taken kept']
    assert [row['method'] for row in rows] == methods * 3 + through
    assert [row['set'] for row in rows[-4:]] == ['slices of phantoms, of half as many'] * 4
    assert all(0 < float(row['acutance']) < 5 for row in rows)
    assert all(0 <= float(row[column]) <= 1 for row in rows for column in ('dice_dark', 'dice_bright'))
    assert main(['export-superres', '--run', str(run), '--out', str(out), '--scores', str(scores), '--golden', str(tmp_path / 'golden')]) == 0
    manifest = json.loads((out / 'bundle.json').read_text())
    assert manifest['graphs'].keys() == {'student', 'teacher'}
    assert manifest['trainedOn']['people'] == 2
    assert '| phantoms of held-out people | 2 | cubic |' in (out / 'README.md').read_text()
    assert np.array(json.loads((tmp_path / 'golden.json').read_text())['fine']['student']).shape == (4, 4)

    again, real = tmp_path / 'again.csv', tmp_path / 'real'
    write_series(real, volumes_of(prepared)[:8])
    assert main(['evaluate-superres', '--bundle', str(out), '--data', str(prepared), '--real', str(real), '--out', str(again), '--limit', '4']) == 0
    with again.open(newline='') as file:
        shipped = list(csv.DictReader(file))
    both = [row for row in rows if row['method'] in {found['method'] for found in shipped}]
    assert [row for row in shipped if 'real' not in row['set']] == both
    assert [row['slices'] for row in shipped if row['set'] == 'real slices, of half as many'] == ['8'] * 4


def test_networks_are_scored_of_a_run_or_of_a_bundle_and_on_something(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data, run, bundle = ['--data', str(tmp_path)], ['--run', str(tmp_path)], ['--bundle', str(tmp_path)]
    for arguments in (data, run, [*run, *bundle, *data]):
        assert main(['evaluate-superres', *arguments, '--out', str(tmp_path / 'scores.csv')]) == 2
        assert 'by --run or by --bundle' in capsys.readouterr().err


def volumes_of(prepared: Path) -> np.ndarray:
    return np.load(prepared / '1000001_V00_L.mri.npy')


def write_series(folder: Path, slices: np.ndarray) -> None:
    folder.mkdir()
    for index, pixels in enumerate(slices):
        dataset = pydicom.Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = '1.2.840.10008.5.1.4.1.1.4', f'2.25.{index + 1}'
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, 'MONOCHROME2', 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelData = pixels.astype('<u2').tobytes()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.save_as(folder / f'{index + 1:03}.dcm', enforce_file_format=True)


def test_what_was_taken_is_put_back_but_for_its_noise(stream: torch.Generator) -> None:
    row, column = torch.meshgrid(torch.arange(48), torch.arange(64), indexing='ij')
    taken = (0.5 + 0.3 * torch.sin(row / 4) * torch.cos(column / 5))[None, None]
    enlarged = F.interpolate(taken, size=(96, 128), mode='bicubic', align_corners=False)
    lost = torch.full_like(enlarged, 0.5)
    noisy = taken + 0.02 * torch.randn(taken.shape, generator=stream)
    noise = estimated_noise(noisy)

    again = F.interpolate(keep_taken(lost, enlarged, (48, 64), torch.zeros(1)), size=(48, 64), mode='bicubic', antialias=True, align_corners=False)
    noisy_enlarged = F.interpolate(noisy, size=(96, 128), mode='bicubic', align_corners=False)
    denoised = keep_taken(enlarged, noisy_enlarged, (48, 64), noise)

    assert (again - taken).square().mean().sqrt() < 0.06 * (0.5 - taken).square().mean().sqrt()
    assert noise.item() == pytest.approx(0.02, rel=0.2)
    # A tenth of the noise that was taken off comes back at most.
    assert (denoised - enlarged).square().mean().sqrt() < 0.1 * (noisy_enlarged - enlarged).square().mean().sqrt()


def test_slices_are_made_two_of_one_where_they_lay(stream: torch.Generator) -> None:
    network = SuperResolver(Shape(widths=(8, 8, 8), blocks=1, middle=1)).eval()
    truth = torch.sin(torch.arange(12) / 3)[:, None, None].expand(12, 20, 28) / 4 + 0.5
    taken = thicker(truth, 0.0, stream)
    # A network that has learnt nothing yet adds nothing: what is left is cubic convolution, and what it lost put back.
    made = thin_slices(network, taken)

    assert taken.shape == (6, 20, 28)
    assert torch.allclose(taken[1], (truth[2] + truth[3]) / 2)
    assert made.shape == truth.shape
    assert (made - truth)[2:-2].abs().max() < 0.02


def test_tiles_with_the_halo_give_what_the_whole_slice_gives(stream: torch.Generator) -> None:
    network = SuperResolver(Shape(widths=(8, 8, 8), blocks=1, middle=1)).eval()
    for parameter in network.parameters():
        parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
    halo, numbers = halo_of(network), [torch.ones(1), torch.zeros(1), torch.tensor([2.0])]
    image, guidance = torch.rand(1, 1, 192, 64, generator=stream), 0.1 * torch.randn(1, 2, 192, 64, generator=stream)
    with torch.no_grad():
        whole = network(image, image, guidance, *numbers)
        part = network(image[:, :, 64 - halo :], image[:, :, 64 - halo :], guidance[:, :, 64 - halo :], *numbers)
    assert halo <= 64
    assert torch.allclose(whole[:, :, 64:], part[:, :, halo:], atol=1e-5)


def test_the_bundle_takes_slices_of_any_size(prepared: Path, tmp_path: Path) -> None:
    config, run, out = tmp_path / 'tiny.yaml', tmp_path / 'run', tmp_path / 'knee-mri-sr' / '0.1.0'
    config.write_text(CONFIG)
    for name in ('teacher', 'student-4', 'student-2', 'student-1'):
        assert main(['train-superres', '--config', str(config), '--data', str(prepared), '--run', str(run), '--only', name]) == 0
    assert main(['export-superres', '--run', str(run), '--out', str(out)]) == 0
    assert 'Not measured.' in (out / 'README.md').read_text()
    assert 'studentStartedFrom' not in json.loads((out / 'bundle.json').read_text())['trainedOn']
    again = tmp_path / 'knee-mri-sr' / '0.2.0'
    train = ['train-superres', '--config', str(config), '--data', str(prepared), '--run', str(run)]
    assert main([*train, '--only', 'student-4', '--start-from', str(out)]) == 0
    assert main(['export-superres', '--run', str(run), '--out', str(again)]) == 0
    trained = json.loads((again / 'bundle.json').read_text())['trainedOn']
    assert (trained['studentStartedFrom']['bundle'], 'startedFrom' in trained) == ('knee-mri-sr@0.1.0', False)
    assert 'The first student started from that of knee-mri-sr@0.1.0, whose' in (again / 'README.md').read_text()
    network, _, _ = load_network(run, 'student-1')
    session = onnxruntime.InferenceSession(out / 'student.onnx', providers=['CPUExecutionProvider'])
    image = torch.rand(1, 1, 40, 56)
    inputs = [image, image, torch.zeros(1, 2, 40, 56), torch.ones(1), torch.zeros(1), torch.tensor([4.0])]
    found = session.run(None, {spec.name: value.numpy() for spec, value in zip(session.get_inputs(), inputs, strict=True)})[0]
    with torch.no_grad():
        assert np.abs(found - network(*inputs).numpy()).max() < 0.02


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--only', 'arm-Z'], '--only is arm-Z; accepted: teacher, student-4'),
        ([], 'holds no <knee>.mri.npy'),
        (
            ['--only', 'student-2', '--start-from', 'bundle'],
            'changes nothing for student-2: a bundle has weights for teacher and student-4',
        ),
        (['--only', 'student-1', '--start-from', 'bundle'], '--start-from changes nothing for student-1'),
        (['--only', 'arm-A', '--start-from', 'bundle'], '--start-from changes nothing for arm-A'),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    config = tmp_path / 'tiny.yaml'
    config.write_text(CONFIG)
    assert main(['train-superres', '--config', str(config), '--data', str(tmp_path), '--run', str(tmp_path / 'run'), *arguments]) == 2
    assert sentence in capsys.readouterr().err
