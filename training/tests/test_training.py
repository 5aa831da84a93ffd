import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from fabricated import write_prepared
from PIL import Image

from osteograph_training.cli import main
from osteograph_training.config import config_from, load_config
from osteograph_training.dataset import Split, load_knees
from osteograph_training.diffusion_loss import diffusion_loss
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import evaluate_command
from osteograph_training.export import export_bundle
from osteograph_training.models import Generator
from osteograph_training.networks import Autoencoder
from osteograph_training.parallel import Group, descend
from osteograph_training.runlog import RunLog, check_finite
from osteograph_training.schedule import alphas_cumprod
from osteograph_training.train_autoencoder import autoencoder_loss, train_autoencoder
from osteograph_training.train_diffusion import train_diffusion
from osteograph_training.train_xray_encoder import band_deviations, train_xray_encoder


@pytest.fixture
def prepared(tmp_path, small_config):
    folder = tmp_path / 'prepared'
    folder.mkdir()
    write_prepared(folder, small_config)
    return folder


def test_autoencoder_overfits_one_batch(small_config):
    torch.manual_seed(0)
    model = Autoencoder(16, 32)
    images = torch.full((2, 1, 256, 256), -0.9)
    images[0, :, 60:160, 80:200] = 0.8
    images[1, :, 100:220, 20:100] = 0.5
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    errors = []
    for _ in range(40):
        loss, squared, _ = autoencoder_loss(model, images, torch.zeros(2, 4, 32, 32), small_config.autoencoder, half=False)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(squared)
    assert errors[-1] < 0.1 * errors[0]


def test_generator_overfits_one_batch(small_config):
    torch.manual_seed(0)
    model = Generator(small_config)
    stream = torch.Generator().manual_seed(3)
    batch = {
        'xrays': torch.rand(2, 1, 256, 256, generator=stream) * 2 - 1,
        'clean': torch.randn(4, 4, 32, 32, generator=stream),
        'noise': torch.randn(4, 4, 32, 32, generator=stream),
        'place': torch.tensor([0.9, 0.95, 0.97, 0.99]),
        'depth': torch.tensor([0.0, 0.3, 0.6, 1.0]),
        'features': torch.zeros(4, 65),
    }
    alphas = torch.from_numpy(alphas_cumprod(small_config.schedule)).float()
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(80):
        loss = diffusion_loss(model, batch, alphas, 5.0, half=False)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_resumed_run_equals_one_that_never_stopped(prepared, tmp_path, small_config):
    paths = [tmp_path / 'whole', tmp_path / 'resumed']
    # The learning rate depends on the length of the run, so both must have the same plan; constant rates make that easy.
    steady = replace(small_config, diffusion=replace(small_config.diffusion, decay_share=0.0))
    steady = replace(steady, autoencoder=replace(steady.autoencoder, steps=1))
    for path in paths:
        train_autoencoder(steady, prepared, path)
    train_diffusion(steady, prepared, paths[0], steps=4)
    train_diffusion(steady, prepared, paths[1], steps=2)
    train_diffusion(steady, prepared, paths[1], resume=True, steps=4)
    first, second = (torch.load(path / 'diffusion.pt', weights_only=True) for path in paths)
    for part in ('model', 'average'):
        for name, value in first[part].items():
            assert torch.equal(value, second[part][name]), name


def test_a_short_run_exports_a_bundle_that_matches_pytorch_and_carries_its_evaluation(prepared, tmp_path, small_config):
    run, bundle = tmp_path / 'run', tmp_path / 'bundle'
    train_autoencoder(small_config, prepared, run)
    train_diffusion(small_config, prepared, run, steps=2)
    evaluate_command(run, prepared, 'test', None, 7, None, run / 'evaluation.json')
    row = {'number': 20, 'found': 1.0, 'oneLine': 0.95, 'oneLineInterval': [0.76, 0.99], 'slopeR': 0.9, 'slopeError': 0.4}
    consistency = tmp_path / 'consistency.json'
    consistency.write_text(json.dumps({'real films, generated': row, 'steps': 1, 'seed': 7, 'part': 'test'}))
    export_bundle(
        *(run, prepared, bundle, 'tiny', '0.0.1', 2),
        evaluation=run / 'evaluation.json',
        golden=tmp_path / 'golden' / 'sample',
        consistency=consistency,
    )
    manifest = json.loads((bundle / 'bundle.json').read_text())
    assert manifest['graphs']['denoiser']['inputs'][0] == {'name': 'sample', 'type': 'float32', 'shape': ['B', 4, 32, 32]}
    assert manifest['evaluation']['metrics']['knees'] == 2
    assert list(manifest['evaluation']['metrics']['validationBySteps']) == ['1', '2', '4', '8', '16']
    card = (bundle / 'README.md').read_text()
    assert 'synthetic' in card
    assert '| real films, generated | 20 | 100 % | 95 % (76-99) | 0.90 | 0.4 |' in card and 'What a grade draws' not in card
    golden = json.loads((tmp_path / 'golden' / 'sample.json').read_text())
    last = golden['arrays'][-1]
    assert (tmp_path / 'golden' / 'sample.bin').stat().st_size == last['offset'] + 2 * int(np.prod(last['shape']))


def test_the_diffusion_starts_from_the_warm_radiograph_encoder(prepared, tmp_path, small_config):
    train_autoencoder(small_config, prepared, tmp_path)
    train_xray_encoder(small_config, prepared, tmp_path)
    train_diffusion(small_config, prepared, tmp_path, steps=0)
    warm = torch.load(tmp_path / 'xray-encoder.pt', weights_only=True)['average']
    model = torch.load(tmp_path / 'diffusion.pt', weights_only=True)['model']
    for name, value in warm.items():
        assert torch.equal(model[f'xray_encoder.{name}'], value), name


def test_band_deviations_are_free_of_the_training_mean(prepared, small_config):
    split = Split(small_config.data.split_seed, small_config.data.validation, small_config.data.test)
    train, held_out = (load_knees(prepared, split, part) for part in ('train', 'validation'))
    deviations, others = band_deviations(train, held_out)
    assert deviations.shape == (2, 4, 32, 32) and others.shape == (2, 4, 32, 32)
    assert torch.allclose(deviations.mean(dim=0), torch.zeros(4, 32, 32), atol=1e-5)


def test_two_processes_average_their_gradients_and_agree_with_one_and_with_torchrun(prepared, tmp_path, small_config):
    one = replace(small_config, autoencoder=replace(small_config.autoencoder, steps=2, kl_weight=0.0))
    train_autoencoder(one, prepared, tmp_path / 'one')
    train_autoencoder(replace(one, processes=2), prepared, tmp_path / 'two')
    # Under torchrun the number of processes is torchrun's.
    (tmp_path / 'config.yaml').write_text(yaml.safe_dump(json.loads(json.dumps(one.to_dict()))))
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', '-m', 'osteograph_training', '--']
    arguments = ['train-autoencoder', '--config', tmp_path / 'config.yaml', '--data', prepared, '--run', tmp_path / 'torchrun']
    subprocess.run([*command, *map(str, arguments)], check=True, cwd=Path(__file__).parents[1], capture_output=True)
    first = torch.load(tmp_path / 'one' / 'autoencoder.pt', weights_only=True)['model']
    for name in ('two', 'torchrun'):
        second = torch.load(tmp_path / name / 'autoencoder.pt', weights_only=True)['model']
        for key, value in first.items():
            assert torch.allclose(value, second[key], atol=1e-4), (name, key)


def test_a_process_whose_peer_has_no_finite_gradient_keeps_its_weights():
    model = torch.nn.Linear(1, 1)
    before = model.weight.detach().clone()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    # What arrives from a peer whose loss is not a number.
    model.weight.grad = torch.full_like(model.weight, float('nan'))
    with pytest.raises(TrainingError, match='norm of the gradient became nan at step 3'):
        descend(model, optimiser, 0.5, 1.0, 3, Group(0, 1))
    assert torch.equal(model.weight, before)


def test_a_run_that_meets_a_loss_that_is_not_a_number_stops_with_a_sentence(prepared, tmp_path, small_config, capsys):
    broken = small_config.to_dict() | {'autoencoder': small_config.to_dict()['autoencoder'] | {'l1_weight': 1e39}}
    path = tmp_path / 'broken.yaml'
    path.write_text(yaml.safe_dump(json.loads(json.dumps(broken))))
    assert main(['train-autoencoder', '--config', str(path), '--data', str(prepared), '--run', str(tmp_path / 'run')]) == 2
    assert 'at step 0; training stopped' in capsys.readouterr().err
    assert not (tmp_path / 'run' / 'autoencoder.pt').exists()


def test_a_dry_run_counts_and_times_without_data_and_writes_nothing(tmp_path, small_config, capsys):
    path = tmp_path / 'small.yaml'
    path.write_text(yaml.safe_dump(json.loads(json.dumps(small_config.to_dict()))))
    for stage in ('autoencoder', 'xray-encoder', 'diffusion'):
        assert main([f'train-{stage}', '--config', str(path), '--dry-run']) == 0
    text = capsys.readouterr().out
    denoiser = sum(parameter.numel() for parameter in Generator(small_config).denoiser.parameters())
    assert f'denoiser: {denoiser:,} parameters' in text and 's per step of one process' in text
    assert list(tmp_path.iterdir()) == [path]
    assert main(['train-diffusion', '--config', str(path)]) == 2
    assert 'needs --data and --run' in capsys.readouterr().err


def test_logs_go_to_csv_and_tensorboard_and_sheets_to_png(prepared, tmp_path, small_config):
    train_autoencoder(replace(small_config, sheet_every=2), prepared, tmp_path)
    rows = (tmp_path / 'autoencoder.csv').read_text().splitlines()
    assert rows[0].startswith('step,loss,psnr') and [row.split(',')[0] for row in rows[1:]] == ['1', '2']
    assert list((tmp_path / 'tensorboard' / 'autoencoder').glob('events.*'))
    with Image.open(tmp_path / 'sheets' / 'autoencoder-0000002.png') as sheet:
        assert sheet.size == (6 * 258 - 2, 3 * 258 - 2)


def test_a_resumed_log_forgets_what_came_after_its_checkpoint(tmp_path):
    path = tmp_path / 'log.csv'
    path.write_text('step,loss\n10,1.0\n20,0.5\n30,0.4\n')
    log = RunLog(path, ['step', 'loss'], 4, resume=True, start=20)
    log.row({'step': 30, 'loss': 0.3})
    log.close()
    assert path.read_text().split() == ['step,loss', '10,1.0', '20,0.5', '30,0.3']


def test_refuses_to_resume_with_other_networks(prepared, tmp_path, small_config):
    train_autoencoder(small_config, prepared, tmp_path)
    wider = replace(small_config, autoencoder=replace(small_config.autoencoder, fine=16))
    with pytest.raises(TrainingError, match=r'autoencoder\.fine = 8, the configuration says 16'):
        train_autoencoder(wider, prepared, tmp_path, resume=True)


def test_stops_when_the_loss_is_not_a_number():
    with pytest.raises(TrainingError, match='step 12'):
        check_finite(float('nan'), 12)


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        ({'autoencoder': {'batchsize': 3}}, "x.yaml: autoencoder: unknown key 'batchsize'; known are batch, coarse"),
        ({'diffusion': {'steps': 'many'}}, "x.yaml: diffusion: steps is 'many'; a whole number is expected."),
        ({'diffusion': {'knees': 0}}, 'x.yaml: diffusion: knees is 0; a whole number at least 1 is expected.'),
        ({'diffusion': {'ema': 1.5}}, 'x.yaml: diffusion: ema is 1.5; a number from 0 to 1 is expected.'),
        ({'diffusion': {'augment': 1}}, 'x.yaml: diffusion: augment is 1; true or false is expected.'),
        ({'unet': {'attention': [4, 'x']}}, "x.yaml: unet: attention[1] is 'x'; a whole number is expected."),
        ({'unet': 7}, 'x.yaml: unet: a mapping is expected, not 7.'),
        ({'precision': 'fp8'}, "x.yaml: precision is 'fp8'; accepted are fp32, bf16."),
        ({'data': {'validation': 0.6, 'test': 0.4}}, 'must leave participants to train on'),
        ({'schedule': {'beta_start': 0.5}}, 'beta_start is 0.5, above beta_end 0.012'),
        ({'unet': {'heads': 7}}, 'not divisible by heads, which is 7'),
    ],
)
def test_says_in_one_sentence_per_key_what_is_wrong_with_a_configuration(content, sentence):
    with pytest.raises(TrainingError) as refused:
        config_from(content, 'x.yaml')
    assert sentence in str(refused.value) and '\n' not in str(refused.value)


def test_names_every_bad_key_at_once_and_reads_what_yaml_takes_for_text(tmp_path):
    with pytest.raises(TrainingError) as refused:
        config_from({'seed': -1, 'colour': 1, 'diffusion': {'steps': None}}, 'x.yaml')
    assert len(str(refused.value).split('\n')) == 3
    assert config_from({'diffusion': {'learning_rate': '1e-6', 'scale_factor': None}}, 'x.yaml').diffusion.learning_rate == 1e-6
    path = tmp_path / 'broken.yaml'
    path.write_text('a: [')
    with pytest.raises(TrainingError, match='YAML'):
        load_config(path)


def test_participants_keep_their_part_when_others_are_added():
    split = Split(1, 0.1, 0.2)
    before = {str(number): split.part_of(str(number)) for number in range(1000, 1100)}
    assert {split.part_of(str(number)) for number in range(1000, 1300)} == {'train', 'validation', 'test'}
    assert all(split.part_of(name) == part for name, part in before.items())


def test_a_bundle_trained_on_real_knees_does_not_call_itself_synthetic_only(prepared, tmp_path, small_config):
    (prepared / 'source.txt').write_text('real\n')
    train_autoencoder(small_config, prepared, tmp_path)
    train_diffusion(small_config, prepared, tmp_path, steps=1)
    export_bundle(tmp_path, prepared, tmp_path / 'bundle', 'real', '0.0.1', 1, None, None)
    manifest = json.loads((tmp_path / 'bundle' / 'bundle.json').read_text())
    assert manifest['trainedOn']['synthetic'] is False and 'synthetic knees only' not in manifest['description']
    card = (tmp_path / 'bundle' / 'README.md').read_text()
    assert 'real knees' in card and 'phantom' not in card and 'Not for clinical use' in card
