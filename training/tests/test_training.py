import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from fabricated import write_prepared
from osteograph_training.config import config_from, load_config
from osteograph_training.dataset import Split, load_knees
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import evaluate_command
from osteograph_training.export import export_bundle
from osteograph_training.models import Generator
from osteograph_training.networks import Autoencoder
from osteograph_training.runlog import check_finite
from osteograph_training.schedule import alphas_cumprod
from osteograph_training.train_autoencoder import autoencoder_loss, train_autoencoder
from osteograph_training.train_diffusion import diffusion_loss, train_diffusion
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
    evaluate_command(run, prepared, 'test', 2, 7, None, run / 'evaluation.json')
    export_bundle(run, prepared, bundle, 'tiny', '0.0.1', 2, run / 'evaluation.json', tmp_path / 'golden' / 'sample')
    manifest = json.loads((bundle / 'bundle.json').read_text())
    assert manifest['graphs']['denoiser']['inputs'][0] == {'name': 'sample', 'type': 'float32', 'shape': ['B', 4, 32, 32]}
    assert manifest['evaluation']['metrics']['knees'] == 2
    assert 'synthetic' in (bundle / 'README.md').read_text()
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


def test_two_processes_average_their_gradients_and_agree(prepared, tmp_path, small_config):
    two = replace(small_config, processes=2, autoencoder=replace(small_config.autoencoder, steps=2, kl_weight=0.0))
    one = replace(two, processes=1)
    for config, name in ((two, 'two'), (one, 'one')):
        train_autoencoder(config, prepared, tmp_path / name)
    first, second = (torch.load(tmp_path / name / 'autoencoder.pt', weights_only=True)['model'] for name in ('two', 'one'))
    for name, value in first.items():
        assert torch.allclose(value, second[name], atol=1e-4), name


def test_stops_when_the_loss_is_not_a_number():
    with pytest.raises(TrainingError, match='step 12'):
        check_finite(float('nan'), 12)


def test_refuses_unknown_keys_and_wrong_types_of_a_configuration(tmp_path):
    with pytest.raises(TrainingError, match="unknown key 'batchsize'"):
        config_from({'autoencoder': {'batchsize': 3}}, 'x.yaml')
    with pytest.raises(TrainingError, match='steps is'):
        config_from({'diffusion': {'steps': 'many'}}, 'x.yaml')
    path = tmp_path / 'broken.yaml'
    path.write_text('a: [')
    with pytest.raises(TrainingError, match='YAML'):
        load_config(path)


def test_participants_keep_their_part_when_others_are_added():
    split = Split(1, 0.1, 0.2)
    before = {str(number): split.part_of(str(number)) for number in range(1000, 1100)}
    assert {split.part_of(str(number)) for number in range(1000, 1300)} == {'train', 'validation', 'test'}
    assert all(split.part_of(name) == part for name, part in before.items())
