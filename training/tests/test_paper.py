"""Architecture `paper`: its published sizes, published checkpoints taken by name, and a run from training to bundle."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fabricated import write_prepared

from osteograph_training import onnx_graphs
from osteograph_training.config import Config, config_from, load_config
from osteograph_training.diffusion_loss import diffusion_loss
from osteograph_training.errors import TrainingError
from osteograph_training.export import export_bundle, export_untrained
from osteograph_training.features import FEATURE_WIDTH
from osteograph_training.models import Generator, make_autoencoder, make_denoiser
from osteograph_training.networks.latent_unet import timestep_embedding
from osteograph_training.pretrained import CLIP, DENOISER, FIRST_STAGE, PROJECTION, read_weights, transfer
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import start_generator, train_diffusion

PAPER = Path(__file__).parents[1] / 'configs' / 'paper.yaml'


@pytest.fixture
def tiny_paper() -> Config:
    """The paper's architecture with the narrowest widths that its norms allow."""
    return config_from(
        {
            'architecture': 'paper',
            'precision': 'fp32',
            'processes': 1,
            'log_every': 1,
            'sheet_every': 0,
            'data': {'split_seed': 3, 'validation': 0.3, 'test': 0.3},
            'autoencoder': {'batch': 1, 'steps': 1},
            'kl_autoencoder': {'base': 32, 'multipliers': [1, 1, 1, 1], 'blocks': 1},
            'unet': {'base': 32, 'multipliers': [1, 2], 'blocks': 1, 'attention': [2], 'heads': 2, 'context': 12},
            'clip': {'width': 16, 'layers': 1, 'heads': 2, 'patch': 112, 'embedding': 12},
            'diffusion': {
                'knees': 2,
                'slices_per_knee': 2,
                'accumulate': 2,
                'prediction': 'epsilon',
                'timesteps': 'uniform',
                'scale_factor': 0.2,
            },
        },
        'test',
    )


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameter_counts_are_the_published_ones():
    config = load_config(PAPER)
    with torch.device('meta'):
        generator, autoencoder = Generator(config), make_autoencoder(config)
    # AutoencoderKL of Stable Diffusion and Zero-123, and CLIP ViT-L/14's image encoder with its projection.
    assert count(autoencoder) == 83_653_863
    assert count(generator.xray_encoder.clip) == 303_966_208
    unet = generator.denoiser
    # Stable Diffusion's U-Net has 859,520,964 parameters at 4 input channels. Ours has 4 more of them, 320 x 4 x 3 x 3 weights, and
    # two perceptrons, for the depth (64 -> 1280 -> 1280) and for the features (65 -> 1280 -> 1280).
    assert count(unet.depth_embed) == 65 * 1280 + 1281 * 1280
    assert count(unet.feature_embed) == (FEATURE_WIDTH + 1) * 1280 + 1281 * 1280
    assert count(unet) == 859_520_964 + 320 * 4 * 9 + count(unet.depth_embed) + count(unet.feature_embed) == 862_979_524
    assert count(generator.xray_encoder.cc_projection) == 768 * 769


def test_the_configuration_says_what_the_paper_says():
    config = load_config(PAPER)
    diffusion = config.diffusion
    assert config.schedule.train_steps == 2000 and diffusion.scale_factor == 0.2 and diffusion.ema == 0.99
    assert diffusion.learning_rate == 1e-6 and diffusion.warmup == 100 and diffusion.knees * diffusion.slices_per_knee == 64
    assert (config.data.validation, config.data.test) == (0.2, 0.1)
    # The square roots of the betas, not the betas, are evenly spaced.
    assert config.schedule.beta_schedule == 'scaled_linear' and config.schedule.spacing == 'trailing'


def test_a_timestep_is_embedded_as_in_latent_diffusion():
    embedded = timestep_embedding(torch.tensor([0.0, 7.0]), 8)
    assert embedded[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert embedded[1, 0] == pytest.approx(torch.cos(torch.tensor(7.0)).item())
    assert embedded[1, 7] == pytest.approx(7e-3, rel=1e-4)


def fabricated_checkpoint(config: Config) -> dict[str, torch.Tensor]:
    """A checkpoint in the manner of Zero-123: 4 input channels, a projection that takes the pose, moving averages, schedule, text model."""
    generator, autoencoder = Generator(config), make_autoencoder(config)
    weights = {
        DENOISER[0] + name: torch.randn_like(value)
        for name, value in generator.denoiser.state_dict().items()
        if '_embed.' not in name or name.startswith('time')
    }
    weights['model.diffusion_model.input_blocks.0.0.weight'] = torch.randn(32, 4, 3, 3)
    weights |= {FIRST_STAGE[0] + name: torch.randn_like(value) for name, value in autoencoder.state_dict().items()}
    weights |= {CLIP[0] + name: torch.randn_like(value) for name, value in generator.xray_encoder.clip.state_dict().items()}
    weights |= {'cc_projection.weight': torch.randn(12, 16), 'cc_projection.bias': torch.randn(12)}
    weights |= {
        'model_ema.diffusion_modelout2bias': torch.zeros(4),
        'betas': torch.zeros(1000),
        'first_stage_model.loss.logvar': torch.zeros(()),
    }
    return weights | {'cond_stage_model.model.transformer.resblocks.0.ln_1.bias': torch.zeros(4)}


def test_takes_a_zero_123_checkpoint_by_name_and_says_what_became_of_it(tiny_paper, tmp_path):
    found = fabricated_checkpoint(tiny_paper)
    torch.save({'state_dict': found, 'global_step': 3}, tmp_path / 'zero123.ckpt')
    torch.manual_seed(1)
    generator, autoencoder = Generator(tiny_paper), make_autoencoder(tiny_paper)
    conditioner = generator.xray_encoder
    report = transfer(
        read_weights(tmp_path / 'zero123.ckpt'),
        [(autoencoder, FIRST_STAGE), (generator.denoiser, DENOISER), (conditioner.clip, CLIP), (conditioner.cc_projection, PROJECTION)],
        'zero123.ckpt',
    )
    first = generator.denoiser.input_blocks[0][0].weight
    assert torch.equal(first[:, :4], found['model.diffusion_model.input_blocks.0.0.weight']) and not first[:, 4:].any()
    assert torch.equal(generator.denoiser.out[2].weight, found['model.diffusion_model.out.2.weight'])
    assert torch.equal(autoencoder.decoder.up[3].block[0].conv1.weight, found['first_stage_model.decoder.up.3.block.0.conv1.weight'])
    assert torch.equal(conditioner.clip.visual.proj, found['cond_stage_model.model.visual.proj'])
    # With no motion of the camera the pose is (0, 0, 1, 0): its third column acts as a bias.
    assert torch.equal(conditioner.cc_projection.weight, found['cc_projection.weight'][:, :12])
    assert torch.allclose(conditioner.cc_projection.bias, found['cc_projection.bias'] + found['cc_projection.weight'][:, 14])
    assert report.widened == ['model.diffusion_model.input_blocks.0.0.weight from 4 to 8 input channels']
    assert report.narrowed == ['cc_projection.weight from 16 to 12 columns']
    assert {name.split('.')[2] for name in report.missing} == {'depth_embed', 'feature_embed'}
    assert not report.misfits and len(report.taken) == len(found) - 4
    text = report.text()
    assert 'skipped: model_ema.diffusion_modelout2bias.* (1)' in text and 'skipped: betas.* (1)' in text


def test_names_tensors_of_another_shape_and_refuses_checkpoints_of_other_networks(tiny_paper, tmp_path):
    found = fabricated_checkpoint(tiny_paper)
    found['model.diffusion_model.out.2.bias'] = torch.zeros(5)
    denoiser = make_denoiser(tiny_paper)
    assert transfer(found, [(denoiser, DENOISER)], 'x').misfits == ['model.diffusion_model.out.2.bias is [5], ours is [4]']
    with pytest.raises(TrainingError, match='holds no tensor of these networks'):
        transfer({'net.weight': torch.zeros(1)}, [(denoiser, DENOISER)], 'other.ckpt')
    torch.save({'state_dict': found, 'callback': Path('x')}, tmp_path / 'lightning.ckpt')
    with pytest.raises(TrainingError, match='save its state_dict alone'):
        read_weights(tmp_path / 'lightning.ckpt')
    with pytest.raises(TrainingError, match='does not exist'):
        read_weights(tmp_path / 'none.ckpt')


def test_a_pretrained_network_starts_unchanged_by_depth_and_features(tiny_paper, tmp_path):
    torch.save(fabricated_checkpoint(tiny_paper), tmp_path / 'plain.pt')
    config = replace(tiny_paper, pretrained=str(tmp_path / 'plain.pt'))
    autoencoder = make_autoencoder(config)
    model, optimiser = start_generator(config, autoencoder, None, torch.device('cpu'))
    stream = torch.Generator().manual_seed(1)
    sample, film = torch.randn(2, 4, 32, 32, generator=stream), torch.rand(1, 1, 256, 256, generator=stream)
    timestep, none = torch.tensor([3.0, 1999.0]), torch.zeros(2, FEATURE_WIDTH)
    with torch.no_grad():
        plain = model(film, sample, timestep, torch.zeros(2), none)
        assert torch.equal(plain, model(film, sample, timestep, torch.ones(2), torch.ones(2, FEATURE_WIDTH)))
        # The radiograph's latent is the mode of the autoencoder's posterior, without the scale factor.
        assert torch.allclose(model.condition(film)[0], autoencoder.encode(film), atol=1e-5)
    trained = {id(parameter) for settings in optimiser.param_groups for parameter in settings['params']}
    assert id(model.xray_encoder.cc_projection.weight) in trained and id(model.xray_encoder.clip.visual.proj) not in trained


def test_the_papers_generator_overfits_one_batch(tiny_paper):
    torch.manual_seed(0)
    model = Generator(tiny_paper)
    stream = torch.Generator().manual_seed(3)
    batch = {
        'xrays': torch.rand(1, 1, 256, 256, generator=stream) * 2 - 1,
        'clean': torch.randn(2, 4, 32, 32, generator=stream),
        'noise': torch.randn(2, 4, 32, 32, generator=stream),
        'place': torch.tensor([0.05, 0.1]),
        'depth': torch.tensor([0.0, 1.0]),
        'features': torch.zeros(2, FEATURE_WIDTH),
    }
    alphas = torch.linspace(0.999, 0.001, 2000)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(25):
        loss = diffusion_loss(model, batch, alphas, 5.0, half=False, prediction='epsilon')
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(1, abs=0.1) and losses[-1] < 0.5 * losses[0]


def test_a_run_goes_from_autoencoder_to_a_bundle_with_external_data(tiny_paper, tmp_path, monkeypatch):
    data, run, bundle = tmp_path / 'data', tmp_path / 'run', tmp_path / 'bundle'
    data.mkdir()
    write_prepared(data, tiny_paper, each=1)
    # Encoding whole stacks with this first stage would take longer than all the rest.
    monkeypatch.setattr(
        'osteograph_training.train_diffusion.encode_latents',
        lambda autoencoder, scale, knees, path: np.save(path, np.zeros((1, 50, 4, 32, 32), np.float16)),
    )
    monkeypatch.setattr('osteograph_training.train_autoencoder.latent_scale', lambda model, stacks: 1.0)
    train_autoencoder(tiny_paper, data, run)
    train_diffusion(replace(tiny_paper, sheet_every=2), data, run, steps=2)
    saved = torch.load(run / 'diffusion.pt', weights_only=True)
    assert saved['scale_factor'] == 0.2
    assert (run / 'sheets' / 'diffusion-0000002.png').exists()
    first_stage = torch.load(run / 'autoencoder.pt', weights_only=True)['model']
    assert torch.equal(saved['average']['xray_encoder.encoder.conv_in.weight'], first_stage['encoder.conv_in.weight'])

    # Every graph as large as the paper's, as far as the exporter can tell.
    monkeypatch.setattr(onnx_graphs, 'LARGEST_EMBEDDED', 0)
    export_bundle(run, data, bundle, 'tiny-paper', '0.0.1', 2, None, tmp_path / 'golden' / 'sample')
    manifest = json.loads((bundle / 'bundle.json').read_text())
    assert manifest['conditioning']['contextDim'] == 12 and manifest['schedule']['predictionType'] == 'epsilon'
    assert manifest['latent']['scaleFactor'] == 0.2 and manifest['latent']['conditionScale'] == 1.0
    denoiser = manifest['graphs']['denoiser']
    assert denoiser['precision'] == 'fp32' and denoiser['inputs'][-1] == {'name': 'context', 'type': 'float32', 'shape': ['B', 1, 12]}
    [weights] = denoiser['data']
    content = (bundle / weights['file']).read_bytes()
    assert weights['file'] == 'denoiser.onnx.data' and hashlib.sha256(content).hexdigest() == weights['sha256']
    assert len(content) > 0.9 * 4 * count(make_denoiser(tiny_paper)) > (bundle / 'denoiser.onnx').stat().st_size
    assert {path.name for path in bundle.iterdir()} == {
        'bundle.json', 'README.md', *(f'{role}.onnx{end}' for role in manifest['graphs'] for end in ('', '.data'))
    }  # fmt: skip


def test_an_untrained_configuration_is_exported_to_measure_it(tiny_paper, tmp_path):
    export_untrained(tiny_paper, tmp_path / 'bundle', 'tiny-paper', '0.0.0', 1)
    manifest = json.loads((tmp_path / 'bundle' / 'bundle.json').read_text())
    assert manifest['trainedOn']['data'] == 'nothing: random weights'
    assert 'random' in (tmp_path / 'bundle' / 'README.md').read_text()
