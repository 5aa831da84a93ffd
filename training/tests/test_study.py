"""Studies: variants of one configuration under one budget."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from fabricated import write_prepared

from osteograph_training.config import Config, config_from
from osteograph_training.errors import TrainingError
from osteograph_training.features import FEATURES, seen_features
from osteograph_training.models import Generator
from osteograph_training.studies.report import report_study
from osteograph_training.studies.variants import merged, one_of_each, read_study, run_study
from osteograph_training.train_autoencoder import train_autoencoder


def outputs(config: Config, xray: float = 0.0, depth: float = 0.5, features: torch.Tensor | None = None) -> torch.Tensor:
    """What a generator of a configuration, with no weight left at zero, predicts of the same noise."""
    torch.manual_seed(1)
    model = Generator(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
        film = torch.full((1, 1, 256, 256), xray)
        film[..., 100:150] = 0.5
        sample = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(2))
        grades = torch.zeros(1, 65) if features is None else features
        return model(film, sample, torch.tensor([500.0]), torch.tensor([depth]), grades)


def only(code: str) -> torch.Tensor:
    """One-hot features of which only `code` is there, at its highest grade."""
    end = sum(levels for _, levels in FEATURES[: [name for name, _ in FEATURES].index(code) + 1])
    vector = torch.zeros(1, 65)
    vector[0, end - 1] = 1
    return vector


def variant(config: Config, **changes: dict) -> Config:
    return config_from(merged(config.to_dict(), changes), 'variant')


def test_a_generator_without_film_gives_the_same_for_every_film(small_config: Config) -> None:
    assert not torch.equal(outputs(small_config, xray=0.9), outputs(small_config, xray=-0.9))
    blind = variant(small_config, xray_encoder={'film': False})
    assert torch.equal(outputs(blind, xray=0.9), outputs(blind, xray=-0.9))


def test_hidden_features_change_nothing_and_the_others_do(small_config: Config) -> None:
    hidden = variant(small_config, denoiser={'without': ['XRCH']})
    assert torch.equal(outputs(hidden, features=only('XRCHL')), outputs(hidden))
    assert not torch.equal(outputs(hidden, features=only('XRCYTL')), outputs(hidden))
    assert not torch.equal(outputs(small_config, features=only('XRCHL')), outputs(small_config))
    assert seen_features(['XR']).sum() == 0


def test_depth_reaches_the_slices_through_either_path(small_config: Config) -> None:
    up = variant(small_config, denoiser={'depth': 'up'})
    assert not torch.equal(outputs(up, depth=0.1), outputs(up, depth=0.9))
    assert not torch.equal(outputs(up), outputs(small_config))


def test_structural_guidance_is_no_part_of_a_fresh_generator_until_it_is_learned(small_config: Config) -> None:
    guided = Generator(variant(small_config, xray_encoder={'structure': True}))
    edges = guided.xray_encoder.structure.edges(torch.zeros(1, 1, 256, 256).index_fill_(3, torch.arange(128, 256), 1.0))
    assert edges[0, 0, 100].argmax().item() in (127, 128)
    assert not guided.xray_encoder.structure(torch.rand(1, 1, 256, 256)).any()


def test_an_unknown_feature_is_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match='without: XRFOO is no feature; known are XRKL'):
        config_from({'denoiser': {'without': ['XRFOO']}}, 'study.yaml')


def test_a_configuration_with_nothing_hidden_can_be_read_again(small_config: Config) -> None:
    assert config_from(small_config.to_dict(), 'checkpoint') == small_config


def test_one_knee_of_each_participant_is_scored() -> None:
    assert one_of_each(['1', '1', '2', '2', '3'], 2) == [0, 3]
    assert one_of_each(['1', '1', '2', '2', '3'], 9) == [0, 3, 4]


def test_a_study_file_needs_two_variants(tmp_path: Path) -> None:
    (tmp_path / 'study.yaml').write_text('variants: { ours: {} }\n')
    with pytest.raises(TrainingError, match='variants has 1 entries; two or more can be compared'):
        read_study(tmp_path / 'study.yaml')


def test_a_study_trains_scores_and_reports_each_variant_and_keeps_what_is_done(small_config: Config, tmp_path: Path) -> None:
    data, out = tmp_path / 'data', tmp_path / 'study'
    data.mkdir()
    write_prepared(data, small_config)
    train_autoencoder(small_config, data, tmp_path / 'autoencoder')
    content = {
        'scoring': {'knees': 2, 'steps': [1], 'slice_counts': [4, 8], 'slice_count_knees': 2},
        'base': json.loads(json.dumps(small_config.to_dict())),
        'variants': {'ours': {}, 'ldm': {'xray_encoder': {'film': False}, 'denoiser': {'without': ['XR']}}},
    }
    file = tmp_path / 'study.yaml'
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    run_study(file, data, tmp_path / 'autoencoder', out, jobs=1)
    report = report_study(file, out, tmp_path / 'figures')
    assert '1 DDIM step, 2 held-out knees' in report
    assert report.count('| ldm |') == 1
    assert '| _an empty volume_ |' in report
    assert {path.name for path in (tmp_path / 'figures').iterdir()} == {'scores-1.png', 'slice-counts.png'}

    before = (out / 'ldm' / 'diffusion.pt').stat().st_mtime_ns
    shutil.rmtree(out / 'ours')
    run_study(file, data, tmp_path / 'autoencoder', out, jobs=1)
    assert (out / 'ldm' / 'diffusion.pt').stat().st_mtime_ns == before
    assert (out / 'ours' / 'scores.json').exists()
