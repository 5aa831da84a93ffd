"""A bundle as a run again."""

from pathlib import Path

import onnx
import pytest
import torch
from fabricated import write_prepared

from osteograph_training.config import Config
from osteograph_training.errors import TrainingError
from osteograph_training.evaluate import VolumeGenerator
from osteograph_training.export import export_bundle
from osteograph_training.restore import graph_weights, restore
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import train_diffusion

BUNDLE = Path(__file__).parents[2] / 'models' / 'knee-xray2mri-demo' / '1.0.1'


@pytest.fixture
def exported(tmp_path: Path, small_config: Config) -> tuple[Path, Path, Path]:
    """Prepared data, a run on them, and its bundle."""
    data, run, bundle = tmp_path / 'data', tmp_path / 'run', tmp_path / 'bundle'
    data.mkdir()
    write_prepared(data, small_config)
    train_autoencoder(small_config, data, run)
    train_diffusion(small_config, data, run, steps=2)
    export_bundle(run, data, bundle, 'tiny', '0.0.1', 2, None, None)
    return data, run, bundle


def test_a_restored_bundle_has_the_weights_that_it_was_exported_with(exported: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, run, bundle = exported
    before = VolumeGenerator(run)
    before.round_as_stored()
    restored = torch.load(restore(bundle, tmp_path / 'again'), weights_only=True)
    for name, value in before.model.state_dict().items():
        assert torch.allclose(restored['average'][name], value, rtol=1e-6, atol=1e-7), name
    assert restored['scale_factor'] == before.scale
    assert restored['step'] == 2
    assert restored['restored'] == 'tiny@0.0.1'


def test_an_encoder_is_fitted_to_a_decoder_that_stays_as_it_is_and_training_goes_on(
    exported: tuple[Path, Path, Path], tmp_path: Path, small_config: Config
) -> None:
    data, _, bundle = exported
    again = tmp_path / 'again'
    restore(bundle, again)
    fitted = torch.load(train_autoencoder(small_config, data, again, decoder_of=bundle), weights_only=True)['model']
    decoder = {name.removeprefix('decoder.'): value for name, value in fitted.items() if name.startswith('decoder.')}
    for name, value in graph_weights(onnx.load(bundle / 'decoder.onnx'), decoder).items():
        assert torch.equal(decoder.pop(name), value), name
    assert not decoder
    assert torch.load(train_diffusion(small_config, data, again, resume=True, steps=4), weights_only=True)['step'] == 4


def test_the_shipped_bundle_can_be_restored(tmp_path: Path) -> None:
    saved = torch.load(restore(BUNDLE, tmp_path), weights_only=True)
    assert saved['config']['denoiser']['channels'] == [64, 128, 160]
    assert saved['step'] == 2700


def test_a_folder_that_is_no_bundle_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match='is not the manifest of a bundle'):
        restore(tmp_path, tmp_path / 'run')
